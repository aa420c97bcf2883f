"""What becomes of the leads that the world's parties leave: to whom they are sold, and what is said of it later.

Belongs here: the stories, in cents, each telling with the day from which the source says so. Does not: which exports
there are and how they are written (files), or what follows of them (truth).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from leads_platform.sample import writing
from leads_platform.sample.world import Business, Party, World

SOURCES = (("web", "11"), ("mailing", "12"))  # two suppliers of leads, by source and vendor
PARTNERS = ("301", "302", "303", "304", "305")
DEALS = ("standard", "standard", "drip", "standard", "warm_transfer", "cpa", "standard", "lead_call", "cpt")
# Of the parties that are not promised, every so manyth leaves a lead.
LEAVES_A_LEAD = 4
SYMBOLIC, CONVERSION = 1, 14_500
SLIPS = (1, 2, 9, 11, 13, 15)  # leads, by their number, of which the source tells something wrong


@dataclass(frozen=True, slots=True)
class Told:
    """What boberdoo says of a transaction. `cents` is what it is worth to us; None: it is no revenue.

    `written` is the amount's cell where it is not simply these cents.
    """

    partner: str
    deal: str
    event: str
    cents: int | None
    happened: datetime
    lead: str = ""
    call: str = ""
    parent: str = ""
    reason: str = ""
    currency: str = "USD"
    written: str = ""

    @property
    def amount(self) -> str:
        """Its amount's cell."""
        return self.written or f"{(self.cents or 0) / 100:.2f}"


@dataclass(slots=True)
class Transaction:
    """A transaction: from which day on the source says what; None: it has vanished."""

    number: str
    tellings: list[tuple[date, Told | None]]

    @property
    def first(self) -> Told:
        """What was said of it first."""
        told = self.tellings[0][1]
        assert told is not None
        return told

    def as_of(self, day: date) -> Told | None:
        """What is said of it on that day; None: nothing."""
        said = [told for since, told in self.tellings if since <= day]
        return said[-1] if said else None

    def later(self, days: int, told: Told | None) -> Transaction:
        """The same with another telling so many days after it happened."""
        self.tellings.append((self.first.happened.date() + timedelta(days=days), told))
        return self


@dataclass(slots=True)
class Lead:
    """A lead, and the transactions made of it."""

    number: str
    business: Business
    received: datetime
    src: str
    vendor: str
    cost: int
    transactions: list[Transaction] = field(default_factory=list)


