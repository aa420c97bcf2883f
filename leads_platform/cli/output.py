"""What the command line prints: tables, progress and words, through rich.

Belongs here: turning results into text for a person at a terminal. Does not: finding them out.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table as Grid
from rich.text import Text

from leads_platform.arrivals.archive.notes import FileNote, grouped
from leads_platform.arrivals.archive.store import Manifest
from leads_platform.arrivals.contracts.load import FeedContract
from leads_platform.room import Report
from leads_platform.warehouse.outcome import evidence_in_words

if TYPE_CHECKING:
    from leads_platform.cli.closing import Need


class _Console(Console):
    """A console whose reader may leave, as in `run | head -1`: the rest is for nobody, and the work goes on."""

    def on_broken_pipe(self) -> None:
        self.quiet = True
        _to_nobody(self.file)


# Into a file or a pipe, lines are as wide as they need to be.
console = _Console(highlight=False, width=None if sys.stdout.isatty() else 160)
errors = _Console(stderr=True, highlight=False, width=None if sys.stderr.isatty() else 160)
_STYLES = {"accepted": "green", "partial": "yellow", "refused": "red", "held": "yellow", "unchanged": "dim"}
# Control characters, line and paragraph separators, and those that turn the direction of what follows or its shape.
_TURNING = r"\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f\ufff9-\ufffb"
_OBEYED = re.compile(rf"[\x00-\x1f{_TURNING}]")


def plain(text: str) -> str:
    """The text on one line, without what a terminal would obey: file names come from strangers.

    >>> plain("nv\\x1b[2J_2024-05\\n.csv")
    'nv�[2J_2024-05�.csv'
    """
    return _OBEYED.sub("�", text)


def as_json(data: Any) -> str:
    """The data as JSON; what a terminal would obey is written as `\\u009b`, which means the same."""
    text = json.dumps(data, indent=1, ensure_ascii=False)
    return re.sub(rf"[{_TURNING}]", lambda m: f"\\u{ord(m[0]):04x}", text)


def say(text: str) -> None:
    """One line of plain text; nothing in it is taken for markup."""
    console.print(plain(text), markup=False, soft_wrap=True)


def raw(text: str) -> None:
    """Text for a program to read (JSON, a contract), as it is."""
    try:
        click.echo(text)
    except BrokenPipeError:
        _to_nobody(sys.stdout)


def complain(text: str, style: str = "red") -> None:
    """An error, on standard error."""
    lines = "\n".join(map(plain, text.split("\n")))
    errors.print(lines, style=style, markup=False, soft_wrap=True)


@contextmanager
def progress(title: str) -> Iterator[Progress]:
    """A progress bar for anything that may take longer than two seconds; silent when nobody watches."""
    bar = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=errors,
        transient=True,
        disable=not errors.is_terminal,
    )
    with bar:
        bar.add_task(title, total=None)
        yield bar


def grid(title: str, columns: Iterable[str], rows: Iterable[Iterable[Any]], caption: str = "") -> None:
    """A table with a title that states what it shows; numbers to the right."""
    listed = [[plain(_cell(value)) for value in row] for row in rows]
    if title:
        console.print(
            plain(title), style="bold", markup=False, soft_wrap=True
        )  # rich would wrap it at the table's width
    table = Grid(caption=caption, caption_justify="left")
    for index, column in enumerate(columns):
        number = bool(listed) and all(_is_number(row[index]) for row in listed)
        table.add_column(column, justify="right" if number else "left", overflow="fold")
    for row in listed:
        table.add_row(*map(Text, row))  # as text, since a file's name could hold markup
    console.print(table)


def manifest_line(manifest: Manifest) -> None:
    """What became of one file, as it happens."""
    style = _STYLES.get(manifest.verdict, "")
    counts = f"{manifest.loaded:,} of {manifest.records:,} records" if manifest.records else ""
    console.print(f"  {manifest.verdict:9}", style=style, end="", markup=False)
    say(f" {manifest.feed}/{manifest.file_name}  {counts}")
    # Of a file taken in whole: what it replaces. What else is to be known of it comes after all files (file_notes).
    if said := manifest.beside if manifest.verdict == "accepted" else manifest.message:
        say(f"            {said}")


def file_notes(found: Iterable[FileNote]) -> None:
    """What a person should know of files that were taken in; nothing where there is nothing."""
    for feed, files, says in grouped(found):
        say(f"  {feed}/{files}: {says}")


def report(shown: Report) -> None:
    """A report, with its notes below."""
    grid(shown.title, shown.columns, shown.rows)
    for note in shown.notes:
        say(note)


def closing(items: Iterable[Need], notes: Iterable[str], verdict: str, *, good: bool) -> None:
    """The end of a command: what a person must act on, then the verdict as the last line."""
    listed = list(items)
    if listed:
        console.print("What needs attention", style="bold")
    for item in listed:
        say(f"  {item.what}: {item.message}")
        for command in item.commands:
            say(f"      {command}")
    for note in notes:
        say(note)
    console.print(plain(verdict), style="green" if good else "bold red", markup=False, soft_wrap=True)


def status(state: dict[str, Any], needs: int, *, files: bool = False, tables: bool = False) -> None:
    """The status as a person reads it: what stands, then what needs attention; `needs` is how many things do."""
    say(f"Environment {state['environment']} on {state['data']}, as of {state['as_of'][:16].replace('T', ' ')}")
    if state["writer"]:
        say(f"Writing now: {state['writer']}")
    grid(
        "Feeds",
        ["feed", "delivery", "files", "records", "quarantined", "first month", "last month", "newest file"],
        [
            (
                *(f[key] for key in ("feed", "delivery", "files", "records", "quarantined")),
                *(f["first_month"] or "-", f["last_month"] or "-", f["newest_file"] or "never delivered"),
            )
            for f in state["feeds"]
        ],
        "Files and records in force; what a later version replaced is not counted.",
    )
    if files:
        grid(
            "Files in force",
            ["feed", "month", "file", "version", "fingerprint", "records", "quarantined"],
            [
                (f["feed"], f["month"], f["file"], f["version"], f["sha256"][:12], f["records"], f["quarantined"])
                for f in state["files"]
            ],
        )
    if tables:
        grid(
            f"{len(state['tables'])} tables",
            ["table", "first month", "last month", "rows of it", "rows of all", "last built"],
            [
                (
                    *(t["table"], t["first_month"] or "never built", t["last_month"] or "-"),
                    *(t["rows_of_last_month"] or 0, t["rows"], (t["last_built"] or "-").replace("T", " ")[:16]),
                )
                for t in state["tables"]
            ],
        )
    else:
        say(f"{len(state['tables'])} tables; --tables lists them.")
    if state["notes"]:
        grid(
            "Files taken in with something to know",
            ["feed", "file", "what"],
            grouped(FileNote(**note) for note in state["notes"]),
        )
    if any(product["made_at"] or product["failed"] for product in state["products"]):
        grid(
            "Products",
            ["product", "made", "what it is"],
            [
                (
                    p["product"],
                    "failed, see below" if p["failed"] else (p["made_at"] or "not yet").replace("T", " ")[:16],
                    p["says"],
                )
                for p in state["products"]
            ],
            f"Files lie in {state['published']}.",
        )
    _contracts_in_need(state)
    _files_in_need(state)
    _tables_in_need(state)
    for of in state["withdrawn_exports"]:
        say(
            f"{of['rows']:,} rows exported by {of['action']} of {of['month']}, form {of['form']}, came from a file "
            f"withdrawn since: `leads-platform export {of['action']} --form {of['form']}` tells which."
        )
    if state["slack"]:
        say(state["slack"])
    for feed, counts in state["outside_partitions"].items():
        say(
            f"{feed}: {counts['waiting']} records wait for their month to begin, "
            f"{counts['before_first_month']} lie before the platform's first month."
        )
    hands = f"{needs} things need attention." if needs > 1 else "One thing needs attention." if needs else ""
    say(f"Content hash {state['content_hash'][:16]}. {hands or 'Nothing needs attention.'}")


def _contracts_in_need(state: dict[str, Any]) -> None:
    """Prints contracts that are out of order, and what waits for a person's yes."""
    if state["out_of_order"]:
        grid(
            "Out of order: their files wait until the contract is mended",
            ["feed", "what is wrong", "its tables"],
            [(e["feed"], problem, f"by {e['tables_by']}") for e in state["out_of_order"] for problem in e["problems"]],
        )
    for path in state["contracts_passed_over"]:
        say(f"{path} is not read, as it lies beside the contract that is.")
    for line in state["would_remove"]:
        say(f"Waits for your yes: {line} `leads-platform run` says how.")


