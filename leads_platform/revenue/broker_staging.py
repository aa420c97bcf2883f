"""The tables made of a broker's YAML: its settings as data, and its rows of sales and dispositions in one shape.

Belongs here: how the YAML's words become SQL. Does not: what the YAML may say (broker), or matching (broker_choices).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from leads_platform.arrivals.contracts.typed import typed
from leads_platform.revenue.broker_columns import BROKER_NAME, KEYS, REFERENCE, SOLD_ON, STATUS, VERSION
from leads_platform.revenue.money_columns import ENTRY
from leads_platform.revenue.stg_boberdoo_leads import stg_boberdoo_leads
from leads_platform.revenue.stg_boberdoo_transactions import stg_boberdoo_transactions
from leads_platform.warehouse import Audit, Column, Table, bad_rows, not_null, pick
from leads_platform.warehouse.sql import identifier, literal

if TYPE_CHECKING:
    from leads_platform.arrivals.contracts.model import FeedContract
    from leads_platform.revenue.broker import Broker

SALES, DISPOSITIONS = "sales", "dispositions"
# What trim leaves alone by itself: tabs, line breaks and the no-break space of web pages.
_BLANKS = literal(" \t\r\n\u00a0")

BROKER = (
    BROKER_NAME,
    Column("title", "varchar", "What people call it"),
    Column("partner_ids", "varchar[]", "boberdoo's partners that are this broker"),
    Column("deal_type", "varchar", "cpa, cpt or warm_transfer"),
    Column(
        "match",
        'struct("position" integer, "by" varchar, "days" integer)[]',
        "How its rows find the sale, in this order; the first that finds any decides. Within so many days, if said",
    ),
    Column("pick", "varchar", "Which of several sales: last_before, first or nearest"),
    Column("conversions_per_sale", "varchar", "one or many: of its own rows, for one sale"),
    Column("return_window_days", "bigint", "A chargeback later than that after the sale is told"),
)
"""The columns of every `stg_brokers_*`."""
_PLACE = pick(ENTRY, "known_on", "file_name", "line")
COLUMNS = {
    SALES: (
        BROKER_NAME,
        REFERENCE,
        *VERSION,
        Column("not_counted", "varchar", "Why it is no revenue: gone, other_currency, unreadable; null: it counts"),
        *KEYS,
        SOLD_ON,
        Column("is_dated", "boolean", "Whether the broker told the day of the sale"),
        Column("amount", "decimal(18,4)", "What the broker pays for it, by the YAML's `price`"),
        *STATUS,
        *_PLACE,
    ),
    DISPOSITIONS: (
        BROKER_NAME,
        Column("disposition_id", "varchar", "The broker's key of the disposition"),
        *VERSION,
        REFERENCE,
        *KEYS,
        *STATUS,
        Column("is_dated", "boolean", "Whether the broker told the day of the status"),
        *_PLACE,
    ),
}
"""The columns of every `stg_broker_sales_*` and `stg_broker_dispositions_*`."""
_TOLD = "revenue.stg_boberdoo_transactions"
_LEADS = "revenue.stg_boberdoo_leads"
MONTHS_AHEAD, DAYS_AHEAD = 2, 59
"""How far a nearest sale may lie ahead: so many days are never more months."""
LATER_SALES = (
    *pick(stg_boberdoo_transactions.columns, "slot_month", "transaction_id", "version"),
    Column("sale_month", "date", "The sale's own month, which is later"),
    *pick(
        stg_boberdoo_transactions.columns,
        "known_on", "entry_kind", "not_counted", "happened_at", "business_unit", "partner_id", "filter_set_id",
        "lead_id", "call_id",
    ),
)  # fmt: skip
LATER_LEADS = pick(stg_boberdoo_leads.columns, "lead_id", "version", "phone_key", "email", "known_on")
"""The columns of every `stg_broker_later_sales_*` and `stg_broker_later_leads_*`, of brokers that pick the nearest."""


def broker_tables(broker: Broker, contract: FeedContract) -> tuple[Table, ...]:
    """What follows from one of a broker's feeds; its settings go with the first."""
    section = SALES if contract.feed == broker.feed_names(broker.broker)[SALES] else DISPOSITIONS
    staged = (_sales if section == SALES else _dispositions)(broker, contract)
    if section == SALES or broker.sales is None:
        later = _later(broker, contract) if broker.pick == "nearest" else ()
        return (staged, _settings(broker, contract), *later)
    return (staged,)


