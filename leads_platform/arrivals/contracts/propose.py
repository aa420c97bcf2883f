"""A first feed contract from a sample file: `leads-platform feed new`.

Belongs here: the order of steps, and the YAML a person is to look over. Does not: how a file is written
(propose_dialect.py), what its columns mean (propose_columns.py), or the contract's rules (model.py).
No value of a cell stands in the result: it may be personal data.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from leads_platform.arrivals.contracts.limits import is_reserved
from leads_platform.arrivals.contracts.load import Column, ContractError, FeedContract, Format, Known, MonthRule
from leads_platform.arrivals.contracts.month_pattern import without_month
from leads_platform.arrivals.contracts.propose_columns import (
    LOOK_AT,
    NO_CHOICES,
    Choices,
    Guess,
    Suggestion,
    given,
    key_of,
    listed_words,
    look,
    scalar,
    snake,
)
from leads_platform.arrivals.contracts.propose_dialect import check_titles, how_it_is_written, least_contract
from leads_platform.arrivals.landing import parse_file_name
from leads_platform.arrivals.reading.file_reading import read_file
from leads_platform.arrivals.reading.refusal import Refusal, shown
from leads_platform.errors import unforeseen

_PACKED = (".gz", ".zip")


def propose_contract(
    file: Path,
    known: Known,
    name: str | None = None,
    choices: Choices = NO_CHOICES,
    there: Mapping[str, str] | None = None,
) -> str:
    """The YAML text of a contract that `file` fits; lines with `# check:` need a person.

    Each of the rooms' kinds is asked whether the file is one. `name` is the feed's name; without it the file's name
    gives it, without its month. `there`: the feeds that there are, and where their contracts stand; to take the place
    of one is told. Raises ContractError, in words, for a file that can't be read or has no header, and OSError.
    """
    pattern = _month_pattern(file)
    feed = _feed_name(without_month(file.name, pattern) if pattern else file.name, name)
    sample = look_at(file, feed, choices)
    guesses, notes, total = sample.guesses, sample.notes, sample.total
    if sent := [guess.header for guess in guesses if guess.name in choices.constants]:
        said = f"sends {shown(sent[0])}, so it can't be given as a constant; leave --constant out"
        raise ContractError(file, [(1, "", said)])
    if feed in (there or {}):
        notes.insert(
            0,
            f"there is a feed {feed} already ({(there or {})[feed]}); in feeds/ this contract takes its place. "
            "Unless that is meant, give it another --name",
        )
    if any(note.startswith("day or month") for guess in guesses for note in guess.notes):
        notes.append("nothing proves whether day or month comes first; --dates day-first or month-first says it")
    key = key_of(guesses, total)
    asked = []
    for kind, model in known.kinds.items():
        try:
            asked.append(model.suggest([*guesses, *given(choices)], key))
        except Exception as error:  # a room's code; its text may quote the sample
            notes.append(f"the kind {kind} of the room {known.rooms_of_kinds[kind]} was not asked: {unforeseen(error)}")
    suggested = sorted((found for found in asked if found), key=lambda found: len(found.missing))
    return contract_text(file, feed, sample.dialect, guesses, key, suggested, known, notes, choices.constants, pattern)


@dataclass
class Sample:
    """What a look at a sample file found.

    `total`: how many records were looked at; `notes`: what else to check; `words`: by column, those asked for.
    """

    dialect: Format
    guesses: list[Guess]
    total: int
    notes: list[str]
    words: dict[str, list[str]]


def look_at(file: Path, feed: str, choices: Choices = NO_CHOICES, words_of: str = "") -> Sample:
    """How the file is written, and what its columns hold. Raises ContractError, in words.

    `words_of`: a regular expression for the names of columns whose values are words of the supplier's own, no personal
    data: these are listed.
    """
    try:
        with tempfile.TemporaryDirectory() as folder:
            dialect, cells, notes = how_it_is_written(file, Path(folder))
            if dialect.type != "jsonl":
                check_titles(cells)
            plain = least_contract(feed, cells, dialect)
            with read_file(file, plain) as reading:
                if reading.verdict == "refused":
                    raise Refusal(reading.message)
                if reading.quarantined:
                    notes.append(
                        f"{len(reading.quarantined)} of the sample's {reading.records} records can't be read; "
                        "`leads-platform check` shows where"
                    )
                records = Path(folder) / "records.parquet"
                reading.write_parquet(records)
                guesses = look(records, reading.header, choices)
                total = min(reading.loaded_count, LOOK_AT)
                if total < reading.loaded_count:
                    notes.append(f"only the sample's first {total} records were looked at")
                asked = [guess for guess in guesses if words_of and guess.is_called(words_of) and not guess.pii]
                listed = {guess.name: listed_words(records, guess) for guess in asked}
                return Sample(dialect, guesses, total, notes, listed)
    except Refusal as refusal:
        raise ContractError(file, [(1, "", str(refusal))]) from None


# -- names and text ------------------------------------------------------------------------------------------


_MONTHS = ("%B %Y", "%b %Y", "%Y %B", "%Y %b", "%B%Y", "%b%Y", "%Y%m%d", "%Y%m", "%Y %m", "%m %Y", "%m%Y")
"""How names write a month that is not YYYY-MM, the likeliest first."""


def _month_pattern(file: Path) -> str | None:
    """The first pattern by which the file's name holds one month; None where it holds YYYY-MM, or none."""
    if parse_file_name(file.name, _probe()).month:
        return None
    return next((pattern for pattern in _MONTHS if parse_file_name(file.name, _probe(pattern)).month), None)


def _probe(pattern: str | None = None) -> FeedContract:
    return FeedContract(
        feed="x", room="x", title="x", delivery="snapshot", month=MonthRule(pattern=pattern),
        columns=(Column(name="x", header="x"),),
    )  # fmt: skip


