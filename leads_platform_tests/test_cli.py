"""The command line as an operator uses it: what it prints, its exit codes, and what it says of mistakes."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner, Result

from leads_platform.cli.commands import commands
from leads_platform.settings import Settings
from leads_platform.warehouse.lock import WriterLock
from leads_platform_tests.faults.small import SMALL
from leads_platform_tests.few_rooms import only
from leads_platform_tests.helpers import NV_HEADER, ask, drop, nv, take_in

OAK = nv("1", "702-555-0101", "12 OAK ST RENO, NV 89501")
ELM = nv("2", "702-555-0102", "7 ELM AVE RENO, NV 89502")
ASH = nv("3", "702-555-0103", "9 ASH RD RENO, NV 89503")


@pytest.fixture
def command(whole_command: Callable[..., Result]) -> Iterator[Callable[..., Result]]:
    """The same where `prospects` is the only room: what a command says needs a table, not sixty."""
    with only("prospects"):
        yield whole_command


@pytest.fixture
def engine(whole_command: Callable[..., Result]) -> Iterator[Callable[..., Result]]:
    """The same on the small room, for what no word of business is told of."""
    with only(*SMALL):
        yield whole_command


@pytest.fixture
def whole_command(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Calls `leads-platform` on an empty environment; the second look of settling needs no wait here."""
    monkeypatch.setenv("LEADS_PLATFORM_DATA", str(settings.data))
    monkeypatch.setenv("LEADS_PLATFORM_NOW", "2024-07-15T12:00:00")
    monkeypatch.setattr("leads_platform.arrivals.receive._SETTLE_SECONDS", 0.01)

    def call(*words: str) -> Result:
        result = CliRunner().invoke(commands, list(words))
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return call


def test_run_takes_in_builds_and_reports(whole_command, settings: Settings) -> None:
    drop(settings, "nv_licensing", "nv_2024-05.csv", NV_HEADER, [OAK, ELM])
    command = whole_command
    result = command("run", "--direct")
    assert result.exit_code == 0, result.output
    assert "2 of 2 leads of 2024-05 are net-new, of them 2 new licences" in result.output
    assert "No Salesforce export up to 2024-05" in result.output
    again = command("run", "--direct")
    assert again.exit_code == 0
    assert again.output.strip().splitlines()[-1] == "Done; 2 things to look at, above.", "June is late by mid-July"
    assert "No new files in landing." in again.output
    assert "Every table is current; nothing to build." in again.output


def test_run_through_dagster_gives_the_same(engine, settings: Settings) -> None:
    """On the whole platform: safety/test_canary.py."""
    drop(settings, "lists", "lists_2024-06.csv", "Number,Person", ["1,Ann", "2,Pat"])
    drop(settings, "calls", "calls.csv", "Number,Called on", ["1,2024-06-03"])
    assert engine("run").exit_code == 0
    assert engine("status", "--exit-code").exit_code == 0
    through_dagster = json.loads(engine("status", "--json").output)["content_hash"]
    assert engine("rebuild", "--direct").exit_code == 0
    assert json.loads(engine("status", "--json").output)["content_hash"] == through_dagster
    assert (settings.dagster_home / "dagster.yaml").exists()


def test_a_refused_file_is_told_and_exits_1(command, settings: Settings) -> None:
    """Found in use, 15: the next run exited 0. And 8: what must be acted on stood above the reports."""
    drop(settings, "nv_licensing", "nv_2024-05.csv", NV_HEADER.replace("Phone", "Phone Number"), [OAK])
    result = command("run", "--direct")
    assert result.exit_code == 1
    assert "`Phone` is missing; `Phone Number` is new" in result.output
    assert "Add it as an alias in feeds/nv_licensing.yaml" in result.output
    told = json.loads(command("status", "--json").output)
    assert [f["file"] for f in told["refused_files"]] == ["nv_2024-05.csv"]
    again = command("run", "--direct")
    assert again.exit_code == 1, "found in use, 15: a file that was refused earlier is still not in the tables"
    lines = again.output.strip().splitlines()
    told = lines.index("What needs attention")
    assert lines[told + 1].startswith("  Refused, nv_licensing/nv_2024-05.csv: ")
    assert f"      LEADS_PLATFORM_DATA={settings.data} leads-platform withdraw nv_licensing/nv_2024-05.csv" in lines
    assert lines[-1] == "Not all is in the tables: one thing to act on, above."
    assert command("status", "--exit-code").exit_code == 1
    assert command("status").exit_code == 0


