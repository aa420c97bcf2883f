"""The brokers, by their YAMLs: what one row of settings says of each."""

from leads_platform.revenue.broker_staging import BROKER
from leads_platform.warehouse import Audit, Table, accepted_values, not_null

dim_brokers = Table(
    says="One row per broker: its partners at boberdoo, and how its rows find the sale. The same in each month.",
    grain=("broker",),
    columns=BROKER,
    must=(
        not_null("title", "partner_ids", "match", "pick", "conversions_per_sale"),
        accepted_values("deal_type", "cpa", "cpt", "warm_transfer"),
    ),
    should=(
        Audit(
            "partners_are_of_one_broker",
            "No partner is two brokers': both would be paid for its sales.",
            """
            select month, broker
            from (select month, broker, unnest(partner_ids) as partner_id from this)
            qualify count(*) over (partition by month, partner_id) > 1
            """,
        ),
    ),
    select='select * from revenue."stg_brokers_*"',
)
