"""Taking files in: identity, versions, parts, held files, a person's word, and files that are read again."""

from __future__ import annotations

import pytest

from leads_platform.arrivals.archive.store import Manifest
from leads_platform.arrivals.decisions import DecisionError
from leads_platform.months import parse_month
from leads_platform.settings import Settings
from leads_platform_tests.arrivals.arrivals_env import ArrivalsEnv, people, rows, touched

A = rows("1 Ann", "2 Bob")
B = rows("1 Ann", "2 Bea")
C = rows("1 Ann", "2 Cid")


@pytest.fixture
def desk(settings: Settings) -> ArrivalsEnv:
    return ArrivalsEnv(settings, "lists", "dated", "parted", "inside")


def shown(desk: ArrivalsEnv, feed: str = "lists", month: str = "2024-05") -> list[str]:
    """Names of the files whose records make up the month."""
    entries = desk.arrivals().state.by_feed[feed].effective(parse_month(month))
    return [entry.manifest.file_name for entry in entries]


def version(desk: ArrivalsEnv, feed: str = "lists", month: str = "2024-05") -> str | None:
    return desk.arrivals().state.version(feed, parse_month(month))


# -- identity ------------------------------------------------------------------------------------------------


def test_the_same_bytes_under_another_name_change_nothing_and_that_is_said(desk: ArrivalsEnv) -> None:
    first = desk.drop("lists/2024-05.csv", A)
    before = version(desk)
    again = desk.drop("lists/copy of 2024-05.csv", A)
    assert (first.touched, again.touched) == (("2024-05",), ())
    assert again.verdict == "unchanged"
    assert again.message == "the same bytes are already taken in for 2024-05, as 2024-05.csv"
    assert (version(desk), shown(desk)) == (before, ["2024-05.csv"])
    assert desk.take() == []


def test_a_file_that_was_only_touched_is_unchanged(desk: ArrivalsEnv) -> None:
    desk.drop("lists/2024-05.csv", A)
    assert desk.drop("lists/2024-05.csv", A).verdict == "unchanged"


def test_an_unchanged_list_for_the_next_month_is_taken(desk: ArrivalsEnv) -> None:
    desk.drop("lists/2024-05.csv", A)
    next_month = desk.drop("lists/2024-06.csv", A)
    assert (next_month.verdict, next_month.touched) == ("accepted", ("2024-06",))


def test_identity_of_a_list_whose_rows_tell_the_month(desk: ArrivalsEnv) -> None:
    desk.drop("inside/one.csv", rows("1 Ann 2024-05-03"))
    again = desk.drop("inside/two.csv", rows("1 Ann 2024-05-03"))
    assert (again.verdict, again.touched) == ("unchanged", ())
    assert desk.drop("inside/three.csv", rows("1 Ann 2024-06-03")).touched == ("2024-06",)


@pytest.mark.parametrize("names", [("x", "x", "x"), ("x", "y", "z")])
def test_a_then_b_then_a_again_ends_at_a(desk: ArrivalsEnv, names: tuple[str, str, str]) -> None:
    taken = [desk.drop(f"lists/2024-05 {name}.csv", content) for name, content in zip(names, (A, B, A), strict=True)]
    assert [m.verdict for m in taken] == ["accepted"] * 3
    assert touched(taken) == ["2024-05"] * 3
    (current,) = desk.arrivals().state.by_feed["lists"].effective(parse_month("2024-05"))
    assert (current.manifest.sha256, current.manifest.receipt) == (taken[0].sha256, taken[2].receipt)


def test_an_older_dated_version_dropped_again_changes_nothing(desk: ArrivalsEnv) -> None:
    desk.drop("lists/2024-05-10.csv", A)
    desk.drop("lists/2024-05-20.csv", B)
    before = version(desk)
    again = desk.drop("lists/2024-05-10.csv", A)
    assert (again.verdict, again.touched) == ("unchanged", ())
    assert (version(desk), shown(desk)) == (before, ["2024-05-20.csv"])
    desk.arrivals().withdraw(desk.arrivals().state.by_feed["lists"].entries[1].manifest.sha256)
    desk.arrivals().withdraw(again.sha256)
    assert shown(desk) == []  # the bytes dropped twice are withdrawn once