def _files_in_need(state: dict[str, Any]) -> None:
    """Prints files that wait or were refused."""
    for title, key in (("Held: waits for accept", "held_files"), ("Refused", "refused_files")):
        if state[key]:
            grid(
                title,
                ["feed", "file", "fingerprint", "why"],
                [(f["feed"], f["file"], f["sha256"][:12], f["message"]) for f in state[key]],
            )
    if state["waiting_files"]:
        say(f"In landing, not yet taken in ({len(state['waiting_files'])}): {_some(state['waiting_files'])}")
    for folder in state["unreadable_folders"]:
        say(f"{folder}. Its files can't be seen; check owner and rights.")
    for name in state["unknown_folders"]:
        say(f"landing/{name} belongs to no feed: name the folder as a feed, or write a contract (feed new FILE).")


def _tables_in_need(state: dict[str, Any]) -> None:
    """Prints what is stale, refused, doubtful or late."""
    if state["stale"]:
        grid(
            f"{len(state['stale'])} tables are stale: `leads-platform run` builds them",
            ["table", "months", "why"],
            [(table, _span(months), state["why_stale"][table]) for table, months in state["stale"].items()],
        )
    elif state["first_month_with_data"]:
        say(f"Every table is current from {state['first_month_with_data']} to {state['last_month_with_data']}.")
    else:
        say("Nothing has been taken in yet.")
    refused = [c for c in state["failed_checks"] if c["refused"]]
    if refused:
        grid(
            "Checks that kept new rows out; the former rows stand",
            ["table", "month", "check", "bad rows", "evidence"],
            [(c["table"], c["month"], c["check"], c["bad_rows"], evidence_in_words(c["evidence"])) for c in refused],
        )
    warned = [c for c in state["failed_checks"] if not c["refused"]]
    if warned:
        grid("Warnings on rows that stand", ["table", "check", "months", "bad rows"], _by_check(warned))
    for product in state["products"]:
        if product["failed"]:
            say(f"{product['product']} was not made: {product['failed']}. The former one stands.")
    for says in state["freshness"]:
        say(f"Late: {says}.")


