"""The questions of docs/query.md, asked of the sample's published copy as a person would."""

import re
from pathlib import Path

import duckdb
import pytest

from leads_platform.sample import Sample
from leads_platform.settings import Settings

PAGE = Path(__file__).parents[2] / "docs" / "query.md"
BLOCKS = re.findall(r"```sql\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
QUESTIONS = [query for block in BLOCKS for query in block.split(";") if query.strip()]


def test_there_are_thirteen_questions_beside_those_about_comments() -> None:
    assert len(QUESTIONS) == 2 + 13


@pytest.mark.parametrize("query", QUESTIONS, ids=range(len(QUESTIONS)))
def test_each_has_an_answer(query: str, built_sample: tuple[Settings, Sample]) -> None:
    with duckdb.connect(built_sample[0].shared, read_only=True) as con:
        assert con.execute(query).fetchall()


def test_a_view_of_a_newest_month_has_one_row_for_each_lead(built_sample: tuple[Settings, Sample]) -> None:
    with duckdb.connect(built_sample[0].shared, read_only=True) as con:
        counts = "select count(*), count(distinct phone_address_key), count(distinct month) from prospects."
        ((rows, leads, months),) = con.execute(f"{counts}current_dim_prospective_leads").fetchall()
        assert rows == leads > 500 and months == 1
        ((_, _, months),) = con.execute(f"{counts}dim_prospective_leads").fetchall()
        assert months == 6
