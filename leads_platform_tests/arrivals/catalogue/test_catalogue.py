"""The catalogue of bad input, run: each kind gets its verdict, its values and its words; the page tells the same.

Belongs here: running every kind, and what holds of all together. Does not: a kind's expectations (their modules).
"""

from __future__ import annotations

from pathlib import Path

import pytest

from leads_platform.warehouse import volume_is_usual
from leads_platform_tests.arrivals.catalogue.groups import KINDS
from leads_platform_tests.arrivals.catalogue.page import page
from leads_platform_tests.arrivals.catalogue.paths import PLACES
from leads_platform_tests.arrivals.catalogue.run_case import Counter, Outcome, template, try_kind

pytestmark = pytest.mark.slow
PAGE = Path(__file__).parents[3] / "docs" / "bad-input.md"
_outcomes: dict[str, Outcome] = {}


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Counter:
    return template(tmp_path_factory.mktemp("catalogue") / "data")


@pytest.mark.parametrize("id", KINDS)
def test_kind(id: str, start: Counter, tmp_path: Path) -> None:
    """Found in use, 16: the page's "What you see" was printed by nobody; `run` prints it (run_case._printed)."""
    _outcomes[id] = try_kind(KINDS[id], start, tmp_path / "data")


def test_at_least_sixty_kinds_each_with_a_verdict_and_none_silent(start: Counter, tmp_path: Path) -> None:
    """Sixty kinds, sixty verdicts; where records are left out, or nothing is read, it is said."""
    outcomes = _all(start, tmp_path)
    assert len(outcomes) >= 60
    assert len({kind.kind for kind in KINDS.values()}) == len(KINDS)
    silent = [one.kind.id for one in outcomes if not one.message and one.kind.verdict not in ("gone", "passed over")]
    assert silent == []
    assert {one.kind.id for one in outcomes if one.kind.verdict in ("gone", "passed over")} == {
        "name-hidden",
        "name-transfer",
        "vanished",
    }


def test_a_refusal_says_what_is_wrong_and_how_to_mend_it() -> None:
    told_by_name_alone = {kind.id for kind in PLACES}  # not a plain file: which says it all
    for kind in KINDS.values():
        if kind.verdict == "refused" and kind.id not in told_by_name_alone:
            assert len(kind.says) >= 2, kind.id


def test_the_page_tells_what_happens(start: Counter, tmp_path: Path) -> None:
    assert PAGE.read_text(encoding="utf-8") == page(_all(start, tmp_path)), "docs/bad-input.md: run `make docs`"


def test_the_page_tells_when_a_cut_file_is_warned_of() -> None:
    """Found in use, 16: the page said that `row_volume_is_usual` warns of any cut file; it does below half only."""
    (promise,) = [line.strip().strip('"') for line in PAGE.read_text().splitlines() if "median row count" in line]
    assert promise == volume_is_usual().says
    low = [said for said in volume_is_usual().text().split() if said.startswith("0.5")]
    assert low, "half is what the page's words and the check's condition agree on"
    assert "between 50% and 200%" in promise


def _all(start: Counter, folder: Path) -> list[Outcome]:
    """Every kind's outcome; those that no test of this run has tried are tried now."""
    return [
        _outcomes.get(id) or _outcomes.setdefault(id, try_kind(kind, start, folder / str(number)))
        for number, (id, kind) in enumerate(KINDS.items())
    ]
