"""A person's word on files: how they are named, what still needs a word, and that every word can be taken back."""

from __future__ import annotations

import shlex

import pytest

from leads_platform.arrivals.archive.naming import printed
from leads_platform.arrivals.archive.store import Manifest
from leads_platform.arrivals.decisions import Action, DecisionError, refused
from leads_platform.arrivals.quarantine import quarantined_records
from leads_platform.attention import Attention, decided, files_in_need
from leads_platform.cli.status import read_status
from leads_platform.months import parse_month
from leads_platform.settings import Settings
from leads_platform_tests.arrivals.arrivals_env import CONTRACTS, ArrivalsEnv, people, rows

MAY = parse_month("2024-05")
OTHER_HEADER = people(1, 3).replace("Name", "Nome")


@pytest.fixture
def desk(settings: Settings) -> ArrivalsEnv:
    return ArrivalsEnv(settings, "lists", "parted", "calls")


def needed(desk: ArrivalsEnv) -> list[Attention]:
    return files_in_need(desk.settings, desk.arrivals().state)


def names(desk: ArrivalsEnv) -> list[str]:
    """What `status` lists as refused; notices and checks ask the same function."""
    told = [f"{f['feed']}/{f['file']}" for f in read_status(desk.platform()).to_json()["refused_files"]]
    assert told == [f"{m.feed}/{m.file_name}" for m in refused(desk.settings, desk.arrivals().state)]
    assert sorted(told) == [f"{item.feed}/{item.file_name}" for item in needed(desk) if item.kind == "refused"]
    return told


def in_force(desk: ArrivalsEnv, feed: str = "lists") -> list[str]:
    state = desk.arrivals().state
    return [
        e.manifest.file_name for e in state.by_feed[feed].entries if state.in_force(state.by_feed[feed], e.manifest)
    ]


def words(desk: ArrivalsEnv, action: Action, typed: str) -> str:
    with pytest.raises(DecisionError) as error:
        getattr(desk.arrivals(), action)(typed)
    return str(error.value)


# -- what needs a word ------------------------------------------------------------------------------------------


def test_a_refusal_is_gone_with_its_file(desk: ArrivalsEnv) -> None:
    """Found in use, 11: a file refused by its name stayed in `status` after it was deleted, and had no fingerprint."""
    for at in ("lists/list.txt", "lists/2024-05.csv"):
        path = desk.put(at, OTHER_HEADER)
        desk.take()
        assert names(desk) == [at]
        path.unlink()
        assert names(desk) == []
        desk.put("lists/other.txt", OTHER_HEADER)
        desk.take()
        assert names(desk) == ["lists/other.txt"]
        (desk.settings.landing / "lists/other.txt").unlink()


def test_a_refused_file_that_was_changed_is_new_and_not_refused(desk: ArrivalsEnv) -> None:
    """Found in use, 11: until it is taken in it waits; a landing folder that is gone needs no hand either."""
    path = desk.put("lists/list.txt", "x")
    desk.take()
    path.write_text("another text")
    assert names(desk) == []
    assert [file.name for file in desk.arrivals().waiting()] == ["list.txt"]
    desk.take()
    assert names(desk) == ["lists/list.txt"]
    path.unlink()
    path.parent.rmdir()
    path.parent.parent.rmdir()
    assert names(desk) == []


def test_a_refusal_is_gone_once_its_bytes_are_in_force_in_another_feed(desk: ArrivalsEnv) -> None:
    """Found in use, 11: refused in the wrong folder and then accepted in the right one, it stayed refused."""
    content = rows("1 Ann", "2 Bob")  # no time in any record: no month, so `calls` refuses it
    desk.drop("calls/2024-05.csv", content)
    assert names(desk) == ["calls/2024-05.csv"]
    taken = desk.drop("lists/2024-05.csv", content)
    assert taken.verdict == "accepted"
    assert names(desk) == []
    assert desk.arrivals().withdraw("lists/2024-05.csv").touched == ("2024-05",)
    assert names(desk) == ["calls/2024-05.csv"]  # it lies there, and is nowhere in force


def test_a_file_without_a_fingerprint_is_dismissed_by_its_name_and_read_once_the_contract_lets_it_in(
    desk: ArrivalsEnv,
) -> None:
    """Found in use, 11: the decision is a manifest; another session, or a rebuild, finds it."""
    desk.drop("lists/2024-05.txt", people(1, 3))
    (item,) = needed(desk)
    assert item.sha256 == "" and [shlex.split(c)[-2:] for c in item.commands] == [["withdraw", "lists/2024-05.txt"]]
    decision = desk.arrivals().withdraw("lists/2024-05.txt")
    assert (decision.action, decision.sha256, decision.touched) == ("withdraw", "", ())
    assert names(desk) == [] and desk.take() == []
    assert "it is dismissed" in words(desk, "withdraw", "lists/2024-05.txt")
    desk.arrivals().accept("lists/2024-05.txt")  # the undo: asked about again
    assert names(desk) == ["lists/2024-05.txt"]
    desk.arrivals().withdraw("lists/2024-05.txt")
    desk.contract("lists", CONTRACTS["lists"].replace("ALIASES", "") + '\nfiles: ["*.csv", "*.txt"]\n')
    assert [m.verdict for m in desk.take()] == ["accepted"]
    assert in_force(desk) == ["2024-05.txt"]