def test_a_shrunken_list_is_held_until_accepted_and_can_be_withdrawn(
    engine, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop(settings, "lists", "lists_2024-05-01.csv", "Number,Person", ["1,Ann", "2,Pat", "3,Kim"])
    assert engine("run", "--direct").exit_code == 0
    drop(settings, "lists", "lists_2024-05-20.csv", "Number,Person", ["1,Ann"])
    result = engine("run", "--direct")
    assert result.exit_code == 1, "found in use, 15: what is held is not in the tables"
    assert "it has 1 records where the version it replaces has 3" in result.output
    held = json.loads(engine("status", "--json").output)["held_files"]
    sha = held[0]["sha256"][:12]
    lines = [line for line in result.output.splitlines() if "leads-platform accept" in line]
    paste = f"LEADS_PLATFORM_DATA={settings.data} leads-platform accept lists/lists_2024-05-20.csv"
    assert lines == [f"      {paste}"], "found in use, mended: the message had it once more, without the data root"
    counted = "select count(*) from small.stg_lists"
    assert ask(settings, counted) == [(3,)]
    monkeypatch.setenv("LEADS_PLATFORM_USER", "ann")
    accepted = engine("accept", sha, "--why", "two closed")
    assert accepted.exit_code == 0, accepted.output
    assert "touches 2024-05" in accepted.output
    assert ask(settings, "select who, why from arrivals.decisions") == [("ann", "two closed")]
    with duckdb.connect(str(settings.shared), read_only=True) as con:
        shared = [column for column, *_ in con.execute("describe arrivals.decisions").fetchall()]
    assert shared == ["feed", "sha256", "action", "receipt", "decided_at"], "who somebody is, is not passed on"
    engine("run", "--direct")
    assert ask(settings, counted) == [(1,)]
    assert engine("withdraw", sha).exit_code == 0
    engine("run", "--direct")
    assert ask(settings, counted) == [(3,)]
    assert "can't be withdrawn: it is withdrawn" in engine("withdraw", sha).output


def test_an_ended_month_that_changes_is_announced(command, settings: Settings) -> None:
    """Found in use, 7: June's list under May's name replaced May's without a word."""
    drop(settings, "nv_licensing", "nv_2024-05-04.csv", NV_HEADER, [OAK, ELM])
    drop(settings, "nv_licensing", "nv_2024-06-04.csv", NV_HEADER, [OAK, ELM, ASH])
    assert "ended and changed" not in command("run", "--direct").output
    drop(settings, "nv_licensing", "nv_2024-05-31.csv", NV_HEADER, [OAK, ELM, ASH])
    told = command("run", "--direct").output
    assert "It replaces nv_2024-05-04.csv: 1 added, 0 changed, 0 removed" in told
    assert "2024-05 has ended and changed: 10 tables, because of nv_licensing/nv_2024-05-31.csv." in told
    assert "Net-new leads of 2024-05: 2 before, 3 now." in told
    assert "Net-new leads of 2024-06: 1 before, 0 now." in told


def test_an_empty_environment_is_no_error(command) -> None:
    result = command("run", "--direct")
    assert result.exit_code == 0
    assert "No month has data yet" in result.output
    told = command("status")
    assert told.exit_code == 0
    assert "Nothing has been taken in yet." in told.output


def test_a_folder_without_a_feed_is_named(command, settings: Settings) -> None:
    drop(settings, "nevada", "nv_2024-05.csv", NV_HEADER, [OAK])
    assert "landing/nevada belongs to no feed" in command("run", "--direct").output
    assert "landing/nevada belongs to no feed" in command("status").output


def test_build_of_a_window(engine, settings: Settings) -> None:
    for month in ("2024-03", "2024-04", "2024-05"):
        drop(settings, "lists", f"lists_{month}.csv", "Number,Person", ["1,Ann", "2,Pat"])
    take_in(settings)
    assert engine("build", "--as-of", "2024-04-20", "--months", "1", "--direct").exit_code == 0
    told = json.loads(engine("status", "--json").output)
    assert {month for months in told["stale"].values() for month in months} == {"2024-05"}
    assert engine("status", "--exit-code").exit_code == 1, "found in use, 15: what is stale is not what came in"
    (leads,) = [t for t in told["tables"] if t["table"] == "small.stg_lists"]
    assert (leads["first_month"], leads["last_month"], leads["rows"]) == ("2024-03", "2024-04", 4)
    assert "tables; --tables lists them." in engine("status").output, "found in use, 15: `status` lists tables"
    assert "last built" in engine("status", "--tables").output
    assert engine("build", "--direct").exit_code == 0
    assert json.loads(engine("status", "--json").output)["stale"] == {}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["build", "--last-month", "2024-13"], "'2024-13' is not a month; write it as 2024-05"),
        (["build", "--months", "3"], "--months goes with --as-of"),
        (["build", "--as-of", "2024-05-01", "--last-month", "2024-05"], "--as-of gives the months itself"),
        (["build", "--first-month", "2024-05", "--last-month", "2024-04"], "is before --first-month"),
        (["build", "--select", "prospects.nothing"], "there is no table prospects.nothing"),
        (["build", "--select", "funnel.dim_deal"], "did you mean funnel.dim_deals? `leads-platform status --tables`"),
        (["check", "nowhere.csv", "--feed", "nv_licensing"], "does not exist"),
        (["nonsense"], "No such command"),
    ],
)
def test_wrong_usage_exits_2_and_says_what_is_right(whole_command, words: list[str], said: str) -> None:
    result = whole_command(*words)
    assert result.exit_code == 2
    assert said in result.output


