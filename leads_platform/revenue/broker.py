"""A broker's YAML, `brokers/<broker>.yaml`: how its files look, what they mean, how its rows find the sale, the price.

Belongs here: what such a file may say, and its rules. Does not: the tables made of it (broker_staging), or matching
(broker_choices).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal
from zoneinfo import available_timezones

from pydantic import BeforeValidator, Field

from leads_platform.arrivals.contracts.agreement import Loc, did_you_mean, regex_problem, unknown_column
from leads_platform.arrivals.contracts.group import FeedGroup, Section, Trial
from leads_platform.arrivals.contracts.limits import not_in_re2
from leads_platform.arrivals.contracts.model import FeedContract, Model, Name
from leads_platform.revenue.broker_staging import (
    BROKER,
    COLUMNS,
    DAYS_AHEAD,
    DISPOSITIONS,
    LATER_LEADS,
    LATER_SALES,
    SALES,
    broker_tables,
)
from leads_platform.revenue.broker_status import STATUSES
from leads_platform.revenue.broker_trial import dispositions_trial, sales_trial

if TYPE_CHECKING:
    from leads_platform.warehouse.table import Table

MAPPED = ("reference", "lead_id", "call_id", "phone", "email", "sold_on", "status", "status_at")
KEYS = ("lead_id", "call_id", "phone", "email")
_TAKEN = ("boberdoo", "invoca")


def _source(value: Any) -> Any:
    return {"column": value} if isinstance(value, str) else value


def _rule(value: Any) -> Any:
    """`lead_id` or `{phone: 45 days}`."""
    if isinstance(value, str):
        return {"by": value}
    if isinstance(value, dict) and len(value) == 1:
        ((by, window),) = value.items()
        found = re.fullmatch(r"(\d{1,4}) days?", str(window))
        return {"by": by, "days": int(found[1]) if found else window}
    return value


def _exact(value: Any) -> Any:
    """A number as it is written: YAML's 0.0833 is a double."""
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


class Mapped(Model):
    """Which column a canonical one is taken from."""

    column: str = Field(description="The name of a declared column of either file")
    extract: str | None = Field(
        default=None, description="Regular expression (RE2) with one group: the part of the cell that counts"
    )


class Rule(Model):
    """A way to find the sale that a row is about."""

    by: Literal["lead_id", "call_id", "phone", "email"]
    days: int | None = Field(default=None, description="How many days may lie between; written as `{phone: 45 days}`")


class Price(Model):
    """What the broker pays for a sale: one of the three."""

    column: str | None = Field(default=None, description="The column that holds it")
    fixed: Annotated[Decimal, BeforeValidator(_exact), Field(max_digits=18, decimal_places=4)] | None = Field(
        default=None, description="The same for each sale"
    )
    percent_of: str | None = Field(default=None, description="The column of which `rate` is paid")
    rate: Annotated[Decimal, BeforeValidator(_exact), Field(max_digits=18, decimal_places=8)] | None = Field(
        default=None, description="The share, as 0.0833"
    )


