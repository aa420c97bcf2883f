"""The user's contracts one by one: which is out of order, which stands in, what is kept. Files in, answers out."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from pathlib import Path

import pytest

from leads_platform.arrivals.contracts.load import load_contracts
from leads_platform.arrivals.contracts.user_contracts import UserContracts, contract_files, keep, read_user_contracts
from leads_platform_tests.arrivals.test_contract import FEEDS, GOOD
from leads_platform_tests.known import KNOWN

PACKAGED = load_contracts([FEEDS], KNOWN)
BROKEN = GOOD.replace("delivery:", "delivry:")


class Folder:
    """A folder of contracts with its copies, as a session finds and leaves it."""

    def __init__(self, root: Path) -> None:
        self.feeds, self.kept = root / "feeds", root / "contracts"
        self.feeds.mkdir()

    def write(self, name: str, text: str) -> None:
        (self.feeds / name).write_text(text, encoding="utf-8")

    def look(self, upgraded: bool = False) -> UserContracts:
        return read_user_contracts(self.feeds, self.kept, PACKAGED, KNOWN, upgraded=upgraded)

    def session(self, needed: AbstractSet[str] = frozenset()) -> UserContracts:
        found = self.look()
        keep(self.kept, found, needed)
        return found


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def told(found: UserContracts) -> list[tuple[str, str, str]]:
    """Feed, file and what stands in, of each contract that is out of order."""
    return [(entry.feed, entry.path.name, entry.stands) for entry in found.out_of_order]


def test_the_last_good_text_stands_in_and_mending_brings_the_same_back(folder: Folder) -> None:
    """Found in use, 10: one typo in one contract ended every command of all feeds."""
    folder.write("people.yaml", GOOD)
    folder.write("others.yaml", GOOD.replace("feed: people", "feed: others"))
    before = folder.session().good["people"].hash()
    folder.write("people.yaml", BROKEN)
    found = folder.session()
    assert told(found) == [("people", "people.yaml", "its last good text")]
    assert found.stand_ins["people"].hash() == before
    assert list(found.good) == ["others"]
    (entry,) = found.out_of_order
    assert entry.problems[-1] == (
        f"{folder.feeds}/people.yaml, line 4: delivry: is not a field of a contract; did you mean `delivery`?"
    )
    folder.write("people.yaml", GOOD)
    mended = folder.session()
    assert mended.out_of_order == () and mended.good["people"].hash() == before


def test_a_copy_is_of_what_was_in_force_and_not_of_what_only_was_written(folder: Folder) -> None:
    """Found in use, 10: a good text that no session has seen was never in force."""
    folder.write("people.yaml", GOOD)
    in_force = folder.session().good["people"].hash()
    folder.write("people.yaml", GOOD.replace("Tel", "Fon"))
    folder.look()
    folder.write("people.yaml", BROKEN)
    assert folder.look().stand_ins["people"].hash() == in_force


def test_without_a_copy_the_packaged_contract_stands_or_nothing(folder: Folder) -> None:
    """Found in use, 10: a broken copy of a packaged contract leaves the packaged one in force."""
    folder.write("nv.yaml", BROKEN.replace("feed: people", "feed: nv_licensing"))
    folder.write("ok_licensing.yaml", "a: b: c\n")
    folder.write("utah.yaml", BROKEN.replace("feed: people", "feed: utah"))
    folder.write("no_feed.yaml", "title: x\n")
    found = folder.session()
    assert told(found) == [
        ("no_feed", "no_feed.yaml", "nothing"),
        ("nv_licensing", "nv.yaml", "the packaged contract"),
        ("ok_licensing", "ok_licensing.yaml", "the packaged contract"),
        ("utah", "utah.yaml", "nothing"),
    ]
    assert found.good == {} and found.stand_ins == {}


def test_the_feed_of_a_file_that_can_t_be_read_is_known_by_its_copy(folder: Folder) -> None:
    """Found in use, 10: no YAML at all, and a file named otherwise than its feed."""
    folder.write("list.yaml", GOOD)
    folder.session()
    for text in ("feed: [people\n", GOOD.replace("feed: people", "feed: Péople"), BROKEN.replace("people", "peeple")):
        folder.write("list.yaml", text)
        assert told(folder.session()) == [("people", "list.yaml", "its last good text")], text


def test_two_files_of_one_feed_are_both_told_and_none_is_chosen(folder: Folder) -> None:
    """Found in use, 10: which of two contracts counts must not depend on their names."""
    folder.write("a.yaml", GOOD)
    before = folder.session().good["people"].hash()
    folder.write("b.yaml", GOOD.replace("Tel", "Fon"))
    found = folder.session()
    stands = "its last good text"
    assert told(found) == [("people", "a.yaml", stands), ("people", "b.yaml", stands)]
    assert found.good == {} and found.stand_ins["people"].hash() == before
    assert "line 1: feed: `people` is declared in feeds/b.yaml, too; keep one" in found.out_of_order[0].problems[0]
    folder.write("b.yaml", "feed: people\n")  # broken itself, and still meant for this feed
    assert [entry.path.name for entry in folder.look().out_of_order] == ["a.yaml", "b.yaml"]


def test_a_contract_that_makes_another_s_table_is_out_of_order_alone(folder: Folder) -> None:
    """Found in use, 10: a clash of tables stopped all feeds; it stops the contract that brought it."""
    folder.write("mine.yaml", GOOD.replace("feed: people", "feed: leads_nv_licensing"))
    folder.write("people.yaml", GOOD)
    found = folder.session()
    assert told(found) == [("leads_nv_licensing", "mine.yaml", "nothing")]
    assert (
        "makes the table prospects.base_leads_nv_licensing, as feeds/nv_licensing.yaml does"
        in (found.out_of_order[0].problems[0])
    )
    assert list(found.good) == ["people"]


@pytest.mark.parametrize("name", ["people.yml", "people.YAML", "people.Yml"])
def test_a_contract_named_yml_is_read(folder: Folder, name: str) -> None:
    """Found in use, 10: a contract ending in .yml was ignored without a word."""
    folder.write(name, GOOD)
    assert list(folder.session().good) == ["people"]


def test_a_file_that_was_meant_as_a_contract_is_told_and_left_overs_are_not(folder: Folder) -> None:
    """Found in use, 10: a sibling of .yml; Windows writes people.yaml.txt, editors leave copies behind."""
    for name in ("people.yaml.txt", "people.yaml~", ".people.yaml.swp", "people.yaml.bak", "notes.md", "schema.json"):
        folder.write(name, GOOD)
    (entry,) = folder.look().out_of_order
    assert entry.path.name == "people.yaml.txt"
    assert "a contract's name ends in .yaml; rename it to people.yaml" in entry.problems[0]


@pytest.mark.parametrize("text", [GOOD, BROKEN, "", GOOD.replace("feed: people", "feed: others")])
@pytest.mark.parametrize("suffix", ["save", "disabled", "old2", "2024-05-01", "txt"])
def test_a_file_beside_the_contract_that_is_read_stops_nothing(folder: Folder, suffix: str, text: str) -> None:
    """Found in use, mended: `people.yaml.save` beside a good people.yaml, and the feed was out of order."""
    folder.write("people.yaml", GOOD)
    folder.write(f"people.yaml.{suffix}", text)
    folder.write("people-march.yaml.txt", GOOD)
    found = folder.session()
    assert (told(found), list(found.good)) == ([], ["people"])
    assert [path.name for path in found.passed_over] == ["people-march.yaml.txt", f"people.yaml.{suffix}"]
    assert list(folder.look().kept) == ["people.yaml"]


def test_a_contract_named_away_stands_by_its_copy(folder: Folder) -> None:
    """Found in use, mended: of `list.yaml.disabled` the feed was sought in its name alone."""
    folder.write("list.yaml", GOOD)
    folder.session()
    (folder.feeds / "list.yaml").rename(folder.feeds / "list.yaml.disabled")
    found = folder.session()
    assert told(found) == [("people", "list.yaml.disabled", "its last good text")]
    assert found.passed_over == ()


def test_a_folder_or_a_dead_link_is_told(folder: Folder) -> None:
    """Found in use, 10: what can't be read is one contract's fault, too."""
    (folder.feeds / "people.yaml").mkdir()
    (folder.feeds / "dead.yaml").symlink_to("nowhere.yaml")
    problems = [entry.problems[0] for entry in folder.look().out_of_order]
    assert [problem.split(": ", 1)[1] for problem in problems] == [
        "can't be read: No such file or directory",
        "can't be read: Is a directory",
    ]


def test_an_unknown_room_is_told_with_its_line(folder: Folder) -> None:
    """Found in use, 10: a room that is not there."""
    folder.write("people.yaml", GOOD.replace("room: prospects", "room: prospect"))
    (entry,) = folder.look().out_of_order
    assert "line 2: room: there is no room `prospect`; did you mean `prospects`?" in entry.problems[0]


def test_what_a_new_rule_refuses_goes_on_declaring_its_tables_after_an_upgrade(folder: Folder) -> None:
    """Found in use, 10: what was built under `phone_region: UK` must not go because the rule is new."""
    text = GOOD.replace("delivery:", "phone_region: UK\ndelivery:")
    folder.write("people.yaml", text)
    found = folder.look(upgraded=True)
    assert told(found) == [("people", "people.yaml", "its last good text")]
    assert found.stand_ins["people"].phone_region == "UK"
    keep(folder.kept, found, set())
    assert folder.look().stand_ins["people"].phone_region == "UK"
    (folder.kept / "people.yaml").unlink()
    assert told(folder.look()) == [("people", "people.yaml", "nothing")], "a new contract was never in force"


def test_copies_go_with_their_contracts_unless_tables_still_stand(folder: Folder) -> None:
    """Found in use, 12: by the copy it is known that a person took the contract away, and not an upgrade."""
    folder.write("people.yaml", GOOD)
    folder.session()
    (folder.feeds / "people.yaml").unlink()
    assert list(folder.session(needed={"people.yaml"}).kept) == ["people.yaml"]
    folder.session()
    assert folder.look().kept == {} and list(folder.kept.iterdir()) == []


def test_files_are_found_in_order_of_name(folder: Folder) -> None:
    folder.write("b.yaml", "")
    folder.write("a.yml", "")
    assert [path.name for path in contract_files(folder.feeds)[0]] == ["a.yml", "b.yaml"]
    assert contract_files(folder.feeds / "none") == ([], [])
