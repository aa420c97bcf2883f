"""Brokers for tests: YAMLs, and their files from lines of words.

Belongs here: putting YAMLs and files in place. Does not: expected numbers.
"""

from __future__ import annotations

from pathlib import Path

from leads_platform.settings import Settings
from leads_platform_tests.helpers import drop

# REVENUE.md's own example, as it stands there.
ACME = r"""
broker: acme
title: Acme Insurance
partner_ids: [401, 402]
deal_type: cpa
timezone: America/Chicago       # of times without an offset
money: us                       # or eu
sales:
  format: {type: csv, delimiter: ",", quote: '"', encoding: utf-8}
  delivery: events
  files: ["*.csv"]
  key: [ref]
  columns:
    - {name: ref, header: Policy Ref, required: true}
    - {name: lead, header: Lead}
    - {name: phone, header: Phone, pii: true}
    - {name: sold, header: Sold On, type: date}
    - {name: premium, header: Premium}
dispositions:
  format: {type: csv, delimiter: ",", quote: '"', encoding: utf-8}
  delivery: events
  files: ["*.csv"]
  key: [note]
  columns:
    - {name: note, header: Note Ref, required: true}
    - {name: ref, header: Policy Ref}
    - {name: outcome, header: Outcome}
    - {name: outcome_on, header: Outcome Date, type: date}
map: {reference: ref, lead_id: {column: lead, extract: 'AC-(\d+)'}, phone: phone, sold_on: sold, status: outcome, status_at: outcome_on}
match: [lead_id, {phone: 45 days}]
pick: last_before
conversions_per_sale: one
price: {percent_of: premium, rate: 0.0833}
status_map: {Bound: sold, No answer: no_contact, Cancelled: cancelled}
chargeback_on: [cancelled]
return_window_days: 180
""".lstrip()  # noqa: E501 - the specification's line

ZENITH = """
broker: zenith
title: Zenith
partner_ids: [318]
deal_type: cpa
sales:
  key: [ref]
  columns:
    - {name: ref, header: Ref, required: true}
    - {name: lead, header: Lead}
    - {name: phone, header: Phone, pii: true}
    - {name: sold, header: Sold, type: date}
    - {name: paid, header: Paid}
dispositions:
  key: [note]
  columns:
    - {name: note, header: Note, required: true}
    - {name: ref, header: Ref}
    - {name: phone, header: Phone, pii: true}
    - {name: outcome, header: Outcome}
    - {name: since, header: Since, type: date}
map: {reference: ref, lead_id: lead, phone: phone, sold_on: sold, status: outcome, status_at: since}
match: [lead_id, {phone: 45 days}]
price: {column: paid}
status_map: {Bound: sold, Cancelled: cancelled}
chargeback_on: [cancelled]
""".lstrip()

# One file of sales with their status.
SINGLE = """
broker: single
title: Single
partner_ids: [330]
deal_type: warm_transfer
sales:
  key: [ref]
  columns:
    - {name: ref, header: Ref, required: true}
    - {name: phone, header: Phone, pii: true}
    - {name: sold, header: Sold, type: date}
    - {name: paid, header: Paid}
    - {name: state, header: Status}
    - {name: since, header: Since, type: date}
map: {reference: ref, phone: phone, sold_on: sold, status: state, status_at: since}
match: [{phone: 45 days}]
price: {column: paid}
status_map: {Bound: sold, Cancelled: cancelled}
chargeback_on: [cancelled]
""".lstrip()


def write(data: Path, *texts: str) -> None:
    """Puts the YAMLs into `brokers/` below the data root."""
    folder = data / "brokers"
    folder.mkdir(parents=True, exist_ok=True)
    for text in texts:
        name = text.split("\n", 1)[0].removeprefix("broker: ")
        (folder / f"{name}.yaml").write_text(text)


def sold(settings: Settings, broker: str, day: str, header: str, *lines: str) -> Path:
    """A broker's file of sales, dated by its name."""
    return drop(settings, f"broker_sales_{broker}", f"{broker}_sales_{day}.csv", header, lines)


def noted(settings: Settings, broker: str, day: str, header: str, *lines: str) -> Path:
    """A broker's file of dispositions, dated by its name."""
    return drop(settings, f"broker_dispositions_{broker}", f"{broker}_notes_{day}.csv", header, lines)