def _feed_name(file_name: str, name: str | None) -> str:
    text = name or file_name
    if name is None:
        for _ in range(2):
            text = Path(text).stem if Path(text).suffix else text
        text = re.sub(r"(?<!\d)(19|20)\d{2}[-_. ]?\d{2}([-_. ]?\d{2})?(?!\d)", " ", text)
        text = re.sub(r"(?i)part[ _-]?\d+", " ", text)
    feed = snake(text) or "new_feed"
    return f"{feed}_feed" if is_reserved(feed) else feed


def _patterns(file: Path, dialect: Format) -> list[str]:
    inner = [suffix.lower() for suffix in file.suffixes if suffix.lower() not in _PACKED][-1:]
    suffix = inner[0] if inner and re.fullmatch(r"\.[a-z]+", inner[0]) else f".{dialect.type}"
    packed = ("", ".gz") if dialect.type in ("csv", "jsonl") else ("",)
    zipped = ["*.zip"] if dialect.type == "csv" or file.suffix.lower() == ".zip" else []
    patterns = [f"*{suffix}{pack}" for pack in packed] + zipped
    accepted = FeedContract(feed="x", room="x", title="x", delivery="snapshot", files=tuple(patterns),
                            columns=(Column(name="x", header="x"),)).accepts(file.name)  # fmt: skip
    return patterns if accepted else [f"*{file.suffix.lower()}", *patterns]


def contract_text(
    file: Path,
    feed: str,
    dialect: Format,
    guesses: list[Guess],
    key: list[Guess],
    suggested: list[Suggestion],
    known: Known,
    notes: list[str],
    constants: Mapping[str, str] | None = None,
    pattern: str | None = None,
) -> str:
    """The contract as YAML, of the first kind of `suggested` that lacks nothing; `notes`: what else to check.

    `pattern`: how the file's name writes its month.
    """
    fits = next((kind for kind in suggested if not kind.missing), None)
    room = fits.room if fits else known.rooms[0]
    which = (
        "" if fits or len(known.rooms) == 1 else f"  # check: whose tables read it? Rooms are {', '.join(known.rooms)}"
    )
    patterns = ", ".join(json.dumps(pattern) for pattern in _patterns(file, dialect))
    lines = ["# Proposed from a sample by `leads-platform feed new`. Look at every `# check:`, then delete it."]
    lines += [f"# check: {note}" for note in notes]
    lines += [
        f"# check: {kind.without}: for {kind.called} (kind: {kind.kind}) no column was found for "
        f"{', '.join(kind.missing)}; --constant NAME=VALUE gives one that is the same in all records"
        for kind in suggested
        if kind.missing and not fits
    ]
    lines += [
        f"# check: it may as well be {kind.called} (kind: {kind.kind}); the first was taken"
        for kind in suggested
        if not kind.missing and kind is not fits
    ]
    lines += [
        f"feed: {scalar(feed)}",
        f"room: {room}{which}",
        f"kind: {fits.kind if fits else 'plain'}",
        f"title: {scalar(feed.replace('_', ' ').capitalize())}  # check: what people call it",
        f"owner: {known.owners[room]}",
        "delivery: snapshot  # check: a full list each month? Else events, extract or reference",
        f"files: [{patterns}]",
        _month(file, pattern),
        "parts: one  # check: many, when a month's list comes in several files",
        f"format: {format_text(dialect)}",
    ]
    if key:
        lines.append(f"key: [{', '.join(scalar(guess.name) for guess in key)}]")
    else:
        lines.append("# check: no column is different in every record; if there is a key, say key: [column]")
    if any(guess.money == "eu" for guess in guesses):
        lines.append("money: eu" + "  # check: not all amounts are" * any(g.money == "us" for g in guesses))
    if constants:
        lines.append(f"constants: {{{', '.join(f'{name}: {json.dumps(v)}' for name, v in constants.items())}}}")
    lines += fits.head if fits else []
    lines += ["", "columns:", *(column_text(guess, dialect.type) for guess in guesses)]
    lines += fits.tail if fits else []
    return "\n".join(lines) + "\n"


def _month(file: Path, pattern: str | None) -> str:
    if pattern:
        return f"month: {{from: name, pattern: {json.dumps(pattern)}}}"
    found = parse_file_name(file.name, _probe()).month
    return "month: {from: name}" + ("" if found else "  # check: names must hold the month; the sample's does not")


def format_text(dialect: Format) -> str:
    row = f", header_row: {dialect.header_row}" if dialect.header_row else ""
    if dialect.type != "csv":
        more = f", sheet: {scalar(dialect.sheet)}" if dialect.sheet else ""
        more += f", encoding: {dialect.encoding}" if dialect.encoding != "utf-8" else ""
        return f"{{type: {dialect.type}{more}{row}}}"
    quote = "null" if dialect.quote is None else "'\"'"
    return (
        f"{{type: csv, delimiter: {json.dumps(dialect.delimiter)}, quote: {quote}, encoding: {dialect.encoding}{row}}}"
    )


def column_text(guess: Guess, type: str) -> str:
    parts = [f"name: {scalar(guess.name)}"]
    if type != "jsonl":
        parts.append(f"header: {scalar(guess.header)}")
    elif guess.header != guess.name:
        parts.append(f"path: {scalar(guess.header)}")
    parts += ["required: true"] * guess.required
    parts += [f"type: {guess.type}"] * (guess.type != "text")
    parts += [f"formats: [{', '.join(json.dumps(text) for text in guess.formats)}]"] * bool(guess.formats)
    parts += ["pii: true"] * guess.pii
    note = f"  # check: {'; '.join(guess.notes)}" if guess.notes else ""
    return f"  - {{{', '.join(parts)}}}{note}"
