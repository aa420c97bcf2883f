"""One kind through a real environment: dropped, taken in, held against what must come of it, mended, taken again.

Belongs here: that way and its assertions. Does not: the kinds, or what is expected of each.
"""

from __future__ import annotations

import gzip
import hashlib
import itertools
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from leads_platform.arrivals.archive.notes import FileNote, notes
from leads_platform.arrivals.archive.store import Manifest
from leads_platform.arrivals.check import check_file
from leads_platform.arrivals.contracts.load import FeedContract
from leads_platform.arrivals.reading.loading import MONTH_COLUMNS
from leads_platform.arrivals.receive import read_state
from leads_platform.cli import output as terminal
from leads_platform.months import parse_month
from leads_platform.settings import Settings
from leads_platform_tests.arrivals.arrivals_env import ArrivalsEnv
from leads_platform_tests.arrivals.catalogue.case import BOOKS, FEEDS, PERSONAL, Case, good, good_rows
from leads_platform_tests.conftest import environment

APRIL = parse_month("2024-04")
_moment = itertools.count(1_714_600_000)


@dataclass(frozen=True)
class Outcome:
    """What became of a kind: its manifest, if it has one, and the words that `run` prints of it."""

    kind: Case
    manifest: Manifest | None
    message: str


class Counter(ArrivalsEnv):
    """A desk whose feeds' contracts are read once for all environments."""

    def __init__(
        self,
        settings: Settings,
        contracts: Mapping[str, FeedContract] | None = None,
        con: duckdb.DuckDBPyConnection | None = None,
    ) -> None:
        super().__init__(settings)
        if contracts is None:
            for feed, text in FEEDS.items():
                self.contract(feed, text)
            contracts = {feed: contract for feed, contract in super().contracts().items() if feed in FEEDS}
        self._contracts = dict(contracts)
        self.con = duckdb.connect() if con is None else con

    def contracts(self) -> dict[str, FeedContract]:
        return self._contracts

    def lay(self, path: Path, content: bytes) -> None:
        """A file in landing, changed later than all before it."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        moment = next(_moment)
        os.utime(path, (moment, moment))

    def taken(self, feed: str, name: str, content: bytes) -> Manifest:
        """A file laid and taken in by itself."""
        self.lay(self.path(f"{feed}/{name}"), content)
        (manifest,) = self.take()
        return manifest

    def loaded(self, manifest: Manifest) -> tuple[list[str], list[tuple[Any, ...]]]:
        """The archived records' titles, and the records in order with their line first."""
        path = self._receipt(manifest) / "records.parquet"
        if not path.exists():
            return [], []
        found = self.con.read_parquet(str(path))
        titles = [title for title in found.columns if title not in ("_line", *MONTH_COLUMNS)]
        named = ", ".join('"' + title.replace('"', '""') + '"' for title in titles)
        return titles, self.con.sql(f"select _line, {named} from read_parquet('{path}') order by _line").fetchall()

    def quarantine(self, manifest: Manifest) -> list[tuple[Any, ...]]:
        """The quarantined records' line, column and reason, as the archive keeps them."""
        path = self._receipt(manifest) / "rejected.parquet"
        if not path.exists():
            return []
        return self.con.sql(f"select line, column_name, reason from read_parquet('{path}') order by line").fetchall()

    def _receipt(self, manifest: Manifest) -> Path:
        return self.settings.archive / manifest.feed / "receipts" / f"{manifest.receipt:08d}"

    def standing(self, feed: str) -> tuple[str | None, str]:
        """What April holds of the feed: the version of its records, and the hash of the file that holds them."""
        (records,) = sorted(self.settings.archive.glob(f"{feed}/receipts/*/records.parquet"))[:1]
        version = read_state(self.settings, self._contracts).version(feed, APRIL)
        return version, hashlib.sha256(records.read_bytes()).hexdigest()


