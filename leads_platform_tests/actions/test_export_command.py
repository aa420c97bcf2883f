"""`leads-platform export` as a sales manager and an operator use it."""

from __future__ import annotations

import json
import re
import shutil
import stat
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import dagster as dg
import duckdb
import pytest
from click.testing import CliRunner, Result

from leads_platform.acting import act
from leads_platform.actions.history import History
from leads_platform.cli.commands import commands
from leads_platform.digest import tell_directly
from leads_platform.orchestration.actions import action_assets
from leads_platform.orchestration.notices import send_notices
from leads_platform.orchestration.resource import is_alive
from leads_platform.platform import load_platform, open_session
from leads_platform.settings import Settings
from leads_platform_tests.actions.data_loader import load
from leads_platform_tests.conftest import environment
from leads_platform_tests.few_rooms import only
from leads_platform_tests.helpers import NV_HEADER, drop, nv, run, take_in

OAK = nv("1", "702-555-0101", "12 OAK ST RENO, NV 89501")
ELM = nv("2", "702-555-0102", "7 ELM AVE RENO, NV 89502")
ASH = nv("3", "702-555-0103", "9 ASH RD RENO, NV 89503")
Command = Callable[..., Result]


@pytest.fixture(scope="module", autouse=True)
def leads_alone() -> Iterator[None]:
    """Of the rooms the one that exports: what the others build costs more than all the rest here."""
    with only("prospects"):
        yield


@pytest.fixture(scope="module")
def template(leads_alone: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """May: Oak and Elm; June: Ash, too. All is built."""
    settings = environment(tmp_path_factory.mktemp("template") / "data")
    drop(settings, "nv_licensing", "nv_2024-05.csv", NV_HEADER, [OAK, ELM])
    drop(settings, "nv_licensing", "nv_2024-06.csv", NV_HEADER, [OAK, ELM, ASH])
    run(settings)
    return settings.data


@pytest.fixture
def house(template: Path, tmp_path: Path) -> Settings:
    shutil.copytree(template, tmp_path / "data")
    return environment(tmp_path / "data", {"LEADS_PLATFORM_USER": "ann"})


def calling(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Command:
    monkeypatch.setenv("LEADS_PLATFORM_DATA", str(settings.data))
    monkeypatch.setenv("LEADS_PLATFORM_NOW", "2024-07-15T12:00:00")
    monkeypatch.setenv("LEADS_PLATFORM_USER", "ann")

    def call(*words: str) -> Result:
        result = CliRunner().invoke(commands, list(words))
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return call


@pytest.fixture
def command(house: Settings, monkeypatch: pytest.MonkeyPatch) -> Command:
    return calling(house, monkeypatch)


def exported(settings: Settings) -> list[str]:
    """The licences in the files, by file."""
    return [row["License_Number__c"] for path in sorted(settings.exports.glob("*.csv")) for row in load(path)]


def test_a_monday(command: Command, house: Settings) -> None:
    """The last month, then the earlier one that is offered; each lead once, also after a rebuild."""

    def files() -> dict[Path, int]:
        return {path: path.stat().st_mtime_ns for path in house.archive.rglob("*") if path.is_file()}

    before = files()
    dry = command("export", "new-leads", "--dry-run")
    assert dry.exit_code == 0 and "1 of 1 net-new leads of 2024-06 would go out, form salesforce" in dry.output
    assert not house.exports.exists() and files() == before
    first = command("export", "new-leads", "--why", "the usual list")
    assert first.exit_code == 0, first.output
    assert "Not exported yet in this form: 2024-05 (2). Ask for one with --month." in first.output
    assert f"Wrote {house.exports / 'new-leads_2024-06_salesforce_000001.csv'}" in first.output.replace("\n", "")
    assert exported(house) == ["3"]
    again = command("export", "new-leads").output.replace("\n", "")
    assert "No file was written" in again and "The last file of this month and form: " in again
    assert str(house.exports / "new-leads_2024-06_salesforce_000001.csv") in again
    assert command("export", "new-leads", "--month", "2024-05").exit_code == 0
    assert exported(house) == ["1", "2", "3"]
    assert command("rebuild", "--direct").exit_code == 0
    for month in ("2024-05", "2024-06"):
        assert "No file was written" in command("export", "new-leads", "--month", month).output
    assert exported(house) == ["1", "2", "3"]
    runs = "select run, month::varchar, form, rows, who, why from actions.runs order by run"
    with duckdb.connect(str(house.published), read_only=True) as con:
        told = [
            (1, "2024-06-01", "salesforce", 1, "ann", "the usual list"),
            (2, "2024-05-01", "salesforce", 2, "ann", ""),
        ]
        assert con.execute(runs).fetchall() == told
        assert con.execute("select count(distinct external_id) from actions.new_leads_rows").fetchall() == [(3,)]
    with duckdb.connect(str(house.shared), read_only=True) as con:
        columns = {column for column, *_ in con.execute("describe actions.runs").fetchall()}
        assert {"run", "rows"} < columns and not {"who", "why"} & columns, "who somebody is, is not passed on"
        tables = {name for (name,) in con.execute("select table_name from duckdb_tables()").fetchall()}
        assert "new_leads_rows" not in tables, "who was given out, lead by lead, is not passed on"
        comments = con.execute("select comment from duckdb_columns() where schema_name = 'actions'").fetchall()
        assert comments and all(comment for (comment,) in comments)


def test_nothing_personal_is_printed_or_kept_in_a_manifest(command: Command, house: Settings) -> None:
    told = command("export", "new-leads", "--month", "2024-05", "--include", "moved,new_phone,without_contact").output
    kept = "".join(path.read_text() for path in house.archive.glob(".actions/runs/*/*.json"))
    assert kept and not re.search(r"555-|702555|OAK|ELM|ACORN|ANN", told + kept)  # a hash may well hold 555


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--month", "2024-13"], "'2024-13' is not a month"),
        (["--month", "2024-04"], "there is nothing of 2024-04 for new-leads; the months with files go from 2024-05 to"),
        (["--form", "pdf"], "'pdf' is not one of 'salesforce', 'xlsx', 'csv'"),
        (["--include", "moved,all"], "'all' is none of moved, new_phone, without_contact"),
    ],
)
def test_wrong_usage_exits_2_and_says_what_is_right(
    command: Command, house: Settings, words: list[str], said: str
) -> None:
    result = command("export", "new-leads", *words)
    assert result.exit_code == 2 and said in result.output, result.output
    assert not house.exports.exists()


