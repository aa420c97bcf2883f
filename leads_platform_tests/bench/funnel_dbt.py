"""dbt in process, for an interpreter that has dbt-duckdb and nothing of ours: `python funnel_dbt.py build WORK`.

Belongs here: the one call of dbt. Does not: its models (dbt/), or an import of ours.
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path


def main(command: str, work: str) -> int:
    # By name: dbt is in .venv-bench alone, and no dependency of ours.
    runner = import_module("dbt.cli.main").dbtRunner()
    project = str(Path(__file__).parent / "dbt")
    places = ["--project-dir", project, "--profiles-dir", project, "--target-path", f"{work}/target"]
    return 0 if runner.invoke([command, *places, "--log-path", f"{work}/logs"]).success else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
