"""Inventing the sample world's units: first one of each promised kind, then as many random ones as the scale
asks.

Belongs here: what happens to sites, licences and Salesforce leads over the months, and how often. Does not:
counting it (truth) or writing it (files).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from leads_platform.sample.factory import NV, OK, TX, Factory
from leads_platform.sample.world import (
    CORRECTED_NV,
    RAGGED_TX,
    SUPPLIERS,
    Site,
    Unit,
    then,
    throughout,
)

UNITS_AT_SCALE_1 = 690  # gives about 300 licences a supplier over six months
SALESFORCE_ONLY_AT_SCALE_1 = 45
HOME = {"nv_licensing": "NV", "ok_licensing": "OK", "tx_licensing": "TX"}

# Kind -> share of the random units; the rest are plain: one supplier, one site, staying until the last month.
SHARES = {
    "overlap": 0.12,
    "gone": 0.12,
    "moved": 0.04,
    "returned": 0.03,
    "chain": 0.02,
    "restyled": 0.03,
    "new_contact": 0.03,
    "bad_phone": 0.025,
    "no_phone": 0.012,
    "no_address": 0.012,
    "phone_changed": 0.012,
    "two_licences": 0.012,
    "relicensed": 0.01,
    "twice": 0.015,
    "everywhere": 0.008,
    "corrected": 0.012,
}


class Population(Factory):
    """Makes units. Each method named after a kind in SHARES makes one unit of that kind for a supplier."""

    def units(self, scale: float) -> Iterator[Unit]:
        """All units: the promised ones, then random ones; deterministic for a calendar, seed and scale."""
        yield from self.promised()
        kinds = list(SHARES.items())
        for number in range(round(UNITS_AT_SCALE_1 * scale)):
            draw, kind = self._random(), "plain"
            for name, share in kinds:
                if draw < share:
                    kind = name
                    break
                draw -= share
            unit = self._make(kind)(SUPPLIERS[number % 3])
            self._reach_salesforce(unit)
            yield unit
        for _ in range(round(SALESFORCE_ONLY_AT_SCALE_1 * scale)):
            yield self.salesforce_only()

    def promised(self) -> Iterator[Unit]:
        """At least one of everything, at any scale."""
        for feed in SUPPLIERS:
            for kind in SHARES:
                if kind not in ("bad_phone", "corrected"):
                    yield self._make(kind)(feed)
            yield self.same_address(feed)
        for number in range(len(_BAD_PHONES)):
            yield self.bad_phone(SUPPLIERS[number % 3], number)
        for one, other in ((NV, OK), (OK, TX), (TX, NV)):
            yield self.overlap(one, other, later=0)
            yield self.overlap(one, other, later=1)
        for how in range(3):
            yield self.corrected(NV, how)
        yield self.ragged()
        yield from self._names()
        yield from self._salesforce_cases()

    def _make(self, kind: str) -> Callable[[str], Unit]:
        return getattr(self, kind)

    # Kinds of units

    def plain(self, feed: str) -> Unit:
        """One licence at one site, from some month on."""
        return self._unit(self._listing(feed, self._stay(self._site(HOME[feed]))))

    def gone(self, feed: str) -> Unit:
        """Vanishes from the list for good."""
        sites = self._stay(self._site(HOME[feed]), early=True)
        return self._unit(self._listing(feed, then(sites, self._later(sites), None)))

    def returned(self, feed: str) -> Unit:
        """Missing for one month."""
        sites = list(self._stay(self._site(HOME[feed]), early=True))
        sites[self._later(sites)] = None
        return self._unit(self._listing(feed, tuple(sites)))

    def moved(self, feed: str) -> Unit:
        """The licence and phone stay, the address changes: another site."""
        old = self._site(HOME[feed])
        sites = self._stay(old, early=True)
        new = Site(old.phone, self._address(HOME[feed]))
        return self._unit(self._listing(feed, then(sites, self._later(sites), new)))

    def phone_changed(self, feed: str) -> Unit:
        """The licence and address stay, the phone changes: another site."""
        old = self._site(HOME[feed])
        sites = self._stay(old, early=True)
        new = Site(self._phones.next(HOME[feed]), old.address)
        return self._unit(self._listing(feed, then(sites, self._later(sites), new)))

    def relicensed(self, feed: str) -> Unit:
        """The site stays, under another licence number: still the same site."""
        site = self._site(HOME[feed])
        sites = self._stay(site, early=True)
        change = self._later(sites)
        old = self._listing(feed, then(sites, change, None))
        new = self._listing(feed, throughout(site, self._months, change))
        new.company, new.contact = old.company, old.contact
        return self._unit(old, new)

    def chain(self, feed: str) -> Unit:
        """One phone, several addresses: each is a site."""
        phone = self._phones.next(HOME[feed])
        company = self._company()
        listings = []
        for _ in range(2 + int(self._random() * 3)):
            listing = self._listing(feed, self._stay(Site(phone, self._address(HOME[feed]))))
            address = listing.sites[-1] and listing.sites[-1].address
            listing.company = f"{company} - {address.street.title() if address else ''}"
            listings.append(listing)
        return self._unit(*listings)

    def two_licences(self, feed: str) -> Unit:
        """Two licences for one site, each written in its own way."""
        sites = self._stay(self._site(HOME[feed]))
        return self._unit(self._listing(feed, sites), self._listing(feed, sites))

    def restyled(self, feed: str) -> Unit:
        """Phone and address are written in another way from some month on: the same site."""
        sites = self._stay(self._site(HOME[feed]), early=True)
        listing = self._listing(feed, sites)
        listing.restyled_from = self._later(sites)
        return self._unit(listing)

    def new_contact(self, feed: str) -> Unit:
        """Another contact person from some month on."""
        sites = self._stay(self._site(HOME[feed]), early=True)
        listing = self._listing(feed, sites)
        listing.contact_from, listing.next_contact = self._later(sites), self._person()
        return self._unit(listing)

    def twice(self, feed: str) -> Unit:
        """Two records with one key in a file, the second (the valid one) at the file's end."""
        sites = self._stay(self._site(HOME[feed]), early=True)
        listing = self._listing(feed, sites)
        listing.twice = frozenset({self._later(sites)})
        return self._unit(listing)

    def no_phone(self, feed: str) -> Unit:
        """An empty phone cell."""
        return self._unit(self._listing(feed, self._stay(Site(None, self._address(HOME[feed])))))

    def no_address(self, feed: str) -> Unit:
        """A phone and no address at all."""
        return self._unit(self._listing(feed, self._stay(Site(self._phones.next(HOME[feed]), None))))

    def bad_phone(self, feed: str, number: int | None = None) -> Unit:
        """A phone cell that is no valid number; the address tells such leads apart."""
        text = _BAD_PHONES[int(self._random() * len(_BAD_PHONES)) if number is None else number]
        if "{" in text:
            good = self._phones.next(HOME[feed])
            text = text.format(good[:3], good[3:6], good[6:])
        digits = "".join(char for char in text if char.isdigit())
        listing = self._listing(feed, self._stay(Site(digits or None, self._address(HOME[feed]))))
        listing.phone_text = text
        return self._unit(listing)

    def same_address(self, feed: str) -> Unit:
        """Two businesses at one address with their own phones: two sites."""
        one = self._site(HOME[feed])
        other = Site(self._phones.next(HOME[feed]), one.address)
        return self._unit(self._listing(feed, self._stay(one)), self._listing(feed, self._stay(other)))

    def overlap(self, feed: str, other: str | None = None, later: int | None = None) -> Unit:
        """One site in two suppliers' lists, in the second `later` months after (None: at random)."""
        if other is None:
            other = SUPPLIERS[(SUPPLIERS.index(feed) + (1 if self._random() < 0.5 else 2)) % 3]
        if later is None:
            later = 0 if self._random() < 0.45 else 1 + int(self._random() * max(1, self._months - 1))
        # Nevada's one-cell addresses are in Nevada; a site it shares with another supplier is there too.
        state = "NV" if NV in (feed, other) else HOME[feed]
        site = self._site(state)
        sites = self._stay(site, early=True)
        first = next(i for i, s in enumerate(sites) if s)
        first_listing = self._listing(feed, sites)
        second = self._listing(other, throughout(site, self._months, first + later))
        second.company, second.contact = first_listing.company, first_listing.contact
        return self._unit(first_listing, second)

    def everywhere(self, feed: str) -> Unit:
        """One site in all three lists, from months of their own."""
        site = self._site("NV")
        others = (name for name in SUPPLIERS if name != feed)
        return self._unit(*(self._listing(name, self._stay(site)) for name in (feed, *others)))

    def corrected(self, feed: str, how: int | None = None) -> Unit:
        """A licence that the corrected file adds (0), removes (1) or gives another address (2); plain for
        others.
        """
        months = [i for i in range(self._months) if i % 6 == CORRECTED_NV]
        if feed != NV or not months:
            return self.plain(feed)
        how = int(self._random() * 3) if how is None else how
        month = months[int(self._random() * len(months))]
        site = self._site("NV")
        if how == 0:
            listing = self._listing(NV, throughout(site, self._months, month))
            listing.superseded = {month: None}
        elif how == 1:
            listing = self._listing(NV, (None,) * self._months)
            listing.superseded = {month: site}
        else:
            listing = self._listing(NV, throughout(site, self._months, 0))
            listing.superseded = {month: Site(site.phone, self._address("NV"))}
        return self._unit(listing)

    def ragged(self) -> Unit:
        """A Texas record with a field too many in one month: quarantined there, readable before and after."""
        listing = self._listing(TX, throughout(self._site("TX"), self._months))
        listing.broken = frozenset({RAGGED_TX} & set(range(self._months)))
        return self._unit(listing)

    def salesforce_only(self) -> Unit:
        """A Salesforce lead that no supplier lists; half of them with placeholder numbers, two with one
        number.
        """
        self._serial += 1
        created = self._before_all() if self._random() < 0.8 else self._day(int(self._random() * self._months))
        if self._random() < 0.5:
            self._placeholder += 1
            phone = str(1_234_567_890 + self._placeholder // 2)
            mobile = str(1_834_567_890 + self._placeholder)
        else:
            phone, mobile = self._phones.next("TX"), None
        return Unit(self._serial, [], [self._lead(created, phone, mobile)])

    # Promised details

    def _names(self) -> Iterator[Unit]:
        """Names with quotes, commas, and an apostrophe that lost its encoding."""
        for feed, name in (
            (NV, "My Little Sparrowís Home Daycare LLC"),
            (NV, 'The "Acorn" House, LLC'),
            (OK, "Wiggle & Giggle Kids Club ,LLC"),
            (TX, 'K" Lane Learning Center LLC"'),
            (TX, 'The "Comet" Room, Inc.'),
            (TX, "Thimble, Button & Daughters"),
        ):
            listing = self._listing(feed, throughout(self._site(HOME[feed]), self._months))
            listing.company = name
            yield self._unit(listing)

    def _salesforce_cases(self) -> Iterator[Unit]:
        """Every way in which Salesforce knows, gets to know, or loses a lead."""
        month = min(1, self._months - 1)
        for feed in SUPPLIERS:
            # Loaded soon after its month's file, and in the next month: net-new in both cases.
            for when in (month, month + 1):
                yield self._known(feed, month, self._day(when))
            # Created on the day of the file, after midnight: not before it, so net-new.
            dated = self._calendar.file_date(feed, month)
            yield self._known(feed, month, datetime(dated.year, dated.month, dated.day, 0, 30, 5))
            # Created the day before: known already.
            eve = dated - timedelta(days=1)
            yield self._known(feed, month, datetime(eve.year, eve.month, eve.day, 23, 59, 59))
        before = self._before_all()
        unit = self._known(NV, 0, before)
        unit.salesforce[0].mobile, unit.salesforce[0].phone = (
            unit.salesforce[0].phone,
            self._phones.next("NV"),
        )
        yield unit  # matches by its mobile only
        for attribute in ("deleted_from", "converted_from", "absent_from"):
            unit = self._known(OK, month, before)
            setattr(unit.salesforce[0], attribute, month)
            yield unit
        unit = self._known(TX, month, before)
        unit.salesforce.append(self._lead(self._day(0), None, unit.salesforce[0].phone))
        yield unit  # two Salesforce leads for one site
        unit = self.no_address(OK)
        site = next(s for s in unit.listings[0].sites if s)
        unit.salesforce.append(self._lead(before, site.phone, None))
        yield unit  # a lead without an address that Salesforce knows by its phone

    def _known(self, feed: str, first: int, created: datetime) -> Unit:
        """A licence from month `first` on whose phone a Salesforce lead has."""
        site = self._site(HOME[feed])
        unit = self._unit(self._listing(feed, throughout(site, self._months, first)))
        unit.salesforce.append(self._lead(created, site.phone, None, unit.listings[0]))
        return unit

    def _reach_salesforce(self, unit: Unit) -> None:
        """Salesforce knows some units from before; others reach it after their first month's file."""
        draw = self._random()
        listing = unit.listings[0]
        first = next((i for i, site in enumerate(listing.sites) if site), None)
        if draw > 0.34 or first is None or listing.phone_text:
            return
        first = min(next((i for i, s in enumerate(other.sites) if s), first) for other in unit.listings)
        site = next(s for s in listing.sites if s)
        if site.phone is None:
            return
        created = self._before_all() if draw < 0.15 else self._day(first + (1 if draw < 0.24 else 0))
        lead = self._lead(created, site.phone, None, listing)
        if self._random() < 0.2:
            lead.phone, lead.mobile = None, lead.phone
        unit.salesforce.append(lead)
        seen = self._calendar.snapshot_index(created)
        if seen is not None:
            change = seen + int(self._random() * self._months)
            fate = self._random()
            if fate < 0.08:
                lead.deleted_from = change
            elif fate < 0.2:
                lead.converted_from = change
            elif fate < 0.25:
                lead.absent_from = change + 1


# Too short, letters, the placeholders, and an exchange that cannot exist.
_BAD_PHONES = ("555-0134", "CALL OFFICE", "999-999-9999", "000-000-0000", "{0}-123-{2}", "702-55")