def test_words_may_be_given_one_by_one(command: Command, house: Settings) -> None:
    """Only the last one counted."""
    words = ["--include", "new_phone", "--include", "moved,new_phone"]
    assert command("export", "new-leads", *words).exit_code == 0
    assert [run.include for run in History(house.archive).runs()] == [("moved", "new_phone")]


def test_there_is_no_other_export(command: Command) -> None:
    assert command("export", "nothing").exit_code == 2
    told = command("export", "--help").output
    assert "new-leads" in told


def test_nothing_goes_out_of_tables_that_are_not_current(command: Command, house: Settings) -> None:
    drop(
        house,
        "nv_licensing",
        "nv_2024-06-20.csv",
        NV_HEADER,
        [OAK, ELM, ASH, nv("4", "702-555-0104", "1 PINE LN RENO, NV 89504")],
    )
    take_in(house)
    told = command("export", "new-leads")
    assert (
        told.exit_code == 1 and "is not current for 2024-06, so nothing goes out. First: LEADS_PLATFORM" in told.output
    )
    assert not house.exports.exists()
    assert command("export", "new-leads", "--month", "2024-05").exit_code == 0, "May is not touched by that"


def test_a_newer_month_that_waits_to_be_built_is_not_passed_over(command: Command, house: Settings) -> None:
    """Without --month it gave May's list when July's file was in, but not in the tables."""
    drop(house, "nv_licensing", "nv_2024-07.csv", NV_HEADER, [OAK, nv("5", "702-555-0105", "3 FIR WAY RENO, NV 89505")])
    take_in(house)
    told = command("export", "new-leads")
    assert told.exit_code == 1 and "is not current for 2024-07, so nothing goes out. First:" in told.output
    assert command("export", "new-leads", "--month", "2024-07").exit_code == 1
    assert not house.exports.exists()
    assert command("export", "new-leads", "--month", "2024-06").exit_code == 0


