"""The funnel's twelve models as one DuckDB script: `python -m leads_platform_tests.bench.funnel_raw LANDING DB`.

Belongs here: the text of the dbt models with their references filled in, run in order. Does not: anything of the
platform; it imports DuckDB and no more, as such a script would.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import duckdb

FOLDER = Path(__file__).parent / "dbt" / "models"
# Each after what it reads.
MODELS = (
    "stg_activity",
    "stg_activity_types",
    "stg_deal_changes",
    "stg_stages",
    "stg_users",
    "int_completed_activities",
    "int_deal_stage_history",
    "dim_stages",
    "dim_users",
    "fct_activities",
    "fct_deal_stage_history",
    "rep_sales_funnel_monthly",
)


def select(model: str, landing: str) -> str:
    """The model's select: `ref` is the table's name, the only `env_var` is the landing folder."""
    text = re.sub(r"\{\{ ref\('(\w+)'\) \}\}", r"\1", (FOLDER / f"{model}.sql").read_text())
    return text.replace('{{ env_var("BENCH_LANDING") }}', landing.replace("'", "''"))


def main(landing: str, database: str) -> None:
    with duckdb.connect(database) as con:
        for model in MODELS:
            con.execute(f"create table {model} as {select(model, landing)}")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
