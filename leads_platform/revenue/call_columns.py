"""Columns that the tables of calls share, each with its one meaning.

Belongs here: what Invoca says of a leg or an event of a call. Does not: what the ledger is made of (money_columns), or
a table's own columns.
"""

from leads_platform.revenue.money_columns import ENTRY
from leads_platform.warehouse import Column, pick

TYPES = ("call", "post call event", "reported conversion", "signal")
TRANSACTION_ID = Column("transaction_id", "varchar", "Invoca's id of the transaction: a leg or an event of a call")
NOT_COUNTED = Column(
    "not_counted",
    "varchar",
    "Why not: gone, corrected, signal, unknown (its type), rolled_up (it repeats its call's total); null: it counts",
)
STARTED_AT = Column("started_at", "timestamp", "When the call started, by the platform's clock; gives the month")
PHONE_KEY = Column("phone_key", "varchar", "The caller's phone as national digits: leads are matched by it", pii=True)
DURATIONS = (
    Column("duration", "bigint", "Seconds, from the first ring"),
    Column("connect_duration", "bigint", "Seconds, from the moment somebody answered"),
)
SYSTEM_OF_RECORD = Column("system_of_record", "varchar", "boberdoo or invoca: whose word of the revenue counts")

LEG = (
    NOT_COUNTED,
    *pick(ENTRY, "call_id"),
    Column("corrected_at", "timestamp", "When the correction was made; null for what corrects nothing"),
    Column("transaction_type", "varchar", f"{', '.join(TYPES)}; in lower case"),
    STARTED_AT,
    *pick(ENTRY, "campaign_id"),
    Column("affiliate_id", "varchar", "Who brought the call"),
    Column("payin", "decimal(18,4)", "What the advertiser pays, to the cent; 0 where none is given"),
    Column("payout", "decimal(18,4)", "What the affiliate is paid, to the cent; 0 where none is given"),
    PHONE_KEY,
    *DURATIONS,
    Column("signal_name", "varchar", "The signal's name"),
    Column("signal_revenue", "decimal(18,4)", "A signal's or conversion's own word of revenue; it only informs"),
    *pick(ENTRY, "known_on", "file_name", "line"),
)