def template(folder: Path) -> Counter:
    """An environment where each feed has a good list of April."""
    desk = Counter(environment(folder))
    for feed in FEEDS:
        april = good(feed).replace(b"2024-05-", b"2024-04-")
        if feed in ("calls", "chicago"):  # their keys are known over all months
            april = b"".join(b"9" + line if line[:1].isdigit() else line for line in april.splitlines(keepends=True))
        assert desk.taken(feed, _name_of(feed, "2024-04"), april).verdict == "accepted"
    shutil.rmtree(desk.settings.landing)
    return desk


def _name_of(feed: str, month: str) -> str:
    if feed == "worded":
        return f"{parse_month(month):%B %Y}.csv"
    day = "-30" if feed == "ledger" else ""  # which demands one
    return f"{month}{day}.{'xlsx' if feed in BOOKS else 'parquet' if feed == 'tables' else 'csv'}"


def try_kind(kind: Case, start: Counter, folder: Path) -> Outcome:
    """Runs one kind in a copy of the environment. Fails where anything is not as the kind says."""
    own = start.settings.archive.relative_to(start.settings.data) / kind.feed
    shutil.copytree(start.settings.data / own, folder / own)
    desk = Counter(environment(folder), start.contracts(), start.con)
    before = desk.standing(kind.feed)
    noted = set(notes(desk.arrivals().state, left_out=False))
    assert before[0] is not None
    if kind.former is not None:
        assert desk.taken(kind.feed, "2024-05 former.csv", kind.former).verdict == "accepted"
    path = desk.path(f"{kind.feed}/{kind.name}")
    delivered = _lay(desk, kind, path)
    arrivals = desk.arrivals()
    waiting = arrivals.waiting()
    if kind.during is not None:
        with kind.during(path):
            done = arrivals.take_in(waiting)
    else:
        done = arrivals.take_in(waiting)
    assert arrivals.failures == []
    if kind.verdict in ("waits", "passed over", "gone"):
        outcome = _not_read(kind, done, arrivals.problems, waiting)
    else:
        assert arrivals.problems == []
        (manifest,) = done
        fresh = [note for note in notes(arrivals.state, left_out=False) if note not in noted]
        outcome = Outcome(kind, manifest, _printed(manifest, fresh))
        _hold_against(desk, kind, outcome)
        _kept_as_delivered(desk, manifest, delivered)
    assert desk.standing(kind.feed) == before, "what was loaded before changed"
    _nothing_personal(outcome.message)
    if delivered is not None and kind.check != "none":
        _check_says_the_same(desk, kind, path, outcome)
    _goes_on(desk, kind, path, outcome)
    assert desk.standing(kind.feed) == before, "what was loaded before changed"
    return outcome


def _lay(desk: Counter, kind: Case, path: Path) -> bytes | None:
    """The bytes laid, None for what is no plain file."""
    if kind.place is not None:
        kind.place(path)
        return path.read_bytes() if path.is_file() and not path.is_symlink() else None
    content = kind.content()
    desk.lay(path, content)
    return content


def _not_read(kind: Case, done: list[Manifest], problems: list[str], waiting: list[Any]) -> Outcome:
    """A file that was not read now leaves no receipt; `waits` is told in words, the others are not there to be read."""
    assert done == []
    assert bool(problems) == (kind.verdict == "waits")
    assert bool(waiting) == (kind.verdict != "passed over")
    said = problems[0] if problems else ""
    assert all(words in said for words in kind.says)
    return Outcome(kind, None, said)


def _printed(manifest: Manifest, fresh: list[FileNote]) -> str:
    """What `run` prints of the file, as it prints it; without the verdict and the file's name, which it begins with."""
    with terminal.console.capture() as captured:
        terminal.manifest_line(manifest)
        terminal.file_notes(fresh)
    named = terminal.plain(f"{manifest.feed}/{manifest.file_name}")
    lines = [line.strip() for line in captured.get().splitlines()]
    assert lines[0].split(" ", 1)[0] == manifest.verdict
    said = [lines[0].split(named, 1)[1].strip(), *(line.removeprefix(f"{named}: ") for line in lines[1:])]
    # The message of a file that is not taken in whole begins with its counts, too.
    return ". ".join(one for one in (said if manifest.verdict == "accepted" else said[1:]) if one)