class Broker(FeedGroup):
    """A broker that pays for what it made of leads: its files of sales and dispositions, and how they are read."""

    named_by: ClassVar = "broker"
    feeds: ClassVar = {"sales": "broker_sales_*", "dispositions": "broker_dispositions_*"}
    families: ClassVar = {
        "stg_brokers_*": BROKER,
        "stg_broker_sales_*": COLUMNS[SALES],
        "stg_broker_dispositions_*": COLUMNS[DISPOSITIONS],
        "stg_broker_later_sales_*": LATER_SALES,
        "stg_broker_later_leads_*": LATER_LEADS,
    }
    sections: ClassVar = {"map": Mapped, "match": Rule, "price": Price}

    broker: Annotated[Name, Field(max_length=36)]  # with what stands before it, a feed's name may have 60
    title: str = Field(min_length=1, description="What people call it")
    partner_ids: tuple[Annotated[str, BeforeValidator(_exact)], ...] = Field(
        min_length=1, description="boberdoo's partners that are this broker"
    )
    deal_type: Literal["cpa", "cpt", "warm_transfer"]
    timezone: str | None = Field(default=None, description="Zone of times without an offset, such as America/Chicago")
    money: Literal["us", "eu"] = Field(default="us", description="us: 1,234.50; eu: 1.234,50 or 1 234,50")
    sales: Section | None = None
    dispositions: Section | None = None
    map: dict[str, Annotated[Mapped, BeforeValidator(_source)]] = Field(
        description="Canonical column -> column name, or {column, extract}"
    )
    match: tuple[Annotated[Rule, BeforeValidator(_rule)], ...] = Field(
        min_length=1, description="How a row finds its sale; the first that finds any decides"
    )
    pick: Literal["last_before", "first", "nearest"] = "last_before"
    conversions_per_sale: Literal["one", "many"] = "one"
    price: Price | None = None
    status_map: dict[str, str] = Field(default={}, description="The broker's word -> a standard status")
    chargeback_on: tuple[str, ...] = Field(default=(), description="Standard statuses that take a conversion back")
    return_window_days: int | None = Field(
        default=None, ge=1, description="A chargeback later than that after the sale is told"
    )

    def fills(self, section: str) -> Mapping[str, Any]:
        said = getattr(self, section)
        names = [column.get("name") for column in said.get("columns", ()) if isinstance(column, dict)]
        mapped = {name: source.column for name, source in self.map.items() if source.column in names}
        # Without a day the map is refused, in its own words: the contract must not be, in others.
        day = mapped.get("sold_on" if section == SALES else "status_at") or next(iter(names), None)
        key = said.get("key", ())
        personal = [mapped[name] for name in ("phone", "email") if name in mapped and mapped[name] not in key]
        return {
            "title": f"{self.title}: {section}",
            "delivery": "events",
            "dated": "required",
            "money": self.money,
            "month": {"from": "column", "column": day, "undated": "file"},
            **({"source_timezone": self.timezone} if self.timezone in available_timezones() else {}),
            **({"never_empty": personal} if personal else {}),
        }

    def own_problems(self, contracts: Mapping[str, FeedContract]) -> Iterator[tuple[Loc, str]]:
        if self.broker in _TAKEN:
            yield ("broker",), f"`{self.broker}` is a source of its own; name the broker otherwise"
        if self.timezone is not None and self.timezone not in available_timezones():
            yield ("timezone",), f"`{self.timezone}` is no time zone; write one such as America/Chicago"
        columns = {section: {column.name for column in contract.columns} for section, contract in contracts.items()}
        known = {name for names in columns.values() for name in names}
        yield from self._map_problems(columns, known)
        yield from self._match_problems()
        if SALES in columns:
            yield from self._price_problems(columns[SALES])
        elif self.price is not None:
            yield ("price",), "needs `sales:`, whose rows are priced"
        yield from self._status_problems()
        for section, contract in contracts.items():
            if contract.dated != "required":
                yield (section, "dated"), "must be `required`: the day on which money was known is that of its file"
            for name in ("phone", "email"):
                source = self.map.get(name)
                for index, column in enumerate(contract.columns):
                    if source is not None and column.name == source.column and not column.pii:
                        yield (section, "columns", index), f"holds the {name}, personal data; add `pii: true`"

    def _status_problems(self) -> Iterator[tuple[Loc, str]]:
        for raw, status in self.status_map.items():
            if status not in STATUSES:
                yield ("status_map", raw), did_you_mean(f"`{status}` is no standard status", status, STATUSES)
        if len({raw.strip().casefold() for raw in self.status_map}) < len(self.status_map):
            yield ("status_map",), "holds a word twice; case does not matter"
        for index, status in enumerate(self.chargeback_on):
            if status not in STATUSES:
                yield ("chargeback_on", index), did_you_mean(f"`{status}` is no standard status", status, STATUSES)
            elif status not in self.status_map.values():
                yield ("chargeback_on", index), f"`{status}` never comes; `status_map` gives it to no word"

    def _map_problems(self, columns: Mapping[str, set[str]], known: set[str]) -> Iterator[tuple[Loc, str]]:
        for name, source in self.map.items():
            if name not in MAPPED:
                yield ("map", name), did_you_mean(f"`{name}` is no canonical column", name, MAPPED)
            elif source.column not in known:
                yield ("map", name), unknown_column(source.column, known)
            if source.extract is not None and (problem := regex_problem(source.extract) or not_in_re2(source.extract)):
                yield ("map", name, "extract"), problem
        needed = {SALES: ("reference", "sold_on"), DISPOSITIONS: ("status", "status_at")}
        for section, names in columns.items():
            for name in needed[section]:
                if name not in self.map or self.map[name].column not in names:
                    yield ("map", name), f"is missing: which column of {section} holds it?"
        if ("status" in self.map) != ("status_at" in self.map):
            yield ("map",), "has one of `status` and `status_at`; a status needs its day"
        key = list(self.sales.get("key", ())) if self.sales else []
        if SALES in columns and "reference" in self.map and key != [self.map["reference"].column]:
            yield (SALES, "key"), f"must be [{self.map['reference'].column}], the column that `reference` is taken from"

    def _match_problems(self) -> Iterator[tuple[Loc, str]]:
        for index, rule in enumerate(self.match):
            if rule.by not in self.map:
                yield ("match", index), f"`{rule.by}` is not mapped; add it to `map`"
            elif rule.days is None and rule.by in ("phone", "email"):
                yield ("match", index), f"needs a window: a person comes again; write {{{rule.by}: 45 days}}"
            elif self.pick == "nearest" and rule.days is not None and rule.days > DAYS_AHEAD:
                yield ("match", index), f"must be {DAYS_AHEAD} days or less where `pick` is nearest"
        if len({rule.by for rule in self.match}) < len(self.match):
            yield ("match",), "names a way twice"

    def _price_problems(self, names: set[str]) -> Iterator[tuple[Loc, str]]:
        if self.price is None:
            yield ("price",), "is missing: write {column: ...}, {fixed: 145.00} or {percent_of: ..., rate: 0.0833}"
            return
        ways = [way for way in ("column", "fixed", "percent_of") if getattr(self.price, way) is not None]
        if len(ways) != 1:
            yield ("price",), "says one of column, fixed and percent_of"
        if (self.price.percent_of is None) != (self.price.rate is None):
            yield ("price",), "says `percent_of` and `rate` together"
        for way in ("column", "percent_of"):
            column = getattr(self.price, way)
            if column is not None and column not in names:
                yield ("price", way), unknown_column(column, names)

    def more_tables(self, contract: FeedContract) -> tuple[Table, ...]:
        return broker_tables(self, contract)

    def trial(self, section: str) -> Trial:
        return sales_trial(self.broker) if section == SALES else dispositions_trial(self.broker)

    @classmethod
    def propose(cls, name: str, files: Mapping[str, Path]) -> str:
        from leads_platform.revenue.broker_proposal import propose_broker  # only `broker new` needs it

        return propose_broker(name, files)