def _later(broker: Broker, contract: FeedContract) -> tuple[Table, Table]:
    """What a row may be about though it came after the row's month: the broker's sales, and their leads."""
    ids = ", ".join(map(literal, broker.partner_ids))
    after = f"{{}}.month > months.month and {{}}.month <= months.month + interval {MONTHS_AHEAD} month"
    sales = Table(
        says=f"{broker.title}: versions of sales of the {MONTHS_AHEAD} months after this one, as it picks the nearest.",
        grain=("sale_month", "slot_month", "transaction_id", "version"),
        columns=LATER_SALES,
        contract_hash=contract.hash(),
        feed=contract.feed,
        ahead={_TOLD: MONTHS_AHEAD},
        select=f"""
            select
                months.month, told.month as sale_month,
                {", ".join(column.name for column in LATER_SALES if column.name != "sale_month")}
            from months
            join {_TOLD} as told on {after.format("told", "told")}
            semi join (select transaction_id from {_TOLD} where partner_id in ({ids})) using (transaction_id)
        """,
    ).named(contract.room, f"stg_broker_later_sales_{broker.broker}")
    leads = Table(
        says=f"{broker.title}: versions of the leads of these sales that came after this month.",
        grain=("lead_id", "version"),
        columns=LATER_LEADS,
        contract_hash=contract.hash(),
        feed=contract.feed,
        ahead={_LEADS: MONTHS_AHEAD},
        select=f"""
            select months.month, {", ".join(f"told.{column.name}" for column in LATER_LEADS)}
            from months
            join {_LEADS} as told on {after.format("told", "told")}
            semi join {sales.address} as sales on sales.month = months.month and sales.lead_id = told.lead_id
        """,
    ).named(contract.room, f"stg_broker_later_leads_{broker.broker}")
    return sales, leads


def _settings(broker: Broker, contract: FeedContract) -> Table:
    rules = ", ".join(
        f"{{'position': {n}, 'by': {literal(rule.by)}, 'days': {'null' if rule.days is None else rule.days}}}"
        for n, rule in enumerate(broker.match)
    )
    ids = ", ".join(map(literal, broker.partner_ids))
    return Table(
        says=f"{broker.title}: how its rows find their sale, the same in each month.",
        grain=("broker",),
        columns=BROKER,
        contract_hash=contract.hash(),
        feed=contract.feed,
        select=f"""
            select
                month,
                {literal(broker.broker)} as broker,
                {literal(broker.title)} as title,
                [{ids}]::varchar[] as partner_ids,
                {literal(broker.deal_type)} as deal_type,
                [{rules}]::struct("position" integer, "by" varchar, "days" integer)[] as match,
                {literal(broker.pick)} as pick,
                {literal(broker.conversions_per_sale)} as conversions_per_sale,
                {broker.return_window_days or "null"}::bigint as return_window_days
            from months
        """,
    ).named(contract.room, f"stg_brokers_{broker.broker}")


def _sales(broker: Broker, contract: FeedContract) -> Table:
    price, paid_for = broker.price, ""
    assert price is not None
    if price.fixed is not None:
        amount = f"{price.fixed}::decimal(18,4)"
    else:
        paid_for = f"trim({identifier(price.column or price.percent_of or '')}, {_BLANKS})"
        amount = f"money({paid_for}, {literal(broker.money)})"
        if price.rate is not None:
            amount = f"round({amount} * {price.rate}::decimal(18,8), 2)::decimal(18,4)"
    currency = _currency(paid_for) if paid_for else "null::varchar"
    return Table(
        says=f"{broker.title}: one row per version of what it sold, in the month of its sale.",
        grain=("reference", "version"),
        columns=COLUMNS[SALES],
        must=(not_null("broker", "is_gone", "known_on"),),
        should=(
            bad_rows("amounts_are_readable", "not_counted = 'unreadable'", "Each sale has an amount; else it is 0."),
            bad_rows("currency_is_ours", "not_counted = 'other_currency'", "All is of one currency; else it is 0."),
            bad_rows("amounts_are_whole_cents", "amount <> round(amount, 2)", "No amount is finer than a cent."),
            _sales_are_dated(),
            _statuses_are_known(),
        ),
        contract_hash=contract.hash(),
        feed=contract.feed,
        select=f"""
            with told as (
                select
                    *,
                    coalesce({_value(broker, contract, "reference")}, {identifier(contract.key[0])}) as reference,
                    {currency} as written_in
                from arrivals.{contract.feed}_versions
            )
            select
                month,
                {literal(broker.broker)} as broker,
                reference,
                {_versions("reference")},
                case when is_gone then 'gone'
                    when written_in <> settings.currency and not (written_in = '$' and settings.currency like '%D')
                        then 'other_currency'
                    when {amount} is null then 'unreadable'
                end as not_counted,
                {_keys(broker, contract)},
                coalesce(record_local_at::date, {_first_day("reference")}) as sold_on,
                record_local_at is not null as is_dated,
                if(is_gone, null, {amount}) as amount,
                {_status(broker, contract, "coalesce(record_local_at, known_on)")},
                known_on,
                file_name,
                line
            from told
            join revenue.dim_revenue_settings as settings using (month)
        """,
    ).named(contract.room, f"stg_broker_sales_{broker.broker}")