def test_the_same_bytes_under_a_later_date_are_unchanged_and_stand_against_dates_between(desk: ArrivalsEnv) -> None:
    desk.drop("lists/2024-05-10.csv", A)
    assert desk.drop("lists/2024-05-20.csv", A).verdict == "unchanged"
    assert desk.drop("lists/2024-05-15.csv", B).touched == ()
    assert shown(desk) == ["2024-05-10.csv"]
    assert desk.drop("lists/2024-05-21.csv", C).touched == ("2024-05",)


# -- versions ------------------------------------------------------------------------------------------------


def test_the_day_in_the_name_decides_whatever_the_order_of_arrival(desk: ArrivalsEnv) -> None:
    newer = desk.drop("lists/2024-05-20.csv", A)
    older = desk.drop("lists/2024-05-10.csv", B)
    assert (newer.version, older.version) == ("2024-05-20", "2024-05-10")
    assert (older.verdict, older.touched, older.diff) == ("accepted", (), {})
    assert shown(desk) == ["2024-05-20.csv"]


def test_without_a_date_the_later_arrival_wins_and_beats_what_stands(desk: ArrivalsEnv) -> None:
    desk.drop("lists/2024-05-20.csv", A)
    undated = desk.drop("lists/2024-05.csv", B)
    assert undated.version == f"#{undated.receipt}"
    assert shown(desk) == ["2024-05.csv"]
    desk.drop("lists/2024-05-19.csv", C)  # older than what the undated file replaced
    assert shown(desk) == ["2024-05.csv"]
    desk.drop("lists/2024-05-21.csv", C)
    assert shown(desk) == ["2024-05-21.csv"]


def test_files_of_one_take_count_in_the_order_of_their_change(desk: ArrivalsEnv) -> None:
    desk.put("lists/2024-05 z.csv", A)
    desk.put("lists/2024-05 a.csv", B)
    desk.take()
    assert shown(desk) == ["2024-05 a.csv"]


def test_a_column_can_give_the_version(desk: ArrivalsEnv) -> None:
    # As text, 12/31/2023 would come after 02/01/2024.
    newer = desk.drop("dated/2024-05 a.csv", rows("1 Ann 02/01/2024", "2 Bob 01/15/2024"))
    older = desk.drop("dated/2024-05 b.csv", rows("1 Ann 12/31/2023", "2 Bea 12/31/2023"))
    assert (newer.version, older.version) == ("2024-02-01", "2023-12-31")
    assert shown(desk, "dated") == ["2024-05 a.csv"]
    desk.drop("dated/2024-05-01.csv", rows("1 Ann 11/11/2023", "2 Bo 11/11/2023"))  # a day in the name goes first
    assert shown(desk, "dated") == ["2024-05-01.csv"]


def test_a_version_column_that_cannot_be_read_leaves_the_order_of_arrival(desk: ArrivalsEnv) -> None:
    first = desk.drop("dated/2024-05 a.csv", rows("1 Ann soon"))
    assert first.version == f"#{first.receipt}"


# -- parts ---------------------------------------------------------------------------------------------------


def test_a_month_in_parts_is_their_union_and_a_part_replaces_only_itself(desk: ArrivalsEnv) -> None:
    first = desk.drop("parted/2024-05 part 1.csv", people(1, 3))
    second = desk.drop("parted/2024-05 part 2.csv", people(4, 5))
    assert [m.verdict for m in (first, second)] == ["accepted", "accepted"]
    again = desk.drop("parted/2024-05 part 01 corrected.csv", people(1, 2, "Bo"))
    assert again.diff == {"added": 0, "changed": 2, "removed": 1}
    assert shown(desk, "parted") == ["2024-05 part 01 corrected.csv", "2024-05 part 2.csv"]
    assert desk.arrivals().state.by_feed["parted"].counts() == {parse_month("2024-05"): 4}


def test_the_same_part_under_another_number_is_unchanged(desk: ArrivalsEnv) -> None:
    desk.drop("parted/2024-05 part 1.csv", A)
    assert desk.drop("parted/2024-05 part 2.csv", A).verdict == "unchanged"


# -- the difference ------------------------------------------------------------------------------------------


