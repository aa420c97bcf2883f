"""A room of a package outside the repository: docs/add-a-room.md as written, found by LEADS_PLATFORM_ROOMS alone."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from leads_platform import rooms
from leads_platform.cli.commands import commands
from leads_platform.environment import SettingsError
from leads_platform.platform import load_platform
from leads_platform.rooms import find_rooms
from leads_platform.settings import Settings
from leads_platform.warehouse import DeclarationError
from leads_platform_tests.conftest import environment
from leads_platform_tests.helpers import NV_HEADER, ask, drop, nv

ACTIONS = "from leads_platform.prospects.new_leads_export import new_leads as x\n"
PAGE = Path(__file__).parents[1] / "docs" / "add-a-room.md"


@pytest.fixture
def outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The page's files, in a folder on Python's path."""
    written = re.findall(r"^`(acme/[\w/]+\.py)`:\n\n```python\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    assert [name for name, _ in written] == [
        "acme/fleet/room.py",
        "acme/fleet/truck_list.py",
        "acme/fleet/rep_trucks.py",
    ]
    for name, text in written:
        path = tmp_path / "outside" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    monkeypatch.syspath_prepend(tmp_path / "outside")
    yield tmp_path / "outside"
    rooms._found.cache_clear()
    for name in [name for name in sys.modules if name.split(".")[0] == "acme"]:
        del sys.modules[name]


@pytest.fixture
def fleet(outside: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """An environment that has the room."""
    told = {"LEADS_PLATFORM_ROOMS": "acme.fleet"}
    settings = environment(tmp_path / "data", told)
    for name, value in {"LEADS_PLATFORM_DATA": str(settings.data), "LEADS_PLATFORM_NOW": "2024-07-15", **told}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("leads_platform.arrivals.receive._SETTLE_SECONDS", 0.01)
    return settings


def call(*words: str) -> str:
    """What the command says; it must end well."""
    answer = CliRunner().invoke(commands, list(words), catch_exceptions=False)
    assert answer.exit_code == 0, answer.output
    return answer.output


def test_the_page_makes_a_room(fleet: Settings, tmp_path: Path) -> None:
    drop(fleet, "nv_licensing", "nv_2024-05.csv", NV_HEADER, [nv("1", "702-555-0101", "12 OAK ST RENO, NV 89501")])
    first = call("run", "--direct")  # no supplier has a contract yet: what reads their tables is empty
    assert "1 of 1 leads of 2024-05 are net-new" in first and "No supplier has listed trucks yet." in first
    sample = tmp_path / "north_2024-05.csv"
    sample.write_text("Truck No,Plate\n1,abc 1\n2,ABC 2\n3,abc 1\n")
    contract = fleet.feeds / "north.yaml"
    call("feed", "new", str(sample), "--name", "north", "--out", str(contract))
    text = contract.read_text()
    assert "room: fleet\nkind: truck_list\n" in text and "owner: team:fleet\n" in text and "\nplate: plate\n" in text
    drop(fleet, "north", "north_2024-05.csv", *_lines(sample))
    assert "2 trucks of 1 suppliers in 2024-05" in call("run", "--direct")
    owners = {table.owner for table in load_platform(fleet).catalogue.tables.values() if table.room == "fleet"}
    assert owners == {"team:fleet"}


def _lines(sample: Path) -> tuple[str, list[str]]:
    header, *records = sample.read_text().splitlines()
    return header, records


def test_a_contract_of_the_kind_is_held_against_its_rules(fleet: Settings) -> None:
    fleet.feeds.mkdir()
    (fleet.feeds / "north.yaml").write_text(
        "feed: north\nroom: fleet\nkind: truck_list\ntitle: North\ndelivery: snapshot\nplate: plait\n"
        "columns:\n  - {name: plate, header: Plate}\n"
    )
    (entry,) = load_platform(fleet).out_of_order
    assert "line 6: plate: `plait` is not one of the columns; did you mean `plate`?" in entry.words()
    (fleet.feeds / "north.yaml").write_text(
        "feed: north\nroom: fleet\ntitle: North\ndelivery: snapshot\nplate: plate\n"
        "columns:\n  - {name: plate, header: Plate}\n"
    )
    (entry,) = load_platform(fleet).out_of_order
    assert "line 5: plate: is a field of kind truck_list only; write `kind: truck_list`" in entry.words()


@pytest.mark.parametrize(
    ("named", "words"),
    [
        ("acme.flete", "there is no module acme.flete"),
        ("acme", "there is no module acme.room"),
        ("acme.warehouse", "no room can be called `warehouse`"),
        ("leads_platform_tests.known", "there is no module leads_platform_tests.known"),
    ],
)
def test_a_package_that_is_no_room_is_told(outside: Path, named: str, words: str) -> None:
    with pytest.raises(SettingsError, match=f"LEADS_PLATFORM_ROOMS names {re.escape(named)}, (?:but|whose)") as raised:
        find_rooms((named,))
    assert words in str(raised.value)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("team:fleet", "Pat", "`Pat` owns nothing: write `team:name`"),
        ('kinds={"truck_list"', 'kinds={"lead_list"', "acme.fleet and leads_platform.prospects give a kind"),
        ('kinds={"truck_list"', 'kinds={"truck"', "TruckList must say `kind: Literal['truck']`"),
        (
            "room = Room(",
            f"{ACTIONS}room = Room(actions={{'new-leads': x}}, ",
            "have an action `new-leads`; rename one",
        ),
        ("room = Room(", f"{ACTIONS}room = Room(actions={{'New leads': x}}, ", "no action can be called `New leads`"),
        ("room = Room(", "room = Rooom(", "acme/fleet/room.py:"),
        ("room = Room(", "rooms = Room(", "acme.fleet.room declares no `room = Room(...)`"),
        ("from acme.fleet.truck_list", "from nonesuch", "No module named 'nonesuch'"),
    ],
)
def test_a_slip_in_a_room_is_told_with_its_place(outside: Path, old: str, new: str, words: str) -> None:
    """Found in use, mended: each was a fault of the program, or passed."""
    file = outside / "acme" / "fleet" / "room.py"
    file.write_text(file.read_text().replace(old, new))
    with pytest.raises(DeclarationError) as raised:
        find_rooms(("acme.fleet",))
    assert words in str(raised.value)


