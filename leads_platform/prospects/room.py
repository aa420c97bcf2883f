"""What the room says of itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leads_platform.prospects.lead_list import LeadList
from leads_platform.prospects.net_new_headline import NET_NEW
from leads_platform.prospects.new_leads_export import new_leads
from leads_platform.room import Room

if TYPE_CHECKING:
    from leads_platform.sample.emitter import Emitter
    from leads_platform.sample.world import World


def _sample(world: World) -> Emitter:
    from leads_platform.prospects.sample.files import ListFiles

    return ListFiles(world)


room = Room(
    says="Suppliers' lead files and Salesforce's leads become one list of prospective leads.",
    owner="team:prospects",
    kinds={"lead_list": LeadList},
    headlines=(NET_NEW,),
    sample=_sample,
    actions={"new-leads": new_leads},
    order=1,
)
