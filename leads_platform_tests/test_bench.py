"""The benchmark runs and tells what it measured; how long anything took is nobody's assertion."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from types import SimpleNamespace

import duckdb
import pytest
from rich.console import Console

from leads_platform_tests.bench import cases, data, sizes, tell
from leads_platform_tests.bench.__main__ import main
from leads_platform_tests.bench.cases import Measure, compared, overhead
from leads_platform_tests.bench.kept import Kept, read
from leads_platform_tests.bench.runner import Outcome, Runner, TaskFailed
from leads_platform_tests.bench.sizes import Sizes

# A deal's entry of the first stage, as the export tells it.
STEP_1 = ("stage_id", "1")
HERE = {
    "cores": 2,
    "memory_gb": 25.3,
    "python": "3.11.7",
    "duckdb": "1.5.5",
    "system": "Linux x86_64",
    "commit": "abc1234",
}
ARRIVAL = Measure(
    "arrival",
    "a file taken in",
    1_000_000,
    5.0,
    362.4,
    "read_csv | Parquet",
    2.0,
    250.0,
    2.5,
    1.5,
    "at most 4 times",
    True,
    spread=(5.0, 6.25),
    against_spread=(2.0, 2.0),
    others=0.12,
    detail={"ours": {"taking in": (4.0, 3.0)}},
)


def kept_here() -> Kept:
    loads: dict[str, dict[str, float | None]] = {"arrival": {"average": 0.3, "busy": 0.04}}
    return Kept(HERE, "2026-11-21 05:00 UTC", "bench --rows 5", Sizes(repeat=3), ["chain"], [ARRIVAL], loads)


def run_bench(tmp_path: Path, *arguments: str) -> tuple[int, str]:
    printed = io.StringIO()
    code = main([*arguments, "--work", str(tmp_path)], Console(file=printed, width=200))
    assert list(tmp_path.glob("leads-platform-bench-*")) == []
    return code, printed.getvalue()


def test_prints_a_table_with_ratios_and_peaks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = tmp_path / "o.json"
    code, text = run_bench(tmp_path, "--rows", "500", "--repeat", "2", "--only", "arrival", "--json", str(told))
    assert code == 0
    assert "Leads platform against raw DuckDB" in text
    assert "one CSV lead file taken in" in text
    assert "cores" in text
    assert f"DuckDB {duckdb.__version__}" in text
    [measure] = json.loads(told.read_text())["measures"]
    assert (measure["case"], measure["rows"]) == ("arrival", 500)
    assert measure["ratio"] == measure["seconds"] / measure["against_seconds"]
    assert measure["met"] is (measure["ratio"] <= 4)
    assert measure["spread"][0] == measure["seconds"] <= measure["spread"][1]
    assert measure["peak_mb"] > 0
    progress = capsys.readouterr().err
    assert "GB free" in progress
    assert "case arrival (load" in progress
    assert "ours.arrival 2/2: " in progress


def test_json_lines_are_taken_whole_on_both_sides(tmp_path: Path) -> None:
    told = tmp_path / "o.json"
    code, text = run_bench(tmp_path, "--rows", "500", "--repeat", "1", "--only", "jsonl", "--json", str(told))
    assert code == 0
    assert "JSON Lines of 20 fields taken in" in text
    [measure] = json.loads(told.read_text())["measures"]
    assert (measure["case"], measure["rows"], measure["goal"]) == ("jsonl", 500, "at most 4 times")


def test_a_file_of_a_given_size_is_judged_by_memory(tmp_path: Path) -> None:
    told = tmp_path / "o.json"
    code, text = run_bench(tmp_path, "--file-mb", "1", "--repeat", "1", "--only", "gigabyte", "--json", str(told))
    assert code == 0
    assert "at most 2,000 MB" in text
    [measure] = json.loads(told.read_text())["measures"]
    assert "a CSV lead file of 1 MB taken in" in measure["what"]
    assert 5_000 < measure["rows"] < 10_000  # a line of the list is 100 to 200 bytes long


@pytest.mark.slow
def test_a_month_after_others_and_the_whole_chain_hold_the_same_leads_as_raw_duckdb(tmp_path: Path) -> None:
    # 500 rows; then 1 month of 100 rows and one more, of which 2 are new: 102 leads as of its end, 202 rows in all.
    told = tmp_path / "o.json"
    small = ["--rows", "500", "--months", "1", "--month-rows", "100", "--repeat", "1"]
    code, text = run_bench(tmp_path, *small, "--json", str(told), "--detail", "--only", "chain", "month")
    assert code == 0
    notes = [measure["note"] for measure in json.loads(told.read_text())["measures"]]
    assert "dim_prospective_leads 500 x 30" in notes[0]
    assert "dim 500 x 30" in notes[0]
    assert "dim_prospective_leads 202 x 30" in notes[2]
    assert "dim 202 x 30" in notes[2]
    assert "prospects.stg_leads_nv_licensing" in text


@pytest.mark.slow
def test_the_funnel_of_the_direct_build_and_of_plain_duckdb_are_the_same(tmp_path: Path) -> None:
    run = Runner(tmp_path, Sizes(repeat=1), lambda text: None)
    with run.deals(40, 3, [3]) as [landing], run.keep() as prepared:
        run.run("ours.funnel_arrival", turns=1, kept=prepared, landing=landing)
        contenders = cases.funnel_contenders(landing, str(prepared), None)
        outcomes = run.in_turn({name: contenders[name] for name in ("raw", "direct")})
        with (Path(landing) / "pipedrive_deal_changes" / "pipedrive_deal_changes_2020-03-31.csv").open() as file:
            begun = {
                row["deal_id"]
                for row in csv.DictReader(file)
                if (row["changed_field_key"], row["new_value"].strip()) == STEP_1
            }
    cases.same_reports(outcomes)
    report = outcomes["direct"].told["report"]
    # Each deal enters the first stage for the first time in one month.
    assert sum(deals for _, name, _, deals in report if name == "step 1: lead generation") == len(begun) > 30
    assert {month for month, *_ in report} == {"2020-01", "2020-02", "2020-03"}
    for outcome in outcomes.values():
        assert outcome.seconds > 0
        assert 30 < outcome.peak_mb < 1_000


def test_a_contender_with_another_report_fails_the_case() -> None:
    def outcome(*rows: list) -> Outcome:
        return Outcome(1.0, 1.0, (1.0, 1.0), 1.0, told={"report": list(rows)})

    row, other = ["2024-02", "step 1: lead generation", "1.0", 7], ["2024-02", "step 1: lead generation", "1.0", 8]
    cases.same_reports({"raw": outcome(row, other), "direct": outcome(other, row)})
    with pytest.raises(TaskFailed, match="the report of dbt differs from raw DuckDB's in 2 rows"):
        cases.same_reports({"raw": outcome(row), "direct": outcome(row), "dbt": outcome(other)})
    with pytest.raises(TaskFailed, match="has no rows"):
        cases.same_reports({"raw": outcome(), "direct": outcome()})


def test_dbt_is_one_contender_where_its_interpreter_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cases, "ROOT", tmp_path)
    monkeypatch.delenv("LEADS_PLATFORM_BENCH_DBT", raising=False)
    assert cases.dbt_interpreter() is None
    assert set(cases.funnel_contenders("landing", "prepared", None)) == {"raw", "direct", "dagster"}
    interpreter = tmp_path / ".venv-bench" / "bin" / "python"
    interpreter.parent.mkdir(parents=True)
    interpreter.touch()
    assert cases.dbt_interpreter() == str(interpreter)
    assert list(cases.funnel_contenders("landing", "prepared", str(interpreter))) == ["dbt", "raw", "direct", "dagster"]
    monkeypatch.setenv("LEADS_PLATFORM_BENCH_DBT", str(tmp_path / "nowhere"))
    with pytest.raises(TaskFailed, match="which is not there"):
        cases.dbt_interpreter()


def test_the_funnel_is_measured_at_its_sizes() -> None:
    assert [sizes.funnel_steps(Sizes(funnel_times=times)) for times in (1, 5, 10, 100)] == [
        [1],
        [1, 5],
        [1, 10],
        [1, 10, 100],
    ]


def test_what_was_measured_before_an_interruption_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = tmp_path / "o.json"

    def interrupted(run: Runner) -> list[Measure]:
        assert read(told).measures == [ARRIVAL]  # the case before is on disk when this one begins
        raise KeyboardInterrupt

    monkeypatch.setitem(cases.CASES, "arrival", lambda run: [ARRIVAL])
    monkeypatch.setitem(cases.CASES, "chain", interrupted)
    code, text = run_bench(tmp_path, "--only", "arrival", "chain", "--json", str(told))
    assert code == 130
    assert "a file taken in" in text
    assert "cut off: chain" in text
    assert read(told).left == ["chain"]


def test_a_case_that_fails_is_told_and_the_next_one_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def failing(run: Runner) -> list[Measure]:
        run.run("raw.arrival", file="nowhere.csv")
        return []

    monkeypatch.setitem(cases.CASES, "chain", failing)
    monkeypatch.setitem(cases.CASES, "arrival", lambda run: [ARRIVAL])
    code, text = run_bench(tmp_path, "--only", "chain", "arrival")
    assert code == 1
    assert "failed" in text
    assert "a file taken in" in text
    assert "nowhere.csv" in capsys.readouterr().err


def test_too_small_a_disk_is_said_before_anything_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sizes, "disk_usage", lambda folder: SimpleNamespace(free=1_000_000))
    code, text = run_bench(tmp_path, "--large")
    assert (code, text) == (2, "")
    assert "0.0 GB free" in capsys.readouterr().err


def test_markdown_holds_machine_commit_day_command_and_the_verdict() -> None:
    assert tell.markdown(kept_here()).splitlines() == [
        "2 cores, 25.3 GB memory, Linux x86_64; DuckDB 1.5.5, Python 3.11.7; commit abc1234; 2026-11-21 05:00 UTC.",
        "Command: `bench --rows 5`. Best of 3; in brackets least to most.",
        "",
        "| case | rows | ours | peak | against | peak | ratio of time | of processor time | goal |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |",
        "| a file taken in, against read_csv / Parquet | 1,000,000 | 5.00 s (5.00-6.25) | 362 MB | 2.00 s | 250 MB "
        "| 2.50 | 1.50 | at most 4 times: met |",
        "",
        "- arrival: load 0.3 before it, processors 4% busy before it, others used up to 12% of them during it",
        "- not measured, as the bench was cut off: chain",
    ]


def test_kept_numbers_are_shown_again_without_measuring(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = tmp_path / "o.json"
    kept_here().write(told)
    assert read(told) == kept_here()
    code, text = run_bench(tmp_path, "--show", str(told), "--detail")
    assert code == 0
    assert "at most 4 times: met" in text
    assert "taking in" in text
    told.write_text("[]")
    assert run_bench(tmp_path, "--show", str(told)) == (2, "")
    assert "it is not what --json keeps" in capsys.readouterr().err


def test_goals_are_judged_by_wall_seconds() -> None:
    ours, raw = Outcome(8.0, 3.0, (8.0, 9.0), 300.0, 0.1), Outcome(2.0, 1.0, (2.0, 2.5), 200.0, 0.3)
    slower = compared("x", "ours", 1, ours, "raw", raw, most=4)
    assert (slower.ratio, slower.cpu_ratio, slower.met, slower.others) == (4.0, 3.0, True, 0.3)
    assert compared("x", "ours", 1, ours, "raw", raw, most=3.9).met is False
    faster = compared("x", "ours", 1, raw, "theirs", ours, least=4)
    assert (faster.ratio, faster.cpu_ratio, faster.met, faster.goal) == (4.0, 3.0, True, "at least 4 times as fast")
    assert compared("x", "ours", 1, raw, "theirs", ours, least=4.1).met is False
    assert compared("x", "ours", 1, ours, "raw", raw).met is None


def test_the_overhead_of_a_table_and_of_its_month_are_told_apart() -> None:
    # 10 tables at 50 ms, each of their months at 10 ms; processor: 20 ms and 5 ms.
    six, all_24 = (60, 10, 0.5 + 60 * 0.010, 0.2 + 60 * 0.005), (240, 10, 0.5 + 240 * 0.010, 0.2 + 240 * 0.005)
    [measure] = overhead([six, all_24])
    assert "10.0 ms to a table's month (processor: 5.0)" in measure.what
    assert "50 ms to a table, its share of the run included (processor: 20)" in measure.what
    assert overhead([six]) == []


def test_the_best_turn_counts_and_the_spread_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    turns = iter(
        [
            {"seconds": [[3.0, 1.0, None]], "peak_mb": 10.0, "tables": "first"},
            {"seconds": [[2.0, 1.5, None]], "peak_mb": 12.0, "tables": "second"},
            {"seconds": [[4.0, 1.2, None]], "peak_mb": 11.0, "tables": "third"},
        ]
    )
    run = Runner(tmp_path, Sizes(repeat=3), lambda text: None)
    monkeypatch.setattr(run, "_once", lambda *given: next(turns))
    found = run.run("raw.arrival")
    assert (found.seconds, found.cpu, found.spread, found.peak_mb) == (2.0, 1.0, (2.0, 4.0), 12.0)
    assert found.told["tables"] == "second"


def test_the_peak_is_of_the_task_alone(tmp_path: Path) -> None:
    ours = bytearray(b"x") * 300_000_000  # every page touched: a child's ru_maxrss would inherit it
    run = Runner(tmp_path, Sizes(repeat=1), lambda text: None)
    with run.lead_files(100) as [file]:
        found = run.run("raw.arrival", file=file)
    assert len(ours) == 300_000_000
    assert 0 < found.peak_mb < 250


def test_lead_files_go_when_they_are_no_longer_needed(tmp_path: Path) -> None:
    run = Runner(tmp_path, Sizes(), lambda text: None)
    with run.lead_files(100, [0, 1]) as files:
        leads = [
            {
                row[0]
                for row in duckdb.sql(f"select \"Credential Number\" from read_csv('{file}', header = true)").fetchall()
            }
            for file in files
        ]
        # 2 % of a month's leads are new in it.
        assert [len(each) for each in leads] == [100, 100]
        assert len(leads[0] & leads[1]) == 98
    assert list(tmp_path.iterdir()) == []
    assert data.CHURN == 0.02
