"""What the room says of itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leads_platform.funnel.funnel_headline import FUNNEL
from leads_platform.room import Room

if TYPE_CHECKING:
    from leads_platform.sample.emitter import Emitter
    from leads_platform.sample.world import World


def _sample(world: World) -> Emitter:
    from leads_platform.funnel.sample.files import DealFiles

    return DealFiles(world)


room = Room(
    says="Pipedrive's deals and activities become the sales funnel and its statistics.",
    owner="team:sales",
    headlines=(FUNNEL,),
    sample=_sample,
    order=2,
)
