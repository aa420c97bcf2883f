"""The landing folder: what names say, what has settled, and what is no file at all."""

from __future__ import annotations

import os
from datetime import date, datetime

import pytest

from leads_platform.arrivals import receive
from leads_platform.arrivals.archive.notes import grouped, notes
from leads_platform.arrivals.landing import parse_file_name
from leads_platform.cli.closing import in_need
from leads_platform.cli.status import read_status
from leads_platform.settings import Settings
from leads_platform_tests.arrivals.arrivals_env import CONTRACTS, ArrivalsEnv, people, rows

MAY = date(2024, 5, 1)


@pytest.fixture
def desk(settings: Settings) -> ArrivalsEnv:
    return ArrivalsEnv(settings, "lists", "parted", "calls", "stages")


@pytest.mark.parametrize(
    ("name", "month", "day", "part"),
    [
        ("2024-05.csv", MAY, None, ""),
        ("TX child care 2024-05.csv", MAY, None, ""),
        ("list_2024-05-17_final.csv", MAY, date(2024, 5, 17), ""),
        ("2024-05 list of 2024-05-17.csv", MAY, date(2024, 5, 17), ""),
        ("20240517.csv", None, None, ""),
        ("2024-050.csv", None, None, ""),
        ("licences 1106-22 2024-05.csv", MAY, None, ""),
        ("2024-04/list 2024-05.csv", MAY, None, ""),
        ("2024-05 Part 2.csv", MAY, None, "2"),
        ("2024-05 part_02.csv", MAY, None, "2"),
        ("boberdoo_transactions_2024-05_as_of_2024-06-15.csv", MAY, date(2024, 6, 15), ""),
        ("as_of_2024-06-15_list_2024-05.csv", MAY, date(2024, 6, 15), ""),
        ("list 2024-05-17 as of 2024-06-15.csv", MAY, date(2024, 6, 15), ""),
        ("list_2024-05_AS-OF-2024-06-15T060312Z_part2.csv", MAY, date(2024, 6, 15), "2"),
        ("list_as_of_2024-06-15.csv", None, date(2024, 6, 15), ""),
        ("canvas_of_2024-05-17.csv", MAY, date(2024, 5, 17), ""),
    ],
)
def test_names_tell_month_day_and_part(
    desk: ArrivalsEnv, name: str, month: date | None, day: date | None, part: str
) -> None:
    says = parse_file_name(name, desk.contracts()["parted"])
    assert (says.month, says.day, says.part, says.trouble) == (month, day, part, "")


@pytest.mark.parametrize(
    ("name", "known_on", "known_at"),
    [
        ("2024-05.csv", None, None),
        ("2024-05-17.csv", date(2024, 5, 17), None),
        ("2024-05-17 again 2024-05-17.csv", date(2024, 5, 17), None),
        ("2024-05-01 to 2024-05-31.csv", None, None),
        ("2024-05-01_2024-05-31_as_of_2024-06-02.csv", date(2024, 6, 2), None),
        ("as_of_2024-06-15T06:03:12Z.csv", date(2024, 6, 15), datetime(2024, 6, 15, 6, 3, 12)),
        ("as_of_2024-06-15T0603Z.csv", date(2024, 6, 15), datetime(2024, 6, 15, 6, 3)),
        ("as_of_2024-06-15T060312.csv", date(2024, 6, 15), None),  # of which zone, nobody knows
    ],
)
def test_names_tell_when_one_could_know(
    desk: ArrivalsEnv, name: str, known_on: date | None, known_at: datetime | None
) -> None:
    says = parse_file_name(name, desk.contracts()["calls"])
    assert (says.known_on, says.known_at, says.trouble) == (known_on, known_at, "")


@pytest.mark.parametrize("feed", ["calls", "stages"])
def test_what_is_no_months_list_is_dated_by_its_version(desk: ArrivalsEnv, feed: str) -> None:
    says = parse_file_name(f"{feed}_2024-05_as_of_2024-06-15.csv", desk.contracts()[feed])
    assert (says.month, says.day) == (date(2024, 6, 1), date(2024, 6, 15))