def _hold_against(desk: Counter, kind: Case, outcome: Outcome) -> None:
    """Verdict, counts, values and words against the kind's."""
    manifest = outcome.manifest
    assert manifest is not None
    rows, refused = kind.rows(), kind.verdict == "refused"
    records = kind.records if refused else len(rows) + len(kind.bad)
    expected = (kind.verdict, records, 0 if refused else len(rows))
    assert (manifest.verdict, manifest.records, manifest.loaded) == expected, manifest.message
    assert manifest.records == manifest.loaded + manifest.quarantined
    titles, loaded = desk.loaded(manifest)
    assert loaded == list(rows)
    assert titles == ([] if refused else list(kind.titles))
    quarantined = desk.quarantine(manifest)
    if refused:
        assert [(at, column) for at, column, _ in quarantined] == ([(1, None)] if records else [])
    else:
        assert quarantined == list(kind.bad)
    for words in (*kind.says, *kind.run_says):
        assert words in outcome.message, outcome.message
    assert manifest.file_name == os.fsencode(kind.name).decode("utf-8", "replace")
    counted = json.loads(manifest.to_json())
    _nothing_personal(json.dumps([manifest.message, counted["reason"], [reason for *_, reason in quarantined]]))


def _kept_as_delivered(desk: Counter, manifest: Manifest, delivered: bytes | None) -> None:
    """The archive holds the bytes; of what fits no pattern and of what is no file nothing is read."""
    if manifest.reason in ("pattern", "not_a_file"):
        assert manifest.sha256 == ""
        return
    assert delivered is not None
    assert manifest.sha256 == hashlib.sha256(delivered).hexdigest()
    stored = desk.settings.archive / manifest.feed / "originals" / f"{manifest.sha256}.gz"
    assert gzip.decompress(stored.read_bytes()) == delivered


def _nothing_personal(text: str) -> None:
    for value in PERSONAL:
        assert value not in text, f"{value} is told"


def _check_says_the_same(desk: Counter, kind: Case, path: Path, outcome: Outcome) -> None:
    """`leads-platform check` tells verdict, counts and quarantined records as arrivals does."""
    told = check_file(path, desk.contracts()[kind.feed], current_month=desk.settings.current_month())
    _nothing_personal(json.dumps({**told, "file": ""}))
    assert told["verdict"] == (kind.check or kind.verdict)
    manifest = outcome.manifest
    if manifest is None:
        return
    assert (told["records"], told["loaded"]) == (manifest.records, manifest.loaded)
    found = [(one["line"], one["column_name"], one["reason"]) for one in told["quarantined"]]
    assert found == desk.quarantine(manifest)
    assert told["records"] == told["loaded"] + told["quarantined_records"]
    assert len(told["warnings"]) >= kind.warned
    for words in kind.says:
        assert words in told["message"] or kind.check is not None, told["message"]


def _goes_on(desk: Counter, kind: Case, path: Path, outcome: Outcome) -> None:
    """A refused file's re-issue is taken, a held file is let in by a person, a file that waits is read later."""
    if kind.verdict == "held":
        assert outcome.manifest is not None
        accepted = desk.arrivals().accept(outcome.manifest.sha256)
        assert accepted.touched == ("2024-05",)
    if kind.verdict in ("passed over", "gone", "refused"):
        _remove(path)
        path = desk.path(f"{kind.feed}/{kind.mended or kind.name}")
        desk.lay(path, good(kind.feed))
    if kind.verdict in ("passed over", "gone", "refused", "waits"):
        (manifest,) = desk.take()
        assert (manifest.verdict, manifest.loaded) == ("accepted", 3), manifest.message
        assert desk.loaded(manifest)[1] == list(good_rows(kind.feed))
        effective = desk.arrivals().state.by_feed[kind.feed].effective(parse_month("2024-05"))
        assert effective[-1].manifest.receipt == manifest.receipt
    assert desk.take() == []


def _remove(path: Path) -> None:
    if path.is_symlink() or path.is_file() or (path.exists() and not path.is_dir()):
        path.unlink()
    elif path.is_dir():
        shutil.rmtree(path)
