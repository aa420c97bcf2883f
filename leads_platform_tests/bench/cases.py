"""The cases: what is compared with what, and how a row of the table reads.

Belongs here: one function a case. Does not: the work itself (ours, raw).
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from leads_platform_tests.bench import data
from leads_platform_tests.bench.funnel_raw import MODELS
from leads_platform_tests.bench.runner import ROOT, Outcome, Runner, TaskFailed
from leads_platform_tests.bench.sizes import funnel_steps

# phonenumbers reads 15,000 numbers a second: more of them take minutes and say the same.
SAMPLE_OF_PHONES = 50_000
# Enough leads to know how long a line of the file is.
_PROBE = 20_000
# The reference export's months; and those of one month more, with the size it is measured at.
FUNNEL_MONTHS, _MANY_MONTHS, _MANY_TIMES = 15, 24, 10


@dataclass(frozen=True)
class Measure:
    """One row: `ratio` is seconds / against_seconds, or the other way round where the goal is `at least`.

    `cpu_ratio` is the same of processor seconds: on a busy machine it is the better witness. `spread` is the least and
    most wall seconds of the turns, `others` the largest share of the machine that other programs used in a turn,
    of either side. `met` is None where there is no goal.
    """

    case: str
    what: str
    rows: int
    seconds: float | None
    peak_mb: float | None
    against: str = ""
    against_seconds: float | None = None
    against_peak_mb: float | None = None
    ratio: float | None = None
    cpu_ratio: float | None = None
    goal: str = ""
    met: bool | None = None
    note: str = ""
    spread: tuple[float, float] | None = None
    against_spread: tuple[float, float] | None = None
    others: float | None = None
    detail: dict[str, dict[str, tuple[float, float]]] | None = None


def arrival(run: Runner) -> list[Measure]:
    with run.lead_files(run.sizes.rows) as [file]:
        raw = run.run("raw.arrival", file=file)
        ours = run.run("ours.arrival", file=file, rows=run.sizes.rows)
    return [
        compared(
            "arrival",
            "one CSV lead file taken in: copied, fingerprinted, counted apart from the loader, read, archived",
            run.sizes.rows,
            ours,
            "DuckDB: read_csv (pinned, all text) to Parquet",
            raw,
            most=4,
        )
    ]


def gigabyte(run: Runner) -> list[Measure]:
    """The file is at least `file_mb` large; the goal is the memory."""
    with run.lead_files(_PROBE) as [probe]:
        rows = math.ceil(1.02 * run.sizes.file_mb * 1e6 / (Path(probe).stat().st_size / _PROBE))
    with run.lead_files(rows) as [file]:
        size = Path(file).stat().st_size / 1e6
        raw = run.run("raw.arrival", file=file)
        ours = run.run("ours.arrival", file=file, rows=rows)
    measure = compared(
        "gigabyte",
        f"a CSV lead file of {size:,.0f} MB taken in",
        rows,
        ours,
        "DuckDB: read_csv (pinned, all text) to Parquet",
        raw,
    )
    return [_judged(measure, "at most 2,000 MB", ours.peak_mb <= 2_000)]


def chain(run: Runner) -> list[Measure]:
    with run.lead_files(run.sizes.rows) as [file]:
        raw = run.run("raw.chain", file=file)
        ours = run.run("ours.chain", file=file)
    return [
        compared(
            "chain",
            "the same file from landing to dim_prospective_leads, all checks, published",
            run.sizes.rows,
            ours,
            "DuckDB: read_csv to four tables of the same rows and columns, plain standardisation, nothing checked",
            raw,
            most=6,
            note=f"rows and columns written: ours {_shapes(ours.told)}; raw {_shapes(raw.told)}",
        )
    ]


def phones(run: Runner) -> list[Measure]:
    rows = run.sizes.rows
    sample = min(rows, SAMPLE_OF_PHONES)
    with run.values("phones", rows) as file:
        raw = run.run("ours.phonenumbers_alone", turns=1, file=file, rows=sample)
        ours = run.run("ours.phones", file=file)
    times = rows / sample
    scaled = Outcome(raw.seconds * times, raw.cpu * times, raw.spread, raw.peak_mb, raw.others)
    return [
        compared(
            "phones",
            f"phone() in SQL, {rows / ours.seconds:,.0f} a second; 2 % of them are odd",
            rows,
            ours,
            f"phonenumbers in Python, {sample / raw.seconds:,.0f} a second",
            scaled,
            least=15,
            note=f"phonenumbers read {sample:,} numbers, its time is scaled to {rows:,}" if sample < rows else "",
        )
    ]


def addresses(run: Runner) -> list[Measure]:
    found = []
    with run.values("addresses", run.sizes.rows) as file:
        for name, expression, plain in (
            (
                "address_key",
                "address_key(street, city, 'NV', postal_code)",
                "upper(regexp_replace(street, '[^A-Za-z0-9]+', ' ', 'g')) || '|' || postal_code",
            ),
            (
                "split_address",
                "split_address(cell, 'NV')",
                r"regexp_extract(cell, '^(.*) (\S+), ([A-Z]{2}) (\d{5})$', ['street', 'city', 'state', 'code'])",
            ),
        ):
            raw = run.run("raw.addresses", file=file, expression=plain)
            ours = run.run("ours.addresses", file=file, expression=expression)
            what = f"{name}() in SQL, {run.sizes.rows / ours.seconds:,.0f} a second"
            plainly = "DuckDB: one regular expression that is often wrong"
            found.append(compared("addresses", what, run.sizes.rows, ours, plainly, raw))
    return found


def month(run: Runner) -> list[Measure]:
    """Raw goes first and is gone before ours begins: the disk never holds both."""
    months, rows = run.sizes.months, run.sizes.month_rows
    more = list(range(months, months + run.sizes.repeat))
    with run.keep() as place, run.lead_files(rows, more) as later:
        turns = [{"file": file, "index": index} for file, index in zip(later, more, strict=True)]
        with run.lead_files(rows, range(months)) as files:
            with run.keep() as raw_place:
                raw_all = run.run("raw.months", turns=1, kept=raw_place, files=files)
                raw = run.each("raw.month", turns, raw_place)
            ours_all = run.run("ours.months", turns=1, kept=place, files=files)
        ours = run.each("ours.month", turns, place)
    return [
        compared(
            "month",
            f"{months} months of {rows:,} rows taken in and built, every table",
            months * rows,
            ours_all,
            "DuckDB: the same months, one after the other",
            raw_all,
            note=f"{data.CHURN:.0%} of a month's leads are new; the warehouse file is {ours_all.told['file_mb']:,} MB",
        ),
        compared(
            "month",
            "one more month taken in and built, every table",
            rows,
            ours,
            "DuckDB: that month's step",
            raw,
            most=3,
            note=f"rows and columns after it: ours {_shapes(ours.told)}; raw {_shapes(raw.told)}",
        ),
        compared(
            "month",
            "one more month as a share of building them all",
            rows,
            ours,
            f"building all {months}",
            ours_all,
            most=0.1,
            unit="",
            detailed=False,
        ),
    ]


def salesforce(run: Runner) -> list[Measure]:
    """Whether the tables grow in proportion: the time of a lead in one large export and in one of a quarter of it."""
    many = run.sizes.salesforce_leads
    few = max(1, many // 4)
    with run.salesforce(few) as small, run.salesforce(many) as large:
        less = run.run("ours.salesforce", file=small, leads=few)
        more = run.run("ours.salesforce", file=large, leads=many)
    times = many / few
    scaled = replace(less, seconds=less.seconds * times, cpu=less.cpu * times)
    what = f"one Salesforce export of {many:,} leads taken in and built, every table"
    against = f"the same of {few:,} leads, {less.seconds:.2f} s, in proportion"
    return [compared("salesforce", what, many, more, against, scaled, most=1.25)]


def dagster(run: Runner) -> list[Measure]:
    """Two lengths, so that what a table's month costs can be told from what a table and a run cost."""
    lengths = sorted({max(1, run.sizes.dagster_months // 4), run.sizes.dagster_months})
    found, extras = [], []
    for months in lengths:
        with run.keep() as place:
            landing = str(place / "landing")
            run.run("ours.make_sample", turns=1, kept=place, landing=landing, months=months)
            ours = run.run("ours.sample", landing=landing, dagster=True)
            what = f"the sample data's tables, months: {months}, as one range run of Dagster, with its events"
            if "left_out" in ours.told:
                return [Measure("dagster", what, 0, None, None, note=ours.told["left_out"])]
            raw = run.run("ours.sample", landing=landing, dagster=False)
        tables, steps = ours.told["tables"], ours.told["table_months"]
        extras.append((steps, tables, ours.seconds - raw.seconds, ours.cpu - raw.cpu))
        note = f"`rows` are tables ({tables}) times months; imports and the opening of the instance are not counted"
        found.append(compared("dagster", what, steps, ours, "the same built directly", raw, note=note))
    return [*found, *overhead(extras)]


def overhead(extras: list[tuple[int, int, float, float]]) -> list[Measure]:
    """What a table's month costs (b), and a table (a): `extra = tables * (a + months * b)`, solved from two lengths.

    Each of `extras`: tables times months, tables, and the wall and processor seconds that Dagster adds.
    """
    if len(extras) < 2:
        return []
    (few, tables, *little), (many, _, *much) = extras
    each = [(more - less) / (many - few) for less, more in zip(little, much, strict=True)]
    table = [(less - month * few) / tables for less, month in zip(little, each, strict=True)]
    what = (
        f"Dagster adds {1000 * each[0]:.1f} ms to a table's month (processor: {1000 * each[1]:.1f}) and "
        f"{1000 * table[0]:.0f} ms to a table, its share of the run included (processor: {1000 * table[1]:.0f})"
    )
    return [Measure("dagster", what, many, None, None, note="solved from the two lengths")]


def funnel(run: Runner) -> list[Measure]:
    """The funnel's twelve models, all contenders in turn; then one month more of the whole room."""
    found: list[Measure] = []
    for times in funnel_steps(run.sizes):
        found += _funnel_at(run, times)
    return [*found, *_funnel_month(run)]


def _funnel_at(run: Runner, times: int) -> list[Measure]:
    with run.deals(run.sizes.funnel_deals * times, FUNNEL_MONTHS, [FUNNEL_MONTHS]) as [landing], run.keep() as prepared:
        arrived = run.run("ours.funnel_arrival", turns=1, kept=prepared, landing=landing)
        outcomes = run.in_turn(funnel_contenders(landing, str(prepared), dbt_interpreter()))
    rows = arrived.told["records"]
    same_reports(outcomes)
    size = f"{times}x ({run.sizes.funnel_deals * times:,} deals)"
    measures = [
        Measure(
            "funnel",
            f"{size}: Pipedrive's six exports taken in, not part of the builds below",
            rows,
            arrived.seconds,
            arrived.peak_mb,
            spread=arrived.spread,
            others=arrived.others,
        )
    ]
    ways = {"direct": "`build --direct`", "dagster": "the Dagster range run"}
    rivals = {"dbt": "dbt-duckdb: dbt build, its project parsed before", "raw": "DuckDB: the same selects, one script"}
    goals = {("direct", "dbt", 1): 0.25, ("direct", "raw", 100): 1.3, ("dagster", "dbt", 1): 2}
    for way, words in ways.items():
        for rival, theirs in rivals.items():
            what = f"{size}: the funnel's 12 tables by {words}, the whole program"
            if rival in outcomes:
                goal = goals.get((way, rival, times))
                measures.append(compared("funnel", what, rows, outcomes[way], theirs, outcomes[rival], most=goal))
            elif times == 1:
                measures.append(Measure("funnel", f"{what}, against dbt", 0, None, None, note=_NO_DBT))
    return measures


_NO_DBT = (
    "dbt is left out: `make bench-dbt-env` makes its environment, or LEADS_PLATFORM_BENCH_DBT names an interpreter "
    "that has dbt-duckdb"
)


def dbt_interpreter() -> str | None:
    """The interpreter that has dbt-duckdb, or None. Raises TaskFailed when the one named is not there."""
    named = os.environ.get("LEADS_PLATFORM_BENCH_DBT")
    path = Path(named) if named else ROOT / ".venv-bench" / "bin" / "python"
    if path.exists():
        return str(path.absolute())
    if named:
        raise TaskFailed(f"LEADS_PLATFORM_BENCH_DBT is {named}, which is not there")
    return None


def funnel_contenders(landing: str, prepared: str, interpreter: str | None) -> dict[str, tuple[str, dict]]:
    """Task and arguments of each contender, by name; dbt where there is an interpreter for it."""
    tables = [f"funnel.{model}" for model in MODELS]
    ours = {"prepared": prepared, "first_month": f"{data.FIRST_MONTH:%Y-%m}", "tables": tables}
    contenders: dict[str, tuple[str, dict]] = {
        "raw": ("whole.raw", {"landing": landing}),
        "direct": ("whole.ours", {**ours, "direct": True}),
        "dagster": ("whole.ours", {**ours, "direct": False}),
    }
    return (
        {"dbt": ("whole.dbt", {"landing": landing, "interpreter": interpreter}), **contenders}
        if interpreter
        else contenders
    )


def same_reports(outcomes: dict[str, Outcome]) -> None:
    """Raises TaskFailed unless all contenders wrote the same monthly report, and one with rows."""
    reports = {name: {tuple(row) for row in outcome.told["report"]} for name, outcome in outcomes.items()}
    expected = reports["raw"]
    if not expected:
        raise TaskFailed("funnel: the report of raw DuckDB has no rows")
    for name, rows in reports.items():
        if rows != expected:
            few = f"{sorted(rows - expected)[:3]} are not raw DuckDB's, {sorted(expected - rows)[:3]} are missing"
            raise TaskFailed(
                f"funnel: the report of {name} differs from raw DuckDB's in {len(rows ^ expected)} rows: {few}"
            )


def _funnel_month(run: Runner) -> list[Measure]:
    """Each further month is a newer extract of the same deals: their whole history with a month more."""
    times = min(_MANY_TIMES, run.sizes.funnel_times)
    last = _MANY_MONTHS + run.sizes.repeat
    deals = round(run.sizes.funnel_deals * times * last / FUNNEL_MONTHS)
    with run.deals(deals, last, range(_MANY_MONTHS, last + 1)) as [first, *later], run.keep() as place:
        built = run.run("ours.funnel_months", turns=1, kept=place, landing=first, months=_MANY_MONTHS)
        turns = [{"landing": landing, "months": months} for months, landing in enumerate(later, _MANY_MONTHS + 1)]
        more = run.each("ours.funnel_months", turns, place)
    return [
        compared(
            "funnel",
            f"{times}x: one more month taken in and built, every table of the room",
            0,
            more,
            f"the first {_MANY_MONTHS} months, taken in and built together",
            built,
            most=0.1,
            unit="",
        )
    ]


def compared(
    case: str,
    what: str,
    rows: int,
    ours: Outcome,
    against: str,
    raw: Outcome,
    *,
    most: float | None = None,
    least: float | None = None,
    unit: str = " times",
    note: str = "",
    detailed: bool = True,
) -> Measure:
    """A row. Its goal is for the ratio of wall seconds: `most` at most, or at `least` so many times as fast."""
    one, other = (raw, ours) if least else (ours, raw)
    ratio, goal, met = one.seconds / other.seconds, "", None
    if least:
        goal, met = f"at least {least:g}{unit} as fast", ratio >= least
    elif most:
        goal, met = f"at most {most:g}{unit}", ratio <= most
    shares = [share for share in (ours.others, raw.others) if share is not None]
    parts = {"ours": ours.told.get("parts"), "raw": raw.told.get("parts")} if detailed else {}
    return Measure(
        case,
        what,
        rows,
        ours.seconds,
        ours.peak_mb,
        against,
        raw.seconds,
        raw.peak_mb,
        ratio,
        one.cpu / other.cpu if other.cpu else None,
        goal,
        met,
        note,
        ours.spread,
        raw.spread,
        max(shares, default=None),
        {side: told for side, told in parts.items() if told} or None,
    )


def _judged(measure: Measure, goal: str, met: bool) -> Measure:
    """The row with a goal that is no ratio."""
    return replace(measure, goal=goal, met=met)


def _shapes(told: dict) -> str:
    """`rows x columns` of each table with rows."""
    return ", ".join(f"{name} {rows:,} x {columns}" for name, (rows, columns) in sorted(told["tables"].items()))


def feeds(run: Runner) -> list[Measure]:
    """Whether a file and a look cost as much after thousands of files as at first. Once: its tenths are its turns."""
    many, files = run.sizes.feeds, run.sizes.feed_files
    outcome = run.run("feeds.many", turns=1, feeds=many, files=files)
    found = []
    for name, what, most in (
        ("file", "a small file taken in", 1.5),
        ("look", "a sensor's look that finds a tenth of the files at rest", 1.5),
        ("idle", "a sensor's look that finds nothing new", None),
    ):
        first, *_, last = outcome.told["cpu"][name]
        measure = Measure(
            "feeds",
            f"{what}, of {files:,} of {many} feeds: {1000 * first:.1f} ms in the first tenth, then {1000 * last:.1f}",
            files,
            outcome.seconds,
            outcome.peak_mb,
            note="milliseconds of processor; `seconds` are of all",
            cpu_ratio=last / first,
        )
        found.append(measure if most is None else _judged(measure, f"at most {most:g} times", last / first <= most))
    return found


CASES: dict[str, Callable[[Runner], list[Measure]]] = {
    "arrival": arrival,
    "chain": chain,
    "gigabyte": gigabyte,
    "phones": phones,
    "addresses": addresses,
    "month": month,
    "salesforce": salesforce,
    "dagster": dagster,
    "funnel": funnel,
    "feeds": feeds,
}
