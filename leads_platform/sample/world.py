"""The sample's world: its months, and the people and sites that all rooms know the same ones of.

Belongs here: what is true, whoever tells it. Does not: inventing it (population), how a cell is written (writing), or
what one system holds of it (each room's own `sample`). Nothing here uses the code that the sample is meant to judge.

A *site* is a phone and an address (docs/domain.md). A *business* is who stands there, month by month. A *party* is all
that shares a phone or a history: no phone of one party occurs in another, but for placeholders such as 999-999-9999,
whose addresses are unique.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from leads_platform.months import add_months
from leads_platform.sample.vocabulary import Place

STATES = ("NV", "OK", "TX")


@dataclass(frozen=True, slots=True)
class World:
    """Which world: equal arguments give equal parties. Raises ValueError for arguments that cannot be."""

    first_month: date = date(2024, 1, 1)
    months: int = 6
    scale: float = 1.0
    seed: int = 20240101

    def __post_init__(self) -> None:
        if self.scale < 0:
            raise ValueError(f"scale must not be negative, it is {self.scale}")
        if self.first_month.day != 1:
            raise ValueError(f"first_month must be the first of a month, not {self.first_month.isoformat()}")
        if self.months < 1:
            raise ValueError(f"months must be at least 1, not {self.months}")

    def month(self, index: int) -> date:
        """The first day of month `index`, counted from 0; there is one after the last, too."""
        return add_months(self.first_month, index)

    def midnight(self, index: int) -> datetime:
        """When month `index` begins."""
        month = self.month(index)
        return datetime(month.year, month.month, 1)

    def draws(self, room: str) -> Callable[[], float]:
        """A room's own random numbers. Only `random()` is used: its sequence is the same on every Python."""
        return random.Random(f"{self.seed} {room}").random


@dataclass(frozen=True, slots=True)
class Address:
    """A street address in canonical parts: upper case, postal abbreviations, `unit` like `STE 4` or empty."""

    number: str
    direction: str
    street: str
    suffix: str
    unit: str
    place: Place

    @property
    def text(self) -> str:
        """The canonical one-line address."""
        parts = (self.number, self.direction, self.street, self.suffix, self.unit)
        place = self.place
        return f"{' '.join(p for p in parts if p)}, {place.city}, {place.state} {place.postal_code}"


@dataclass(frozen=True, slots=True)
class Site:
    """A phone (digits, normally ten; None when there is none) and an address: the seed's prospective lead."""

    phone: str | None
    address: Address | None

    def identity(self, feed: str, source_id: str) -> str:
        """One string per lead. Without a phone or an address a lead is only itself: the feed's own record."""
        if self.phone and self.address:
            return f"{self.phone}|{self.address.text}"
        return f"{feed}#{source_id}"


@dataclass(slots=True)
class Business:
    """Who stands at a site: `sites[i]` is where in month i, None: not yet there, away or closed.

    `style` is a number from whose bits each room takes its habits of writing. `phone_text` is what the business itself
    gives as its phone where that is no valid number.
    """

    name: str
    contact: tuple[str, str]
    email: str
    style: int
    sites: tuple[Site | None, ...]
    phone_text: str | None = None

    @property
    def first(self) -> int | None:
        """The first month in which it is anywhere."""
        return next((index for index, site in enumerate(self.sites) if site), None)

    @property
    def site(self) -> Site | None:
        """Where it was first."""
        return None if self.first is None else self.sites[self.first]


@dataclass(slots=True)
class Party:
    """Businesses that share a phone or a history; `life` is what happens to them (population).

    Of `promised` parties there are a few at any scale: on them each room plays what its truth must hold at least once.
    """

    serial: int
    state: str
    life: str
    businesses: list[Business]
    promised: bool = False


def throughout(site: Site, months: int, first: int = 0) -> tuple[Site | None, ...]:
    """`site` in every month from index `first` on."""
    return tuple(site if i >= first else None for i in range(months))


def then(sites: Sequence[Site | None], first: int, site: Site | None) -> tuple[Site | None, ...]:
    """`sites` up to index `first`, `site` from there on."""
    return tuple(sites[:first]) + (site,) * (len(sites) - first)


def without(sites: Sequence[Site | None], absent: Iterable[int]) -> tuple[Site | None, ...]:
    """`sites` but for the `absent` months."""
    away = set(absent)
    return tuple(None if i in away else site for i, site in enumerate(sites))
