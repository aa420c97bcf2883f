"""What a look and a receipt do is counted: it must not grow with the files that are in already."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from leads_platform.arrivals import receive
from leads_platform.arrivals.archive import store
from leads_platform.arrivals.archive.sources import ArchiveSources
from leads_platform.arrivals.archive.store import Archive
from leads_platform.arrivals.receive import Arrivals, read_state, waiting
from leads_platform.settings import Settings
from leads_platform_tests.arrivals.arrivals_env import ArrivalsEnv, people

LISTS = "feed: {feed}\nroom: prospects\ntitle: {feed}\ndelivery: snapshot\nkey: [id]\ncolumns:\n"
COLUMNS = "  - {name: id, header: Id}\n  - {name: name, header: Name}\n  - {name: seen, header: Seen}\n"
FEEDS = tuple(f"feed_{number}" for number in range(5))


@pytest.fixture
def desk(settings: Settings) -> ArrivalsEnv:
    desk = ArrivalsEnv(settings)
    for feed in FEEDS:
        desk.contract(feed, LISTS.format(feed=feed) + COLUMNS)
    return desk


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Iterator[Counter[str]]:
    """How often manifests are parsed, folders of them looked through, feeds judged and connections opened."""
    done: Counter[str] = Counter()

    def counted(owner: object, name: str, what: str) -> None:
        really = getattr(owner, name)

        def counting(*arguments: object, **named: object) -> object:
            done[what] += 1
            return really(*arguments, **named)

        monkeypatch.setattr(owner, name, counting)

    counted(Archive, "_parse", "parsed")
    counted(Archive, "_folder", "looked through")
    counted(ArchiveSources, "_worth_another_try", "judged")
    for module in ("reading.file_reading", "reading.loading", "archive.measure"):
        counted(__import__(f"leads_platform.arrivals.{module}", fromlist=["connect"]), "connect", "connections")
    yield done


def month(desk: ArrivalsEnv, number: int) -> None:
    """A list of each feed."""
    for feed in FEEDS:
        desk.put(f"{feed}/2024-{number:02d}.csv", people(1, 3))


def rest(desk: ArrivalsEnv) -> None:
    """As if nothing had changed in the archive for a while: folders are trusted only then."""
    for folder in desk.settings.archive.glob("*/manifests"):
        os.utime(folder, ns=(10**18, 10**18))


def glance(desk: ArrivalsEnv) -> list[str]:
    state = read_state(desk.settings, desk.contracts(), glance=True)
    state.to_reread()
    return [f"{file.feed}/{file.name}" for file in waiting(desk.settings, state)]


def test_a_look_parses_new_manifests_and_looks_through_their_folders_alone(
    desk: ArrivalsEnv, work: Counter[str]
) -> None:
    for number in (1, 2, 3):
        month(desk, number)
        desk.take()
    rest(desk)
    assert glance(desk) == []
    rest(desk)
    glance(desk)
    work.clear()
    assert glance(desk) == []
    assert work == {}
    file = desk.put("feed_3/2024-04.csv", people(1, 3))
    assert glance(desk) == ["feed_3/2024-04.csv"]
    assert work == {}
    desk.take()
    work.clear()
    assert glance(desk) == []
    assert work == {"looked through": 1, "parsed": 1, "judged": 1}
    store._parsed.clear()
    receive._states.clear()
    work.clear()
    glance(desk)
    assert work["parsed"] == 3 * len(FEEDS) + 1 and work["judged"] == len(desk.contracts())
    file.write_text(people(1, 4))  # written over, in the same place: no folder tells that
    assert glance(desk) == ["feed_3/2024-04.csv"]


def test_a_glance_sees_what_comes_and_goes_and_a_session_sees_all(desk: ArrivalsEnv) -> None:
    month(desk, 1)
    desk.take()
    rest(desk)
    glance(desk)
    path = next(Path(desk.settings.archive).glob("feed_0/manifests/*.json"))
    text, at = path.read_text(), path.parent.stat()
    path.write_text(text)
    os.utime(path, ns=(1, 1))
    os.utime(path.parent, ns=(at.st_atime_ns, at.st_mtime_ns))
    one = Archive(desk.settings.archive)
    before = one.manifests(glance=True)
    assert all(old is new for old, new in zip(before, one.manifests(glance=True), strict=True))
    after = one.manifests()
    assert sum(old is not new for old, new in zip(before, after, strict=True)) == 1  # read anew
    path.unlink()
    assert len(one.manifests(glance=True)) == len(before) - 1


def test_a_receipt_costs_the_same_after_many(desk: ArrivalsEnv, work: Counter[str]) -> None:
    counts = []
    for number in (1, 2, 3, 4):
        month(desk, number)
        work.clear()
        desk.take()
        counts.append((work["parsed"], work["connections"], work["judged"]))
    assert len(set(counts[1:])) == 1, counts
    assert counts[1][0] <= len(FEEDS), "a manifest is parsed at most once, whoever wrote it"


def test_hundreds_of_feeds_are_one_state(desk: ArrivalsEnv) -> None:
    """Found in the sensors of before: with more feeds than states were kept, each look made all anew."""
    month(desk, 1)
    desk.take()
    receive._states.clear()
    for _ in range(3):
        read_state(desk.settings, desk.contracts(), glance=True)
        Arrivals(desk.settings, desk.contracts())
    assert len(receive._states) == 1
