"""Manifests are the truth: one that was damaged is told by name, or says what it said."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import date
from pathlib import Path

import duckdb
import pytest

from leads_platform.arrivals.archive import seal
from leads_platform.arrivals.archive.accounting import accounts
from leads_platform.arrivals.archive.ledger import refresh_ledger
from leads_platform.arrivals.archive.sources import ArchiveSources
from leads_platform.arrivals.archive.store import Archive, ArchiveDamaged, Manifest
from leads_platform.arrivals.contracts.load import FeedContract
from leads_platform.arrivals.receive import read_state
from leads_platform.settings import Settings
from leads_platform_tests.arrivals.arrivals_env import ArrivalsEnv, people, rows

TRIALS = 200
FEEDS = ("lists", "calls", "history", "stages")


@pytest.fixture
def desk(settings: Settings) -> ArrivalsEnv:
    return ArrivalsEnv(settings, *FEEDS)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> ArrivalsEnv:
    """A small archive with every kind of manifest: taken in, held, refused, unchanged, accepted, withdrawn."""
    desk = ArrivalsEnv(Settings(data=tmp_path_factory.mktemp("small"), first_month=date(2024, 3, 1)), *FEEDS)
    desk.today("2024-07-15T12:00:00")
    desk.drop("lists/2024-05-01.csv", people(1, 9))
    held = desk.drop("lists/2024-05-02.csv", people(1, 2))
    desk.drop("lists/list.txt.csv", people(1, 2))
    desk.drop("calls/calls.csv", rows("1 Ann 2024-05-01", "2 Bob 2024-06-01"))
    desk.drop("calls/more.csv", rows("1 Ann 2024-06-02", "3 Cid 2024-06-01"))
    desk.drop("history/all.csv", rows("1 Ann 2024-05-01", "2 Bob 2024-06-01"))
    desk.drop("stages/stages.csv", people(1, 3))
    desk.arrivals().accept(held.sha256)
    desk.arrivals().withdraw(held.sha256)
    return desk


def paths(desk: ArrivalsEnv) -> list[Path]:
    return sorted(desk.settings.archive.glob("*/manifests/*.json"))


def unseal(path: Path) -> None:
    """Writes the manifest as the version before did: without a seal, and without what it did not know."""
    plain = json.loads(path.read_text())
    plain["manifest"] = seal.UNSEALED
    del plain["seal"], plain["looks_like"]
    path.write_text(json.dumps(plain, indent=1, ensure_ascii=False))


def damaged(draw: random.Random, content: bytes, other: bytes) -> bytes:
    """One way in which a file goes bad: a bit or byte flipped, cut off, emptied, doubled, another's content."""
    at = draw.randrange(len(content))
    way = draw.randrange(10)
    if way < 5:
        return content[:at] + bytes([content[at] ^ 1 << draw.randrange(8)]) + content[at + 1 :]
    if way < 8:
        return content[:at] + draw.randbytes(1) + content[at + 1 :]
    return content[:at] if way == 8 else other


def look_at_all(desk: ArrivalsEnv, con: duckdb.DuckDBPyConnection) -> list[Manifest]:
    """What every command asks of the manifests, without building: all that may stumble over a malformed one."""
    state = read_state(desk.settings, desk.contracts())
    for feed in state.by_feed.values():
        for month in state.partitions():
            feed.version(month)
            feed.effective(month)
        assert feed.months() is not None and feed.counts() is not None
        accounts(feed, state.partitions(), lambda feed, receipt: Path("x"), *state.open_months())
        state.relation(feed.contract.feed, *state.open_months())
        for m in feed.readings.values():
            state.in_force(feed, m)
    for ask in (state.held, state.refused, state.to_reread, state.outside, state.data_months, state.feeds):
        ask()
    con.execute("drop schema if exists arrivals cascade")
    refresh_ledger(con, state, Archive(desk.settings.archive))
    return state.manifests


def test_whatever_happens_to_a_sealed_manifest_it_is_named_or_says_what_it_said(small: ArrivalsEnv) -> None:
    """Found in use, 17: 5 of 30 flipped bytes in a column map were silent, and the next rebuild differed."""
    draw, truth, told = random.Random(17), Archive(small.settings.archive).manifests(), 0
    for trial in range(TRIALS):
        path, other = draw.sample(paths(small), 2)
        content = path.read_bytes()
        path.write_bytes(damaged(draw, content, other.read_bytes()))
        try:
            if path.read_bytes() == content:
                continue
            with pytest.raises(ArchiveDamaged) as error:
                Archive(small.settings.archive).manifests()
            assert str(path) in str(error.value), trial
            told += 1
        finally:
            path.write_bytes(content)
    assert told > TRIALS * 0.9
    assert Archive(small.settings.archive).manifests() == truth