def test_the_difference_of_a_corrected_list_is_counted_by_key(desk: ArrivalsEnv) -> None:
    desk.drop("lists/2024-05.csv", rows("1 Ann", "2 Bob", "3 Cid", "4 Dee", "5 Eve"))
    corrected = desk.drop("lists/2024-05.csv", rows("5 Eve", "1 Anna", "2 Bobby", "3 Cid", "6 Fay", "7 Gus"))
    # 6 and 7 are new; 1 and 2 have other names; 4 is gone; 3 and 5 are as before.
    assert corrected.diff == {"added": 2, "changed": 2, "removed": 1}


def test_a_new_column_changes_no_record(desk: ArrivalsEnv) -> None:
    desk.drop("lists/2024-05.csv", "Id,Name\n1,Ann\n2,Bob\n")
    assert desk.drop("lists/2024-05.csv", "Name,Id,Fax\nAnn,1,5\nBo,2,6\n").diff == {
        "added": 0,
        "changed": 1,
        "removed": 0,
    }


# -- held ----------------------------------------------------------------------------------------------------


def held_list(desk: ArrivalsEnv) -> Manifest:
    """A list of four whose re-issue has one record, beyond the limit of a half."""
    desk.drop("lists/2024-05.csv", people(1, 4))
    return desk.drop("lists/2024-05.csv", people(1, 1))


def test_a_shrunken_list_is_held_until_it_is_accepted(desk: ArrivalsEnv) -> None:
    held = held_list(desk)
    assert (held.verdict, held.reason, held.touched) == ("held", "shrunk", ())
    assert "it has 1 records where the version it replaces has 4" in held.message
    assert "leads-platform" not in held.message, "how a command is written is known in attention alone"
    assert desk.arrivals().state.by_feed["lists"].counts() == {parse_month("2024-05"): 4}
    assert [m.receipt for m in desk.arrivals().state.held()] == [held.receipt]
    accepted = desk.arrivals().accept(held.sha256[:6])
    assert (accepted.action, accepted.touched) == ("accept", ("2024-05",))
    assert desk.arrivals().state.by_feed["lists"].counts() == {parse_month("2024-05"): 1}
    assert desk.arrivals().state.held() == []


@pytest.mark.parametrize(("left", "verdict"), [(2, "accepted"), (1, "held")])
def test_losing_just_the_limit_is_allowed(desk: ArrivalsEnv, left: int, verdict: str) -> None:
    desk.drop("lists/2024-05.csv", people(1, 4))
    assert desk.drop("lists/2024-05.csv", people(1, left)).verdict == verdict


def test_another_list_for_the_same_month_is_held(desk: ArrivalsEnv) -> None:
    desk.drop("lists/2024-05.csv", people(1, 10))
    other = desk.drop("lists/2024-05 south.csv", people(10, 20))  # 1 of 10 keys shared
    assert (other.verdict, other.reason) == ("held", "another_list")
    assert "shares 10% of its keys with 2024-05.csv" in other.message
    assert desk.drop("lists/2024-05 north.csv", people(9, 20)).verdict == "accepted"  # 2 of 10


def test_a_shrunken_list_of_another_month_or_of_an_older_date_is_not_held(desk: ArrivalsEnv) -> None:
    desk.drop("lists/2024-05-20.csv", people(1, 4))
    assert desk.drop("lists/2024-06-20.csv", people(1, 1)).verdict == "accepted"
    assert desk.drop("lists/2024-05-01.csv", people(1, 9)).verdict == "accepted"
    assert desk.drop("lists/2024-05-10.csv", people(1, 1)).verdict == "accepted"  # between two others


def test_a_held_file_dropped_twice_is_accepted_once(desk: ArrivalsEnv) -> None:
    held = held_list(desk)
    again = desk.drop("lists/2024-05 again.csv", people(1, 1))
    assert again.verdict == "held"
    assert [m.receipt for m in desk.arrivals().state.held()] == [again.receipt]
    desk.arrivals().accept(held.sha256)
    assert shown(desk) == ["2024-05 again.csv"]
    assert desk.arrivals().state.held() == []


def test_a_held_file_that_a_full_one_followed_waits_no_more(desk: ArrivalsEnv) -> None:
    held_list(desk)
    desk.drop("lists/2024-05.csv", people(1, 5))
    assert desk.arrivals().state.held() == []


# -- a person's word -----------------------------------------------------------------------------------------


