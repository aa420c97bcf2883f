"""Feeds made by another YAML: the depots of docs/add-a-room.md, in a package outside the repository."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from leads_platform import rooms
from leads_platform.arrivals.contracts.load import ContractError, load_contracts
from leads_platform.cli.commands import commands
from leads_platform.cli.status import read_status
from leads_platform.contracts_in_force import contracts_in_force
from leads_platform.orchestration.contracts import CurrentPlatform
from leads_platform.orchestration.feed_sensors import feed_sensors
from leads_platform.platform import Platform, begin_anew, load_platform, open_session
from leads_platform.rooms import find_rooms
from leads_platform.settings import Settings
from leads_platform.warehouse import DeclarationError
from leads_platform.warehouse.build_loop import build_stale, plan_stale
from leads_platform.warehouse.removal import WouldRemove
from leads_platform_tests.conftest import environment
from leads_platform_tests.few_rooms import only
from leads_platform_tests.helpers import ask, drop

PAGE = Path(__file__).parents[1] / "docs" / "add-a-room.md"
NORTH = re.findall(r"^```yaml\n(depot: north\n.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)[0]
SOUTH = "depot: south\ntitle: South\nplate: plate\ncomes:\n  columns:\n    - {name: plate, header: Plate}\n"
COMES, GOES = "depot_comes_north", "depot_goes_north"


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """An environment with the room, and no other."""
    written = re.findall(r"^`(acme/depots/\w+\.py)`:\n\n```python\n(.*?)^```$", PAGE.read_text(), re.M | re.S)
    for name, text in written:
        path = tmp_path / "outside" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    assert [name for name, _ in written] == ["acme/depots/room.py", "acme/depots/depot.py"]
    monkeypatch.syspath_prepend(tmp_path / "outside")
    monkeypatch.setattr("leads_platform.arrivals.receive._SETTLE_SECONDS", 0.01)
    with only("acme.depots"):
        told = {"LEADS_PLATFORM_ROOMS": "acme.depots"}
        made = environment(tmp_path / "data", told)
        for name, value in {"LEADS_PLATFORM_DATA": str(made.data), "LEADS_PLATFORM_NOW": "2024-07-15", **told}.items():
            monkeypatch.setenv(name, value)
        yield made
    rooms._found.cache_clear()
    for name in [name for name in sys.modules if name.split(".")[0] == "acme"]:
        del sys.modules[name]


def write(settings: Settings, name: str, text: str) -> Path:
    path = settings.data / "depots" / f"{name}.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return path


def run(settings: Settings, *, agreed: bool = False) -> Platform:
    """Takes in what waits and builds."""
    platform = load_platform(settings)
    with open_session(platform, "test", agreed=agreed) as session:
        session.arrivals.take_in(session.arrivals.waiting())
        assert session.arrivals.failures == []
        assert build_stale(session.warehouse) == {}
        session.publish = True
    return platform


def trucks(settings: Settings) -> list[tuple]:
    every = " union all ".join(
        f"select * from depots.{name}"
        for (name,) in ask(settings, "select table_name from duckdb_tables() where table_name like 'stg_depot_%'")
    )
    return ask(settings, f"select month::varchar, depot, plate, line from ({every}) order by all")


def test_two_files_make_three_feeds_with_tables_of_their_own(settings: Settings) -> None:
    write(settings, "north", NORTH)
    write(settings, "south", SOUTH)
    drop(settings, COMES, "2024-05.csv", "Plate", ["ab 1", "ab 2"])
    drop(settings, GOES, "2024-05.csv", "Truck No;Driver", ["ab 1;x"])
    drop(settings, "depot_comes_south", "2024-06.csv", "Plate", ["cd 3"])
    platform = run(settings)
    assert set(platform.contracts) == {COMES, GOES, "depot_comes_south"}
    assert {contract.label for contract in platform.contracts.values()} == {"depots/north.yaml", "depots/south.yaml"}
    assert trucks(settings) == [
        ("2024-05-01", "north", "AB 1", 2),
        ("2024-05-01", "north", "AB 1", 2),
        ("2024-05-01", "north", "AB 2", 3),
        ("2024-06-01", "south", "CD 3", 2),
    ]
    told = {feed["feed"]: (feed["files"], feed["records"]) for feed in read_status(platform).feeds()}
    assert told == {COMES: (1, 2), GOES: (1, 1), "depot_comes_south": (1, 1)}
    (sensor,) = feed_sensors(platform, CurrentPlatform(platform))
    assert sensor.name == "depots_files"
    before = trucks(settings)
    begin_anew(settings)
    run(settings)
    assert trucks(settings) == before


def test_an_empty_file_of_a_group_is_told_how_its_own_kind_starts(settings: Settings) -> None:
    path = write(settings, "south", "")
    said = [problem for entry in load_platform(settings).out_of_order for problem in entry.problems]
    assert f"{path}, line 1: is empty or not a mapping; it starts with `depot: name`" in said


def test_a_broken_file_is_out_of_order_by_itself_and_names_its_own_line(settings: Settings) -> None:
    write(settings, "south", SOUTH)
    path = write(settings, "north", NORTH)
    drop(settings, COMES, "2024-05.csv", "Plate", ["ab 1"])
    run(settings)
    built = trucks(settings)
    path.write_text(NORTH.replace("header: Truck No", "hedder: Truck No"))
    drop(settings, COMES, "2024-06.csv", "Plate", ["ab 9"])
    drop(settings, "depot_comes_south", "2024-05.csv", "Plate", ["cd 3"])
    platform = run(settings)
    line = NORTH.split("\n").index("goes:") + 4
    problem = f"{path}, line {line}: goes.columns[0].hedder: is not a field of a contract; did you mean `header`?"
    assert [(entry.feed, entry.stands, entry.problems[-1]) for entry in platform.out_of_order] == [
        (COMES, "its last good text", problem),
        (GOES, "its last good text", problem),
    ]
    assert trucks(settings) == [*built, ("2024-05-01", "south", "CD 3", 2)]  # the sound file's feed went on
    path.write_text(NORTH)
    assert load_platform(settings).out_of_order == ()
    run(settings)
    assert ("2024-06-01", "north", "AB 9", 2) in trucks(settings)


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        (
            "plate: plate\n",
            "plate: plates\n",
            3,
            "plate: `plates` is not one of the columns; did you mean `plate`? (in comes)",
        ),
        ("depot: north", "depot: North", 1, "depot: 'North' must be small letters"),
        ("title: North", "titel: North", 2, "titel: is not a field of a contract; did you mean `title`?"),
        ("comes:\n", "comes:\n  feed: other\n", 5, "comes.feed: is given by the file as a whole; take it out"),
        ("comes:\n", "comes:\n  key: [truck]\n", 5, "comes.key[0]: `truck` is not one of the columns"),
        ('{delimiter: ";"}', '{delimiter: ";;"}', 8, "goes.format.delimiter: "),
        ("goes:\n", "goes:\ngoes:\n", 8, "goes: is given twice; keep one"),
        ("goes:\n", "goes: [\n", 9, "is not valid YAML"),
    ],
)
def test_a_slip_is_told_with_file_and_line(settings: Settings, old: str, new: str, line: int, said: str) -> None:
    assert old in NORTH
    path = write(settings, "north", NORTH.replace(old, new, 1))
    write(settings, "south", SOUTH)
    found = contracts_in_force(settings)
    assert list(found.contracts) == ["depot_comes_south"]
    entries = found.user.out_of_order
    assert COMES in {entry.feed for entry in entries}
    for entry in entries:
        assert any(problem.startswith(f"{path}, line {line}: {said}") for problem in entry.problems), entry


def test_code_of_the_room_that_fails_stops_that_file_alone(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    write(settings, "north", NORTH)
    write(settings, "south", SOUTH)
    model = find_rooms(settings.rooms).known.groups["depots"][1]
    really = model.more_tables

    def fail(self, contract):
        if self.name == "north":
            raise ZeroDivisionError("of no use")
        return really(self, contract)

    monkeypatch.setattr(model, "more_tables", fail)
    found = contracts_in_force(settings)
    assert list(found.contracts) == ["depot_comes_south"]
    assert all(
        "the kind `depots` of the room depots fails at" in str(entry.problems) for entry in found.user.out_of_order
    )


def test_another_word_makes_its_own_tables_stale_and_a_comment_none(settings: Settings) -> None:
    path = write(settings, "north", NORTH)
    write(settings, "south", SOUTH)
    for feed in (COMES, "depot_comes_south"):
        drop(settings, feed, "2024-05.csv", "Plate,Lorry", ["ab 1,zz 9"])
    run(settings)
    path.write_text(NORTH + "# a comment\n")
    with open_session(load_platform(settings), "test") as session:
        assert plan_stale(session.warehouse) == []
    lorry = "\n    - {name: lorry, header: Lorry}"
    path.write_text(NORTH.replace("plate: plate", "plate: lorry").replace("required: true}", "required: true}" + lorry))
    with open_session(load_platform(settings), "test") as session:
        stale = {work.table for work in plan_stale(session.warehouse)}
    assert stale == {f"depots.{layer}_{feed}" for layer in ("base", "stg") for feed in (COMES, GOES)}
    run(settings)
    assert trucks(settings) == [("2024-05-01", "north", "ZZ 9", 2), ("2024-05-01", "south", "AB 1", 2)]


def test_a_file_taken_away_takes_its_tables_only_when_a_person_agrees(settings: Settings) -> None:
    path = write(settings, "north", NORTH)
    write(settings, "south", SOUTH)
    drop(settings, COMES, "2024-05.csv", "Plate", ["ab 1"])
    drop(settings, "depot_comes_south", "2024-05.csv", "Plate", ["cd 3"])
    run(settings)
    assert sorted(
        p.relative_to(settings.kept_contracts).as_posix() for p in settings.kept_contracts.rglob("*.yaml")
    ) == [
        "depots/north.yaml",
        "depots/south.yaml",
    ]
    path.unlink()
    with pytest.raises(WouldRemove) as asked:
        run(settings)
    assert f"No contract declares these tables of {COMES} any more" in str(asked.value)
    assert f"put back the contract of {COMES} in {settings.data / 'depots'}" in str(asked.value)
    run(settings, agreed=True)
    assert trucks(settings) == [("2024-05-01", "south", "CD 3", 2)]
    assert [p.name for p in settings.kept_contracts.rglob("*.yaml")] == ["south.yaml"]


def test_a_user_s_group_replaces_the_room_s_whole(settings: Settings) -> None:
    find_rooms(settings.rooms)
    packaged = Path(sys.modules["acme.depots"].__path__[0]) / "depots"
    packaged.mkdir()
    (packaged / "north.yaml").write_text(NORTH)
    assert set(load_platform(settings).contracts) == {COMES, GOES}
    write(settings, "mine", SOUTH.replace("depot: south", "depot: north"))
    assert set(load_platform(settings).contracts) == {COMES}
    (packaged / "north.yaml").write_text(NORTH.replace("title", "titel"))
    with pytest.raises(ContractError, match=r"depots/north\.yaml, line 2"):
        load_contracts(find_rooms(settings.rooms).contract_folders, find_rooms(settings.rooms).known)


def test_two_files_of_one_depot_are_both_told(settings: Settings) -> None:
    write(settings, "a", SOUTH)
    write(settings, "b", SOUTH)
    assert [(entry.feed, entry.path.name) for entry in load_platform(settings).out_of_order] == [
        ("depot_comes_south", "a.yaml"),
        ("depot_comes_south", "b.yaml"),
    ]


def test_a_file_is_tried_and_a_schema_told_by_the_commands(settings: Settings, tmp_path: Path) -> None:
    write(settings, "north", NORTH)
    sample = tmp_path / "2024-05.csv"
    sample.write_text("Truck No;Driver\nab 1;x\nab 2\n")
    answer = CliRunner().invoke(commands, ["check", str(sample), "--feed", GOES, "--json"], catch_exceptions=False)
    told = json.loads(answer.output)
    assert (told["feed"], told["records"], told["loaded"]) == (GOES, 2, 1)
    answer = CliRunner().invoke(commands, ["feed", "schema", "--of", "depots"], catch_exceptions=False)
    schema = json.loads(answer.output)
    assert schema["properties"]["comes"]["$ref"] == "#/$defs/FeedSection"
    assert {"feed", "room"}.isdisjoint(schema["$defs"]["FeedSection"]["properties"])
    assert "$ref" in json.dumps(schema["$defs"]["FeedSection"]["properties"]["columns"])
    none = CliRunner().invoke(commands, ["depot", "new", str(sample)])
    assert none.exit_code == 2 and "no YAML of depots/ can be proposed" in none.output
    wrong = CliRunner().invoke(commands, ["feed", "schema", "--of", "depts"])
    assert wrong.exit_code != 0 and "known are feeds, depots" in wrong.output


@pytest.mark.parametrize("folder", ["feeds", "landing", "no good"])
def test_a_folder_that_is_taken_is_refused(settings: Settings, folder: str) -> None:
    room = find_rooms(settings.rooms).by_name["depots"]
    with pytest.raises(DeclarationError, match=folder):
        rooms._check_groups({"acme.depots": {folder: room.groups["depots"]}})
