"""What the room says of itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leads_platform.revenue.broker import Broker
from leads_platform.room import Room

if TYPE_CHECKING:
    from leads_platform.sample.emitter import Emitter
    from leads_platform.sample.world import World


def _sample(world: World) -> Emitter:
    from leads_platform.revenue.sample.files import RevenueFiles

    return RevenueFiles(world)


room = Room(
    says="Leads and calls as a ledger of revenue that nobody edits.",
    owner="team:revenue",
    groups={"brokers": Broker},
    sample=_sample,
    order=3,
)
