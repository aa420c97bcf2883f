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
from leads_platform_tests.few_rooms import only
from leads_platform_tests.helpers import NV_HEADER, ask, drop, nv

NORTH = (
    "feed: north\nroom: fleet\nkind: truck_list\ntitle: North\ndelivery: snapshot\nplate: plate\n"
    "columns:\n  - {name: plate, header: Plate}\n"
)
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
        "acme/depots/room.py",
        "acme/depots/depot.py",
    ]
    for name, text in written:
        path = tmp_path / "outside" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    monkeypatch.syspath_prepend(tmp_path / "outside")
    yield tmp_path / "outside"
    _forget()


def _forget() -> None:
    """Makes the room's code be read again."""
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


@pytest.fixture
def few(outside: Path) -> Iterator[None]:
    """`prospects` is the only other room: how a room is found and told is the same beside one as beside all."""
    with only("prospects"):
        yield


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
        ("    kinds=", '    products={"full.duckdb": 1}, kinds=', "acme.fleet and the platform make a product"),
        (
            "room = Room(",
            f"{ACTIONS}room = Room(actions={{'new-leads': x}}, ",
            "have an action `new-leads`; rename one",
        ),
        ("room = Room(", f"{ACTIONS}room = Room(actions={{'New leads': x}}, ", "no action can be called `New leads`"),
        ("room = Room(", "room = Rooom(", "acme/fleet/room.py:"),
        ("room = Room(", "rooms = Room(", "acme.fleet.room declares no `room = Room(...)`"),
        ("from acme.fleet.truck_list", "from nonesuch", "No module named 'nonesuch'"),
        ("report=trucks,", 'report=trucks, counts="Trucks",', "the headline on fleet.rep_trucks lacks `numbers`"),
        ("report=trucks,", 'report=trucks, numbers=dict, counts=" ",', "fleet.rep_trucks lacks `counts`"),
        (
            "report=trucks,",
            'report=trucks, numbers=dict, counts="Net-new leads",',
            "acme.fleet and leads_platform.prospects have a headline that counts `Net-new leads`",
        ),
    ],
)
def test_a_slip_in_a_room_is_told_with_its_place(outside: Path, old: str, new: str, words: str) -> None:
    """Found in use, mended: each was a fault of the program, or passed."""
    file = outside / "acme" / "fleet" / "room.py"
    file.write_text(file.read_text().replace(old, new))
    with pytest.raises(DeclarationError) as raised:
        find_rooms(("acme.fleet",))
    assert words in str(raised.value)


def test_a_room_makes_a_product_and_one_that_reads_no_table_is_told(fleet: Settings, outside: Path) -> None:
    file = outside / "acme" / "fleet" / "room.py"
    product = """
from leads_platform.products.product import Making, Product


def page(making: Making) -> dict[str, int]:
    ((trucks,),) = making.con.execute("select count(*) from fleet.rep_trucks").fetchall()
    making.scratch.write_text(f"{trucks} months")
    return {"months": trucks}


room = Room(
    products={"trucks.txt": Product("Trucks on a page.", ("fleet.rep_trucks",), page)},
"""
    file.write_text(file.read_text().replace("room = Room(\n", product))
    trucks = fleet.published.parent / "trucks.txt"
    call("run", "--direct")
    assert not trucks.exists(), "its table is not built yet, which is no failure"
    drop(fleet, "nv_licensing", "nv_2024-05.csv", NV_HEADER, [nv("1", "702-555-0101", "12 OAK ST RENO, NV 89501")])
    call("run", "--direct")
    assert trucks.read_text() == "0 months"
    file.write_text(file.read_text().replace('("fleet.rep_trucks",)', '("fleet.rep_truks",)'))
    rooms._found.cache_clear()
    for name in [name for name in sys.modules if name.split(".")[0] == "acme"]:
        del sys.modules[name]
    with pytest.raises(DeclarationError, match=r"`trucks.txt` reads fleet.rep_truks, .*did you mean fleet.rep_trucks"):
        _ = load_platform(fleet).products


def test_a_family_that_its_tables_do_not_fit_puts_the_feed_out_of_order(fleet: Settings, outside: Path) -> None:
    """Found in use, mended: only the build of what reads the pattern failed, and other rooms' tables stayed stale."""
    file = outside / "acme" / "fleet" / "truck_list.py"
    families = '"stg_trucks_*": (*COLUMNS, Column("colour", "varchar", "Colour"))'
    file.write_text(file.read_text().replace('"stg_trucks_*": COLUMNS', families))
    fleet.feeds.mkdir()
    (fleet.feeds / "north.yaml").write_text(NORTH)
    (entry,) = load_platform(fleet).out_of_order
    assert (
        "fleet.stg_trucks_north has not the columns that the family fleet.stg_trucks_* states: colour" in entry.words()
    )