def test_check_shows_lines_and_values_only_when_asked(command, settings: Settings) -> None:
    bad = nv("4", "702-555-01", "12 OAK ST RENO, NV 89501")
    path = drop(settings, "nv_licensing", "nv_2024-05.csv", NV_HEADER, [OAK, bad, OAK + ",one too many"])
    told = json.loads(command("check", str(path), "--feed", "nv_licensing", "--json").output)
    assert (told["verdict"], told["records"], told["loaded"]) == ("partial", 3, 2)
    assert [(q["line"], q["reason"]) for q in told["quarantined"]] == [(4, "too many fields: 14, the header has 13")]
    assert [(w["line"], w["column_name"]) for w in told["warnings"]] == [(3, "phone")]
    assert "702-555-01" not in command("check", str(path), "--feed", "nv_licensing").output
    shown = command("check", str(path), "--feed", "nv_licensing", "--show-values")
    assert shown.exit_code == 0
    assert "702-555-01" in shown.output
    assert not settings.home.exists(), "a dry run keeps nothing"


def test_quarantine_lists_the_records(command, settings: Settings) -> None:
    drop(settings, "nv_licensing", "nv_2024-05.csv", NV_HEADER, [OAK, ELM, ASH + ",one too many"])
    ran = command("run", "--direct")
    assert ran.exit_code == 0, "found in use, 15: a partly loaded file is told, and is no failure"
    assert "  Partly loaded, nv_licensing/nv_2024-05.csv: " in ran.output
    assert ran.output.strip().splitlines()[-1] == "Done; 3 things to look at, above.", "and June is late"
    told = command("quarantine", "nv_2024-05.csv")
    assert "too many fields" in told.output
    assert "ASH RD" not in told.output
    assert "ASH RD" in command("quarantine", "nv_2024-05.csv", "--show-values").output


