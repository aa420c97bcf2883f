"""Columns that the tables of brokers' rows share, each with its one meaning.

Belongs here: what a row of a broker's file is, once typed. Does not: columns of the ledger (money_columns).
"""

from leads_platform.revenue.money_columns import ENTRY
from leads_platform.warehouse import Column, pick

BROKER_NAME = Column("broker", "varchar", "The broker, as its YAML is called")
REFERENCE = Column("reference", "varchar", "The broker's own number of the sale")
KEYS = (
    *pick(ENTRY, "lead_id", "call_id"),
    Column("phone_key", "varchar", "The person's phone: its national digits", pii=True),
    Column("email_key", "varchar", "The person's e-mail address, in lower case", pii=True),
)
SOLD_ON = Column("sold_on", "date", "Day of the broker's sale; where none is told, of the file that told it first")
STATUS = (
    Column("status", "varchar", "The standard status; null where the broker's word is none we know"),
    Column("raw_status", "varchar", "The broker's own word"),
    Column(
        "status_at", "timestamp", "When it came to be so; where none is told, the day of the file that told it first"
    ),
    Column("takes_back", "boolean", "Whether the status takes a conversion back, as the broker's `chargeback_on` says"),
)
VERSION = (
    Column("version", "bigint", "1: what was told of it first in this month, and so on, by the files' dates"),
    Column("is_gone", "boolean", "It is of another month from here on: nothing else is told of it here"),
)
SALE = (
    Column("sale_month", "date", "Month of the sale that it is about"),
    Column("sale_transaction_id", "varchar", "The sale: boberdoo's transaction; null where there is none"),
)
CHOICE = (
    Column("rule", "varchar", "What the sale was found by: lead_id, call_id, phone or email"),
    Column("candidates", "bigint", "How many sales of this broker the rule found"),
    Column("candidate_ids", "varchar[]", "These sales: boberdoo's transactions"),
    Column(
        "reason",
        "varchar",
        "Why there is no sale: sale_already_converted, no_candidate, outside_window, sold_to_another, no_key",
    ),
)
REASONS = ("sale_already_converted", "no_candidate", "outside_window", "sold_to_another", "no_key")
DAYS = (
    Column("known_on", "date", "First day on which it was so, by what was known then"),
    Column("known_until", "date", "First day on which it was not so any more; 9999-12-31 where it still is"),
)