def test_nothing_goes_out_while_a_month_that_went_out_is_not_current(command: Command, house: Settings) -> None:
    """Which lead was which before was asked of rows that no longer hold."""
    assert command("export", "new-leads").exit_code == 0
    drop(
        house,
        "nv_licensing",
        "nv_2024-06-20.csv",
        NV_HEADER,
        [OAK, ELM, nv("3", "702-555-0103", "1 FIR WAY RENO, NV 89503")],
    )
    take_in(house)
    told = command("export", "new-leads", "--month", "2024-05")
    assert told.exit_code == 1 and "is not current for 2024-06, so nothing goes out" in told.output
    assert exported(house) == ["3"]


def test_a_file_that_is_no_outcome_of_a_run_goes_also_where_nothing_else_is_done(
    command: Command, house: Settings
) -> None:
    """It stayed, to be loaded by somebody, when the next call was refused or a dry run."""
    house.exports.mkdir(mode=0o700)
    orphan = house.exports / "new-leads_2024-06_salesforce_000001.csv"
    orphan.touch()
    assert f"{orphan.name} is no outcome of a run" in command("export", "new-leads", "--dry-run").output
    assert orphan.exists()
    refused = command("export", "new-leads", "--month", "2024-04")
    assert refused.exit_code == 2 and f"Removed {orphan.name}" in refused.output and not orphan.exists()