class Market:
    """What becomes of the parties of one world, taken one after the other in their order."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._draw = world.draws("revenue")
        self._begin = world.midnight(0)
        self._minutes = int((world.midnight(world.months) - self._begin).total_seconds() // 60)
        self._count = self._transactions = 0

    def of(self, party: Party) -> Iterator[Lead]:
        """The lead that the party leaves, or none."""
        if party.promised or party.serial % LEAVES_A_LEAD == 0:
            yield self._lead(party.businesses[0])

    def accounts(self) -> Iterator[Transaction]:
        """Each month's fees, credits and payments of the buyers: of no lead."""
        for index in range(self.world.months):
            month = self.world.midnight(index)
            for number, partner in enumerate(PARTNERS):
                at = month + timedelta(days=14 + number, hours=9)
                made = [("fee", 2_500, "")] if number < 3 else [("payment", 50_000 + 1_000 * number, "")]
                if number == index % 3:
                    made.append(("credit", -1_050, "goodwill"))
                for event, cents, reason in made:
                    worth = None if event == "payment" else cents
                    told = Told(partner, "standard", event, worth, at, reason=reason, written=f"{cents / 100:,.2f}")
                    yield self._made(told)

    def _made(self, told: Told) -> Transaction:
        self._transactions += 1
        return Transaction(f"{700_000 + self._transactions}", [(told.happened.date(), told)])

    def _lead(self, business: Business) -> Lead:
        number, draw = self._count, self._draw
        self._count += 1
        early = 0.3 if number in SLIPS else 1.0  # a source's slips lie before the newest month
        received = self._begin + timedelta(minutes=int(draw() * self._minutes * early))
        src, vendor = SOURCES[number % 5 == 2]
        lead = Lead(f"{5_000 + number}", business, received, src, vendor, 300 + 25 * int(draw() * 20))
        deal = DEALS[number % len(DEALS)]
        price = SYMBOLIC if deal in ("cpa", "cpt") else 1_200 + 25 * int(draw() * 160)
        at = received + timedelta(minutes=2 + int(draw() * 50))
        partner = PARTNERS[int(draw() * len(PARTNERS))]
        sale = self._made(Told(partner, deal, "sale", price, at, lead.number))
        lead.transactions += [sale, *self._later(number, sale)]
        if number % 3 == 0 and deal == "standard":  # sold to another buyer, too
            other = PARTNERS[(PARTNERS.index(partner) + 1) % len(PARTNERS)]
            told = Told(other, deal, "sale", price - 200, at + timedelta(minutes=1), lead.number)
            lead.transactions.append(self._made(told))
        if number % 13 == 6:
            told = Told(partner, "call", "sale", 4_200, at + timedelta(days=1), call=f"C{9_000 + number}")
            call = self._made(told)
            lead.transactions.append(call.later(9, replace(told, cents=3_600)) if number % 26 == 6 else call)
        end = self.world.midnight(self.world.months)
        lead.transactions = [made for made in lead.transactions if made.first.happened < end]
        self._slip(number, lead.transactions)
        return lead

    def _later(self, number: int, sale: Transaction) -> Iterator[Transaction]:
        """What is said of a sale later, and what is made of it."""
        told, draw = sale.first, self._draw
        assert told.cents is not None

        def follows(of: Transaction, event: str, cents: int, days: int, reason: str = "") -> Transaction:
            at = of.first.happened + timedelta(days=days, hours=3)
            return self._made(
                replace(told, event=event, cents=cents, happened=at, parent=of.number, reason=reason, written="")
            )

        if told.cents == SYMBOLIC:
            if number % 2:
                conversion = follows(sale, "conversion", CONVERSION, 8 + int(draw() * 25))
                yield conversion
                if number % 12 == 5:
                    yield follows(conversion, "chargeback", -CONVERSION, 30, "cancelled")
            return
        story = number % 12
        if story in (0, 7):
            refund = follows(sale, "refund", -told.cents, 4 + int(draw() * 50), "bad phone")
            if number % 24 == 7:  # the refund itself is undone
                refund.later(12, None)
            yield refund
            if number % 24 == 0:
                yield follows(refund, "refund_reversal", told.cents, 6, "phone was right")
        elif story == 3:
            yield follows(sale, "refund", -(told.cents // 2), 9 + int(draw() * 30), "out of area")
        elif story == 4:
            sale.later(7 + int(draw() * 30), replace(told, cents=told.cents - 175))
        elif story == 6:
            sale.later(5 + int(draw() * 40), None)
        elif story == 8:
            yield follows(sale, "adjustment", -150, 11, "volume")
        elif story == 10:
            other = PARTNERS[(PARTNERS.index(told.partner) + 2) % len(PARTNERS)]
            sale.later(6 + int(draw() * 30), replace(told, partner=other))

    def _slip(self, number: int, made: list[Transaction]) -> None:
        """What goes wrong in the source: of a few leads before the newest month, at any scale."""
        newest = self.world.midnight(self.world.months - 1)
        if not made or any(one.first.happened >= newest for one in made):
            return
        told = made[0].first
        slips = {
            1: replace(told, currency="CAD", cents=None, written="31.00"),
            2: replace(told, deal="exclusive", cents=None, written="27.50"),
            9: replace(told, cents=None, written="12,50"),
            11: replace(told, cents=2_001, written="20.005"),
            13: replace(told, event="refund", cents=-900, parent="699999", written="9.00"),  # positive, and of no sale
        }
        if number in slips:
            made[:] = [_as_told(made[0], slips[number])]
        elif number == 15:  # refunded for more than it was sold
            made[1] = _as_told(made[1], replace(made[1].first, cents=-(told.cents or 0) - 100))


def _as_told(made: Transaction, told: Told) -> Transaction:
    """The transaction as if it had been told so from the beginning, and nothing else of it."""
    return Transaction(made.number, [(made.tellings[0][0], told)])


def phone_of(lead: Lead) -> str:
    """The lead's phone as it was typed."""
    site = lead.business.site
    form = int(lead.number) % 4
    return lead.business.phone_text or writing.phone(site.phone if site else None, (writing.DASHES, 1, 4, 8)[form])
