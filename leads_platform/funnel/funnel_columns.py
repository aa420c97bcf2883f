"""Columns that several tables of the room share, each with its one meaning.

Belongs here: columns that mean the same in every table that has them. Does not: a table's own.
"""

from leads_platform.warehouse import Column

ACTIVITY = (
    Column("activity_key", "uuid", "The activity; tells apart those that share a Pipedrive id"),
    Column("activity_id", "bigint", "Pipedrive's id of the activity; not unique"),
)
DEAL_ID = Column("deal_id", "bigint", "Pipedrive's id of the deal")
ACTIVITY_TYPE_KEY = Column("activity_type_key", "varchar", "Key of the activity type, such as meeting")
ACTIVITY_TYPE_NAME = Column("activity_type_name", "varchar", "Name of the activity type")
ACTIVITY_USER = Column("user_id", "bigint", "User the activity is assigned to")
DUE = Column("due_timestamp", "timestamp", "When the activity is due, as the export states it")
COUNTED = Column(
    "activity_timestamp",
    "timestamp",
    "The time that counts and gives the month: when it was done where the export says so, else when it is due",
)
STAGE_ID = Column("stage_id", "integer", "Pipedrive's id of the stage, 1 to 9 in order")
STAGE_NAME = Column("stage_name", "varchar", "Name of the stage, as the stages file states it")
KPI_NAME = Column("kpi_name", "varchar", "Funnel step with its number, such as Step 2.1: Sales Call 1")
KPI_SHORT_NAME = Column("kpi_name", "varchar", "Funnel step by its plain name, such as Sales Call 1")
FUNNEL_STEP = Column("funnel_step", "decimal(3,1)", "Number of the funnel step: 1 to 9 are stages, 2.1 and 3.1 calls")
WIN_RATE = Column("win_rate", "double", "Won as a share of won and lost; null: none closed")
DEALS_COUNT = Column("deals_count", "bigint", "Deals")
FUNNEL_STEPS = ("1.0", "2.0", "2.1", "3.0", "3.1", "4.0", "5.0", "6.0", "7.0", "8.0", "9.0")
"""The eleven steps of both seeds, as decimal(3,1) is written."""