def test_a_list_that_comes_in_one_file_has_no_parts(desk: ArrivalsEnv) -> None:
    assert parse_file_name("2024-05 part 2.csv", desk.contracts()["lists"]).part == ""


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("list 2024-04 and 2024-05.csv", "more than one month (2024-04 and 2024-05)"),
        ("list 2024-13.csv", "2024-13 in its name is not a date"),
        ("list 2024-02-30.csv", "2024-02-30 in its name is not a date"),
        (
            "list_2024-05_as_of_2024-06-31.csv",
            "as_of_2024-06-31 in its name is not a date; write it as in list_",
        ),
        ("list_2024-05_as_of_2024-06-15T2503Z.csv", "as_of_2024-06-15T2503Z in its name is not a date"),
        ("list_2024-05_as_of_2024-06-15_as_of_2024-06-16.csv", "more than one date behind as_of_; keep one"),
        ("list_as_of_2024-06-15.csv", "no month in its name; add it as YYYY-MM"),
        ("list may.csv", "no month in its name; add it as YYYY-MM"),
    ],
)
def test_a_name_without_one_month_is_refused_in_words(desk: ArrivalsEnv, name: str, said: str) -> None:
    refused = desk.drop(f"lists/{name}", people(1, 2))
    assert (refused.verdict, refused.reason) == ("refused", "month")
    assert said in refused.message


def test_where_records_have_months_a_name_may_span_several(desk: ArrivalsEnv) -> None:
    taken = desk.drop("calls/2024-04-01 to 2024-05-31.csv", rows("1 Ann 2024-04-03"))
    assert (taken.verdict, taken.version) == ("accepted", "2024-05-31")


def test_a_file_that_grows_between_two_looks_is_not_taken(desk: ArrivalsEnv) -> None:
    grown = desk.put("lists/2024-04.csv", people(1, 2))
    desk.put("lists/2024-05.csv", people(1, 2))
    arrivals = desk.arrivals()

    def meanwhile(seconds: float) -> None:
        assert seconds == 1.0
        with grown.open("a") as file:
            file.write("3,Ann,\n")

    assert [file.name for file in arrivals.settled(meanwhile)] == ["2024-05.csv"]
    assert [file.name for file in arrivals.settled(lambda seconds: None)] == ["2024-05.csv", "2024-04.csv"]


def test_a_file_that_is_new_at_the_second_look_waits_for_a_third(desk: ArrivalsEnv) -> None:
    desk.put("lists/2024-04.csv", people(1, 2))
    found = desk.arrivals().settled(lambda seconds: desk.put("lists/2024-05.csv", people(1, 2)) and None)
    assert [file.name for file in found] == ["2024-04.csv"]


def test_a_file_that_changes_after_its_second_look_is_left_for_later(desk: ArrivalsEnv) -> None:
    path = desk.put("lists/2024-05.csv", people(1, 2))
    arrivals = desk.arrivals()
    seen = arrivals.waiting()
    path.write_text(people(3, 4))  # as long as before
    assert arrivals.take_in(seen) == []
    assert "lists/2024-05.csv changed while it was read" in arrivals.problems[0]
    assert desk.take()[0].loaded == 2


def test_files_on_their_way_and_hidden_ones_are_passed_over(desk: ArrivalsEnv) -> None:
    for name in (
        ".2024-05.csv",
        "~$2024-05.csv",
        "2024-05.csv.tmp",
        "2024-05.csv.PART",
        "2024-05.csv.crdownload",
        "Thumbs.db",
        ".sync/2024-05.csv",
        "__MACOSX/2024-05.csv",
    ):
        desk.put(f"lists/{name}", people(1, 2))
    desk.put("lists/sub/2024-05.csv", people(1, 2))
    assert desk.everything() == ["lists/sub/2024-05.csv"]


def test_events_of_two_senders_in_sub_folders_do_not_overwrite_each_other(desk: ArrivalsEnv) -> None:
    """Found in use, 2: `acme/` A1 vanished when `zenith/` A1 came, as events replace each other by key alone."""
    acme, zenith = rows("A1 Ann 2024-05-03"), rows("A1 Zoe 2024-05-04")
    refused = [desk.drop("calls/acme/2024-05.csv", acme), desk.drop("calls/zenith/2024-05.csv", zenith)]
    assert [(one.verdict, one.reason, one.touched) for one in refused] == [("refused", "sub_folder", ())] * 2
    assert "it lies in the sub-folder `acme`" in refused[0].message
    assert "move this one up into landing/calls/" in refused[0].message
    assert "give each sender a feed: copy feeds/calls.yaml" in refused[0].message
    shown = [m.file_name for m in desk.arrivals().state.refused()]
    assert shown == ["acme/2024-05.csv", "zenith/2024-05.csv"]
    assert desk.take() == []  # told once, not at each run
    # The one sender's file moves up, under a name of its own: it is taken, and its refusal is over.
    desk.path("calls/acme/2024-05.csv").rename(desk.path("calls/acme 2024-05.csv"))
    (taken,) = desk.take()
    assert (taken.verdict, taken.loaded) == ("accepted", 1)
    assert [m.file_name for m in desk.arrivals().state.refused()] == ["zenith/2024-05.csv"]
    assert desk.build("calls") == {"calls": [("2024-05", "A1", "Ann")]}