def test_withdraw_restores_the_former_version_and_a_second_time_the_one_before(desk: ArrivalsEnv) -> None:
    versions = []
    for content in (A, B, C):
        desk.drop("lists/2024-05.csv", content)
        versions.append(version(desk))
    for sha, stands in ((sha_of(desk, 2), versions[1]), (sha_of(desk, 1), versions[0])):
        withdrawn = desk.arrivals().withdraw(sha[:8])
        assert (withdrawn.action, withdrawn.touched) == ("withdraw", ("2024-05",))
        assert version(desk) == stands
    with pytest.raises(DecisionError, match="can't be withdrawn: it is withdrawn"):
        desk.arrivals().withdraw(sha_of(desk, 1))
    desk.arrivals().withdraw(sha_of(desk, 0))
    assert version(desk) is None


def sha_of(desk: ArrivalsEnv, index: int) -> str:
    return desk.arrivals().state.manifests[index].sha256


def test_withdraw_of_a_file_that_came_twice_takes_out_its_last_place(desk: ArrivalsEnv) -> None:
    for content in (A, B, A):
        desk.drop("lists/2024-05.csv", content)
    b = version_of(desk, 1)
    desk.arrivals().withdraw(sha_of(desk, 0))
    assert version(desk) == b


def version_of(desk: ArrivalsEnv, index: int) -> str | None:
    """The month's version in an archive that ends with this receipt."""
    arrivals = desk.arrivals()
    state = type(arrivals.state.by_feed["lists"])(arrivals.contracts["lists"])
    for manifest in arrivals.state.manifests[: index + 1]:
        state.apply(manifest)
    return state.version(parse_month("2024-05"))


def test_a_withdrawn_file_can_be_dropped_again(desk: ArrivalsEnv) -> None:
    taken = desk.drop("lists/2024-05-10.csv", A)
    desk.arrivals().withdraw(taken.sha256)
    assert desk.take() == []  # as it lies there it is known, and withdrawn
    assert desk.drop("lists/2024-05-10.csv", A).touched == ("2024-05",)


def test_decisions_say_what_they_cannot_do(desk: ArrivalsEnv) -> None:
    taken = desk.drop("lists/2024-05.csv", A)
    with pytest.raises(DecisionError, match=r"lists/2024-05\.csv can't be accepted: it is in force"):
        desk.arrivals().accept(taken.sha256)
    for nothing in ("", "abc", "2024-04.csv", "%"):
        with pytest.raises(DecisionError, match=r"No file that can be withdrawn .*leads-platform status --files"):
            desk.arrivals().withdraw(nothing)
    with pytest.raises(DecisionError, match="No file for 2024-06 that can be withdrawn"):
        desk.arrivals().withdraw(taken.sha256, parse_month("2024-06"))
    held = held_list(desk)
    desk.arrivals().withdraw(held.sha256)
    with pytest.raises(DecisionError, match="can't be withdrawn: it is withdrawn"):
        desk.arrivals().withdraw(held.sha256)


def test_the_same_list_in_two_months_needs_the_month(desk: ArrivalsEnv) -> None:
    desk.drop("lists/2024-05.csv", A)
    taken = desk.drop("lists/2024-06.csv", A)
    with pytest.raises(DecisionError, match=r"(?s)2 files.*--month:\n  lists  2024-05 .*\n  lists  2024-06 "):
        desk.arrivals().withdraw(taken.sha256)
    assert desk.arrivals().withdraw(taken.sha256, parse_month("2024-05")).touched == ("2024-05",)
    assert shown(desk, month="2024-06") == ["2024-06.csv"]


def test_accepting_the_same_list_of_two_months_needs_the_month(desk: ArrivalsEnv) -> None:
    for month in ("2024-05", "2024-06"):
        desk.drop(f"lists/{month}.csv", people(1, 4))
        held = desk.drop(f"lists/{month}.csv", people(1, 1))
    with pytest.raises(DecisionError, match="--month"):
        desk.arrivals().accept(held.sha256)
    assert desk.arrivals().accept(held.sha256, parse_month("2024-06")).touched == ("2024-06",)


# -- reading again -------------------------------------------------------------------------------------------


RENAMED = "Id,Full Name\n1,Zoe\n2,Yan\n"


