"""The parts units are made of: random choices, sites, listings, Salesforce leads, moments.

Belongs here: one well-formed thing at a time. Does not: what happens to it over the months (population). Only
`random.Random(seed).random()` is used: its sequence is the same on every Python.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime, timedelta

from leads_platform.sample.places import Addresses, Phones
from leads_platform.sample.vocabulary import (
    COMPANY_FIRST,
    COMPANY_KIND,
    COMPANY_SECOND,
    FIRST_NAMES,
    LAST_NAMES,
)
from leads_platform.sample.world import (
    SUPPLIERS,
    Address,
    Calendar,
    Listing,
    SalesforceLead,
    Site,
    Unit,
    throughout,
)

NV, OK, TX = SUPPLIERS


class Factory:
    """Makes parts, each with a phone, address, licence or Salesforce id of its own."""

    def __init__(self, calendar: Calendar, seed: int) -> None:
        self._random = random.Random(seed).random
        self._calendar = calendar
        self._months = len(calendar)
        self._phones = Phones()
        self._addresses = Addresses()
        self._serial = 0
        self._licence: dict[str, int] = dict.fromkeys(SUPPLIERS, 0)
        self._salesforce_id = 0
        self._placeholder = 0

    def _pick(self, choices: Sequence[str]) -> str:
        return choices[int(self._random() * len(choices))]

    def _address(self, state: str) -> Address:
        return self._addresses.next(state, self._random())

    def _site(self, state: str) -> Site:
        return Site(self._phones.next(state), self._address(state))

    def _stay(self, site: Site, *, early: bool = False) -> tuple[Site | None, ...]:
        """From a random first month to the last; `early` leaves a month after the first if it can."""
        last = max(0, self._months - (2 if early else 1))
        first = 0 if self._random() < 0.42 else int(self._random() * (last + 1))
        return throughout(site, self._months, first)

    def _later(self, sites: Sequence[Site | None]) -> int:
        """A random month after the first; the last when there is no other."""
        first = next(i for i, site in enumerate(sites) if site)
        return min(self._months - 1, first + 1 + int(self._random() * (self._months - 1 - first)))

    def _person(self) -> tuple[str, str]:
        return self._pick(FIRST_NAMES), self._pick(LAST_NAMES)

    def _company(self) -> str:
        name = f"{self._pick(COMPANY_FIRST)} {self._pick(COMPANY_SECOND)} {self._pick(COMPANY_KIND)}"
        draw = self._random()
        if draw < 0.08:
            return f"{name}, LLC"
        if draw < 0.14:
            return f"{self._pick(FIRST_NAMES).title()}'s {name}"
        return f'"{name.split(maxsplit=1)[0]}" {name.split(" ", 1)[1]}' if draw < 0.15 else name

    def _listing(self, feed: str, sites: tuple[Site | None, ...]) -> Listing:
        self._licence[feed] += 1
        number = self._licence[feed]
        style = int(self._random() * 262_144)
        if feed == NV:
            source_id = f"{1000 + number}-{21 + number % 4}"
        elif feed == OK:
            source_id = f"K8{'3' if style % 4 == 0 else '2'}{number:07d}"
        else:
            source_id = str(1_000_000 + number * 3)
        first_month = self._calendar.first_month
        issued = first_month - timedelta(days=200 + int(self._random() * 5_600))
        # The last day of a month between three before and about twenty after the first file.
        expires = first_month + timedelta(days=31 * (int(self._random() * 24) - 2))
        expires = expires.replace(day=1) - timedelta(days=1)
        listing = Listing(feed, source_id, sites, self._company(), self._person(), style, issued)
        listing.expires_on = expires if feed == NV else None
        listing.capacity = 12 if style % 3 == 0 else 20 + style % 160
        return listing

    def _unit(self, *listings: Listing) -> Unit:
        self._serial += 1
        return Unit(self._serial, list(listings))

    def _lead(
        self, created: datetime, phone: str | None, mobile: str | None, listing: Listing | None = None
    ) -> SalesforceLead:
        self._salesforce_id += 1
        lead = SalesforceLead(f"00Q8a{self._salesforce_id:08d}SMPQA", created, phone, mobile)
        lead.style = int(self._random() * 65_536)
        lead.company = listing.company if listing else self._company()
        lead.contact = listing.contact if listing else self._person()
        if listing and lead.style % 5:
            lead.address = next((site.address for site in listing.sites if site), None)
        return lead

    def _before_all(self) -> datetime:
        """A moment up to five years before the first month."""
        first = self._calendar.first_month
        return datetime(first.year, first.month, first.day) - timedelta(seconds=60 + int(self._random() * 157e6))

    def _day(self, index: int) -> datetime:
        """A moment between day 20 and 27 of month `index`: after the month's files, before its Salesforce
        export.
        """
        month = self._calendar.months[min(index, self._months - 1)]
        return datetime(month.year, month.month, 20 + int(self._random() * 8), int(self._random() * 24), 15, 42)
