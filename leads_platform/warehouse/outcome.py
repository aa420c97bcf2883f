"""What a build did: rows, and each check's answer for each month, as values that anybody may keep.

Belongs here: the results and their words for a person. Does not: asking (auditing) or writing (write).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from leads_platform.months import label

# Not declared by any table: the answer when the select or an audit meets a value it can't take.
SELECT_RUNS = "select_runs"
_FEW = 5  # of the lines or rows that are kept, as many as a line of text has room for


@dataclass(frozen=True)
class CheckResult:
    """One check's answer for one month. `evidence` holds counts and line numbers only, never personal data."""

    check: str
    says: str
    blocking: bool
    month: date
    passed: bool
    bad_rows: int
    evidence: dict[str, object] = field(default_factory=dict)


def worst_of(results: Sequence[CheckResult]) -> CheckResult:
    """The result of the worst month."""
    return max(results, key=lambda r: (not r.passed, r.bad_rows))


def in_figures(results: Sequence[CheckResult]) -> dict[str, str | int | dict[str, object]]:
    """One check's answers for some months, in figures: what the UI and notices show of it."""
    failed, worst = [r for r in results if not r.passed], worst_of(results)
    figures: dict[str, str | int | dict[str, object]] = {
        "months": f"{label(min(r.month for r in results))} to {label(max(r.month for r in results))}",
        "bad_rows": sum(r.bad_rows for r in results),
    }
    if failed:
        figures["failed_months"] = ", ".join(label(r.month) for r in failed)
    if worst.bad_rows or worst.evidence:
        figures |= {"worst_month": label(worst.month), "evidence": dict(worst.evidence)}
    return figures


@dataclass(frozen=True)
class Build:
    """What one build of a table did: the rows of each month, every check's result, and whether it was committed.

    `replaced`: months that had been built and hold another content now, with the number of rows they had. A month built
    for the first time isn't among them, nor one that came out as it was.
    """

    table: str
    first: date
    last: date
    rows: dict[date, int]
    checks: list[CheckResult]
    committed: bool
    run_id: str
    hashes: dict[date, str] = field(default_factory=dict, repr=False)
    replaced: dict[date, int] = field(default_factory=dict)

    @property
    def bad_months(self) -> list[date]:
        """The months in which a blocking check failed; empty when the build was committed."""
        return sorted({check.month for check in self.checks if check.blocking and not check.passed})

    def words(self) -> str:
        """Why it was not committed, for a person."""
        failed = [check for check in self.checks if check.blocking and not check.passed]
        lines = [f"{self.table} keeps its former rows: {len(self.bad_months)} month(s) failed a blocking check."]
        for check in failed[:10]:
            found = evidence_in_words(check.evidence)
            lines.append(
                f"  {label(check.month)} {check.check}: {check.bad_rows} bad row(s)"
                f"{f' ({found})' if found else ''}. {check.says}"
            )
        return "\n".join(lines)


def evidence_in_words(evidence: Mapping[str, Any]) -> str:
    """A check's evidence for a person, the first of each: `lines 2, 40`, `deal_id 7, expected 2, found 1`."""
    return "; ".join(
        _some(key, value) if isinstance(value, list) else f"{key}: {value}" for key, value in evidence.items()
    )


def _some(key: str, values: list[Any]) -> str:
    rest = ", ..." if len(values) > _FEW else ""
    if key == "rows":
        return "; ".join(", ".join(f"{name} {cell}" for name, cell in row.items()) for row in values[:_FEW]) + rest
    return f"{key} {', '.join(map(str, values[:_FEW]))}{rest}"