# -- how a file is named ----------------------------------------------------------------------------------------

ODD = [
    "a list of 2024-05.csv",
    'it\'s a "list" 2024-05.csv',
    "from acme/west/list 2024-05.csv",
    "$(rm -rf) & `list` 2024-05.csv",
    "-r 2024-05.csv",
    "liste d'été 2024-05.csv",
    "deadbeef 2024-05.csv",
]


@pytest.mark.parametrize("name", ODD)
def test_a_file_is_named_by_feed_and_file_by_fingerprint_or_by_its_name(desk: ArrivalsEnv, name: str) -> None:
    """Found in use, 11: `withdraw` took fingerprints alone. What is printed to be pasted means the file."""
    taken = desk.drop(f"lists/{name}", people(1, 3))
    ways = (f"lists/{name}", name, name.rsplit("/", 1)[-1], taken.sha256, taken.sha256[:4], taken.sha256.upper())
    for typed in ways if name == ODD[2] else ways[:1]:
        assert desk.arrivals().withdraw(typed).original == taken.original
        assert in_force(desk) == []
        undo = shlex.split(decided(desk.settings, desk.arrivals().state, desk.arrivals().state.manifests[-1])
                           .split("To undo it: ")[1])  # fmt: skip
        assert undo[:2] == [f"LEADS_PLATFORM_DATA={desk.settings.data}", "leads-platform"]
        assert undo[2:] == ["accept", f"lists/{name}"]
        desk.arrivals().accept(undo[3])
        assert in_force(desk) == [name]


def test_a_name_that_a_terminal_would_obey_is_typed_as_it_is_printed(desk: ArrivalsEnv) -> None:
    """Found in use, 11: escapes and bytes that are no text can't be pasted; � stands for each."""
    name = "list\x1b[2J\u202e 2024-05.txt"
    desk.drop(f"lists/{name}", people(1, 3))
    (item,) = needed(desk)
    typed = shlex.split(item.commands[-1])[-1]
    assert typed == printed(f"lists/{name}") == "lists/list�[2J� 2024-05.txt"
    desk.arrivals().withdraw(typed)
    assert names(desk) == []


def test_where_several_fit_they_are_listed_and_nothing_is_done(desk: ArrivalsEnv) -> None:
    """Found in use, 11: two versions under one name, one name in two feeds, one start of a fingerprint."""
    first = desk.drop("lists/2024-05.csv", people(1, 4))
    second = desk.drop("lists/2024-05.csv", people(1, 5))
    desk.drop("parted/2024-05.csv", people(1, 6))
    count = len(desk.arrivals().state.manifests)
    said = words(desk, "withdraw", "lists/2024-05.csv")
    assert "stands for 2 files, so nothing was done" in said
    assert f"\n  lists  2024-05  2024-05.csv  {first.sha256[:12]}  replaced by a later version" in said
    assert f"\n  lists  2024-05  2024-05.csv  {second.sha256[:12]}  in force" in said
    assert "stands for 3 files" in words(desk, "withdraw", "2024-05.csv")
    assert len(desk.arrivals().state.manifests) == count
    desk.arrivals().withdraw("parted/2024-05.csv")
    desk.arrivals().withdraw(second.sha256[:12])
    assert desk.arrivals().state.by_feed["lists"].counts() == {MAY: 4}


def test_the_command_to_paste_names_one_file_only(desk: ArrivalsEnv) -> None:
    """Found in use, 11: a held re-issue under the name of the file it would replace is told by its fingerprint."""
    desk.drop("lists/2024-05.csv", people(1, 9))
    held = desk.drop("lists/2024-05.csv", people(1, 2))
    (item,) = needed(desk)
    assert [shlex.split(c)[-2:] for c in item.commands] == [
        ["accept", "lists/2024-05.csv"],
        ["withdraw", held.sha256[:12]],
    ]
    desk.arrivals().withdraw(shlex.split(item.commands[1])[-1])
    assert needed(desk) == [] and desk.arrivals().state.by_feed["lists"].counts() == {MAY: 9}


def test_what_fits_nothing_gets_a_near_miss_or_the_reason(desk: ArrivalsEnv) -> None:
    """Found in use, 11: a typo, and a file to which the word does not apply."""
    desk.drop("lists/2024-05-acme.csv", people(1, 3))
    assert "Did you mean lists/2024-05-acme.csv?" in words(desk, "withdraw", "list/2024-05-acme.csv")
    assert "Did you mean lists/2024-05-acme.csv?" in words(desk, "withdraw", "2024-05-akme.csv")
    assert "lists/2024-05-acme.csv can't be accepted: it is in force." in words(desk, "accept", "2024-05-acme.csv")
    desk.drop("lists/list.txt", "x")
    said = words(desk, "accept", "lists/list.txt")
    assert said.startswith("lists/list.txt can't be accepted: it is refused. its name fits none of the patterns")
    assert "�[2J" in words(desk, "withdraw", "\x1b[2J")


