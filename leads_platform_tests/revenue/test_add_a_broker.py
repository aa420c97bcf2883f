"""docs/add-a-broker.md, as written: a broker by its YAML and sample files, from the proposal to the ledger."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from leads_platform.cli.commands import commands
from leads_platform_tests.helpers import asking, run
from leads_platform_tests.revenue.files import august, leads, transactions

PAGE = (Path(__file__).parents[2] / "docs" / "add-a-broker.md").read_text()
SAMPLES = dict(re.findall(r"^`(summit_\w+_[\d-]+\.csv)`.*?```csv\n(.*?)```", PAGE, re.M | re.S))
ASKED = re.findall(r"^leads-platform (broker .*)$", PAGE, re.M)
YAML = re.findall(r"^```yaml\n(.*?)\n```$", PAGE, re.M | re.S)
ANSWER = re.findall(r"^```\n(rows that .*?)\n```$", PAGE, re.M | re.S)


def test_the_page_from_samples_to_the_ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = august(tmp_path)
    monkeypatch.chdir(tmp_path)  # where the page's commands find `data`
    for name, value in {"DATA": str(settings.data), "NOW": "2024-08-15T12:00:00", "ENV": settings.env}.items():
        monkeypatch.setenv(f"LEADS_PLATFORM_{name}", value)
    for name, text in SAMPLES.items():
        (tmp_path / name).write_text(text)
    transactions(settings, "2024-05", "2024-05-31", """
        T1 318 cpa sale 0.01 2024-05-04 lead_id=L1
        T2 318 cpa sale 0.01 2024-05-06 lead_id=L2
    """)  # fmt: skip
    leads(settings, "2024-05-31", """
        L1 2024-05-04 web phone=702-555-0101
        L2 2024-05-06 web phone=702-555-0102
    """)  # fmt: skip
    run(settings, rooms=["revenue"])
    new, check = ASKED
    made = CliRunner().invoke(commands, shlex.split(new))
    assert made.exit_code == 0, made.output
    yaml = settings.data / "brokers" / "summit.yaml"
    text = yaml.read_text()
    assert "702" not in text and "145" not in text  # no value of a cell, but the words for a status
    (partners,) = YAML
    yaml.write_text(re.sub("^partner_ids:.*$", partners, text, flags=re.M))
    tried = CliRunner().invoke(commands, shlex.split(check))
    assert tried.exit_code == 0, tried.output
    assert ANSWER[0] in tried.output
    for section, name in zip(("sales", "dispositions"), SAMPLES, strict=True):
        folder = settings.landing / f"broker_{section}_summit"
        folder.mkdir(parents=True)
        (tmp_path / name).rename(folder / name)
    run(settings, rooms=["revenue"])
    with asking(settings) as ask:
        found = ask("""
            select transaction_id, entry_kind, amount::double, happened_at::date::varchar, known_on::varchar, lead_id
            from revenue.fct_revenue_entries where source_system = 'summit' order by known_on, transaction_id
        """)
        assert found == [
            ("S-1", "conversion", 145.0, "2024-05-29", "2024-06-05", "L1"),
            ("S-2", "conversion", 1045.0, "2024-05-30", "2024-06-05", "L2"),
            ("S-1", "chargeback", -145.0, "2024-07-15", "2024-07-16", "L1"),
        ]
        waits = "select reference, reason from revenue.rep_unmatched_broker_rows where month = '2024-05-01'"
        assert ask(waits) == [("S-3", "no_candidate")]