def test_a_family_that_its_tables_do_not_fit_puts_the_feed_out_of_order(fleet: Settings, outside: Path) -> None:
    """Found in use, mended: only the build of what reads the pattern failed, and other rooms' tables stayed stale."""
    file = outside / "acme" / "fleet" / "truck_list.py"
    families = '"stg_trucks_*": (*COLUMNS, Column("colour", "varchar", "Colour"))'
    file.write_text(file.read_text().replace('"stg_trucks_*": COLUMNS', families))
    fleet.feeds.mkdir()
    (fleet.feeds / "north.yaml").write_text(
        "feed: north\nroom: fleet\nkind: truck_list\ntitle: North\ndelivery: snapshot\nplate: plate\n"
        "columns:\n  - {name: plate, header: Plate}\n"
    )
    (entry,) = load_platform(fleet).out_of_order
    assert (
        "fleet.stg_trucks_north has not the columns that the family fleet.stg_trucks_* states: colour" in entry.words()
    )


@pytest.mark.parametrize(
    ("select", "words"), [("month, truks", "Binder Error"), ("month, trucks, suppliers", "IndexError at ")]
)
def test_a_headline_that_fails_is_told_and_hides_no_other(
    fleet: Settings, outside: Path, select: str, words: str
) -> None:
    """Found in use, mended: it ended `run`, and each build of an ended month that changed after one table."""
    file = outside / "acme" / "fleet" / "room.py"
    file.write_text(
        file.read_text()
        .replace("select month, trucks, suppliers from", f"select {select} from")
        .replace("report=trucks,", 'report=trucks, counts="Trucks", numbers=lambda rows: {rows[9]: 1},')
    )
    for list_of, name in (("2024-06", "A"), ("2024-05-01", "A"), ("2024-05-20", "B")):
        lead = nv("1", "702-555-0101", "12 OAK ST RENO, NV 89501", name=name)
        drop(fleet, "nv_licensing", f"nv_{list_of}.csv", NV_HEADER, [lead])
        told = call("run", "--direct")
        assert "leads of 2024-06 are net-new" in told
    assert "2024-05 has ended and changed" in told
    assert f"The headline on fleet.rep_trucks can't be told: {words}" in told


def test_a_room_that_is_not_there_loses_no_table_unasked(fleet: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Found in use, mended: a cron line without LEADS_PLATFORM_ROOMS dropped every table of the room."""
    drop(fleet, "nv_licensing", "nv_2024-05.csv", NV_HEADER, [nv("1", "702-555-0101", "12 OAK ST RENO, NV 89501")])
    call("run", "--direct")
    monkeypatch.delenv("LEADS_PLATFORM_ROOMS")
    refused = CliRunner().invoke(commands, ["run", "--direct"])
    assert refused.exit_code == 1
    assert "There is no room fleet now (LEADS_PLATFORM_ROOMS): 1 month of 1 table" in refused.output
    assert "have LEADS_PLATFORM_ROOMS name the package of fleet" in refused.output
    assert ask(fleet, "select count(*) from duckdb_tables() where schema_name = 'fleet'") == [(1,)]
    call("run", "--direct", "--yes")
    assert ask(fleet, "select count(*) from duckdb_tables() where schema_name = 'fleet'") == [(0,)]
