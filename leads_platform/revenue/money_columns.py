"""Columns that the tables of money share, each with its one meaning.

Belongs here: what an entry of the ledger is made of. Does not: the sums that reports make of it (waterfall), or a
table's own columns.
"""

from leads_platform.warehouse import Column

BUSINESS_UNIT = Column(
    "business_unit", "varchar", "leads, cpa_cpt, warm_transfer, drip, lead_call, cbm (calls) or account (fees, credits)"
)
PARTNER_ID = Column("partner_id", "varchar", "The buyer: boberdoo's partner")
SRC = Column("src", "varchar", "The lead's source, as its newest record says; null for calls and accounts")
SALE_MONTH = Column(
    "sale_month", "date", "Month of the sale that it is about: the end of the chain of parents; else its own month"
)
KNOWN_ON = Column("known_on", "date", "Day on which one could know: the date of the delivery that said so first")
PLACE = (
    Column("file_name", "varchar", "File that said so first, as delivered; of what vanished, the one that lacks it"),
    Column("line", "bigint", "Its line of that file; null for what vanished"),
)

ENTRY = (
    Column("entry_id", "uuid", "The entry: system, transaction, its version and sign"),
    Column("source_system", "varchar", "boberdoo, invoca, or the broker's name"),
    Column("transaction_id", "varchar", "The source's id of the transaction"),
    Column("version", "bigint", "Which version of the transaction made the entry, from 1"),
    Column(
        "change",
        "varchar",
        "What made it: first, price_change, undone (or the undoing undone), correction, or reassigned (all back under "
        "the old partner, lead, unit or kind, all new under the new)",
    ),
    BUSINESS_UNIT,
    Column(
        "entry_kind",
        "varchar",
        "sale, refund, refund_reversal, adjustment, conversion, chargeback, fee or credit; what changes later keeps "
        "the kind of what it changes",
    ),
    Column("amount", "decimal(18,4)", "Revenue, in whole cents; a difference, where an earlier entry has the rest"),
    Column("payout", "decimal(18,4)", "What is paid out for it, likewise"),
    Column("happened_at", "timestamp", "When the thing happened; gives the month"),
    Column("recorded_at", "timestamp", "When the source says that it recorded it; null where it does not"),
    KNOWN_ON,
    SALE_MONTH,
    PARTNER_ID,
    Column("campaign_id", "varchar", "Invoca's campaign, for calls"),
    Column("filter_set_id", "varchar", "boberdoo's filter set: what the buyer ordered"),
    SRC,
    Column("lead_id", "varchar", "boberdoo's lead"),
    Column("call_id", "varchar", "Invoca's call"),
    Column("reason", "varchar", "The source's own words, such as why it was refunded"),
    *PLACE,
)
UNITS = ("leads", "cpa_cpt", "warm_transfer", "drip", "lead_call", "cbm", "account")
KINDS = ("sale", "refund", "refund_reversal", "adjustment", "conversion", "chargeback", "fee", "credit")
CHANGES = ("first", "price_change", "undone", "correction", "reassigned")