def test_what_was_written_is_said_before_products_are_made(house: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stopped there, it had not said which file counts."""

    def stop(*args: object, **more: object) -> None:
        raise KeyboardInterrupt

    said: list[str] = []
    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr("leads_platform.platform.make_products", stop)
        act(load_platform(house), "new-leads", say=said.append)
    assert f"Wrote {house.exports / 'new-leads_2024-06_salesforce_000001.csv'}, for its owner alone." in said
    assert len(History(house.archive).runs()) == 1


def test_before_anything_is_built_it_says_what_to_do(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    told = calling(settings, monkeypatch)("export", "new-leads")
    assert told.exit_code == 1 and "Nothing is built yet that new-leads reads. First:" in told.output


def withdraw(settings: Settings) -> None:
    with open_session(load_platform(settings), "test") as session:
        session.arrivals.withdraw("nv_licensing/nv_2024-06.csv", None)


def test_a_lead_of_a_withdrawn_file_is_told_until_somebody_has_read_which(command: Command, house: Settings) -> None:
    assert command("export", "new-leads").exit_code == 0
    withdraw(house)
    told = command("status").output.replace("\n", " ")
    assert "1 rows exported by new-leads of 2024-06, form salesforce, came from a file withdrawn since" in told
    ran = command("run", "--direct").output
    assert "Exported, new-leads of 2024-06: 1 rows came from 1 file(s) withdrawn since" in ran
    said = command("export", "new-leads").output
    external_id = load(house.exports / "new-leads_2024-06_salesforce_000001.csv")[0]["External_Lead_Id__c"]
    assert "1 leads were exported from a file that is withdrawn since" in said and external_id in said
    assert json.loads(command("status", "--json").output)["withdrawn_exports"] == []


def notices(settings: Settings) -> list[str]:
    """Titles and texts of the notices of exports."""
    told = [json.loads(path.read_text()) for path in sorted(settings.outbox.glob("digest_*.json"))]
    return [f"{notice['title']}\n{notice['text']}" for notice in told if notice["title"].startswith("exports: ")]


def test_a_notice_tells_once_of_leads_exported_from_a_withdrawn_file(command: Command, house: Settings) -> None:
    """Only who asked for the status, or watched a run, was told that somebody has to take leads back."""
    paste = f"    LEADS_PLATFORM_DATA={house.data} leads-platform export new-leads --form salesforce"
    said = (
        "exports: rows exported of a withdrawn file\n"
        "1 rows that new-leads exported of 2024-06, form salesforce, came from 1 file(s) withdrawn since. "
        f"This tells which, and settles it:\n{paste}"
    )
    assert command("export", "new-leads").exit_code == 0
    tell_directly(load_platform(house))
    assert notices(house) == []
    withdraw(house)
    with dg.DagsterInstance.ephemeral() as instance:
        assert [notice.title for notice in send_notices(instance, load_platform(house))] == [said.partition("\n")[0]]
        assert send_notices(instance, load_platform(house)) == [] == tell_directly(load_platform(house))
    assert notices(house) == [said]
    assert command("run", "--direct").exit_code == 0
    assert command("export", "new-leads", "--month", "2024-05").exit_code == 0, "this lists it"
    with open_session(load_platform(house), "test") as session:
        session.arrivals.accept("nv_licensing/nv_2024-06.csv", None)
    assert command("run", "--direct").exit_code == 0
    assert command("export", "new-leads").exit_code == 0
    assert exported(house).count("3") == 2, "it goes out again"
    withdraw(house)
    tell_directly(load_platform(house))
    assert notices(house) == [said, said], "and is to be taken back once more"


def test_of_two_at_once_one_waits_and_no_lead_goes_out_twice(house: Settings) -> None:
    def once(number: int) -> int:
        return act(load_platform(house), "new-leads", why=str(number)).outcome.number

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(once, range(2))) == [0, 1]
    assert exported(house) == ["3"]
    assert len(History(house.archive).runs()) == 1


def test_in_dagster_it_is_an_asset_that_takes_what_the_options_say(house: Settings) -> None:
    assets = action_assets(load_platform(house))

    def materialized(**config: object) -> dg.ExecuteInProcessResult:
        config = {"ops": {"actions__new_leads": {"config": config}}}
        with dg.DagsterInstance.ephemeral() as instance:
            return dg.materialize(assets, run_config=config, instance=instance, raise_on_error=False)

    assert not materialized(month="2024-04").success and not materialized(form="pdf").success
    assert not house.exports.exists()
    done = materialized(month="2024-05", why="asked for")
    (event,) = done.asset_materializations_for_node("actions__new_leads")
    assert (event.metadata["leads"].value, event.metadata["run"].value) == (2, 1)
    assert exported(house) == ["1", "2"]
    assert [(run.who, run.why) for run in History(house.archive).runs()] == [("ann", "asked for")]


def doing(house: Settings, **config: object) -> tuple[dg.ExecuteInProcessResult, str]:
    """A run of the action in Dagster, and all that its storage keeps of it."""
    config = {"ops": {"actions__new_leads": {"config": config}}}
    with dg.DagsterInstance.ephemeral() as instance:
        assets = action_assets(load_platform(house))
        result = dg.materialize(assets, run_config=config, instance=instance, raise_on_error=False)
        return result, "\n".join(entry.to_json() for entry in instance.all_logs(result.run_id))


def test_in_dagster_only_words_of_ours_are_kept(house: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Any ValueError of the action was taken for a wrong month, and its text, which may quote a lead, was kept."""
    living: list[bool | None] = []

    def fail(*asked: object, run_id: str, **more: object) -> None:
        living.append(is_alive(house.home, run_id))
        raise ValueError("Ann Canary, 12 OAK ST")

    result, kept = doing(house, month="2024-13")
    assert not result.success and "'2024-13' is not a month; write it as 2024-05" in kept
    monkeypatch.setattr("leads_platform.orchestration.actions.act", fail)
    result, kept = doing(house)
    assert not result.success and "new-leads: ValueError at " in kept and "Canary" not in kept
    assert living == [True], "a janitor failed it as dead while it waited for the lock"


def test_in_dagster_a_product_that_fails_afterwards_is_told(house: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """What became of the products was thrown away: the run was green and said nothing."""
    monkeypatch.setattr("leads_platform.products.shared_copy.undescribed", lambda con, database: ["funnel.dim_deals"])
    result, kept = doing(house)
    assert result.success and exported(house) == ["3"], "what went out has gone out"
    assert "warehouse.duckdb was not made: all_is_described: funnel.dim_deals has no comment. The one of " in kept


def test_what_holds_personal_data_is_for_its_owner_alone(command: Command, house: Settings) -> None:
    for path in (house.archive, house.outbox):
        path.mkdir(exist_ok=True)
        path.chmod(0o755)
    house.warehouse.chmod(0o644)
    assert command("export", "new-leads").exit_code == 0
    assert command("run", "--direct").exit_code == 0  # opens the outbox
    modes = {
        p.name: stat.S_IMODE(p.stat().st_mode) for p in (house.archive, house.outbox, house.exports, house.warehouse)
    }
    assert modes == {"archive": 0o700, "outbox": 0o700, "exports": 0o700, "warehouse.duckdb": 0o600}
