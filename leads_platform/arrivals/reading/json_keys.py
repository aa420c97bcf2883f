"""The keys of a file's JSON objects against its contract: by name or by path, never by position.

Belongs here: which declared column stands where in the objects, and saying in words what has changed. Does not: the
header of a file that has one (header.py), or finding the keys (jsonl_reading.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from leads_platform.arrivals.contracts.formats import parts_of
from leads_platform.arrivals.contracts.load import Column, FeedContract, fold_header
from leads_platform.arrivals.reading.header import MISSING, RESERVED, Header, check_constants, listed, lost_columns
from leads_platform.arrivals.reading.refusal import Refusal, looks_like_data, shown

ERROR_KEYS = ("error", "errors", "error_message")
"""Keys by which an answer that is no data is known."""
_LONGEST = 200
Inner = Mapping[tuple[str, ...], set[str]]
"""By the path to objects below: the keys they have."""


@dataclass(frozen=True)
class Source:
    """Where in an object a value stands: a key of the object itself, and the keys below it."""

    key: str
    below: tuple[str, ...] = ()


@dataclass(frozen=True)
class Keys:
    """The file's columns, as `Header` tells them, and where the value of each of its names stands."""

    header: Header
    sources: Mapping[str, tuple[Source, ...]]

    @property
    def known(self) -> list[str]:
        """The objects' own keys by which a record is one of the contract."""
        return sorted({one.key for title in self.header.columns.values() for one in self.sources[title]})


def match_keys(keys: list[str], inner: Inner, contract: FeedContract) -> Keys:
    """Finds the contract's columns among the keys of all objects, in order; a column with a path is titled by it.

    What no column names is kept as well. Raises Refusal where a needed column is missing, or one could be two keys.
    """
    try:
        return _matched(keys, inner, contract)
    except Refusal as refusal:
        refusal.titles = list(keys)
        raise


def _matched(keys: list[str], inner: Inner, contract: FeedContract) -> Keys:
    by_fold = _folded(keys)
    columns: dict[str, str] = {}
    sources: dict[str, tuple[Source, ...]] = {}
    missing = []
    for column in contract.columns:
        title, found = _of_path(column, keys, inner) if column.path else _of_name(column, by_fold, contract)
        if found:
            columns[column.name], sources[title] = title, found
        else:
            missing.append(column)
    if not sources:
        raise Refusal(_nothing_known(keys, contract))
    heads = {one.key for found in sources.values() for one in found}
    new = [key for key in keys if key not in columns.values() and key not in heads and key.strip()]
    taken = {*map(str.casefold, (*columns.values(), *keys))}
    names = {key: _name(key, taken, columns, at) for at, key in enumerate(new, len(sources) + 1)}
    sources |= {names[key]: (Source(key),) for key in new}
    for name in sources:
        if name.casefold() in RESERVED:
            raise Refusal(f"{shown(name)} is a column that the platform adds itself; it must be renamed in the file")
    header = Header(list(sources), keys, columns, list(names.values()), [one.title for one in missing])
    if lost := [column.title for column in missing if column.name in contract.needed]:
        raise Refusal(lost_columns(lost, header.unexpected, contract, shown, set()))
    check_constants(header.unexpected, contract)
    if names:
        said = f"new keys, kept as columns: {listed(header.unexpected)}; declare them in {contract.label}"
        header.warnings.append(said)
    if any(not key.strip() for key in keys):
        header.warnings.append("a key without a name: what stands there is left out")
    if missing:
        header.warnings.append(f"{MISSING}: {listed(header.missing_optional)}")
    return Keys(header, sources)


def _folded(keys: list[str]) -> dict[str, str]:
    """The keys by what makes two of them one. DuckDB's columns know no case either."""
    by_fold: dict[str, str] = {}
    for key in keys:
        if (other := by_fold.setdefault(fold_header(key), key)) != key:
            said = f"{shown(other)} and {shown(key)} are keys that differ in case or spacing only"
            raise Refusal(f"{said}; which counts can't be told; ask for one of them")
    return by_fold


def _of_path(column: Column, keys: list[str], inner: Inner) -> tuple[str, tuple[Source, ...]]:
    sought = [Source(first, tuple(rest)) for first, *rest in map(parts_of, column.path)]
    [title] = column.titles("jsonl")
    return title, tuple(
        one
        for one in sought
        if (one.below[-1] in inner.get((one.key, *one.below[:-1]), ()) if one.below else one.key in keys)
    )


def _of_name(column: Column, by_fold: Mapping[str, str], contract: FeedContract) -> tuple[str, tuple[Source, ...]]:
    titles = dict.fromkeys(map(fold_header, column.titles("jsonl")))
    known = [by_fold[title] for title in titles if title in by_fold]
    if len(known) > 1:
        both = " and ".join(map(shown, known))
        raise Refusal(
            f"{both} both stand for `{column.name}`; to take the first that is filled, write "
            f"`path: [{', '.join(known)}]` into that column in {contract.label}"
        )
    return (known[0], (Source(known[0]),)) if known else ("", ())


def _nothing_known(keys: list[str], contract: FeedContract) -> str:
    if any(key in keys for key in ERROR_KEYS):
        return "holds an error message and no records; fetch it again"
    what = f"its keys are {listed(keys)}" if keys else "its objects are empty"
    return (
        f"names no column of {contract.label}: {what}; if the records stand inside one of them, "
        "ask for each on a line of its own"
    )


def _name(key: str, taken: set[str], columns: Mapping[str, str], position: int) -> str:
    """A key as a column's name; one that may be somebody's data, as in a map by e-mail address, by its position."""
    if not looks_like_data(key) and len(key) <= _LONGEST and key not in columns.values():
        return key
    name = f"column_{position}"
    while name in taken:
        name += "_"
    return name
