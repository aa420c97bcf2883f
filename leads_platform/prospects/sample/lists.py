"""What the suppliers' lists and Salesforce hold of each party: licences and leads over the months.

Belongs here: who lists whom from when, and what goes wrong in a list; `Lists` plays the promised cases on the promised
parties, and draws for the others. Does not: how a cell looks (files), or what follows of it (truth).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from leads_platform.prospects.sample.calendar import CORRECTED_NV, NV, OK, RAGGED_TX, SUPPLIERS, TX, Calendar
from leads_platform.sample.world import Business, Party, Site, World, then, without

HOME = {"NV": NV, "OK": OK, "TX": TX}

# Habit -> share of the businesses that a list treats so; the others are listed as they are.
HABITS = {
    "overlaps": 0.12,
    "is_left_out_once": 0.03,
    "is_restyled": 0.03,
    "has_a_new_contact": 0.03,
    "has_two_licences": 0.012,
    "is_relicensed": 0.01,
    "stands_twice": 0.015,
    "is_everywhere": 0.008,
    "is_corrected": 0.012,
}


@dataclass(slots=True)
class Listing:
    """One supplier's licence of a business.

    `sites[i]` is what the file in force for month i says, None when it does not hold the licence; `superseded[i]` is
    what a corrected file's first version said instead. `twice` are months in which the file holds it twice; `broken`
    months in which its record has a field too many. From `restyled_from` on, phone and address are written in another
    way and cells have blanks around them; from `contact_from` on, the contact is `next_contact`.
    """

    feed: str
    source_id: str
    business: Business
    sites: tuple[Site | None, ...]
    style: int = 0
    issued_on: date = date(2019, 5, 1)
    expires_on: date | None = None
    capacity: int = 12
    superseded: dict[int, Site | None] = field(default_factory=dict)
    twice: frozenset[int] = frozenset()
    broken: frozenset[int] = frozenset()
    restyled_from: int | None = None
    contact_from: int | None = None
    next_contact: tuple[str, str] | None = None


@dataclass(slots=True)
class SalesforceLead:
    """A Salesforce lead; `deleted_from`, `converted_from`, `absent_from` are indexes of monthly exports.

    From `twice_from` on an export holds its id twice; the first of the two records has `former_phone`. From
    `next_phone_from` on its phone is `next_phone`.
    """

    lead_id: str
    created: datetime
    business: Business
    phone: str | None
    mobile: str | None = None
    style: int = 0
    deleted_from: int | None = None
    converted_from: int | None = None
    absent_from: int | None = None
    twice_from: int | None = None
    former_phone: str | None = None
    next_phone_from: int | None = None
    next_phone: str | None = None

    def phone_in(self, index: int) -> str | None:
        """Its phone in the export of month `index`."""
        return self.next_phone if self.next_phone_from is not None and index >= self.next_phone_from else self.phone


@dataclass(slots=True)
class Entry:
    """All that lists and Salesforce hold of one party."""

    serial: int
    listings: list[Listing] = field(default_factory=list)
    salesforce: list[SalesforceLead] = field(default_factory=list)


class Lists:
    """Makes each party's entry; asked once for every party, in order, it gives equal entries for equal worlds."""

    def __init__(self, world: World, calendar: Calendar) -> None:
        self._world, self._calendar, self._months = world, calendar, world.months
        self._draw = world.draws("prospects")
        self._licences: dict[str, int] = dict.fromkeys(SUPPLIERS, 0)
        self._leads = 0
        self._nevadas_number = ""  # a licence number that Texas, too, gives to somebody
        # What is promised is played on the next party of its life and state.
        self._promises: dict[tuple[str, str], Iterator[Callable[[Entry, Party], object]]] = {
            ("is_there", state): self._promised_habits(state) for state in HOME
        } | {("opens", state): self._promised_leads(state) for state in HOME}

    def of(self, party: Party) -> Entry:
        """What is held of this party."""
        entry = Entry(party.serial)
        if party.life != "unlisted":
            promise = next(self._promises.get((party.life, party.state), iter(())), None) if party.promised else None
            if promise:
                promise(entry, party)
                return entry
            for business in party.businesses:
                getattr(self, "is_listed" if party.promised else self._habit())(entry, party, business)
            self._reach_salesforce(entry, party)
        else:
            self._unlisted_lead(entry, party)
        return entry

    def _habit(self) -> str:
        draw = self._draw()
        for habit, share in HABITS.items():
            if draw < share:
                return habit
            draw -= share
        return "is_listed"

    def _promised_habits(self, state: str) -> Iterator[Callable[[Entry, Party], object]]:
        for habit in (*(name for name in HABITS if name != "is_corrected"), *_ONLY_PROMISED[state]):
            yield lambda entry, party, habit=habit: getattr(self, habit)(entry, party, party.businesses[0])

    # Habits of lists

    def _listing(self, feed: str, business: Business, sites: tuple[Site | None, ...] | None = None) -> Listing:
        self._licences[feed] += 1
        number = self._licences[feed]
        style = business.style ^ int(self._draw() * 262_144)
        if feed == NV:
            source_id = f"{1000 + number}-{21 + number % 4}"
        elif feed == OK:
            source_id = f"K8{'3' if style % 4 == 0 else '2'}{number:07d}"
        else:
            source_id = str(1_000_000 + number * 3)
        first_month = self._world.first_month
        listing = Listing(feed, source_id, business, business.sites if sites is None else sites, style)
        listing.issued_on = first_month - timedelta(days=200 + int(self._draw() * 5_600))
        # The last day of a month between three before and about twenty after the first file.
        expires = first_month + timedelta(days=31 * (int(self._draw() * 24) - 2))
        listing.expires_on = expires.replace(day=1) - timedelta(days=1) if feed == NV else None
        listing.capacity = 12 if style % 3 == 0 else 20 + style % 160
        return listing

    def _later(self, sites: tuple[Site | None, ...]) -> int:
        """A random month after the first that has a site; the last when there is no other."""
        first = next((i for i, site in enumerate(sites) if site), 0)
        return min(self._months - 1, first + 1 + int(self._draw() * max(0, self._months - 1 - first)))

    def is_listed(self, entry: Entry, party: Party, business: Business) -> Listing:
        """By its state's list, as it is."""
        entry.listings.append(self._listing(HOME[party.state], business))
        return entry.listings[-1]

    def overlaps(self, entry: Entry, party: Party, business: Business) -> None:
        """Two suppliers list it, the second in the same month or later. Nevada's one-cell addresses are in Nevada."""
        first = HOME[party.state]
        others = [feed for feed in SUPPLIERS if feed != first and (feed != NV or party.state == "NV")]
        feeds = [first, others[int(self._draw() * len(others))]]
        if self._draw() < 0.5:
            feeds.reverse()
        later = 0 if self._draw() < 0.45 else 1 + int(self._draw() * max(1, self._months - 1))
        since = (business.first or 0) + later
        entry.listings.append(self._listing(feeds[0], business))
        entry.listings.append(self._listing(feeds[1], business, without(business.sites, range(since))))

    def is_dropped_by_one(self, entry: Entry, party: Party, business: Business) -> None:
        """Two suppliers list it, and from the third month on only one."""
        self.is_listed(entry, party, business).sites = then(business.sites, min(2, self._months - 1), None)
        entry.listings.append(self._listing(TX if party.state == "OK" else OK, business))

    def is_everywhere(self, entry: Entry, party: Party, business: Business) -> None:
        """All lists that can have it do, from months of their own."""
        for feed in SUPPLIERS:
            if feed != NV or party.state == "NV":
                first = int(self._draw() * self._months) if self._draw() < 0.6 else 0
                entry.listings.append(self._listing(feed, business, without(business.sites, range(first))))

    def is_left_out_once(self, entry: Entry, party: Party, business: Business) -> None:
        """Missing from the list for one month."""
        listing = self.is_listed(entry, party, business)
        listing.sites = without(listing.sites, {self._later(listing.sites)})

    def is_restyled(self, entry: Entry, party: Party, business: Business) -> None:
        """Written in another way from some month on: the same site."""
        listing = self.is_listed(entry, party, business)
        listing.restyled_from = self._later(listing.sites)

    def has_a_new_contact(self, entry: Entry, party: Party, business: Business) -> None:
        """Another contact person from some month on."""
        listing = self.is_listed(entry, party, business)
        listing.contact_from, listing.next_contact = self._later(listing.sites), ("NOEMI", business.contact[1])

    def has_two_licences(self, entry: Entry, party: Party, business: Business) -> None:
        """Two licences for one site, each written in its own way."""
        self.is_listed(entry, party, business)
        self.is_listed(entry, party, business)

    def is_relicensed(self, entry: Entry, party: Party, business: Business) -> None:
        """Another licence number from some month on: still the same site."""
        old, new = (self.is_listed(entry, party, business) for _ in range(2))
        change = self._later(business.sites)
        old.sites = then(business.sites, change, None)
        new.sites = without(business.sites, range(change))

    def stands_twice(self, entry: Entry, party: Party, business: Business) -> None:
        """Two records with one key in a file, the second (the valid one) at the file's end."""
        listing = self.is_listed(entry, party, business)
        listing.twice = frozenset({self._later(listing.sites)})

    def is_corrected(self, entry: Entry, party: Party, business: Business, how: int | None = None) -> None:
        """A licence that a corrected file adds (0), removes (1) or gives another address (2)."""
        listing = self.is_listed(entry, party, business)
        months = [i for i in range(self._months) if i % 6 == CORRECTED_NV]
        if listing.feed != NV or not months or not business.site or not business.site.address:
            return
        how = int(self._draw() * 3) if how is None else how
        month, site = months[int(self._draw() * len(months))], business.site
        if how == 0:
            listing.superseded = {month: None}
            listing.sites = without(listing.sites, range(month))
        elif how == 1:
            listing.superseded = {month: site}
            listing.sites = (None,) * self._months
        else:
            number = str(int(business.site.address.number) + 10_000)
            listing.superseded = {month: Site(site.phone, replace(business.site.address, number=number))}

    def is_added(self, entry: Entry, party: Party, business: Business) -> None:
        """By the corrected file."""
        self.is_corrected(entry, party, business, 0)

    def is_removed(self, entry: Entry, party: Party, business: Business) -> None:
        """By the corrected file."""
        self.is_corrected(entry, party, business, 1)

    def is_put_right(self, entry: Entry, party: Party, business: Business) -> None:
        """By the corrected file."""
        self.is_corrected(entry, party, business, 2)

    def returns_in_other_words(self, entry: Entry, party: Party, business: Business) -> None:
        """Missing for one month, and written in another way since: it comes back, it does not change."""
        listing = self.is_listed(entry, party, business)
        away = min(2, self._months - 1)
        listing.sites, listing.restyled_from = without(listing.sites, {away}), away + 1

    def lends_its_number(self, entry: Entry, party: Party, business: Business) -> None:
        """Its licence number is that of a business in Texas, too."""
        self._nevadas_number = self.is_listed(entry, party, business).source_id

    def is_ragged(self, entry: Entry, party: Party, business: Business) -> None:
        """A field too many in one month: quarantined there, readable before and after."""
        self.is_listed(entry, party, business).broken = frozenset({RAGGED_TX} & set(range(self._months)))

    def expires_on_a_files_day(self, entry: Entry, party: Party, business: Business) -> None:
        """The licence runs out on the very day of the second month's file: not before it."""
        listing = self.is_listed(entry, party, business)
        listing.expires_on = self._calendar.file_date(NV, min(1, self._months - 1))

    # Salesforce

    def _lead(self, entry: Entry, created: datetime, business: Business, phone: str | None) -> SalesforceLead:
        self._leads += 1
        lead = SalesforceLead(f"00Q8a{self._leads:08d}SMPQA", created, business, phone)
        lead.style = int(self._draw() * 65_536)
        entry.salesforce.append(lead)
        return lead

    def _before_all(self) -> datetime:
        """A moment up to five years before the first month."""
        return self._world.midnight(0) - timedelta(seconds=60 + int(self._draw() * 157e6))

    def _day(self, index: int) -> datetime:
        """A moment between day 20 and 27 of month `index`: after its files, before its Salesforce export."""
        month = self._world.month(min(index, self._months - 1))
        return datetime(month.year, month.month, 20 + int(self._draw() * 8), int(self._draw() * 24), 15, 42)

    def _reach_salesforce(self, entry: Entry, party: Party) -> None:
        """Salesforce knows some parties from before; others reach it after their first month's file."""
        draw, business = self._draw(), party.businesses[0]
        if draw > 0.34 or business.first is None or business.phone_text or not business.site or not business.site.phone:
            return
        first = min(other.first for other in party.businesses if other.first is not None)
        created = self._before_all() if draw < 0.15 else self._day(first + (1 if draw < 0.24 else 0))
        lead = self._lead(entry, created, business, business.site.phone)
        if self._draw() < 0.2:
            lead.phone, lead.mobile = None, lead.phone
        seen = self._calendar.snapshot_index(created)
        if seen is not None:
            change, fate = seen + int(self._draw() * self._months), self._draw()
            if fate < 0.08:
                lead.deleted_from = change
            elif fate < 0.2:
                lead.converted_from = change
            elif fate < 0.25:
                lead.absent_from = change + 1

    def _unlisted_lead(self, entry: Entry, party: Party) -> None:
        """A Salesforce lead that no supplier lists; one with a placeholder has another for its mobile."""
        created = self._before_all() if self._draw() < 0.8 else self._day(int(self._draw() * self._months))
        business = party.businesses[0]
        lead = self._lead(entry, created, business, business.site.phone if business.site else None)
        if lead.phone and lead.phone.startswith("1"):
            lead.mobile = str(1_834_567_890 + party.serial % 100_000_000)

    def _promised_leads(self, state: str) -> Iterator[Callable[[Entry, Party], object]]:
        """Every way in which Salesforce knows, gets to know, or loses a lead of the list's second month."""
        index = min(1, self._months - 1)
        dated = self._calendar.file_date(HOME[state], index)
        midnight = datetime(dated.year, dated.month, dated.day)
        long_ago = datetime(dated.year - 2, dated.month, dated.day, 9, 30)
        # Loaded soon after its month's file and in the next month, and on the file's day: net-new. The eve: known.
        for created in (
            self._day(index), self._day(index + 1), midnight + timedelta(minutes=30, seconds=5),
            midnight - timedelta(seconds=1),
        ):  # fmt: skip
            yield lambda entry, party, created=created: self._known(entry, party, created)
        for case in _LEAD_CASES:
            yield lambda entry, party, case=case: case(self._known(entry, party, long_ago), index)

        for case in (self._found_by_phone_and_mobile, self._found_twice_one_deleted, self._found_twice_at_one_time):
            yield lambda entry, party, case=case: case(self._known(entry, party, long_ago), entry)
        if state == "TX":

            def borrows_its_number(entry: Entry, party: Party) -> None:
                self.is_listed(entry, party, party.businesses[0]).source_id = self._nevadas_number

            yield borrows_its_number

    def _found_by_phone_and_mobile(self, lead: SalesforceLead, entry: Entry) -> None:
        self._lead(entry, self._day(0), lead.business, None).mobile = lead.phone

    def _found_twice_one_deleted(self, lead: SalesforceLead, entry: Entry) -> None:
        """The deleted one was modified last, and is not the best."""
        self._lead(entry, lead.created, lead.business, lead.phone).deleted_from = 0

    def _found_twice_at_one_time(self, lead: SalesforceLead, entry: Entry) -> None:
        """Nothing but the id tells which is the best."""
        self._lead(entry, lead.created, lead.business, lead.phone)

    def _known(self, entry: Entry, party: Party, created: datetime) -> SalesforceLead:
        """A lead with the party's phone, created then."""
        business = party.businesses[0]
        self.is_listed(entry, party, business)
        return self._lead(entry, created, business, business.site.phone if business.site else None)


