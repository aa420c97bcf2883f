"""The standard statuses of a lead at a broker.

Belongs here: the words. Does not: which of a broker's own words is which (its YAML).
"""

STATUSES = (
    "new", "contacted", "no_contact", "quoted", "quoted_not_closed", "hold", "sold", "not_sold", "not_qualified",
    "invalid", "duplicate", "dnc", "cancelled",
)  # fmt: skip
