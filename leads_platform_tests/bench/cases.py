"""The cases: what is compared with what, and how a row of the table reads.

Belongs here: one function a case. Does not: the work itself (ours, raw).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from leads_platform_tests.bench import data
from leads_platform_tests.bench.runner import Runner

# phonenumbers reads 15,000 numbers a second: more of them take minutes and say the same.
SAMPLE_OF_PHONES = 50_000


@dataclass(frozen=True)
class Measure:
    """One row: `ratio` is seconds / against_seconds, or the other way round where the goal is `at least`.

    `cpu_ratio` is the same of processor seconds: on a busy machine it is the better witness.
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
    note: str = ""
    detail: dict | None = None


def arrival(run: Runner) -> list[Measure]:
    file = run.lead_file(run.rows)
    raw = run.run("raw.arrival", file=file)
    ours = run.run("ours.arrival", file=file, rows=run.rows)
    return [
        Measure(
            "arrival",
            "one CSV lead file taken in: copied, fingerprinted, counted apart from the loader, read, archived",
            run.rows,
            ours.seconds,
            ours.peak_mb,
            "DuckDB: read_csv (pinned, all text) to Parquet",
            raw.seconds,
            raw.peak_mb,
            ours.seconds / raw.seconds,
            ours.cpu / raw.cpu,
            "at most 4 times",
        )
    ]


def chain(run: Runner) -> list[Measure]:
    file = run.lead_file(run.rows)
    raw = run.run("raw.chain", file=file)
    ours = run.run("ours.chain", file=file)
    return [
        Measure(
            "chain",
            "the same file from landing to dim_prospective_leads, all checks, published",
            run.rows,
            ours.seconds,
            ours.peak_mb,
            "DuckDB: read_csv to four tables of the same rows and columns, plain standardisation, nothing checked",
            raw.seconds,
            raw.peak_mb,
            ours.seconds / raw.seconds,
            ours.cpu / raw.cpu,
            "at most 6 times",
            f"rows and columns written: ours {_shapes(ours.told)}; raw {_shapes(raw.told)}",
            {"parts": ours.told["parts"]},
        )
    ]


def phones(run: Runner) -> list[Measure]:
    sample = min(run.rows, SAMPLE_OF_PHONES)
    raw = run.run("ours.phonenumbers_alone", rows=sample, repeat=1)
    ours = run.run("ours.phones", rows=run.rows)
    scaled = raw.seconds * run.rows / sample
    return [
        Measure(
            "phones",
            f"phone() in SQL, {run.rows / ours.seconds:,.0f} a second; 2 % of them are odd",
            run.rows,
            ours.seconds,
            ours.peak_mb,
            f"phonenumbers in Python, {sample / raw.seconds:,.0f} a second",
            scaled,
            raw.peak_mb,
            scaled / ours.seconds,
            raw.cpu * run.rows / sample / ours.cpu,
            "at least 15 times as fast",
            f"phonenumbers read {sample:,} numbers, its time is scaled to {run.rows:,}" if sample < run.rows else "",
        )
    ]


def addresses(run: Runner) -> list[Measure]:
    found = []
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
        raw = run.run("ours.addresses", rows=run.rows, expression=plain)
        ours = run.run("ours.addresses", rows=run.rows, expression=expression)
        found.append(
            Measure(
                "addresses",
                f"{name}() in SQL, {run.rows / ours.seconds:,.0f} a second",
                run.rows,
                ours.seconds,
                ours.peak_mb,
                "DuckDB: one regular expression that is often wrong",
                raw.seconds,
                raw.peak_mb,
                ours.seconds / raw.seconds,
                ours.cpu / raw.cpu,
            )
        )
    return found


def month(run: Runner) -> list[Measure]:
    more = run.repeat
    files = [run.lead_file(run.month_rows, index) for index in range(run.months + more)]
    raw = run.run("raw.months", repeat=1, files=files, more=more)
    ours = run.run("ours.months", repeat=1, files=files, more=more)
    (every, every_cpu), (raw_every, raw_cpu) = ours.told["all"], raw.told["all"]
    shapes = f"rows and columns after it: ours {_shapes(ours.told)}; raw {_shapes(raw.told)}"
    size = f"the warehouse file is {ours.told['file_mb']:,} MB"
    return [
        Measure(
            "month",
            f"{run.months} months of {run.month_rows:,} rows taken in and built, every table",
            run.months * run.month_rows,
            every,
            ours.peak_mb,
            "DuckDB: the same months, one after the other",
            raw_every,
            raw.peak_mb,
            every / raw_every,
            every_cpu / raw_cpu,
            note=f"{data.CHURN:.0%} of a month's leads are new; {size}",
            detail={"parts": ours.told["parts"]["all"]},
        ),
        Measure(
            "month",
            "one more month taken in and built, every table",
            run.month_rows,
            ours.seconds,
            ours.peak_mb,
            "DuckDB: that month's step",
            raw.seconds,
            raw.peak_mb,
            ours.seconds / raw.seconds,
            ours.cpu / raw.cpu,
            "at most 3 times",
            shapes,
            {"parts": ours.told["parts"]},
        ),
        Measure(
            "month",
            "one more month as a share of building them all",
            run.month_rows,
            ours.seconds,
            ours.peak_mb,
            f"building all {run.months}",
            every,
            ours.peak_mb,
            ours.seconds / every,
            ours.cpu / every_cpu,
            "at most 0.1",
        ),
    ]


def dagster(run: Runner) -> list[Measure]:
    ours = run.run("ours.sample", dagster=True)
    what = "the sample data's months built through Dagster, with its events, in this process"
    if "left_out" in ours.told:
        return [Measure("dagster", what, 0, None, None, note=ours.told["left_out"])]
    raw = run.run("ours.sample", dagster=False)
    tables, steps = ours.told["tables"], ours.told["table_months"]
    extra = ours.seconds - raw.seconds
    return [
        Measure(
            "dagster",
            what,
            steps,
            ours.seconds,
            ours.peak_mb,
            "the same tables and months built directly",
            raw.seconds,
            raw.peak_mb,
            ours.seconds / raw.seconds,
            ours.cpu / raw.cpu,
            note=f"rows are tables times months; Dagster adds {1000 * extra / steps:.0f} ms to each, "
            f"{1000 * extra / tables:.0f} ms to a table; imports and the opening of the instance are not counted",
        )
    ]


def _shapes(told: dict) -> str:
    """`rows x columns` of each table with rows."""
    return ", ".join(f"{name} {rows:,} x {columns}" for name, (rows, columns) in sorted(told["tables"].items()))


CASES: dict[str, Callable[[Runner], list[Measure]]] = {
    "arrival": arrival,
    "chain": chain,
    "phones": phones,
    "addresses": addresses,
    "month": month,
    "dagster": dagster,
}