def findings(answer: dict[str, Any], contract: FeedContract) -> None:
    """What a dry run of a file against its contract found."""
    say(f"{answer['file']}: {answer['verdict']} against {contract.label}")
    if answer["verdict"] == "refused":
        say("Refused as a whole: nothing of it would be loaded, nothing loaded before would be lost.")
    else:
        counts = f"{answer['loaded']:,} can be loaded, {len(answer['quarantined'])} are quarantined"
        say(f"{answer['records']:,} records: {counts}.")
    if answer["message"]:
        say(answer["message"])
    if answer["quarantined"] and answer["verdict"] != "refused":
        _lines("Quarantined records", answer["quarantined"])
    if answer["warnings"]:
        _lines("Values to look at; their records are loaded", answer["warnings"])


def _lines(title: str, rows: list[dict[str, Any]]) -> None:
    shown = rows[:50]
    columns = [key for key in ("line", "column_name", "reason", "value") if any(key in row for row in shown)]
    caption = f"The first 50 of {len(rows)}; --json lists all." if len(rows) > 50 else ""
    grid(title, columns, [[row.get(key, "") for key in columns] for row in shown], caption)


def _by_check(checks: list[dict[str, Any]]) -> list[tuple[str, str, str, int]]:
    grouped: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for check in checks:
        grouped.setdefault((check["table"], check["check"]), []).append(check)
    return [
        (table, check, _span([c["month"] for c in found]), sum(c["bad_rows"] for c in found))
        for (table, check), found in grouped.items()
    ]


def _span(months: list[str]) -> str:
    return months[0] if len(months) == 1 else f"{len(months)} of {min(months)} to {max(months)}"


def _some(names: list[str]) -> str:
    return ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")


def _to_nobody(file: IO[str]) -> None:
    """Lets what is still written there vanish, the interpreter's own last flush included."""
    nobody = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nobody, file.fileno())
    os.close(nobody)


def _cell(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) else "" if value is None else str(value)


def _is_number(text: str) -> bool:
    return text.replace(",", "").isdigit()
