"""Who has a sale that several claim, day by day: a sale converts once, over all brokers and boberdoo itself."""

from leads_platform.revenue.broker_claims import CLAIMED, READS
from leads_platform.revenue.broker_columns import REASONS
from leads_platform.revenue.int_broker_choices import int_broker_choices
from leads_platform.warehouse import Column, Table, accepted_values, adds_up, bad_rows

int_broker_claims = Table(
    says="One row per stretch of days in which a broker's row had its sale, or lacked it; also boberdoo's that lost.",
    grain=("broker", "reference", "known_on"),
    columns=(
        *int_broker_choices.columns,
        Column(
            "holds", "boolean", "Whether it has the sale; else `reason` says why not, and the sale is the one claimed"
        ),
    ),
    must=(
        accepted_values("reason", *REASONS),
        bad_rows("it_holds_or_says_why", "holds = (reason is not null)", "One of both, never both."),
        adds_up(
            "all_days_are_here",
            "Each row's days are those of its choices.",
            "revenue.int_broker_choices",
            theirs="sum(least(known_until, date '2200-01-01') - known_on)",
            this="sum(least(known_until, date '2200-01-01') - known_on) filter (broker <> 'boberdoo')",
        ),
    ),
    history=READS,
    select=CLAIMED,
)