def test_prod_refuses_the_sample_data(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    (settings.landing / ".sample.json").write_text("{}")
    monkeypatch.setenv("LEADS_PLATFORM_DATA", str(settings.data))
    monkeypatch.setenv("LEADS_PLATFORM_ENV", "prod")
    result = CliRunner().invoke(commands, ["run"])
    assert result.exit_code == 1
    assert "does not run on the sample data" in result.output


@pytest.mark.parametrize("words", [["run"], ["status"], ["build"], ["rebuild"], ["ui"], ["accept", "abcd"]])
def test_a_root_without_landing_is_refused_with_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, words: list[str]
) -> None:
    """Found in use, 12: a wrong data root was begun anew, with exit code 0 and an empty published copy."""
    monkeypatch.setenv("LEADS_PLATFORM_DATA", str(tmp_path / "dta"))
    result = CliRunner().invoke(commands, words)
    assert result.exit_code == 1
    assert f"set LEADS_PLATFORM_DATA to the folder that holds landing/. If it is: mkdir -p {tmp_path}/dta/landing" in (
        result.output
    )
    assert list(tmp_path.iterdir()) == []


def test_on_a_terminal_a_person_is_asked(command, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Found in use, 12: whether the root is right, and whether built months may go."""
    monkeypatch.setattr("leads_platform.cli.asking._somebody_is_there", lambda: True)
    settings.landing.rmdir()
    no = CliRunner().invoke(commands, ["run", "--direct"], input="n\n")
    assert no.exit_code == 1 and not settings.landing.exists() and not settings.home.exists()
    assert CliRunner().invoke(commands, ["run", "--direct"], input="y\n").exit_code == 0
    assert settings.landing.is_dir()


def test_a_first_month_past_the_data_removes_nothing_without_yes(
    command, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Found in use, 12: LEADS_PLATFORM_FIRST_MONTH=2025-06 run emptied warehouse and published copy, exit code 0."""
    drop(settings, "nv_licensing", "nv_2024-05.csv", NV_HEADER, [OAK, ELM])
    assert command("run", "--direct").exit_code == 0
    before, published = json.loads(command("status", "--json").output), settings.published.read_bytes()
    with monkeypatch.context() as moved:
        moved.setenv("LEADS_PLATFORM_FIRST_MONTH", "2024-06")
        paste = f"LEADS_PLATFORM_DATA={settings.data} LEADS_PLATFORM_FIRST_MONTH=2024-06 leads-platform run --yes"
        for words in (["run", "--direct"], ["build", "--direct"]):
            result = command(*words)
            assert result.exit_code == 1
            assert "The first month is 2024-06 now (LEADS_PLATFORM_FIRST_MONTH): 1 month of" in result.output
            assert f"If it is meant: {paste}" in result.output
        assert "Waits for your yes: The first month is 2024-06 now" in command("status").output
        assert settings.published.read_bytes() == published
    assert json.loads(command("status", "--json").output)["content_hash"] == before["content_hash"]
    monkeypatch.setenv("LEADS_PLATFORM_FIRST_MONTH", "2024-06")
    result = command("run", "--direct", "--yes")
    assert result.exit_code == 1, "nothing is left, and that is told"
    assert "all 2 records lie before the first month, 2024-06" in result.output
    assert json.loads(command("status", "--json").output)["would_remove"] == []


def test_a_contract_out_of_order_is_told_by_every_command(command, settings: Settings, tmp_path: Path) -> None:
    """Found in use, 10: one typo, and `status` had nothing to say of any other feed."""
    settings.feeds.mkdir()
    (settings.feeds / "utah.yaml").write_text("feed: utah\nroom: prospects\ntitle: Utah: leads\n")
    said = f"{settings.feeds}/utah.yaml, line 3: is not valid YAML: there is a second colon in the value; put the value"
    result = command("run", "--direct")
    assert result.exit_code == 1
    assert "utah is out of order until its contract is mended" in result.output and said in result.output
    told = command("status")
    assert told.exit_code == 0 and "Out of order" in told.output and "One thing needs attention." in told.output
    (entry,) = json.loads(CliRunner().invoke(commands, ["status", "--json"]).stdout)["out_of_order"]
    assert (entry["feed"], entry["tables_by"]) == ("utah", "nothing") and entry["problems"][0].startswith(said)
    (tmp_path / "utah.csv").write_text("a,b\n1,2\n")
    checked = command("check", str(tmp_path / "utah.csv"), "--feed", "utah")
    assert checked.exit_code == 1 and said in checked.output


def test_settings_are_refused_in_words(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LEADS_PLATFORM_DATA", str(tmp_path))
    for name, value, said in (
        ("LEADS_PLATFORM_WAREHOUSE", "ducklake:postgres:x", "reserved for scale-out"),
        ("LEADS_PLATFORM_TIMEZONE", "Mars/Olympus", "give a name like Europe/Berlin"),
        ("LEADS_PLATFORM_FIRST_MONTH", "January", "is not a month"),
        ("LEADS_PLATFORM_ENV", "staging", "must be dev or prod"),
    ):
        with monkeypatch.context() as patch:
            patch.setenv(name, value)
            result = CliRunner().invoke(commands, ["status"])
            assert result.exit_code == 1
            assert said in result.output


def test_a_damaged_published_copy_is_made_anew_by_a_run(command, settings: Settings) -> None:
    """Found in use, mended: each run that changed an ended month failed on it. (Through Dagster: test_runs.)"""
    drop(settings, "nv_licensing", "nv_2024-05-04.csv", NV_HEADER, [OAK, ELM])
    drop(settings, "nv_licensing", "nv_2024-06-04.csv", NV_HEADER, [OAK, ELM, ASH])
    assert command("run", "--direct").exit_code == 0
    with settings.published.open("r+b") as file:
        file.write(b"\0" * 4096)
    drop(settings, "nv_licensing", "nv_2024-05-31.csv", NV_HEADER, [OAK, ELM, ASH])
    result = command("run", "--direct")
    assert result.exit_code == 0, result.output
    assert "2024-05 has ended and changed: 10 tables" in result.output
    assert "Net-new leads of 2024-05" not in result.output, "what it was before is not known"
    assert settings.published.read_bytes() == settings.warehouse.read_bytes()
    with settings.published.open("r+b") as file:
        file.write(b"\0" * 4096)
    again = command("run", "--direct")
    assert again.exit_code == 0, again.output
    assert f"{settings.published} was not what had been published" in again.output
    assert settings.published.read_bytes() == settings.warehouse.read_bytes()


def test_a_build_that_ends_in_an_error_is_closed_as_any_other(command, settings: Settings) -> None:
    """Found in use, mended: an error in the build left out what else needed attention, and the verdict."""
    drop(settings, "nv_licensing", "nv_2024-05.csv", NV_HEADER, [OAK])
    drop(settings, "nv_licensing", "nv_2024-06.csv", NV_HEADER.replace("Phone", "Phone Number"), [OAK])
    assert command("run", "--direct").exit_code == 1
    (records,) = settings.archive.rglob("*.parquet")
    records.write_bytes(b"damaged")
    for words in (["run"], ["build", "--again"], ["rebuild"]):
        result = command(*words, "--direct")
        assert result.exit_code == 1
        if words != ["run"]:  # in which nothing reads the damaged file
            assert "  Building: " in result.output and records.name in result.output
        told = result.output[result.output.index("What needs attention") :]
        assert "  Refused, nv_licensing/nv_2024-06.csv: " in told
        assert told.strip().splitlines()[-1].startswith("Not all is in the tables: ")
    status = command("status").output.strip().splitlines()[-1]
    assert status.endswith("4 things need attention."), "the file, what is stale, and two feeds that are late"


def test_debug_shows_the_text_that_is_left_out(command, monkeypatch: pytest.MonkeyPatch) -> None:
    """Found in use, 15: of a fault of the program nobody could see more than its kind and place."""

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("a secret value")

    monkeypatch.setattr("leads_platform.cli.status.read_status", fail)
    plainly = command("status")
    assert (plainly.exit_code, "a secret value" in plainly.output) == (1, False)
    assert "`leads-platform --debug ...` shows it" in plainly.output
    shown = command("--debug", "status")
    assert (shown.exit_code, "RuntimeError: a secret value" in shown.output) == (1, True)
    assert "a secret value" not in command("status").output, "asked for once, shown once"


def test_debug_shows_why_a_file_could_not_be_taken_in(
    command, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Found in use, mended: of a fault while a file was taken in nothing but its kind was told, with --debug, too."""

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("a secret value")

    monkeypatch.setattr("leads_platform.arrivals.receive.read_file", fail)
    drop(settings, "nv_licensing", "nv_2024-05.csv", NV_HEADER, [OAK])
    plainly = command("run", "--direct").output
    assert "nv_licensing/nv_2024-05.csv could not be taken in: RuntimeError at " in plainly
    assert "a secret value" not in plainly
    assert "RuntimeError: a secret value" in command("--debug", "run", "--direct").output


def test_who_stops_a_direct_build_waits_for_no_notices(
    command, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Found in use, mended: after Ctrl-C it told of files first, to Slack too."""

    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    told: list[object] = []
    monkeypatch.setattr("leads_platform.cli.build.build_stale", stop)
    monkeypatch.setattr("leads_platform.cli.build.tell_directly", lambda *given: told.append(given))
    assert command("build", "--direct").exit_code == 130
    assert told == []


def test_rebuild_waits_for_a_file_that_is_just_taken_in(command, settings: Settings) -> None:
    """Found in use, 18: `rebuild` beside `run` took a file whose manifest was to come for damage, and exited 1."""
    half = settings.archive / "nv_licensing" / "originals" / f"{'a' * 64}.gz"
    half.parent.mkdir(parents=True)
    with ThreadPoolExecutor(1) as threads:
        with WriterLock(settings.home, "run"):
            half.write_bytes(b"")
            rebuilding = threads.submit(command, "rebuild", "--direct")
            time.sleep(0.5)
            half.unlink()
        result = rebuilding.result(60)
    assert result.exit_code == 0, result.output
    assert "Waiting for the warehouse: process" in result.output
    assert "has no manifest" not in result.output


def test_a_product_that_could_not_be_made_exits_1(engine, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """`build`, `rebuild`, `accept` and `withdraw` exited 0; `run` said that not all was in the tables, and it was."""
    drop(settings, "lists", "lists_2024-05.csv", "Number,Person", ["1,Ann"])
    with monkeypatch.context() as broken:
        broken.setattr("leads_platform.products.shared_copy.undescribed", lambda con, database: ["small.stg_lists"])
        ran = engine("run", "--direct")
        assert ran.exit_code == 1
        last = ran.output.strip().splitlines()[-1]
        assert last.startswith("Not every product is made: one thing to act on, above")
        assert engine("build", "--direct").exit_code == 1
        assert engine("rebuild", "--direct").exit_code == 1
        taken_out = engine("withdraw", "lists/lists_2024-05.csv")
        assert taken_out.exit_code == 1
        said = "Product warehouse.duckdb was not made: all_is_described: small.stg_lists has no comment"
        assert said in taken_out.output
    assert engine("build", "--direct").exit_code == 0
