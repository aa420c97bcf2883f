"""How the products stand, for those who open no warehouse: what `products.json` and the build state tell.

Belongs here: made when, stale or not, failed why. Does not: making (make), or words for people (cli, digest).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from leads_platform.products.make import Place, is_stale, places
from leads_platform.products.product import Product
from leads_platform.products.state import Made, read_products


@dataclass(frozen=True)
class Standing:
    """One product's file, or the one making of a product without: `path` is None for such."""

    place: Place
    made: Made
    path: Path | None
    stale: bool


def standings(
    products: Mapping[str, Product],
    fingerprints: Mapping[tuple[str, date], str],
    folder: Path,
    state: Path,
    secret: Callable[[str], str],
) -> list[Standing]:
    """Every product that there is, in the order of making. Stale by its tables alone: ledgers can't be looked at."""
    made = read_products(state)
    read: dict[str, dict[str, str]] = {}
    for (table, month), fingerprint in sorted(fingerprints.items()):
        read.setdefault(table, {})[month.isoformat()] = fingerprint
    found = []
    for place in places(products, {month for _, month in fingerprints}):
        if place.product.needs and not secret(place.product.needs):
            continue
        known = made.get(place.key, Made())
        path = folder / place.key if known.is_file or not known.made_at else None
        ledgers = {name: months for name, months in known.read.items() if "" in months}
        now = {**read, **ledgers}
        stale = place.can_be_made(now) and is_stale(place, made, now, folder, at_a_glance=True)
        found.append(Standing(place, known, path, stale))
    return found