def test_quarantine_takes_the_same_names(desk: ArrivalsEnv) -> None:
    """Found in use, 11: FEED/FILE there too, and several are listed, not mixed."""
    desk.drop("lists/2024-05.csv", people(1, 4) + "5,Eve,,,\n")
    platform = desk.platform()
    assert [row[:2] for row in quarantined_records(platform.settings, platform.contracts, "lists/2024-05.csv")] == [
        ("2024-05.csv", 6)
    ]
    desk.drop("parted/2024-05.csv", people(1, 4) + "5,Eve,,,\n6,Flo,,,\n")
    with pytest.raises(Exception, match="stands for 2 files"):
        quarantined_records(platform.settings, platform.contracts, "2024-05.csv")
    assert len(quarantined_records(platform.settings, platform.contracts, "parted/2024-05.csv")) == 2


# -- a word can be taken back -----------------------------------------------------------------------------------


def said(desk: ArrivalsEnv, action: Action, typed: str) -> str:
    arrivals = desk.arrivals()
    return decided(desk.settings, arrivals.state, getattr(arrivals, action)(typed))


def test_withdraw_says_what_stands_and_how_to_undo_it_and_that_undoes_it(desk: ArrivalsEnv) -> None:
    """Found in use, 11: `accept` did not take a `withdraw` back."""
    desk.drop("lists/2024-05-04.csv", people(1, 3))
    desk.drop("lists/2024-05-10.csv", people(1, 4))
    back = f"To undo it: LEADS_PLATFORM_DATA={desk.settings.data} leads-platform"
    assert said(desk, "withdraw", "2024-05-10.csv") == (
        "withdraw: lists/2024-05-10.csv; touches 2024-05; standing now for 2024-05: 2024-05-04.csv (3 records). "
        f"{back} accept lists/2024-05-10.csv"
    )
    assert "standing now for 2024-05: no file. " in said(desk, "withdraw", "2024-05-04.csv")
    assert said(desk, "accept", "2024-05-10.csv") == (
        "accept: lists/2024-05-10.csv; touches 2024-05; standing now for 2024-05: 2024-05-10.csv (4 records). "
        f"{back} withdraw lists/2024-05-10.csv"
    )
    assert "touches no month; standing now for 2024-05: 2024-05-10.csv" in said(desk, "accept", "2024-05-04.csv")
    desk.drop("parted/2024-05 part 2.csv", people(1, 3))
    desk.drop("calls/all.csv", rows("1 Ann 2024-05-01"))
    assert "standing now: no file" in said(desk, "withdraw", "calls/all.csv")
    assert "touches 2024-05; standing now: 1 file of calls" in said(desk, "accept", "calls/all.csv")


ORDERS = [(4, 10, 20), (20, 10, 4), (10, 20, 4)]


@pytest.mark.parametrize("order", ORDERS, ids=str)
@pytest.mark.parametrize("feed", ["lists", "calls"])
def test_what_stands_after_decisions_does_not_depend_on_the_order_of_arrival(
    desk: ArrivalsEnv, feed: str, order: tuple[int, ...]
) -> None:
    """Found in use, 11: the file of the 10th is withdrawn and accepted again at once, that of the 20th at the end."""
    for day in order:
        desk.drop(f"{feed}/2024-05-{day:02}.csv", rows(*(f"{n} Ann{day} 2024-05-0{n}" for n in range(1, 5))))
        if day == 10:
            desk.arrivals().withdraw(f"{feed}/2024-05-10.csv")
            desk.arrivals().accept(f"{feed}/2024-05-10.csv")
    desk.arrivals().withdraw(f"{feed}/2024-05-20.csv")
    state = desk.arrivals().state.by_feed[feed]
    assert state.counts() == {MAY: 4}
    standing = [e.manifest.file_name for e in state.effective(MAY)]
    assert standing == (["2024-05-10.csv"] if feed == "lists" else ["2024-05-04.csv", "2024-05-10.csv"])
    desk.arrivals().accept(f"{feed}/2024-05-20.csv")
    assert desk.arrivals().state.by_feed[feed].effective(MAY)[-1].manifest.file_name == "2024-05-20.csv"


def test_the_same_bytes_that_came_in_again_need_no_accept(desk: ArrivalsEnv) -> None:
    """Found in use, 11: what is in force under another receipt can't be accepted twice."""
    taken = desk.drop("lists/2024-05-10.csv", people(1, 3))
    desk.arrivals().withdraw(taken.sha256)
    again: Manifest = desk.drop("lists/2024-05-10.csv", people(1, 3))
    assert again.verdict == "accepted"
    assert "can't be accepted" in words(desk, "accept", taken.sha256)