def test_two_swapped_manifests_are_named(small: ArrivalsEnv) -> None:
    """Found in use, 17: each is whole, and stands where the other belongs."""
    one, two = paths(small)[:2]
    first, second = one.read_bytes(), two.read_bytes()
    try:
        one.write_bytes(second)
        two.write_bytes(first)
        with pytest.raises(ArchiveDamaged, match="under another name"):
            Archive(small.settings.archive).manifests()
    finally:
        one.write_bytes(first)
        two.write_bytes(second)


def test_a_seal_that_was_taken_off_is_missed(small: ArrivalsEnv) -> None:
    """Found in use, 17: a new manifest does not pass as one of before there were seals."""
    path = small.settings.archive / "calls/manifests/00000005.json"
    content = path.read_bytes()
    try:
        stripped = json.loads(content)
        del stripped["seal"]
        path.write_text(json.dumps(stripped, indent=1, ensure_ascii=False))
        with pytest.raises(ArchiveDamaged, match=r"00000005.json is damaged: its seal is missing.*backup"):
            Archive(small.settings.archive).manifests()
        path.write_bytes(content)
        unseal(path)  # rewritten wholly as the version before would have
        with pytest.raises(ArchiveDamaged, match=r"00000005.json is damaged: its seal is missing"):
            Archive(small.settings.archive).manifests()
    finally:
        path.write_bytes(content)


def of_before(desk: ArrivalsEnv, folder: Path) -> ArrivalsEnv:
    """A copy of the archive as the version before left it: no manifest is sealed."""
    shutil.copytree(desk.settings.data, folder, dirs_exist_ok=True)
    old = ArrivalsEnv(replace(desk.settings, data=folder))
    for path in paths(old):
        unseal(path)
    return old


def test_manifests_of_before_are_read_and_noted_by_the_next_session(small: ArrivalsEnv, tmp_path: Path) -> None:
    """Found in use, 17: they are not written again, as they are the only copy; their digests stand beside them."""
    old = of_before(small, tmp_path)
    before = {path: path.read_bytes() for path in paths(old)}
    assert Archive(old.settings.archive).manifests() == Archive(small.settings.archive).manifests()
    old.arrivals()
    assert {path: path.read_bytes() for path in paths(old)} == before
    for folder in {path.parent for path in before}:
        checked = subprocess.run(
            ["sha256sum", "--check", "--strict", seal.SUMS], cwd=folder, capture_output=True, text=True, check=False
        )
        assert checked.returncode == 0, checked
        assert checked.stdout.count(": OK") == len(list(folder.glob("*.json")))
    old.drop("lists/2024-06.csv", people(1, 9))  # sealed, beside those that are not
    assert len(Archive(old.settings.archive).manifests()) == len(before) + 1
    draw = random.Random(4)
    for path, content in before.items():
        at = draw.randrange(len(content))
        path.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
        with pytest.raises(ArchiveDamaged) as error:
            Archive(old.settings.archive).manifests()
        assert str(path) in str(error.value)
        path.write_bytes(content)
    sums = paths(old)[0].parent / seal.SUMS
    sums.write_text(sums.read_text().replace("a", "b", 1))
    with pytest.raises(ArchiveDamaged, match=r"SHA256SUMS is damaged.*the next run notes them anew"):
        Archive(old.settings.archive).manifests()
    _fresh_look(paths(old)[0])
    sums.unlink()
    old.arrivals()
    assert sums.exists()


def _fresh_look(path: Path) -> None:
    path.write_bytes(path.read_bytes())


def test_a_damaged_manifest_that_nobody_noted_ends_in_words_or_reads_well(small: ArrivalsEnv, tmp_path: Path) -> None:
    """Found in use, 17: 2 of 30 ended as "a fault of the program ... report it"."""
    old, draw, told = of_before(small, tmp_path), random.Random(5), 0
    con = duckdb.connect()
    for _ in range(TRIALS):
        path, other = draw.sample(paths(old), 2)
        content = path.read_bytes()
        path.write_bytes(damaged(draw, content, other.read_bytes()))
        try:
            look_at_all(old, con)
        except ArchiveDamaged as error:
            assert str(path) in str(error)
            told += 1
        finally:
            path.write_bytes(content)
    assert told > TRIALS // 3


