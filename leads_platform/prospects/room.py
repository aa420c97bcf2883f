"""What the room says of itself."""

from leads_platform.prospects.lead_list import LeadList
from leads_platform.prospects.net_new_headline import NET_NEW
from leads_platform.prospects.new_leads_export import new_leads
from leads_platform.room import Room

room = Room(
    says="Suppliers' lead files and Salesforce's leads become one list of prospective leads.",
    owner="team:prospects",
    kinds={"lead_list": LeadList},
    headlines=(NET_NEW,),
    actions={"new-leads": new_leads},
    order=1,
)
