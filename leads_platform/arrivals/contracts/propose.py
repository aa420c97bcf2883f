"""A first feed contract from a sample file: `leads-platform feed new`.

Belongs here: the order of steps, and the YAML a person is to look over. Does not: how a file is written
(propose_dialect.py), what its columns mean (propose_columns.py), or the contract's rules (model.py).
No value of a cell stands in the result: it may be personal data.
"""

from __future__ import annotations

import json
import re
import tempfile
from pathlib import Path

from leads_platform.arrivals.contracts.limits import is_reserved
from leads_platform.arrivals.contracts.load import Column, ContractError, FeedContract, Format
from leads_platform.arrivals.contracts.propose_columns import LOOK_AT, Guess, key_of, leads_of, look, snake
from leads_platform.arrivals.contracts.propose_dialect import check_titles, how_it_is_written, least_contract
from leads_platform.arrivals.landing import parse_file_name
from leads_platform.arrivals.reading.file_reading import read_file
from leads_platform.arrivals.reading.refusal import Refusal

_PACKED = (".gz", ".zip")


def propose_contract(file: Path, name: str | None = None) -> str:
    """The YAML text of a contract that `file` fits; lines with `# check:` need a person.

    `name` is the feed's name; without it the file's name gives it, without its month. Raises ContractError, in
    words, for a file that can't be read or has no header, and OSError.
    """
    feed = _feed_name(file, name)
    try:
        with tempfile.TemporaryDirectory() as folder:
            dialect, cells, notes = how_it_is_written(file, Path(folder))
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
                guesses = look(records, reading.header)
                total = min(reading.loaded_count, LOOK_AT)
                if total < reading.loaded_count:
                    notes.append(f"only the sample's first {total} records were looked at")
    except Refusal as refusal:
        raise ContractError(file, [(1, "", str(refusal))]) from None
    key = key_of(guesses, total)
    leads, missing = leads_of(guesses, key)
    return contract_text(file, feed, dialect, guesses, key, leads, missing, notes)


# -- names and text ------------------------------------------------------------------------------------------


def _feed_name(file: Path, name: str | None) -> str:
    text = name or file.name
    if name is None:
        for _ in range(2):
            text = Path(text).stem if Path(text).suffix else text
        text = re.sub(r"(?<!\d)(19|20)\d{2}[-_. ]?\d{2}([-_. ]?\d{2})?(?!\d)", " ", text)
        text = re.sub(r"(?i)(?<![a-z])(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*[-_ ]*\d{2,4}", " ", text)
        text = re.sub(r"(?i)part[ _-]?\d+", " ", text)
    feed = snake(text) or "new_feed"
    return f"{feed}_feed" if is_reserved(feed) else feed


def _scalar(text: str) -> str:
    """A text as YAML, in quotes where YAML might read something else."""
    plain = re.fullmatch(r"[A-Za-z][A-Za-z0-9 _/().&'-]*[A-Za-z0-9_.)]|[A-Za-z]", text)
    if plain and text.lower() not in ("true", "false", "null", "yes", "no", "y", "n", "on", "off"):
        return text
    kept = (ch if ch.isprintable() and ch not in '"\\' else f"\\U{ord(ch):08x}" for ch in text)
    return f'"{"".join(kept)}"'


def _patterns(file: Path, dialect: Format) -> list[str]:
    inner = [suffix.lower() for suffix in file.suffixes if suffix.lower() not in _PACKED][-1:]
    suffix = inner[0] if inner and re.fullmatch(r"\.[a-z]+", inner[0]) else f".{dialect.type}"
    packed = ("", ".gz") if dialect.type == "csv" else ("",)
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
    leads: dict[str, Guess],
    missing: list[str],
    notes: list[str],
) -> str:
    """The contract as YAML. `missing`: lead columns without which it is no lead list; `notes`: what else to check."""
    patterns = ", ".join(json.dumps(pattern) for pattern in _patterns(file, dialect))
    lines = ["# Proposed from a sample by `leads-platform feed new`. Look at every `# check:`, then delete it."]
    lines += [f"# check: {note}" for note in notes]
    if missing:
        lines.append(
            f"# check: it may be a lead list (kind: lead_list), but no column was found for {', '.join(missing)}"
        )
    lines += [
        f"feed: {_scalar(feed)}",
        "room: prospects",
        f"kind: {'lead_list' if leads else 'plain'}",
        f"title: {_scalar(feed.replace('_', ' ').capitalize())}  # check: what people call it",
        "owner: team:prospects",
        "delivery: snapshot  # check: a full list each month? Else events, extract or reference",
        f"files: [{patterns}]",
        "month: {from: name}" + _name_note(file, feed),
        "parts: one  # check: many, when a month's list comes in several files",
        f"format: {_format(dialect)}",
    ]
    if key:
        lines.append(f"key: [{', '.join(_scalar(guess.name) for guess in key)}]")
    else:
        lines.append("# check: no column is different in every record; if there is a key, say key: [column]")
    if leads:
        lines.append("phone_region: US  # check: where a number without country code is dialled")
    lines += ["", "columns:", *(_column(guess) for guess in guesses)]
    if leads:
        lines += ["", "leads:  # check: each lead column and the column it is taken from"]
        lines += [f"  {lead}: {_scalar(guess.name)}" for lead, guess in leads.items()]
    return "\n".join(lines) + "\n"


def _name_note(file: Path, feed: str) -> str:
    probe = FeedContract(feed=feed, room="x", title="x", delivery="snapshot", columns=(Column(name="x", header="x"),))
    told = parse_file_name(file.name, probe)
    return "" if told.month else "  # check: file names must hold YYYY-MM; the sample's does not"


def _format(dialect: Format) -> str:
    if dialect.type != "csv":
        sheet = f", sheet: {_scalar(dialect.sheet)}" if dialect.sheet else ""
        return f"{{type: {dialect.type}{sheet}}}"
    quote = "null" if dialect.quote is None else "'\"'"
    return f"{{type: csv, delimiter: {json.dumps(dialect.delimiter)}, quote: {quote}, encoding: {dialect.encoding}}}"


def _column(guess: Guess) -> str:
    parts = [f"name: {_scalar(guess.name)}", f"header: {_scalar(guess.header)}"]
    parts += ["required: true"] * guess.required
    parts += [f"type: {guess.type}"] * (guess.type != "text")
    parts += [f"formats: [{', '.join(json.dumps(text) for text in guess.formats)}]"] * bool(guess.formats)
    parts += ["pii: true"] * guess.pii
    note = f"  # check: {'; '.join(guess.notes)}" if guess.notes else ""
    return f"  - {{{', '.join(parts)}}}{note}"
