"""A file's header against its contract: by name, never by position.

Belongs here: which declared column is which of the file's, and saying in words what has changed. Does not:
finding the header in the file (file_reading.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches

from leads_platform.arrivals.contracts.load import Column, FeedContract, fold_header
from leads_platform.arrivals.reading.refusal import Refusal, looks_like_data, shown

MISSING = "columns missing, left empty"
"""How reading tells them; of a file taken in only those are told that came before (vanished.py)."""
MAX_COLUMNS = 4096
"""What a file may have: no list is wider, and judging and loading so many takes a second."""
RESERVED = ("_line", "record_at", "record_local_at", "record_is_instant", "record_month")
"""What reading adds to a file's own columns."""


@dataclass
class Header:
    """The file's columns (as titled, in its order) and what they mean.

    Those without a title are called column_<position>, and so are titles that may be somebody's data: names go into
    manifests and messages. `cells` are the titles as they stand, which do not.
    """

    names: list[str]
    cells: list[str]
    columns: dict[str, str]
    unexpected: list[str]
    missing_optional: list[str]
    warnings: list[str] = field(default_factory=list)


def check_width(columns: int) -> None:
    """Refuses what is too wide to be a list, before anything is made of it. Raises Refusal."""
    if columns > MAX_COLUMNS:
        raise Refusal(
            f"has a header of {columns:,} columns, of which at most {MAX_COLUMNS:,} are read; "
            "delete those that hold nothing, or ask for the list alone"
        )


def matches(cells: list[str], contract: FeedContract, one: Column | None = None) -> int:
    """How many of the cells are titles the contract knows; `one`: titles of this column."""
    known = _declared(contract) if one is None else {fold_header(title) for title in (one.header, *one.aliases)}
    return len({fold_header(cell) for cell in cells} & known)


def match_header(cells: list[str], contract: FeedContract) -> Header:
    """Finds the contract's columns in the header.

    Raises Refusal when a required one is missing or one is doubled.
    """
    check_width(len(cells))
    try:
        return _matched(cells, contract)
    except Refusal as refusal:
        refusal.titles = list(cells)
        raise


def _matched(cells: list[str], contract: FeedContract) -> Header:
    names, hidden = _named(cells, _may_be_data(cells, contract))

    def tell(name: str) -> str:
        return "(a title that may be data)" if name in hidden else shown(name)

    by_fold: dict[str, str] = {}
    for name in names:
        if (folded := fold_header(name)) in by_fold:
            raise Refusal(f"{tell(name)} is the title of two columns; which counts can't be told; rename one")
        by_fold[folded] = name
    # DuckDB's column names know no case either, but keep inner spaces: those two can't both be columns.
    for name in names:
        if name.casefold() in RESERVED:
            raise Refusal(f"{shown(name)} is a column that the platform adds itself; it must be renamed in the file")
    columns, missing = {}, []
    for column in contract.columns:
        titles = [title for title in (column.header, *column.aliases) if fold_header(title) in by_fold]
        if len(titles) > 1:
            raise Refusal(
                f"{' and '.join(shown(t) for t in titles)} both stand for `{column.name}`; "
                f"keep one as its header or alias in {contract.label}"
            )
        if titles:
            columns[column.name] = by_fold[fold_header(titles[0])]
        else:
            missing.append(column)
    taken = set(columns.values())
    unexpected = [name for name in names if name not in taken]
    if lost := [column for column in missing if column.name in contract.needed]:
        raise Refusal(lost_columns([column.header for column in lost], unexpected, contract, tell, hidden))
    check_constants(unexpected, contract)
    header = Header(names, list(cells), columns, unexpected, [column.header for column in missing])
    if unexpected:
        header.warnings.append(
            f"new columns, kept as they are: {listed(unexpected, tell)}; declare them in {contract.label}"
        )
    if missing:
        header.warnings.append(f"{MISSING}: {listed(header.missing_optional)}")
    return header


def sent_constants(titles: Iterable[str], contract: FeedContract) -> list[str]:
    """The titles that are of what the contract gives as a constant."""
    constants = {fold_header(name.replace("_", " ")) for name in contract.constants}
    return [title for title in titles if fold_header(title.replace("_", " ")) in constants]


def check_constants(unexpected: list[str], contract: FeedContract) -> None:
    """A file's own column is not what the contract says of all records. Raises Refusal."""
    if sent := sent_constants(unexpected, contract):
        raise Refusal(
            f"sends {shown(sent[0])}, which {contract.label} gives as a constant; "
            "declare the column there and take it out of `constants`"
        )


def _declared(contract: FeedContract) -> set[str]:
    return {fold_header(title) for column in contract.columns for title in (column.header, *column.aliases)}


def _may_be_data(cells: list[str], contract: FeedContract) -> set[str]:
    """The titles, folded, that may be somebody's data: all that the contract does not know, where few are known.

    Of a list without a header the first lead stands here, and a cell of it can be a title by chance ("Center"). Where
    half of the titles are known, it is a header: then a title that looks like data is alone in doubt.
    """
    there, declared = {fold_header(cell) for cell in cells} - {""}, _declared(contract)
    known, unknown, missing = there & declared, there - declared, declared - there
    half = min(len(cells), len(contract.columns)) / 2
    odd = set(filter(looks_like_data, unknown))
    if len(known) == half:  # one of two: is the other one renamed ("Full Name"), or somebody's?
        odd |= {one for one in unknown if not get_close_matches(one, missing, 1, 0.5)}
    few = len(known) < half or 2 * len(known) < len(there)
    return unknown if len(known) < half or (odd and few) else odd


def _named(cells: list[str], may_be_data: set[str]) -> tuple[list[str], set[str]]:
    """The columns' names, and those of them that stand for a title that may be data."""
    names, hidden = [cell.strip() for cell in cells], set()
    taken = {name.casefold() for name in names}
    for index, name in enumerate(names):
        if not name or fold_header(name) in may_be_data:
            new = f"column_{index + 1}"
            while new in taken:
                new += "_"
            taken.add(new)
            names[index] = new
            hidden |= {new} if name else set()
    return names, hidden


def named_by_position(names: Iterable[str]) -> bool:
    """Whether a column is named by its position, so that a title may be hidden there.

    >>> named_by_position(["Name", "column_2"]), named_by_position(["column_2", "Name"])
    (True, False)
    """
    return any(name.rstrip("_") == f"column_{position}" for position, name in enumerate(names, 1))


def lost_columns(
    lost: list[str], new: list[str], contract: FeedContract, tell: Callable[[str], str], hidden: set[str]
) -> str:
    said = f"{listed(lost)} {'is' if len(lost) == 1 else 'are'} missing"
    if not new:
        return f"{said}; ask the supplier for the full list"
    if hidden.issuperset(new):
        return f"{said}; the first line names few columns of {contract.label}: is it the header?"
    said += f"; {listed(new, tell)} {'is' if len(new) == 1 else 'are'} new"
    close = len(new) == 1 or any(
        get_close_matches(fold_header(one), [fold_header(n) for n in new], n=1, cutoff=0.5) for one in lost
    )
    if close or len(lost) == len(new):
        what = "it as an alias" if len(new) == 1 else "the new titles as aliases"
        them = "it" if len(lost) == 1 else "them"
        return f"{said}; did the supplier rename {them}? Add {what} in {contract.label}"
    return f"{said}; if one stands for another, add it as an alias in {contract.label}"


def listed(names: list[str], tell: Callable[[str], str] = shown, most: int = 6) -> str:
    text = ", ".join(tell(name) for name in names[:most])
    return f"{text} and {len(names) - most} more" if len(names) > most else text
