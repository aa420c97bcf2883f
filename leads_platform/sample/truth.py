"""The known answers: what a correct platform must find in the sample files.

Belongs here: what the numbers mean (docs/domain.md). Does not: counting them (answers). All numbers are those of
the end state, every file having arrived.

Words: a *site* is a prospective lead (phone + address, or the supplier's own record when either is missing);
a *licence* is a supplier's source_id. "The month before" of a supplier is its file in force for the previous
month.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any

from leads_platform.sample.funnel_truth import FunnelTruth


@dataclass(slots=True)
class FileTruth:
    """One delivered file. The last three are null for a superseded version and for Salesforce."""

    path: str
    feed: str
    month: str
    file_date: str
    part: int | None
    effective: bool
    records: int = 0
    quarantined: int = 0
    repeated_keys: int = 0  # records whose key occurs again later in the file
    licences: int = 0  # distinct keys among the loaded records
    sites: int = 0
    net_new: int | None = None
    known_to_us: int | None = None
    in_salesforce: int | None = None


@dataclass(slots=True)
class FeedMonth:
    """A supplier's month: its file in force, or all parts of it. Counts of sites unless they say licences."""

    month: str
    feed: str
    file_date: str
    files: list[str]
    records: int = 0
    quarantined: int = 0
    repeated_keys: int = 0
    licences: int = 0
    sites: int = 0
    net_new: int = 0  # was_net_new: in no earlier month of any supplier, not in Salesforce before file_date
    net_new_licences: int = 0
    known_to_us: int = 0  # an earlier month of any supplier held the site
    in_salesforce: int = 0  # a matching Salesforce lead was created before file_date (known to us or not)
    repeated: int = 0  # in the month before too
    first_from_supplier: int = 0  # the supplier's first month with the site
    returned: int = 0  # not in the month before, but in an older one of the same supplier
    gone: int = 0  # in the month before, not in this one
    gone_licences: int = 0
    moved: int = 0  # licences in both months with another address
    phone_changed: int = 0  # licences in both months with the same address and another phone
    changed: int = 0  # licences in both months with any different cell, moved ones included
    expired: int = 0  # licences whose expiry lies before file_date
    without_phone: int = 0  # licences with an empty phone cell
    bad_phone: int = 0  # licences whose phone cell is filled but is no valid US number
    without_address: int = 0  # licences without a street
    moved_ids: list[str] = field(default_factory=list)  # source_ids; only with detail
    gone_ids: list[str] = field(default_factory=list)
    net_new_ids: list[str] = field(default_factory=list)


@dataclass(slots=True)
class MonthTruth:
    """The picture as of the end of a month. `overlap` keys are `nv_licensing|ok_licensing`, sorted; `a|a` is
    a itself.
    """

    month: str
    net_new: int = 0  # sites net-new this month through any supplier, each once
    sites: int = 0  # ever held by a file of this or an earlier month
    licences: int = 0  # distinct (supplier, source_id) ever held
    licence_sites: int = 0  # distinct (supplier, source_id, site) ever held
    supplier_sites: int = 0  # distinct (supplier, site) ever held
    in_latest_files: int = 0  # sites in at least one supplier's file of this month
    new_prospects: int = 0  # is_new_prospective_lead: sites no Salesforce lead known by now matches
    was_net_new: int = 0  # of `sites`, those that were net-new in their first month
    overlap: dict[str, int] = field(default_factory=dict)
    overlap_latest: dict[str, int] = field(default_factory=dict)
    salesforce_records: int = 0  # in this month's snapshot
    salesforce_deleted: int = 0
    salesforce_converted: int = 0
    salesforce_known: int = 0  # distinct leads in this or an earlier snapshot


@dataclass(slots=True)
class SiteTruth:
    """A site's history; only with detail. Months are labels, `held` by supplier, `source_ids` likewise."""

    identity: str
    phone: str | None
    address: str | None
    held: dict[str, list[str]]
    source_ids: dict[str, list[str]]
    first_month: str
    net_new: list[str]  # suppliers for which it was net-new, all in first_month
    salesforce_ids: list[str]
    known_in_salesforce_from: str | None  # the first month whose snapshot holds a match


@dataclass(slots=True)
class Truth:
    """Everything that is known about a generated landing folder; paths are relative to it."""

    first_month: str
    months: list[str]
    arrival_order: list[str]
    files: dict[str, FileTruth]
    feed_months: dict[str, FeedMonth]  # key `2024-03|nv_licensing`
    month_truths: dict[str, MonthTruth]  # key `2024-03`
    sites: dict[str, SiteTruth] | None = None  # None without detail
    funnel: FunnelTruth | None = None  # None for a world of lead files alone

    def of(self, month: str, feed: str) -> FeedMonth:
        """The truth about a supplier's month, `of("2024-03", "nv_licensing")`."""
        return self.feed_months[f"{month}|{feed}"]

    def as_dict(self) -> dict[str, Any]:
        """The truth in JSON's types."""
        return asdict(self)

    def to_json(self) -> str:
        """The truth as JSON, keys sorted: equal worlds give equal text."""
        return json.dumps(self.as_dict(), indent=1, sort_keys=True)


def overlap_key(one: str, other: str) -> str:
    """How two suppliers are named in `MonthTruth.overlap`."""
    return "|".join(sorted((one, other)))