WRONG: dict[str, Callable[[dict], object]] = {
    "no receipt": lambda m: m.pop("receipt"),
    "receipt as text": lambda m: m.update(receipt="1"),
    "receipt too large": lambda m: m.update(receipt=10**30),
    "receipt below one": lambda m: m.update(receipt=0),
    "no feed": lambda m: m.update(feed=None),
    "another action": lambda m: m.update(action="acceqt"),
    "another verdict": lambda m: m.update(verdict="accepted."),
    "a day that is none": lambda m: m.update(file_date="2024-02-30"),
    "a month's tenth": lambda m: m.update(month="2024-05-10"),
    "year nought": lambda m: m.update(months={"0000-05": {"records": 1, "hash": "1"}}),
    "month thirteen": lambda m: m.update(touched=["2024-13"]),
    "a month as day": lambda m: m.update(touched=["2024-05-01"]),
    "no hour": lambda m: m.update(received_at="2024-05-10"),
    "no zone": lambda m: m.update(received_at="2024-05-10T10:00:00"),
    "records as text": lambda m: m.update(records="9"),
    "records below nought": lambda m: m.update(records=-9),
    "records as part": lambda m: m.update(records=9.5),
    "records beyond the warehouse's integers": lambda m: m.update(records=2**63),
    "months as list": lambda m: m.update(months=["2024-05"]),
    "months without hash": lambda m: m.update(months={"2024-05": {"records": 9}}),
    "a column without title": lambda m: m.update(columns={"id": None}),
    "header as text": lambda m: m.update(header="Id"),
    "links as list": lambda m: m.update(links=[]),
    "versions without count": lambda m: m.update(versions={"2024-05": ":9"}),
    "another field": lambda m: m.update(verdicts="accepted"),
    "a short fingerprint": lambda m: m.update(sha256="abc"),
    "half a letter": lambda m: m.update(file_name="\ud800"),
    "version 3": lambda m: m.update(manifest=3),
    "version as text": lambda m: m.update(manifest="1"),
    "no version": lambda m: m.pop("manifest"),
    "endless lists": lambda m: m.update(header=_nested(900)),
}


def _nested(depth: int) -> list:
    found: list = []
    for _ in range(depth):
        found = [found]
    return found


@pytest.mark.parametrize("wrong", WRONG)
def test_every_way_to_be_wrong_is_told_in_words(small: ArrivalsEnv, tmp_path: Path, wrong: str) -> None:
    """Found in use, 17: an unsealed manifest of before is judged by what it says alone."""
    path = tmp_path / "lists" / "manifests" / "00000001.json"
    path.parent.mkdir(parents=True)
    shutil.copy(small.settings.archive / "lists/manifests/00000001.json", path)
    unseal(path)
    plain = json.loads(path.read_text())
    assert Archive(tmp_path).manifests()
    WRONG[wrong](plain)
    path.write_text(json.dumps(plain, indent=1))
    with pytest.raises(ArchiveDamaged) as error:
        Archive(tmp_path).manifests()
    assert str(error.value).startswith(f"{path} is damaged: ") and "Restore it from a backup" in str(error.value)


def test_what_was_laid_out_anew_by_hand_is_read(small: ArrivalsEnv, tmp_path: Path) -> None:
    """Found in use, 17: an unsealed manifest may have been through an editor that indents otherwise."""
    path = tmp_path / "lists" / "manifests" / "00000001.json"
    path.parent.mkdir(parents=True)
    shutil.copy(small.settings.archive / "lists/manifests/00000001.json", path)
    unseal(path)
    path.write_text(json.dumps(json.loads(path.read_text()), sort_keys=True))
    (read,) = Archive(tmp_path).manifests()
    assert read == Archive(small.settings.archive).manifests()[0]


def test_a_seal_covers_every_byte(small: ArrivalsEnv) -> None:
    """Found in use, 17: line ends, too, which Python would take for each other."""
    manifest = Archive(small.settings.archive).manifests()[0]
    text = manifest.to_json()
    assert Manifest.from_json(text) == manifest
    assert json.loads(text)["seal"] == seal.digest(text.split(',\n "seal"')[0].encode())
    for other in (text.replace("\n", "\r\n"), text + "\n", " " + text, text.replace("Ann", "Ann ")):
        if other != text:
            with pytest.raises(ValueError):
                Manifest.from_json(other)
    assert set(asdict(manifest)) == set(json.loads(text)) - {"manifest", "seal"}


def test_a_sealed_manifest_without_who_and_why_is_read(small: ArrivalsEnv, tmp_path: Path) -> None:
    """Of before they were kept: its seal stands over what it says, and it says neither."""
    path = tmp_path / "lists" / "manifests" / "00000001.json"
    path.parent.mkdir(parents=True)
    plain = json.loads((small.settings.archive / "lists/manifests/00000001.json").read_text())
    former = {name: said for name, said in plain.items() if name not in ("manifest", "seal", "who", "why")}
    path.write_text(seal.sealed(former))
    (read,) = Archive(tmp_path).manifests()
    assert (read.who, read.why) == ("", "") and read == Archive(small.settings.archive).manifests()[0]


def test_a_damaged_manifest_ends_every_command_in_words(desk: ArrivalsEnv) -> None:
    """Found in use, 17: the state is read by the sensors as well as by `run`."""
    desk.drop("lists/2024-05.csv", people(1, 2))
    path = desk.settings.archive / "lists/manifests/00000001.json"
    path.write_bytes(path.read_bytes().replace(b'"records": 2', b'"records": 3', 1))
    contracts: dict[str, FeedContract] = desk.contracts()
    for ask in (lambda: read_state(desk.settings, contracts), desk.arrivals, desk.take):
        with pytest.raises(ArchiveDamaged, match=r"00000001.json is damaged: its seal does not fit. Restore it"):
            ask()
    assert isinstance(
        ArchiveSources(contracts, (), lambda feed, receipt: path, date(2024, 1, 1), date(2024, 7, 1)), ArchiveSources
    )