def test_a_refused_file_is_taken_once_its_contract_gets_the_alias(desk: ArrivalsEnv) -> None:
    desk.drop("lists/2024-05.csv", A)
    before = version(desk)
    refused = desk.drop("lists/2024-05.csv", RENAMED)
    assert (refused.verdict, refused.touched) == ("refused", ())
    for word in ("`Name` is missing", "`Full Name` is new", "feeds/lists.yaml"):
        assert word in refused.message
    assert version(desk) == before
    assert desk.take() == []
    desk.alias("lists", "Full Name")
    (again,) = desk.take()
    assert (again.verdict, again.loaded, again.touched) == ("accepted", 2, ("2024-05",))
    assert desk.take() == []


def test_it_keeps_its_place_in_the_order_of_arrival(desk: ArrivalsEnv) -> None:
    first = desk.drop("lists/2024-05 first.csv", RENAMED)
    desk.drop("lists/2024-05-15.csv", rows("1 Ann", "2 Bob"))
    desk.drop("lists/2024-05-10.csv", rows("1 Al", "2 Bo"))
    desk.alias("lists", "Full Name")
    (again,) = desk.take()
    assert (again.original, again.touched) == (first.receipt, ())
    assert shown(desk) == ["2024-05-15.csv"]
    desk.arrivals().withdraw(sha_of(desk, 1))
    assert shown(desk) == ["2024-05-10.csv"]  # nor does it come before a date that beat it then


def test_a_refused_file_that_is_older_than_what_stands_is_not_held(desk: ArrivalsEnv) -> None:
    desk.drop("lists/2024-05.csv", RENAMED)
    desk.drop("lists/2024-05.csv", people(1, 9))
    desk.alias("lists", "Full Name")
    assert desk.take()[0].verdict == "accepted"
    assert desk.arrivals().state.held() == []


BROKEN = 'Id,Name,Seen\n1,Ann,\n2,Bob,\n3,C"id,\n4,Dee,\n'
UNQUOTED = "format: {type: csv, quote: null}\n"


def test_a_partly_quarantined_file_is_read_again_when_its_contract_changes(desk: ArrivalsEnv) -> None:
    desk.drop("lists/2024-05.csv", rows("1 Ann", "3 Cid"))
    partial = desk.drop("lists/2024-05.csv", BROKEN)
    assert (partial.verdict, partial.records, partial.loaded, partial.quarantined) == ("partial", 4, 3, 1)
    text = (desk.settings.feeds / "lists.yaml").read_text()
    desk.contract("lists", text + UNQUOTED)
    (again,) = desk.take()
    assert (again.verdict, again.loaded, again.touched) == ("accepted", 4, ("2024-05",))
    # 2 and 4 are new against the list it replaced, 3 is now spelt C"id.
    assert again.diff == {"added": 2, "changed": 1, "removed": 0}
    assert desk.take() == []


def test_a_file_whose_title_was_hidden_is_read_again_when_the_contract_declares_the_column(desk: ArrivalsEnv) -> None:
    """Found in use, mended: a title that looks like data is in no manifest, so its column stayed null for ever."""
    desk.drop("lists/2024-04.csv", A)
    hidden = desk.drop("lists/2024-05.csv", "Id,Name,Seen,Fee of 05/01/2024\n1,Ann,,7\n")
    assert hidden.header == ("Id", "Name", "Seen", "column_4")
    text = (desk.settings.feeds / "lists.yaml").read_text()
    desk.contract("lists", text + "description: Fees by month\n")
    assert desk.take() == [], "no column is sought"
    desk.contract("lists", text + "  - {name: fee, header: Fee of 05/01/2024}\n")
    (again,) = desk.take()
    assert (again.file_name, again.verdict, again.columns["fee"]) == ("2024-05.csv", "accepted", "Fee of 05/01/2024")
    desk.build("lists")
    assert [row[-1] for row in desk.tables("lists")["lists"]] == [None, None, "7"]
    assert desk.take() == []


def test_a_file_read_again_keeps_its_place_when_what_it_replaced_is_withdrawn(desk: ArrivalsEnv) -> None:
    stood = desk.drop("lists/2024-05-20.csv", rows("1 Ann", "3 Cid"))
    desk.drop("lists/2024-05.csv", BROKEN)  # undated: newer than the 20th
    desk.drop("lists/2024-05-15.csv", rows("1 Ann", "2 Bob", "3 Cid"))
    desk.arrivals().withdraw(stood.sha256)
    text = (desk.settings.feeds / "lists.yaml").read_text()
    desk.contract("lists", text + UNQUOTED)
    desk.take()
    assert shown(desk) == ["2024-05.csv"]


