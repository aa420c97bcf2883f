"""A broker's YAML: the specification's example loads as written, and what does not fit is told with its line."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

import pytest

import leads_platform
from leads_platform.arrivals.contracts.load import ContractError, FeedContract, parse_file
from leads_platform.contracts_in_force import tables_of
from leads_platform.revenue.broker import Broker
from leads_platform.revenue.broker_staging import BROKER, COLUMNS, DISPOSITIONS, SALES
from leads_platform.rooms import find_rooms
from leads_platform_tests.revenue.brokers import ACME

NOTES_ALONE = """
broker: zenith
title: Zenith
partner_ids: [318]
deal_type: cpa
dispositions:
  key: [note]
  columns:
    - {name: note, header: Note, required: true}
    - {name: lead, header: Lead}
    - {name: outcome, header: Outcome}
    - {name: since, header: Since, type: date}
map: {lead_id: lead, status: outcome, status_at: since}
match: [lead_id]
"""


def read(text: str) -> tuple[FeedContract, ...]:
    return parse_file(Path("brokers/acme.yaml"), text.encode(), find_rooms().known)


def test_the_specification_s_example_loads_as_written() -> None:
    sales, dispositions = read(ACME)
    assert (sales.feed, dispositions.feed) == ("broker_sales_acme", "broker_dispositions_acme")
    assert (sales.delivery, sales.dated, sales.source_timezone) == ("events", "required", "America/Chicago")
    assert (sales.month.column, sales.month.undated, sales.never_empty) == ("sold", "file", ("phone",))
    assert (dispositions.month.column, dispositions.never_empty) == ("outcome_on", ())
    broker = sales.group
    assert isinstance(broker, Broker)
    assert broker.partner_ids == ("401", "402")
    assert [(rule.by, rule.days) for rule in broker.match] == [("lead_id", None), ("phone", 45)]
    assert broker.price is not None
    assert (broker.price.percent_of, broker.price.rate) == ("premium", Decimal("0.0833"))


def test_its_tables_have_the_declared_shape_and_its_settings_come_once() -> None:
    made = {table.address: table for contract in read(ACME) for table in tables_of(contract)}
    assert sorted(address.split(".")[1] for address in made) == [
        "base_broker_dispositions_acme",
        "base_broker_sales_acme",
        "stg_broker_dispositions_acme",
        "stg_broker_sales_acme",
        "stg_brokers_acme",
    ]
    assert made["revenue.stg_broker_sales_acme"].columns[1:] == COLUMNS[SALES]
    assert made["revenue.stg_broker_dispositions_acme"].columns[1:] == COLUMNS[DISPOSITIONS]
    (notes,) = read(NOTES_ALONE)
    assert [table.name for table in tables_of(notes)][1:] == ["stg_broker_dispositions_zenith", "stg_brokers_zenith"]
    assert tables_of(notes)[-1].columns[1:] == BROKER


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("pick: last_before", "pick: latest", 30, "pick: 'latest' is not possible here"),
        ("pick:", "picks:", 30, "picks: is not a field"),
        ("deal_type: cpa", "deal_type: drip", 4, "deal_type: 'drip' is not possible here"),
        ("America/Chicago ", "America/Chikago ", 5, "timezone: `America/Chikago` is no time zone"),
        ("[lead_id, {phone: 45 days}]", "[lead_id, phone]", 29, "match[1]: needs a window"),
        ("[lead_id, {phone: 45 days}]", "[lead_id, {phone: 45 weeks}]", 29, "match[1].days: "),
        ("[lead_id, {phone: 45 days}]", "[call_id]", 29, "match[0]: `call_id` is not mapped"),
        ("[lead_id, {phone: 45 days}]", "[name]", 29, "match[0].by: 'name' is not possible here"),
        ("{phone: 45 days}]", "{phone: 45 days}, lead_id]", 29, "match: names a way twice"),
        ("sold_on: sold", "sold_on: soldon", 28, "map.sold_on: `soldon` is not one of the columns"),
        ("sold_on: sold", "sold_at: sold", 28, "map.sold_at: `sold_at` is no canonical column; did you mean `sold"),
        (r"'AC-(\d+)'", r"'AC-\d+'", 28, "map.lead_id.extract: must have exactly one group"),
        ("key: [ref]", "key: [lead]", 11, "sales.key: must be [ref]"),
        ("{percent_of: premium, rate: 0.0833}", "{percent_of: premium}", 32, "price: says `percent_of` and `rate`"),
        ("{percent_of: premium, rate: 0.0833}", "{column: premiun}", 32, "price.column: `premiun` is not one"),
        ("{percent_of: premium, rate: 0.0833}", "{fixed: 145.00, column: premium}", 32, "price: says one of"),
        ("price: {percent_of: premium, rate: 0.0833}\n", "", 1, "price: is missing"),
        ("Bound: sold", "Bound: sould", 33, "status_map.Bound: `sould` is no standard status; did you mean `sold`?"),
        ("chargeback_on: [cancelled]", "chargeback_on: [invalid]", 34, "chargeback_on[0]: `invalid` never comes"),
        ("broker: acme", "broker: boberdoo", 1, "broker: `boberdoo` is a source of its own"),
        ("header: Phone, pii: true", "header: Phone", 15, "sales.columns[2]: holds the phone, personal data"),
        ("header: Premium", "hedder: Premium", 17, "sales.columns[4].hedder: is not a field"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_told_with_its_line(old: str, new: str, line: int, said: str) -> None:
    assert ACME.count(old) == 1, old
    with pytest.raises(ContractError) as told:
        read(ACME.replace(old, new))
    assert f"brokers/acme.yaml, line {line}: {said}" in str(told.value)


def test_no_broker_s_name_stands_in_the_room_s_python_or_sql() -> None:
    """Brokers are configuration: the names of those in the repository's data, and of the specification's."""
    room = Path(leads_platform.__file__).parent / "revenue"
    names = {path.stem for path in (room.parents[1] / "data").rglob("brokers/*.yaml")} | {"acme", "zenith"}
    word = re.compile(rf"\b(?:{'|'.join(sorted(names))})\b", re.IGNORECASE)
    written = [path for ending in ("py", "sql") for path in room.glob(f"*.{ending}")]
    assert room / "broker_choices.py" in written
    assert [path.name for path in written if word.search(path.read_text(encoding="utf-8"))] == []
