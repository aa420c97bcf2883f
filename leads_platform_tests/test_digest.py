"""What a command without Dagster tells of its builds."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

import pytest

from leads_platform.cli.build import build_everything
from leads_platform.digest import items_of_builds
from leads_platform.settings import Settings
from leads_platform.warehouse.build_state import BuildState, FailedCheck
from leads_platform.warehouse.outcome import Build, CheckResult
from leads_platform_tests.orchestration.conftest import REPORT, deliver, platform_with, report, take_in

APR, MAY, JUN = (date(2024, month, 1) for month in (4, 5, 6))
DIM = "funnel.dim_deals"


def result(month: date, bad: int, *, blocking: bool = False) -> CheckResult:
    return CheckResult("owed", "says", blocking, month, bad == 0, bad, {"lines": [7]} if bad else {})


def build(*results: CheckResult, table: str = DIM) -> Build:
    committed = not any(r.blocking and not r.passed for r in results)
    return Build(
        table, results[0].month, results[-1].month, {r.month: 5 for r in results}, list(results), committed, "run"
    )


def before(built_at: float, *failed: FailedCheck) -> BuildState:
    """The note on a warehouse where April to June were built then."""
    at = [(DIM, month) for month in (APR, MAY, JUN)]
    return BuildState(dict.fromkeys(at, 5), {}, {}, list(failed), dict.fromkeys(at, built_at))


def test_a_check_that_warns_is_told_with_its_figures() -> None:
    """Found in use, mended: what failed in `run --direct` was in no notice."""
    (item,) = items_of_builds(before(100.0), [build(result(APR, 0), result(MAY, 2), result(JUN, 1))])
    assert item.kind == "warning"
    assert item.text.split("\n    ") == [
        "funnel.dim_deals: owed failed for 2024-05, 2024-06",
        "A warning: the rows are in the table.",
        "months: 2024-05 to 2024-06",
        "bad_rows: 3",
        "failed_months: 2024-05, 2024-06",
        "worst_month: 2024-05",
        "evidence: {'lines': [7]}",
    ]


def test_rows_that_were_kept_out_are_told_though_the_good_months_are_built_after() -> None:
    """Found in use, mended: as with Dagster, the table is built again to the last month before the bad one."""
    refused, good = build(result(APR, 0), result(MAY, 2), result(JUN, 0)), build(result(APR, 0))
    kept_out = replace(refused, checks=[replace(r, blocking=True) for r in refused.checks], committed=False)
    (item,) = items_of_builds(before(100.0), [kept_out, good])
    assert (item.kind, item.text.split("\n")[0]) == ("kept out", "funnel.dim_deals: owed failed for 2024-05")


@pytest.mark.parametrize(
    ("failed", "told"),
    [
        (FailedCheck(DIM, MAY, "owed", 2, {}, False), 0),
        (FailedCheck(DIM, MAY, "owed", 3, {}, False), 1),
        (FailedCheck(DIM, APR, "owed", 2, {}, False), 1),
        (FailedCheck(DIM, MAY, "owed", 2, {}, True), 1),  # it kept rows out, and warns now
    ],
)
def test_what_failed_alike_before_is_no_news(failed: FailedCheck, told: int) -> None:
    """Found in use, mended: a warning that stands is told once, by whatever command."""
    assert len(items_of_builds(before(100.0, failed), [build(result(MAY, 2))])) == told


def test_what_was_mended_in_between_is_told_again() -> None:
    """Found in use, mended: the second bad list of a month may have as many bad rows as the first."""
    first, same, later = (items_of_builds(before(at), [build(result(MAY, 2))]) for at in (100.0, 100.0, 200.0))
    assert first == same
    assert first[0].key != later[0].key


def test_a_direct_build_tells_of_checks_and_changed_months_once(settings: Settings) -> None:
    """Found in use, mended: `run --direct` sent notices of files alone."""
    platform = platform_with(settings, report(warn=2))
    deliver(settings, "2024-05", 3)
    deliver(settings, "2024-06", 3)
    take_in(platform)

    def told() -> list[str]:
        build_everything(platform, direct=True, again=True)
        paths = sorted(settings.outbox.glob("*.json"), key=lambda path: path.stat().st_mtime_ns)
        return [json.loads(path.read_text())["title"] for path in paths]

    assert told() == ["build: 1 check failed"]
    assert told() == ["build: 1 check failed"]
    deliver(settings, "2024-05", 4, "nv_2024-05-31.csv")
    take_in(platform)
    assert told()[1:] == ["build: ended months changed"]
    text = "\n".join(path.read_text() for path in settings.outbox.glob("*.json"))
    assert f"{REPORT}: not_many_leads failed for 2024-05, 2024-06" in text
    assert "2024-05 has ended and changed: 3 tables, because of nv_licensing/nv_2024-05-31.csv." in text