def test_a_contract_that_can_no_longer_read_a_file_loses_nothing(desk: ArrivalsEnv) -> None:
    desk.drop("lists/2024-05.csv", BROKEN)
    before = version(desk)
    text = (desk.settings.feeds / "lists.yaml").read_text()
    desk.contract("lists", text.replace("header: Name", "header: Nom"))
    (again,) = desk.take()
    assert (again.verdict, again.touched) == ("refused", ())
    assert version(desk) == before
    assert desk.take() == []
    assert desk.query("select verdict, loaded, in_force from arrivals.files") == [("partial", 3, True)]


@pytest.mark.parametrize("word", ["accept", "withdraw"])
def test_reading_again_does_not_undo_a_persons_word(desk: ArrivalsEnv, word: str) -> None:
    desk.drop("lists/2024-05.csv", people(1, 9))
    held = desk.drop("lists/2024-05.csv", BROKEN)  # 3 of 9, and one quarantined
    assert (held.verdict, held.quarantined) == ("held", 1)
    desk.arrivals().accept(held.sha256)
    if word == "withdraw":
        desk.arrivals().withdraw(held.sha256)
    text = (desk.settings.feeds / "lists.yaml").read_text()
    desk.contract("lists", text + UNQUOTED)
    (again,) = desk.take()
    assert (again.verdict, again.loaded) == ("accepted", 4)
    expected = 4 if word == "accept" else 9
    assert desk.arrivals().state.by_feed["lists"].counts() == {parse_month("2024-05"): expected}


def test_a_held_file_that_is_read_again_stays_held(desk: ArrivalsEnv) -> None:
    desk.drop("lists/2024-05.csv", people(1, 9))
    desk.drop("lists/2024-05.csv", BROKEN)
    text = (desk.settings.feeds / "lists.yaml").read_text()
    desk.contract("lists", text + UNQUOTED)
    assert [m.verdict for m in desk.take()] == ["held"]
    assert desk.arrivals().state.by_feed["lists"].counts() == {parse_month("2024-05"): 9}


def test_a_refused_file_is_shown_until_something_newer_replaces_it(desk: ArrivalsEnv) -> None:
    desk.drop("lists/2024-05.csv", RENAMED)
    desk.drop("lists/list.csv", A)  # no month in its name
    other = desk.drop("lists/other.csv", A + "\n")
    assert [m.file_name for m in desk.arrivals().state.refused()] == ["2024-05.csv", "list.csv", "other.csv"]
    desk.drop("lists/2024-05 new.csv", A)  # replaces the month's refused one, and is list.csv under a better name
    assert [m.file_name for m in desk.arrivals().state.refused()] == ["other.csv"]
    desk.arrivals().withdraw(other.sha256)
    assert desk.arrivals().state.refused() == []


def test_a_held_file_can_be_dismissed(desk: ArrivalsEnv) -> None:
    """Incident: a held file that nobody wanted needed attention for ever."""
    desk.drop("lists/2024-05-01.csv", people(1, 4))
    held = desk.drop("lists/2024-05-02.csv", people(1, 1))
    assert held.verdict == "held"
    assert desk.arrivals().withdraw(held.sha256).touched == ()
    assert desk.arrivals().state.held() == []
    assert desk.arrivals().accept(held.sha256).touched == ("2024-05",)  # until somebody changes his mind


def test_a_file_says_what_it_replaced_and_how_they_differ(desk: ArrivalsEnv) -> None:
    """Found in use, 7: June's list under May's name was "accepted", as any other."""
    first = desk.drop("lists/2024-05-10.csv", rows("1 Ann", "2 Bob", "3 Cid"))
    later = desk.drop("lists/2024-05-20.csv", rows("1 Ann", "2 Bea", "4 Dan", "5 Eve"))
    assert first.message == "3 records"
    assert later.message == "4 records. It replaces 2024-05-10.csv: 2 added, 1 changed, 1 removed"
    older = desk.drop("lists/2024-05-15.csv", rows("1 Ann", "2 Bob"))
    assert older.message == "2 records. 2024-05-20.csv is newer and stands: this file changes nothing"
    assert desk.drop("lists/2024-06.csv", A).message == "2 records"