@pytest.mark.parametrize(
    ("old", "error"),
    [
        ("names = {column.name", "ValueError: 7 of them"),
        ('base = f"{self.room}', "ValueError: 7 of them"),
    ],
    ids=["own_problems", "more_tables"],
)
def test_a_kind_whose_code_fails_puts_its_feed_out_of_order(
    fleet: Settings, outside: Path, old: str, error: str
) -> None:
    """Found in use, mended: it was a fault of the program, for every command and every feed."""
    fleet.feeds.mkdir()
    (fleet.feeds / "north.yaml").write_text(NORTH)
    drop(fleet, "north", "north_2024-05.csv", "Plate", ["abc 1"])
    drop(fleet, "nv_licensing", "nv_2024-05.csv", NV_HEADER, [nv("1", "702-555-0101", "12 OAK ST RENO, NV 89501")])
    file = outside / "acme" / "fleet" / "truck_list.py"
    lines = file.read_text().splitlines()
    (at,) = (number for number, line in enumerate(lines) if line.strip().startswith(old))
    lines.insert(at, "        raise ValueError('7 of them')")
    file.write_text("\n".join(lines))
    told = CliRunner().invoke(commands, ["run", "--direct"]).output
    (entry,) = load_platform(fleet).out_of_order
    assert (entry.feed, entry.stands) == ("north", "nothing")
    assert "the kind `truck_list` of the room fleet fails at " in entry.words()
    assert f"acme/fleet/truck_list.py:{at + 1}: {error}; mend its code" in entry.words()
    assert "the kind `truck_list` of the room fleet fails at " in told
    assert "1 of 1 leads of 2024-05 are net-new" in told


def test_a_kind_whose_code_fails_loses_no_row_unasked(fleet: Settings, outside: Path) -> None:
    fleet.feeds.mkdir()
    (fleet.feeds / "north.yaml").write_text(NORTH)
    drop(fleet, "north", "north_2024-05.csv", "Plate", ["abc 1"])
    call("run", "--direct")
    file = outside / "acme" / "fleet" / "truck_list.py"
    good = file.read_text()
    file.write_text(good.replace("        table = Table(", "        raise KeyError(base)\n        table = Table("))
    _forget()
    refused = CliRunner().invoke(commands, ["run", "--direct"])
    assert refused.exit_code == 1 and "KeyError: 'fleet.base_north'; mend its code" in refused.output
    assert "No contract declares these tables of north any more: 1 month of 2 tables" in refused.output
    assert ask(fleet, "select trucks from fleet.rep_trucks where month = '2024-05-01'") == [(1,)]


def test_a_kind_that_can_not_be_asked_or_fits_beside_another_is_told_in_the_proposal(
    fleet: Settings, outside: Path, tmp_path: Path
) -> None:
    sample = tmp_path / "north_2024-05.csv"
    sample.write_text("License No,Company,Phone,Address,Plate\n" + "".join(
        f"{n},Acme {n} Inc,(702) 555-01{n:02},{n} Oak St Reno NV 89501,abc {n}\n" for n in range(10, 40)
    ))  # fmt: skip
    text = call("feed", "new", str(sample))
    assert "kind: lead_list\n" in text
    assert "# check: it may as well be a list of trucks (kind: truck_list); the first was taken\n" in text
    file = outside / "acme" / "fleet" / "truck_list.py"
    file.write_text(
        file.read_text().replace("        plates = [", "        raise KeyError('abc 10')\n        plates = [")
    )
    _forget()
    text = call("feed", "new", str(sample))
    assert "# check: the kind truck_list of the room fleet was not asked: KeyError at " in text and "abc 10" not in text
    assert "kind: lead_list\n" in text


@pytest.mark.parametrize(
    ("select", "words"), [("month, truks", "Binder Error"), ("month, trucks, suppliers", "IndexError at ")]
)
def test_a_headline_that_fails_is_told_and_hides_no_other(
    few: None, fleet: Settings, outside: Path, select: str, words: str
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


def test_a_room_that_is_not_there_loses_no_table_unasked(
    few: None, fleet: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
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
