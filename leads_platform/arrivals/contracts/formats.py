"""The types of files: which one a file's ending says, and what must agree between the formats of one contract.

Belongs here: endings, and rules over several formats and over JSON paths. Does not: one format's fields (model), what
a file really is (reading.containers), or reading it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from leads_platform.arrivals.contracts.agreement import Loc
    from leads_platform.arrivals.contracts.model import FeedContract

ENDINGS = {
    "csv": (".csv", ".tsv", ".txt"),
    "jsonl": (".jsonl", ".ndjson"),
    "xlsx": (".xlsx",),
    "parquet": (".parquet",),
}
"""By type, the endings that say it, the usual one first. `.gz` or `.zip` may stand behind them."""
_PACKED = (".gz", ".zip")
_PART = r'(?:[^."\x00-\x1f]+|"[^"\x00-\x1f]+")'
_PATH = re.compile(rf"{_PART}(?:\.{_PART})*")


def type_by_ending(file_name: str) -> str:
    """The type that a file's name says; empty where it says none.

    >>> type_by_ending("Calls 2024-05.NDJSON.gz"), type_by_ending("calls.csv"), type_by_ending("calls.zip")
    ('jsonl', 'csv', '')
    """
    name = file_name.casefold()
    for packed in _PACKED:
        name = name.removesuffix(packed)
    return next((type for type, endings in ENDINGS.items() if name.endswith(endings)), "")


def parts_of(path: str) -> tuple[str, ...]:
    """The keys of a path, from the outermost.

    >>> parts_of('additional."message.id".kind')
    ('additional', 'message.id', 'kind')
    """
    return tuple(part.strip('"') for part in re.findall(_PART, path))


def format_problems(contract: FeedContract) -> Iterator[tuple[Loc, str]]:
    """What does not agree between the formats, and between them and `files`."""
    types = [one.type for one in contract.formats]
    for index, type in enumerate(types):
        if type in types[:index]:
            yield ("format", index, "type"), f"`{type}` is given twice; a file's ending says its type, not more"
        elif (len(types) > 1 or type == "jsonl") and not _reached(contract, type):
            usual = ENDINGS[type][0]
            yield ("files",), f'have no pattern for {type}, so no such file would be read; add "*{usual}"'
    for index, one in enumerate(contract.formats):
        if one.type == "jsonl" and (one.delimiter, one.quote) != (",", '"'):
            at = ("format", index) if len(types) > 1 else ("format",)
            yield at, "JSON Lines have no delimiter and no quote; take them out"


def column_problems(contract: FeedContract) -> Iterator[tuple[Loc, str]]:
    """What is wrong with titles and paths, given the formats."""
    types = {one.type for one in contract.formats}
    stands_for: dict[str, str] = {}
    for index, column in enumerate(contract.columns):
        if not column.header and types != {"jsonl"}:
            yield ("columns", index, "header"), "is missing; add it"
        if column.path and "jsonl" not in types:
            yield ("columns", index, "path"), "only JSON Lines have paths; the format is not jsonl"
        for at, path in enumerate(column.path):
            if not _PATH.fullmatch(path):
                said = f"`{path}` is no path; write keys with dots between them, one that holds a dot in double quotes"
                yield ("columns", index, "path", at), said
            elif "*" in parts_of(path):
                said = f"`{path}` has a part `*`; a path leads to one value, so name the key"
                yield ("columns", index, "path", at), said
        if "jsonl" not in types:
            continue
        for title in dict.fromkeys(title.casefold() for title in column.titles("jsonl")):
            if title in stands_for:
                where = "path" if column.path else "name"
                said = f"`{title}` already stands for `{stands_for[title]}`; a key can mean one column only"
                yield ("columns", index, where), said
            stands_for.setdefault(title, column.name)


def _reached(contract: FeedContract, type: str) -> bool:
    """Whether a name of the type can fit a pattern. Where there is no other type, any ending of its own will do."""
    if len(contract.formats) == 1:
        return contract.files != contract.__class__.model_fields["files"].default
    wanted = [ending + packed for ending in ENDINGS[type] for packed in ("", ".gz")]
    return any(_can_end(pattern.casefold(), ending) for pattern in contract.files for ending in wanted)


def _can_end(pattern: str, ending: str) -> bool:
    """Whether a name that fits the pattern can end so.

    >>> _can_end("bonzo_*.json*", ".jsonl"), _can_end("*.csv", ".jsonl")
    (True, False)
    """
    while ending:
        if not pattern:
            return False
        if pattern[-1] in "*]":  # of a set of letters any one may fit; what stands before it is not asked
            return True
        if pattern[-1] not in ("?", ending[-1]):
            return False
        pattern, ending = pattern[:-1], ending[:-1]
    return True
