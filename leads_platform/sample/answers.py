"""Counting the known answers from the world itself, one unit at a time.

Belongs here: the rules of docs/domain.md over true identities. Does not: reading files or cleaning phones and
addresses; that is what the answers are there to judge.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise

from leads_platform.months import label
from leads_platform.sample.truth import FeedMonth, FileTruth, MonthTruth, SiteTruth, Truth, overlap_key
from leads_platform.sample.world import (
    SUPPLIERS,
    Calendar,
    LandingFile,
    Listing,
    SalesforceLead,
    Unit,
    present,
)

_PAIRS = {(one, other): overlap_key(one, other) for one in SUPPLIERS for other in SUPPLIERS}
# Fields of MonthTruth that carry over to the next month.
_RUNNING = (
    "sites",
    "licences",
    "licence_sites",
    "supplier_sites",
    "new_prospects",
    "was_net_new",
    "salesforce_known",
)


class Answers:
    """Adds up the truth: `record` for each record written, `unit` for each unit, `truth` at the end."""

    def __init__(self, calendar: Calendar, *, detail: bool) -> None:
        self._calendar = calendar
        self._labels = [label(month) for month in calendar.months]
        self._sites: dict[str, SiteTruth] | None = {} if detail else None
        self._files = {
            file.path: FileTruth(
                file.path,
                file.feed,
                self._labels[file.index],
                file.file_date.isoformat(),
                file.part,
                file.effective,
            )
            for file in calendar.files()
        }
        self._replaced = [file for file in calendar.files() if not file.effective]
        self._dates = {feed: [calendar.file_date(feed, i) for i in range(len(calendar))] for feed in SUPPLIERS}
        self._feeds = {feed: [self._feed_month(feed, i) for i in range(len(calendar))] for feed in SUPPLIERS}
        self._months = [MonthTruth(name) for name in self._labels]
        for month in self._months:
            month.overlap = dict.fromkeys(_PAIRS.values(), 0)
            month.overlap_latest = dict.fromkeys(_PAIRS.values(), 0)

    def _feed_month(self, feed: str, index: int) -> FeedMonth:
        in_force = [file for file in self._calendar.suppliers[feed][index] if file.effective]
        for file in in_force:
            truth = self._files[file.path]
            truth.net_new = truth.known_to_us = truth.in_salesforce = 0
        dated = self._dates[feed][index].isoformat()
        return FeedMonth(self._labels[index], feed, dated, [file.path for file in in_force])

    def record(self, file: LandingFile, *, broken: bool = False, earlier: bool = False) -> None:
        """Counts a record: a `broken` one is quarantined, an `earlier` one's key comes again in the file."""
        truths: list[FileTruth | FeedMonth] = [self._files[file.path]]
        if file.effective and file.feed in self._feeds:
            truths.append(self._feeds[file.feed][file.index])
        for truth in truths:
            truth.records += 1
            truth.quarantined += broken
            truth.repeated_keys += earlier
            truth.licences += not broken and not earlier

    def changed(self, feed: str, index: int) -> None:
        """Counts a licence of which a cell differs from the month before."""
        self._feeds[feed][index].changed += 1

    def unit(self, unit: Unit) -> None:
        """Counts the sites, licences and Salesforce leads of a unit."""
        histories: dict[str, _History] = {}
        for listing in unit.listings:
            self._licence(listing, histories)
        self._superseded(unit)
        for history in histories.values():
            self._site(unit, history)
        for lead in unit.salesforce:
            self._salesforce(lead)

    def _licence(self, listing: Listing, histories: dict[str, _History]) -> None:
        feed, source_id = listing.feed, listing.source_id
        months = self._feeds[feed]
        before = before_identity = None
        seen: set[str] = set()
        for index in range(len(months)):
            month = months[index]
            site = present(listing, index)
            if site is None:
                if before is not None:
                    month.gone_licences += 1
                    if self._sites is not None:
                        month.gone_ids.append(source_id)
                before = None
                continue
            identity = before_identity if site is before else site.identity(feed, source_id)
            assert identity is not None
            history = histories.get(identity)
            if history is None:
                history = histories[identity] = _History(identity, site.phone, site.address and site.address.text)
            history.masks[feed] = history.masks.get(feed, 0) | 1 << index
            history.licences.setdefault((feed, source_id), index)
            seen.add(identity)
            if before is not None and site != before:
                if site.address != before.address:
                    month.moved += 1
                    if self._sites is not None:
                        month.moved_ids.append(source_id)
                else:
                    month.phone_changed += 1
            expires = listing.expires_on
            month.expired += expires is not None and expires < self._dates[feed][index]
            month.without_phone += site.phone is None and not listing.phone_text
            month.bad_phone += bool(listing.phone_text)
            month.without_address += site.address is None
            before, before_identity = site, identity
        first = next((i for i in range(len(months)) if present(listing, i)), None)
        if first is not None:
            self._months[first].licences += 1

    def _superseded(self, unit: Unit) -> None:
        """Counts the unit's sites in versions that a corrected file replaced."""
        for file in self._replaced:
            if file.holds(unit):
                self._files[file.path].sites += len(_superseded_sites(unit, file))

    def _site(self, unit: Unit, history: _History) -> None:
        matches = [
            (lead, seen)
            for lead in unit.salesforce
            if history.phone
            and history.phone in (lead.phone, lead.mobile)
            and (seen := self._first_snapshot(lead)) is not None
        ]
        created = min((lead.created.date() for lead, _ in matches), default=None)
        known_from = min((seen for _, seen in matches), default=None)
        first = history.first
        net_new = [
            feed
            for feed, mask in history.masks.items()
            if mask >> first & 1 and not (created and created < self._dates[feed][first])
        ]
        for feed in history.masks:
            self._feed_site(unit, history, feed, created)
        self._month_site(history, known_from, net_new=bool(net_new))
        if self._sites is not None:
            self._sites[history.identity] = SiteTruth(
                history.identity,
                history.phone,
                history.address,
                {feed: [self._labels[i] for i in _bits(mask)] for feed, mask in history.masks.items()},
                {feed: [s for f, s in history.licences if f == feed] for feed in history.masks},
                self._labels[first],
                net_new,
                [lead.lead_id for lead, _ in matches],
                None if known_from is None else self._labels[known_from],
            )

    def _feed_site(self, unit: Unit, history: _History, feed: str, created: date | None) -> None:
        """Counts one supplier's months of a site; `created`: when Salesforce got its first matching lead."""
        mask, first = history.masks[feed], history.first
        own_first = _lowest(mask)
        for index in range(own_first, len(self._calendar)):
            month = self._feeds[feed][index]
            here, before = mask >> index & 1, index > own_first and mask >> index - 1 & 1
            if not here:
                month.gone += bool(before)
                continue
            known_to_us = first < index
            in_salesforce = created is not None and created < self._dates[feed][index]
            net_new = not known_to_us and not in_salesforce
            month.sites += 1
            month.known_to_us += known_to_us
            month.in_salesforce += in_salesforce
            month.net_new += net_new
            month.repeated += bool(before)
            month.first_from_supplier += index == own_first
            month.returned += not before and index > own_first
            if net_new:
                ids = [s for (f, s), since in history.licences.items() if f == feed and since == index]
                month.net_new_licences += len(ids)
                if self._sites is not None:
                    month.net_new_ids += ids
            for file in self._calendar.suppliers[feed][index]:
                if file.effective and file.holds(unit):
                    truth = self._files[file.path]
                    truth.sites += 1
                    truth.net_new = (truth.net_new or 0) + net_new
                    truth.known_to_us = (truth.known_to_us or 0) + known_to_us
                    truth.in_salesforce = (truth.in_salesforce or 0) + in_salesforce

    def _month_site(self, history: _History, known_from: int | None, *, net_new: bool) -> None:
        """Counts that run on from month to month are added where they begin; `truth` sums them up."""
        first = history.first
        begins = self._months[first]
        begins.net_new += net_new
        begins.was_net_new += net_new
        begins.sites += 1
        if known_from is None or known_from > first:
            begins.new_prospects += 1
            if known_from is not None:
                self._months[known_from].new_prospects -= 1
        for since in history.licences.values():
            self._months[since].licence_sites += 1
        masks = list(history.masks.items())
        for number, (feed, mask) in enumerate(masks):
            self._months[_lowest(mask)].supplier_sites += 1
            for other, other_mask in masks[number:]:
                pair = _PAIRS[feed, other]
                self._months[max(_lowest(mask), _lowest(other_mask))].overlap[pair] += 1
                for index in _bits(mask & other_mask):
                    self._months[index].overlap_latest[pair] += 1
        for index in _bits(history.everywhere):
            self._months[index].in_latest_files += 1

    def _first_snapshot(self, lead: SalesforceLead) -> int | None:
        index = self._calendar.snapshot_index(lead.created)
        return None if index is None or (lead.absent_from is not None and lead.absent_from <= index) else index

    def _salesforce(self, lead: SalesforceLead) -> None:
        first = self._first_snapshot(lead)
        if first is None:
            return
        self._months[first].salesforce_known += 1
        for index in range(first, min(len(self._months), lead.absent_from or len(self._months))):
            month = self._months[index]
            month.salesforce_records += 1
            month.salesforce_deleted += lead.deleted_from is not None and index >= lead.deleted_from
            month.salesforce_converted += lead.converted_from is not None and index >= lead.converted_from

    def truth(self) -> Truth:
        """The truth about all units counted; ends the counting."""
        for before, month in pairwise(self._months):
            for name in _RUNNING:
                setattr(month, name, getattr(before, name) + getattr(month, name))
            for pair, count in before.overlap.items():
                month.overlap[pair] += count
        return Truth(
            self._calendar.first_month.isoformat(),
            self._labels,
            [file.path for file in self._calendar.arrival_order()],
            self._files,
            {f"{m.month}|{feed}": m for feed, months in self._feeds.items() for m in months},
            {month.month: month for month in self._months},
            self._sites,
        )


@dataclass(slots=True)
class _History:
    """A site's months by supplier, as bits (bit i = month i), and its licences with their first month at the
    site.
    """

    identity: str
    phone: str | None
    address: str | None
    masks: dict[str, int] = field(default_factory=dict)
    licences: dict[tuple[str, str], int] = field(default_factory=dict)

    @property
    def everywhere(self) -> int:
        """The months in which any supplier holds the site."""
        months = 0
        for mask in self.masks.values():
            months |= mask
        return months

    @property
    def first(self) -> int:
        """The first month in which any supplier holds the site."""
        return _lowest(self.everywhere)


def _superseded_sites(unit: Unit, file: LandingFile) -> set[str]:
    sites = set()
    for listing in unit.listings:
        if listing.feed == file.feed:
            site = listing.superseded.get(file.index, listing.sites[file.index])
            if site is not None:
                sites.add(site.identity(file.feed, listing.source_id))
    return sites


def _lowest(mask: int) -> int:
    return (mask & -mask).bit_length() - 1


def _bits(mask: int) -> Iterator[int]:
    while mask:
        yield _lowest(mask)
        mask &= mask - 1
