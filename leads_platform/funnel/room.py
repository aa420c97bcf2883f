"""What the room says of itself."""

from leads_platform.funnel.funnel_headline import FUNNEL
from leads_platform.room import Room

room = Room(
    says="Pipedrive's deals and activities become the sales funnel and its statistics.",
    owner="team:sales",
    headlines=(FUNNEL,),
    order=2,
)
