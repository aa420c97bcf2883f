"""Inventing the world's parties: first some of each kind of life, then as many random ones as the scale asks.

Belongs here: who there is, and what happens to them over the months. Does not: who lists them or sells to them (each
room's own `sample`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from leads_platform.sample.places import Addresses, Phones
from leads_platform.sample.vocabulary import COMPANY_FIRST, COMPANY_KIND, COMPANY_SECOND, FIRST_NAMES, LAST_NAMES
from leads_platform.sample.world import STATES, Business, Party, Site, World, then, throughout, without

PARTIES_AT_SCALE_1 = 690  # gives about 300 licences a supplier over six months
UNLISTED_AT_SCALE_1 = 45

# Life -> share of the random parties; the rest stay where they are, from some month on.
LIVES = {
    "closes": 0.12,
    "moves": 0.04,
    "moves_back": 0.01,
    "comes_back_elsewhere": 0.01,
    "changes_phone": 0.012,
    "is_a_chain": 0.02,
    "shares_its_address": 0.01,
    "has_a_bad_phone": 0.025,
    "has_no_phone": 0.012,
    "has_no_address": 0.012,
}
# For the rooms' promises, in each state: so many parties that are there from the first month, and from the second.
STAYING, OPENING = 14, 15

# Too short, letters, the placeholders, and an exchange that cannot exist.
BAD_PHONES = ("555-0134", "CALL OFFICE", "999-999-9999", "000-000-0000", "{0}-123-{2}", "702-55")
_NAMES = {
    "NV": ("My Little Sparrowís Home Daycare LLC", 'The "Acorn" House, LLC'),
    "OK": ("Wiggle & Giggle Kids Club ,LLC",),
    "TX": ('K" Lane Learning Center LLC"', 'The "Comet" Room, Inc.', "Thimble, Button & Daughters"),
}


def parties(world: World) -> Iterator[Party]:
    """All parties of the world, one after the other; equal worlds give equal parties."""
    return _Population(world).all()


def random_parties(world: World) -> int:
    """How many parties come after the promised ones."""
    return round(PARTIES_AT_SCALE_1 * world.scale) + round(UNLISTED_AT_SCALE_1 * world.scale)


class _Population:
    """Makes parties, each with phones, addresses and names of its own. A method named as a life makes that life."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._months = world.months
        self._draw = world.draws("people")
        self._phones, self._addresses = Phones(), Addresses()
        self._serial = self._business_number = self._bad_phones = self._placeholders = 0

    def all(self) -> Iterator[Party]:
        yield from self._promised()
        lives = list(LIVES.items())
        for number in range(round(PARTIES_AT_SCALE_1 * self._world.scale)):
            draw, chosen = self._draw(), "stays"
            for life, share in lives:
                if draw < share:
                    chosen = life
                    break
                draw -= share
            yield self._party(STATES[number % 3], chosen)
        for _ in range(round(UNLISTED_AT_SCALE_1 * self._world.scale)):
            yield self._party("TX", "unlisted")

    def _promised(self) -> Iterator[Party]:
        """The same at any scale: each life in each state, names that are hard to read, and room for promises."""
        for state in STATES:
            for life in LIVES:
                for _ in range(2 if life == "has_a_bad_phone" else 1):  # six of them: each bad phone there is
                    yield self._party(state, life, promised=True)
            for name in _NAMES[state]:
                party = self._party(state, "stays", promised=True)
                party.businesses[0].name = name
                yield party
        for life, many in (("is_there", STAYING), ("opens", OPENING)):
            for _ in range(many):
                for state in STATES:
                    yield self._party(state, life, promised=True)

    def _party(self, state: str, life: str, *, promised: bool = False) -> Party:
        self._serial += 1
        return Party(self._serial, state, life, getattr(self, life)(state), promised)

    # Parts

    def _pick(self, choices: Sequence[str]) -> str:
        return choices[int(self._draw() * len(choices))]

    def _site(self, state: str) -> Site:
        return Site(self._phones.next(state), self._addresses.next(state, self._draw()))

    def _stay(self, site: Site, *, before_end: int = 1) -> tuple[Site | None, ...]:
        """From a random first month to the last; if it can, `before_end` months or more."""
        last = max(0, self._months - before_end)
        first = 0 if self._draw() < 0.42 else int(self._draw() * (last + 1))
        return throughout(site, self._months, first)

    def _later(self, sites: Sequence[Site | None], leave: int = 0) -> int:
        """A random month after the first that leaves so many behind it; the last when there is no other."""
        first = next(i for i, site in enumerate(sites) if site)
        span = self._months - 1 - first - leave
        return min(self._months - 1, first + 1 + int(self._draw() * max(0, span)))

    def _company(self) -> str:
        name = f"{self._pick(COMPANY_FIRST)} {self._pick(COMPANY_SECOND)} {self._pick(COMPANY_KIND)}"
        draw = self._draw()
        if draw < 0.08:
            return f"{name}, LLC"
        if draw < 0.14:
            return f"{self._pick(FIRST_NAMES).title()}'s {name}"
        return f'"{name.split(maxsplit=1)[0]}" {name.split(" ", 1)[1]}' if draw < 0.15 else name

    def _business(self, sites: tuple[Site | None, ...]) -> Business:
        self._business_number += 1
        contact = self._pick(FIRST_NAMES), self._pick(LAST_NAMES)
        email = f"{contact[0]}.{contact[1]}.{self._business_number}@example.org".lower().replace("'", "")
        return Business(self._company(), contact, email, int(self._draw() * 262_144), sites)

    # Lives

    def stays(self, state: str) -> list[Business]:
        """At one site, from some month on."""
        return [self._business(self._stay(self._site(state)))]

    def is_there(self, state: str) -> list[Business]:
        """At one site in every month."""
        return [self._business(throughout(self._site(state), self._months))]

    def opens(self, state: str) -> list[Business]:
        """At one site, from the second month on."""
        return [self._business(throughout(self._site(state), self._months, min(1, self._months - 1)))]

    def closes(self, state: str) -> list[Business]:
        """Gone for good after some month."""
        sites = self._stay(self._site(state), before_end=2)
        return [self._business(then(sites, self._later(sites), None))]

    def moves(self, state: str) -> list[Business]:
        """The phone stays, the address changes: another site."""
        old = self._site(state)
        sites = self._stay(old, before_end=2)
        return [self._business(then(sites, self._later(sites), self._elsewhere(old, state)))]

    def moves_back(self, state: str) -> list[Business]:
        """Elsewhere for a month, and then where it was."""
        old = self._site(state)
        sites = list(self._stay(old, before_end=3))
        sites[self._later(sites, leave=1)] = self._elsewhere(old, state)
        return [self._business(tuple(sites))]

    def comes_back_elsewhere(self, state: str) -> list[Business]:
        """Nowhere for a month, and then at another address."""
        old = self._site(state)
        sites = self._stay(old, before_end=3)
        away = self._later(sites, leave=1)
        sites = without(then(sites, away, self._elsewhere(old, state)), {away})
        return [self._business(sites)]

    def _elsewhere(self, old: Site, state: str) -> Site:
        return Site(old.phone, self._addresses.next(state, self._draw()))

    def changes_phone(self, state: str) -> list[Business]:
        """The address stays, the phone changes: another site."""
        old = self._site(state)
        sites = self._stay(old, before_end=2)
        return [self._business(then(sites, self._later(sites), Site(self._phones.next(state), old.address)))]

    def is_a_chain(self, state: str) -> list[Business]:
        """One phone, several addresses: each is a site."""
        phone, company, businesses = self._phones.next(state), self._company(), []
        for _ in range(2 + int(self._draw() * 3)):
            address = self._addresses.next(state, self._draw())
            businesses.append(self._business(self._stay(Site(phone, address))))
            businesses[-1].name = f"{company} - {address.street.title()}"
        return businesses

    def shares_its_address(self, state: str) -> list[Business]:
        """Two businesses at one address with their own phones: two sites."""
        one = self._site(state)
        other = Site(self._phones.next(state), one.address)
        return [self._business(self._stay(one)), self._business(self._stay(other))]

    def has_a_bad_phone(self, state: str) -> list[Business]:
        """Gives a phone that is no valid number; the address tells such businesses apart."""
        self._bad_phones += 1
        text = BAD_PHONES[self._bad_phones % len(BAD_PHONES)]
        if "{" in text:
            good = self._phones.next(state)
            text = text.format(good[:3], good[3:6], good[6:])
        digits = "".join(char for char in text if char.isdigit())
        (business,) = [self._business(self._stay(Site(digits or None, self._addresses.next(state, self._draw()))))]
        business.phone_text = text
        return [business]

    def has_no_phone(self, state: str) -> list[Business]:
        """Gives none."""
        return [self._business(self._stay(Site(None, self._addresses.next(state, self._draw()))))]

    def has_no_address(self, state: str) -> list[Business]:
        """A phone and no address at all."""
        return [self._business(self._stay(Site(self._phones.next(state), None)))]

    def unlisted(self, state: str) -> list[Business]:
        """No list holds it; half of them give a placeholder for a phone, two and two the same one."""
        if self._draw() < 0.5:
            phone = self._phones.next(state)
        else:
            self._placeholders += 1
            phone = str(1_234_567_890 + self._placeholders // 2)
        return [self._business(throughout(Site(phone, None), self._months))]
