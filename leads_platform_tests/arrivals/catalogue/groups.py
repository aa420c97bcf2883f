"""All kinds, by group and by id.

Belongs here: the order of the page. Does not: kinds themselves.
"""

from __future__ import annotations

from leads_platform_tests.arrivals.catalogue.agreed import AGREED
from leads_platform_tests.arrivals.catalogue.case import Case
from leads_platform_tests.arrivals.catalogue.letters import LETTERS
from leads_platform_tests.arrivals.catalogue.meanings import INJECTION, KEYS, MONTHS
from leads_platform_tests.arrivals.catalogue.paths import NAMES, PLACES
from leads_platform_tests.arrivals.catalogue.shapes import HEADERS, ROWS
from leads_platform_tests.arrivals.catalogue.wrappings import FORMATS

GROUPS: dict[str, tuple[Case, ...]] = {
    "Encodings and bytes": LETTERS,
    "Headers and delimiters": HEADERS,
    "Records, quotes and cut files": ROWS,
    "Formats, archives and bombs": FORMATS,
    "Months": MONTHS,
    "What the contract says of the file": AGREED,
    "Keys and re-issues": KEYS,
    "Cells, titles and names that try to be more than text": INJECTION,
    "File names": NAMES,
    "What is no plain file, or does not hold still": PLACES,
}
KINDS: dict[str, Case] = {kind.id: kind for group in GROUPS.values() for kind in group}
assert len(KINDS) == sum(map(len, GROUPS.values())), "two kinds share an id"
