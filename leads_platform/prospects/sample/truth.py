"""What a correct platform finds in the room's sample files: the rows of each fact and report, and most of
the dimensions' columns.

Belongs here: the rules of docs/domain.md in plain Python, over true identities and the lines as they were written.
Does not: reading phones or addresses, or any SQL: that is what the truth is there to judge. It keeps its entries in
memory, so it is for worlds up to a scale of some tens.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from pathlib import Path

from leads_platform.prospects.sample.calendar import SALESFORCE, SUPPLIERS, Calendar, LandingFile
from leads_platform.prospects.sample.files import Record, records
from leads_platform.prospects.sample.lists import Entry, Listing, Lists, SalesforceLead
from leads_platform.prospects.sample.records import HEADERS
from leads_platform.sample.population import parties
from leads_platform.sample.world import Site, World

Row = dict[str, object]
TOTAL = "all suppliers"
_EMAIL = {"ok_licensing": "Email", "tx_licensing": "Email Address"}
_COMPANY = {"nv_licensing": "Name", "ok_licensing": "Company", "tx_licensing": "Operation Name"}


def prospects_truth(world: World, landing: Path) -> dict[str, list[Row]]:
    """The rows of each table, by its name, as the world's files in `landing` give them once all have arrived."""
    calendar = Calendar(world)
    lists = Lists(world, calendar)
    return truth_of(calendar, (lists.of(party) for party in parties(world)), landing)


def truth_of(calendar: Calendar, entries: Iterable[Entry], landing: Path) -> dict[str, list[Row]]:
    """The same for any entries, for instance ones made by hand, whose files lie in `landing`."""
    return _Books(calendar, entries, landing).tables


@dataclass(slots=True)
class _Lead:
    """A supplier's lead as of some month: its record in the latest file that held it, and what became of it."""

    feed: str
    identity: str
    first: LandingFile
    record: Record
    site: Site
    listing: Listing
    in_latest: bool = True
    listed: bool = True
    changed: bool = False
    gone: bool = False
    moved: bool = False
    new_phone: bool = False
    replaces: str | None = None  # the site under which the supplier last had the number, where this one is new
    was_net_new: bool = True

    @property
    def source_id(self) -> str:
        return self.listing.source_id

    @property
    def expired(self) -> bool | None:
        """Whether the licence had run out by the date of the latest file."""
        expires = self.listing.expires_on
        return None if expires is None else expires < self.record.file.file_date

    @property
    def has_valid_phone(self) -> bool:
        return bool(self.site.phone) and not self.listing.business.phone_text


@dataclass(slots=True)
class _Known:
    """A Salesforce lead as of some month, as its latest export states it."""

    lead: SalesforceLead
    first: LandingFile
    last: LandingFile
    cells: dict[str, str]
    in_latest: bool = True

    @property
    def phone(self) -> str | None:
        return self.lead.phone_in(self.last.index)

    @property
    def modified(self) -> datetime:
        return datetime.strptime(self.cells["last_modified_date"], "%Y-%m-%d %H:%M:%S")

    @property
    def deleted(self) -> bool:
        return self.cells["is_deleted"] == "TRUE"

    @property
    def converted(self) -> bool:
        return self.cells["is_converted"] == "TRUE"