def test_events_that_were_taken_from_sub_folders_before_stand_and_are_told(
    desk: ArrivalsEnv, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Found in use, mended: after an upgrade nothing told of them, and a changed contract could not read them again."""
    with monkeypatch.context() as before:
        before.setattr(receive, "sub_folder_trouble", lambda name, contract: "")
        for name in ("acme/2024-04.csv", "acme/2024-05.csv", "2024-06.csv"):
            desk.drop(f"calls/{name}", rows("A1 Ann 2024-05-03", f"{name} Zoe 2024-05-04"))
    desk.contract("calls", CONTRACTS["calls"].replace("ALIASES", "").replace("key: [id]", "key: [id, name]"))
    again = desk.take()
    assert [(m.verdict, m.loaded) for m in again] == [("accepted", 2)] * 3
    assert desk.drop("calls/acme/2024-07.csv", rows("A2 Eve 2024-05-05")).reason == "sub_folder"
    desk.contract("calls", CONTRACTS["calls"].replace("ALIASES", ""))
    assert desk.take()[-1].reason == "sub_folder", "what was refused for it stays so"
    told = grouped(notes(desk.arrivals().state))
    assert [(feed, files) for feed, files, _ in told] == [("calls", "acme/2024-05.csv and 1 more")]
    assert "taken from the sub-folder `acme` before such files were refused, and it stands" in told[0][2].lower()
    needs = {need.what: need for need in in_need(read_status(desk.platform()))}
    need = needs["Sub-folder, calls/acme/2024-05.csv and 1 more"]
    assert (need.message, need.blocks) == (told[0][2], False)


@pytest.mark.parametrize("feed", ["lists", "parted", "stages"])
def test_other_deliveries_may_lie_in_sub_folders(desk: ArrivalsEnv, feed: str) -> None:
    """Found in use, 2: what is replaced as a whole, not key by key, is taken from sub-folders as before."""
    assert desk.drop(f"{feed}/acme/2024-05.csv", people(1, 2)).verdict == "accepted"


def test_a_contract_that_no_longer_says_events_takes_the_refused_file(desk: ArrivalsEnv) -> None:
    """Found in use, 2: the refusal rests on the contract, so that a changed contract reads the file by itself."""
    assert desk.drop("calls/acme/2024-05.csv", rows("A1 Ann 2024-05-03")).verdict == "refused"
    desk.contract("calls", CONTRACTS["calls"].replace("ALIASES", "").replace("events", "extract"))
    (taken,) = desk.take()
    assert (taken.verdict, taken.loaded) == ("accepted", 1)
    assert desk.arrivals().state.refused() == []


def test_what_is_no_plain_file_is_refused_once(desk: ArrivalsEnv) -> None:
    elsewhere = desk.settings.data / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "2024-03.csv").write_text(people(1, 2))
    (desk.path("lists/folder 2024-05.csv") / "inner").mkdir(parents=True)
    (desk.settings.landing / "lists/folder 2024-05.csv/2024-02.csv").write_text(people(1, 2))
    desk.path("lists/link 2024-03.csv").symlink_to(elsewhere / "2024-03.csv")
    desk.path("lists/linked").symlink_to(elsewhere)
    os.mkfifo(desk.path("lists/pipe 2024-04.csv"))
    refused = desk.take()
    assert sorted(m.file_name for m in refused) == [
        "folder 2024-05.csv",
        "link 2024-03.csv",
        "linked",
        "pipe 2024-04.csv",
    ]
    assert {(m.verdict, m.reason, m.loaded) for m in refused} == {("refused", "not_a_file", 0)}
    assert all("not a plain file" in m.message for m in refused)
    assert desk.take() == []


def test_a_file_that_vanishes_is_no_error(desk: ArrivalsEnv) -> None:
    path = desk.put("lists/2024-05.csv", people(1, 2))
    arrivals = desk.arrivals()
    seen = arrivals.waiting()
    path.unlink()
    assert arrivals.take_in(seen) == []
    assert arrivals.problems == []
    assert arrivals.settled(lambda seconds: None) == []


def test_a_name_that_is_no_unicode_is_taken_and_shown_as_text(desk: ArrivalsEnv) -> None:
    desk.path("lists/x")
    path = os.fsencode(desk.settings.landing) + b"/lists/Caf\xe9 2024-05.csv"
    with open(path, "w") as file:  # noqa: PTH123 - a path of bytes
        file.write(people(1, 2))
    (taken,) = desk.take()
    assert (taken.verdict, taken.file_name) == ("accepted", "Caf\N{REPLACEMENT CHARACTER} 2024-05.csv")
    assert desk.take() == []
    assert desk.query("select file_name from arrivals.files") == [(taken.file_name,)]


def test_a_name_that_fits_no_pattern_is_refused_until_the_contract_lets_it_in(desk: ArrivalsEnv) -> None:
    refused = desk.drop("lists/2024-05.txt", people(1, 2))
    assert (refused.verdict, refused.reason) == ("refused", "pattern")
    assert "*.csv" in refused.message
    assert desk.take() == []
    text = (desk.settings.feeds / "lists.yaml").read_text()
    desk.contract("lists", text + 'files: ["*.csv", "*.TXT"]\n')
    (taken,) = desk.take()
    assert (taken.verdict, taken.loaded) == ("accepted", 2)
    assert desk.take() == []
    assert desk.arrivals().state.refused() == []


def test_a_future_month_is_refused_and_read_when_it_opens(desk: ArrivalsEnv) -> None:
    refused = desk.drop("lists/2024-08.csv", people(1, 2))  # today is 15 July
    assert (refused.verdict, refused.reason) == ("refused", "future")
    assert "2024-08 has not begun" in refused.message
    assert desk.take() == []
    desk.today("2024-08-01T00:00:00")
    (taken,) = desk.take()
    assert (taken.verdict, taken.loaded, taken.touched) == ("accepted", 2, ("2024-08",))
    assert taken.original == refused.receipt
    assert desk.take() == []


def test_a_future_month_told_by_the_rows_is_refused_too(settings: Settings) -> None:
    desk = ArrivalsEnv(settings, "inside")
    refused = desk.drop("inside/list.csv", rows("1 Ann 2024-08-03"))
    assert (refused.verdict, refused.reason) == ("refused", "future")
    desk.today("2024-08-01T00:00:00")
    assert [m.verdict for m in desk.take()] == ["accepted"]


def test_records_outside_the_partitions_are_archived_and_shown(desk: ArrivalsEnv) -> None:
    early = desk.drop("lists/2023-12.csv", people(1, 3))
    assert (early.verdict, early.loaded, early.touched) == ("accepted", 3, ())
    desk.drop("calls/calls.csv", rows("1 Ann 2023-11-30", "2 Bob 2024-05-02", "3 Cid 2024-08-01"))
    desk.drop("calls/more.csv", rows("3 Cid 2024-08-01", "4 Dee 2024-09-01"))
    assert desk.arrivals().state.outside() == {
        "lists": {"waiting": 0, "before_first_month": 3},
        "calls": {"waiting": 2, "before_first_month": 1},
    }
    assert desk.build("calls")["calls"] == [("2024-05", "2", "Bob")]
    desk.today("2024-08-01T00:00:00")
    assert desk.build("calls")["calls"] == [("2024-05", "2", "Bob"), ("2024-08", "3", "Cid")]


def test_a_year_with_two_digits_does_not_break_the_archive(desk: ArrivalsEnv) -> None:
    taken = desk.drop("calls/calls.csv", rows("1 Ann 0024-05-02", "2 Bob 2024-05-02"))
    assert taken.loaded == 2
    assert desk.arrivals().state.outside() == {"calls": {"waiting": 0, "before_first_month": 1}}
    assert desk.query("select month::varchar, records from arrivals.file_months order by month") == [
        ("0024-05-01", 1),
        ("2024-05-01", 1),
    ]
