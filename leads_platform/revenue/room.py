"""What the room says of itself."""

from leads_platform.revenue.broker import Broker
from leads_platform.room import Room

room = Room(
    says="Leads and calls as a ledger of revenue that nobody edits.",
    owner="team:revenue",
    groups={"brokers": Broker},
    order=3,
)