# What is promised in one state alone.
_ONLY_PROMISED = {
    "NV": ("is_dropped_by_one", "lends_its_number", "is_added", "is_removed", "is_put_right", "expires_on_a_files_day"),
    "OK": ("is_dropped_by_one", "returns_in_other_words"),
    "TX": ("is_ragged", "returns_in_other_words"),
}


def _mobile_only(lead: SalesforceLead, index: int) -> None:
    lead.phone, lead.mobile = None, lead.phone


def _same_phone_and_mobile(lead: SalesforceLead, index: int) -> None:
    lead.mobile = lead.phone


def _deleted(lead: SalesforceLead, index: int) -> None:
    lead.deleted_from = index


def _converted(lead: SalesforceLead, index: int) -> None:
    lead.converted_from = index


def _absent(lead: SalesforceLead, index: int) -> None:
    lead.absent_from = index


def _id_twice(lead: SalesforceLead, index: int) -> None:
    """The record that counts, the last, has another phone: Salesforce does not know the site."""
    lead.twice_from, lead.former_phone, lead.phone = index, lead.phone, "1234567000"


def _new_phone(lead: SalesforceLead, index: int) -> None:
    """Once known to Salesforce a site stays no net-new one, though nobody there has its phone now."""
    lead.next_phone_from, lead.next_phone = index + 1, "1234567001"


_LEAD_CASES = (_mobile_only, _same_phone_and_mobile, _deleted, _converted, _absent, _id_twice, _new_phone)