class _Books:
    """The state as of each month, carried on from the one before."""

    def __init__(self, calendar: Calendar, entries: Iterable[Entry], landing: Path) -> None:
        self._calendar, self._landing = calendar, landing
        self._lines: dict[str, list[Record]] = {file.path: [] for file in calendar.files()}
        tails: dict[str, list[Record]] = {file.path: [] for file in calendar.files()}
        for entry in entries:
            for record in records(entry, calendar):
                (tails if record.at_end else self._lines)[record.file.path].append(record)
        for path, tail in tails.items():
            self._lines[path] += tail
        self._leads: dict[str, dict[str, _Lead]] = {feed: {} for feed in SUPPLIERS}
        self._known: dict[str, _Known] = {}
        self._by_phone: dict[str, list[_Known]] = {}

    @cached_property
    def tables(self) -> dict[str, list[Row]]:
        tables: dict[str, list[Row]] = {}
        for index, month in enumerate(self._calendar.months):
            self._take_export(self._calendar.snapshots[index])
            for feed in SUPPLIERS:
                self._take_list(feed, [file for file in self._calendar.suppliers[feed][index] if file.effective])
            self._judge()
            for name, rows in (
                ("fct_lead_files", self._files(index)),
                ("rep_net_new_leads", self._net_new(index)),
                ("rep_new_leads", self._new_leads(index)),
                ("rep_lead_source_overlap", self._overlap()),
                ("dim_salesforce_leads", self._salesforce()),
                ("dim_prospective_leads_source_level", self._source_level()),
                ("dim_prospective_leads", self._prospective()),
            ):
                tables.setdefault(name, []).extend({"month": month, **row} for row in rows)
        return tables

    # What a month's files change

    def _take_export(self, file: LandingFile) -> None:
        """Of two records with one id the later counts."""
        now = {record.of.lead_id: record for record in self._lines[file.path] if isinstance(record.of, SalesforceLead)}
        if now:
            for known in self._known.values():
                known.in_latest = False
        for lead_id, record in now.items():
            assert isinstance(record.of, SalesforceLead)
            first = self._known[lead_id].first if lead_id in self._known else file
            self._known[lead_id] = _Known(record.of, first, file, _cells(record))
        self._by_phone = {}
        for _, known in sorted(self._known.items()):
            for phone in {known.phone, known.lead.mobile} - {None}:
                self._by_phone.setdefault(str(phone), []).append(known)

    def _take_list(self, feed: str, files: list[LandingFile]) -> None:
        """A month's list, of which the later record of a lead counts, against the supplier's list before."""
        now: dict[str, Record] = {}
        for file in files:
            for record in self._lines[file.path]:
                if record.site is not None and isinstance(record.of, Listing):
                    now[record.site.identity(feed, record.of.source_id)] = record
        leads = self._leads[feed]
        before = {lead.identity: lead for lead in leads.values() if lead.in_latest}
        by_date = sorted(leads.values(), key=lambda lead: lead.record.file.file_date)
        numbers = {lead.source_id: (lead.identity, lead.site) for lead in by_date}
        for lead in leads.values():
            lead.listed = lead.changed = lead.moved = lead.new_phone = False
            lead.replaces = None
            lead.gone = lead.in_latest and bool(now) and lead.identity not in now
            lead.in_latest = lead.in_latest and not now
        for identity, record in now.items():
            listing, site, known = record.of, record.site, leads.get(identity)
            assert isinstance(listing, Listing) and site is not None
            lead = _Lead(feed, identity, known.first if known else record.file, record, site, listing)
            lead.was_net_new = known is None or known.was_net_new
            if identity in before:
                lead.changed = before[identity].record.line != record.line
            elif known is None and listing.source_id in numbers:
                lead.replaces, former = numbers[listing.source_id]
                lead.moved, lead.new_phone = former.address != site.address, former.phone != site.phone
            leads[identity] = lead

    def _judge(self) -> None:
        """Net-new: in no earlier month of any supplier, and created in Salesforce not before its first file's day."""
        for lead in self._all():
            created = [known.lead.created.date() for known in self._matches(lead)]
            if lead.first.index > self._first(lead) or min(created, default=date.max) < lead.first.file_date:
                lead.was_net_new = False

    def _all(self) -> Iterator[_Lead]:
        return (lead for leads in self._leads.values() for lead in leads.values())

    def _of_site(self, identity: str) -> list[_Lead]:
        """The suppliers' leads of one site, the first received first."""
        found = [self._leads[feed][identity] for feed in SUPPLIERS if identity in self._leads[feed]]
        return sorted(found, key=lambda lead: (lead.first.file_date, lead.feed))

    def _first(self, lead: _Lead) -> int:
        """The first month in which any supplier listed it."""
        return min(other.first.index for other in self._of_site(lead.identity))

    def _matches(self, lead: _Lead) -> list[_Known]:
        """The Salesforce leads that have its phone, the best first: not deleted, by phone, modified last, by id."""
        phone = lead.site.phone
        found = sorted(self._by_phone.get(phone or "", ()), key=lambda one: one.modified, reverse=True)
        return sorted(found, key=lambda one: (one.deleted, one.phone != phone))

    # The tables' rows of a month

    def _files(self, index: int) -> Iterator[Row]:
        for feed in SUPPLIERS:
            files = [file for file in self._calendar.suppliers[feed][index] if file.effective]
            for number, file in enumerate(files):
                lines = self._lines[file.path]
                broken = sum(record.site is None for record in lines)
                here = [lead for lead in self._leads[feed].values() if lead.listed and lead.record.file is file]
                yield {
                    "source_name": feed,
                    "file_name": file.name,
                    "file_sha256": hashlib.sha256((self._landing / file.path).read_bytes()).hexdigest(),
                    "version": file.version,
                    "records": len(lines),
                    "loaded": len(lines) - broken,
                    "quarantined": broken,
                    "distinct_leads": len(here),
                    "net_new_leads": sum(self._is_net_new(lead, index) for lead in here),
                    "already_known_leads": sum(self._first(lead) < index for lead in here),
                    "already_in_salesforce_leads": sum(
                        self._first(lead) == index and not lead.was_net_new for lead in here
                    ),
                    "changed_leads": sum(lead.changed for lead in here),
                    "moved_leads": sum(lead.moved for lead in here),
                    "new_phone_leads": sum(lead.new_phone for lead in here),
                    "gone_leads": 0 if number else sum(lead.gone for lead in self._leads[feed].values()),
                }

    @staticmethod
    def _is_net_new(lead: _Lead, index: int) -> bool:
        return lead.was_net_new and lead.first.index == index

    def _net_new(self, index: int) -> Iterator[Row]:
        as_of = max((known.last.file_date for known in self._known.values()), default=None)
        for name in (*SUPPLIERS, TOTAL):
            feeds = SUPPLIERS if name == TOTAL else (name,)
            if not any(self._leads[feed] for feed in feeds):
                continue
            here = [lead for feed in feeds for lead in self._leads[feed].values() if lead.listed]
            listed = {lead.identity for lead in here}
            known = {lead.identity for lead in here if self._first(lead) < index}
            new: dict[str, list[_Lead]] = {}
            for lead in here:
                if self._is_net_new(lead, index):
                    new.setdefault(lead.identity, []).append(lead)
            yield {
                "source_name": name,
                "files": sum(file.effective for feed in feeds for file in self._calendar.suppliers[feed][index]),
                "leads_in_files": len(listed),
                "net_new_leads": len(new),
                "new_licences": sum(not any(lead.replaces for lead in leads) for leads in new.values()),
                "moved": sum(any(lead.moved for lead in leads) for leads in new.values()),
                "new_phone": sum(any(lead.new_phone for lead in leads) for leads in new.values()),
                "without_valid_phone": sum(not leads[0].has_valid_phone for leads in new.values()),
                "expired_licence": sum(any(lead.expired for lead in leads) for leads in new.values()),
                "already_known_leads": len(known),
                "already_in_salesforce_leads": len(listed - known - new.keys()),
                "still_new_leads": sum(not self._matches(leads[0]) for leads in new.values()) if as_of else None,
                "salesforce_as_of": as_of,
            }

    def _new_leads(self, index: int) -> Iterator[Row]:
        for identity in {lead.identity: None for lead in self._all() if self._is_net_new(lead, index)}:
            leads = [lead for lead in self._of_site(identity) if self._is_net_new(lead, index)]
            expired = [lead.expired for lead in leads if lead.expired is not None]
            email = _cells(leads[0].record).get(_EMAIL.get(leads[0].feed, ""), "").strip()
            yield {
                "email": email or None,
                "without_contact": not (leads[0].has_valid_phone or email),
                "source_name": leads[0].feed,
                "source_id": leads[0].source_id,
                "company_name": _cells(leads[0].record)[_COMPANY[leads[0].feed]].strip(),
                "phone_key": leads[0].site.phone,
                "file_name": leads[0].record.file.name,
                "file_date": leads[0].record.file.file_date,
                "suppliers": sorted(lead.feed for lead in leads),
                "is_new_licence": not any(lead.replaces for lead in leads),
                "has_moved": any(lead.moved for lead in leads),
                "has_new_phone": any(lead.new_phone for lead in leads),
                "license_expired_at_file_date": any(expired) if expired else None,
                "is_new_prospective_lead": not self._matches(leads[0]) if self._known else None,
            }

    def _overlap(self) -> Iterator[Row]:
        for one in SUPPLIERS:
            for other in SUPPLIERS:
                if not self._leads[one] or not self._leads[other]:
                    continue
                both = self._leads[one].keys() & self._leads[other].keys()
                yield {
                    "source_name": one,
                    "other_source_name": other,
                    "leads_in_both": len(both),
                    "leads_in_both_latest_files": sum(
                        self._leads[one][site].in_latest and self._leads[other][site].in_latest for site in both
                    ),
                    "share_of_source": len(both) / len(self._leads[one]),
                }

    def _salesforce(self) -> Iterator[Row]:
        for lead_id, known in self._known.items():
            yield {
                "salesforce_lead_id": lead_id,
                "is_deleted": known.deleted,
                "is_converted": known.converted,
                "phone_key": known.phone,
                "mobile_phone_key": known.lead.mobile,
                "created_at": known.lead.created,
                "last_modified_at": known.modified,
                "first_received_file_date": known.first.file_date,
                "last_received_file_date": known.last.file_date,
                "last_received_file_name": known.last.name,
                "in_latest_file": known.in_latest,
            }

    def _source_level(self) -> Iterator[Row]:
        for lead in self._all():
            last = lead.record.file
            yield {
                "source_name": lead.feed,
                "source_id": lead.source_id,
                "company_name": _cells(lead.record)[_COMPANY[lead.feed]].strip(),
                "phone_key": lead.site.phone,
                "has_phone_and_address": bool(lead.site.phone and lead.site.address),
                "license_expires_on": lead.listing.expires_on,
                "first_received_month": lead.first.month,
                "first_received_file_name": lead.first.name,
                "first_received_file_date": lead.first.file_date,
                "last_received_file_name": last.name,
                "last_received_file_date": last.file_date,
                "in_latest_file": lead.in_latest,
                "listed_this_month": lead.listed,
                "changed_since_last_file": lead.changed,
                "gone_since_last_file": lead.gone,
                "has_moved": lead.moved,
                "has_new_phone": lead.new_phone,
                "lead_first_received_month": self._calendar.months[self._first(lead)],
                "is_first_received_lead": self._of_site(lead.identity)[0] is lead,
                "license_expired_at_file_date": lead.expired,
                "salesforce_lead_ids": sorted(one.lead.lead_id for one in self._matches(lead)) or None,
                **self._best(lead),
                "was_net_new": lead.was_net_new,
            }

    def _best(self, lead: _Lead) -> Row:
        best = next(iter(self._matches(lead)), None)
        return {
            "salesforce_lead_id": best and best.lead.lead_id,
            "salesforce_is_deleted": best and best.deleted,
            "salesforce_is_converted": best and best.converted,
            "salesforce_created_at": best and best.lead.created,
            "salesforce_last_modified_at": best and best.modified,
            "salesforce_outreach_stage": best and best.cells["outreach_stage_c"],
            "is_new_prospective_lead": best is None if self._known else None,
        }

    def _prospective(self) -> Iterator[Row]:
        for identity in {lead.identity: None for lead in self._all()}:
            leads = self._of_site(identity)
            first, newest = leads[0], max(lead.record.file.file_date for lead in leads)
            latest = min((lead for lead in leads if lead.record.file.file_date == newest), key=lambda lead: lead.feed)
            best = self._best(latest)
            yield {
                "company_name": _cells(latest.record)[_COMPANY[latest.feed]].strip(),
                "phone_key": latest.site.phone,
                "has_phone_and_address": bool(latest.site.phone and latest.site.address),
                "first_received_file_date": first.first.file_date,
                "first_received_from_source": first.feed,
                "first_received_from_file_name": first.first.name,
                "first_received_month": first.first.month,
                "last_received_file_date": latest.record.file.file_date,
                "in_latest_file": any(lead.in_latest for lead in leads),
                "sources": sorted(lead.feed for lead in leads),
                "salesforce_lead_id": best["salesforce_lead_id"],
                "is_deleted_in_salesforce": best["salesforce_is_deleted"],
                "is_converted": best["salesforce_is_converted"],
                "outreach_stage": best["salesforce_outreach_stage"],
                "is_new_prospective_lead": best["is_new_prospective_lead"],
                "was_net_new": any(lead.was_net_new for lead in leads),
            }


def _cells(record: Record) -> dict[str, str]:
    header = HEADERS[SALESFORCE if isinstance(record.of, SalesforceLead) else record.of.feed].split(",")
    return dict(zip(header, next(csv.reader(io.StringIO(record.line))), strict=True))