def _dispositions(broker: Broker, contract: FeedContract) -> Table:
    key = f"concat_ws('|', {', '.join(map(identifier, contract.key))})"
    return Table(
        says=f"{broker.title}: one row per version of a disposition, in the month in which it came to be.",
        grain=("disposition_id", "version"),
        columns=COLUMNS[DISPOSITIONS],
        must=(not_null("broker", "is_gone", "known_on"),),
        should=(
            _statuses_are_known(),
            bad_rows(
                "dispositions_are_dated", "not is_dated and not is_gone", "Each status has a day; else the file's."
            ),
        ),
        contract_hash=contract.hash(),
        feed=contract.feed,
        select=f"""
            with told as (select *, {key} as disposition_id from arrivals.{contract.feed}_versions)
            select
                month,
                {literal(broker.broker)} as broker,
                disposition_id,
                {_versions("disposition_id")},
                {_value(broker, contract, "reference")} as reference,
                {_keys(broker, contract)},
                {_status(broker, contract, _first_day("disposition_id"))},
                record_local_at is not null as is_dated,
                known_on,
                file_name,
                line
            from told
        """,
    ).named(contract.room, f"stg_broker_dispositions_{broker.broker}")


def _sales_are_dated() -> Audit:
    said = "The broker tells the day of each sale; else it is that of the file that told it first."
    return bad_rows("sales_are_dated", "not is_dated and not is_gone", said)


def _statuses_are_known() -> Audit:
    return bad_rows(
        "statuses_are_known",
        "raw_status is not null and status is null",
        "Each of the broker's words for a status is in `status_map`.",
    )


def _versions(key: str) -> str:
    order = "order by known_on, known_at nulls first, version_number, line"
    return f"row_number() over (partition by month, {key} {order}) as version, is_gone"


def _first_day(key: str) -> str:
    """The day on which it was told first, kept within the month in which that file placed it."""
    first = f"min(known_on) over (partition by month, {key})"
    return f"least(greatest({first}, month), last_day(month))"


def _value(broker: Broker, contract: FeedContract, name: str) -> str:
    """A canonical column's text, of this file; null where the file has none."""
    source = broker.map.get(name)
    if source is None or source.column not in {column.name for column in contract.columns}:
        return "null::varchar"
    cell = f"trim({identifier(source.column)}, {_BLANKS})"
    if source.extract is not None:
        cell = f"regexp_extract({cell}, {literal(source.extract)}, 1)"
    return f"nullif({cell}, '')"


def _keys(broker: Broker, contract: FeedContract) -> str:
    values = {name: _value(broker, contract, name) for name in ("lead_id", "call_id", "phone", "email")}
    return f"""
                {values["lead_id"]} as lead_id,
                {values["call_id"]} as call_id,
                phone({values["phone"]}, {literal(contract.phone_region)}).key as phone_key,
                lower({values["email"]}) as email_key"""


def _status(broker: Broker, contract: FeedContract, otherwise: str) -> str:
    """The status by `status_map`, whatever the case; its time by the file's column, or else `otherwise`."""
    raw = _value(broker, contract, "status")
    known = ", ".join(
        f"{literal(word.strip().lower())}: {literal(status)}" for word, status in broker.status_map.items()
    )
    status = f"map {{{known}}}[lower({raw})]" if known else "null::varchar"
    at = broker.map.get("status_at")
    told = "null::timestamp"
    if contract.month.column == (at and at.column):
        told = "record_local_at"
    elif at is not None and at.column in {column.name for column in contract.columns}:
        told = (
            f"({typed(contract, contract.column(at.column), f'trim({identifier(at.column)}, {_BLANKS})')})::timestamp"
        )
    back = ", ".join(map(literal, broker.chargeback_on))
    return f"""
                {status} as status,
                {raw} as raw_status,
                if({raw} is null, null, coalesce({told}, {otherwise}))::timestamp as status_at,
                {f"coalesce({status} in ({back}), false)" if back else "false"} as takes_back"""


def _currency(cell: str) -> str:
    """The currency that is written with an amount, as its ISO code; a bare $ stays one; null where none is written."""
    sign = f"regexp_extract(upper({cell}), '(?:US|CA|C|AU|A|NZ|HK|S)?\\$|[€£₹]|[A-Z]{{3}}')"
    known = (
        "map {'US$': 'USD', 'CA$': 'CAD', 'C$': 'CAD', 'AU$': 'AUD', 'A$': 'AUD', 'NZ$': 'NZD', 'HK$': 'HKD', "
        "'S$': 'SGD', '€': 'EUR', '£': 'GBP', '₹': 'INR'}"
    )
    return f"nullif(coalesce({known}[{sign}], {sign}), '')"
