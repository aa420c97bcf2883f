"""Which North American numbers exist: every NPA-NXX prefix, worked out from phonenumbers' own metadata.

Belongs here: reading the metadata's digit patterns into a table that SQL can look up. Does not: parsing what
people type (phones.py), or any numbering plan typed in by hand; a newer phonenumbers changes the answers
with no edit here.

Nearly always the first six of the ten digits decide. Where the metadata looks further (in 9.0: 246-521,
246-522 and 876-606), or writes a pattern this module can't read, the prefix is UNDECIDED and phonenumbers
itself is asked: a surprise in a future release costs time, never a wrong answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from itertools import product
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from phonenumbers import PhoneMetadata

COUNTRY_CODE = 1  # shared by the US, Canada and much of the Caribbean
INVALID = "--"
UNDECIDED = "??"

_NUMBER_LENGTH = 10
_ANY_DIGIT = 0b11_1111_1111  # a set of digits is ten bits
_EVERY_NXX = (1 << 1000) - 1  # a set of NXX is a thousand bits
_TYPES = (
    "fixed_line",
    "mobile",
    "toll_free",
    "premium_rate",
    "shared_cost",
    "voip",
    "personal_number",
    "pager",
    "uan",
    "voicemail",
)
# All that the metadata of the NANP uses today. `?`, `*` or `{1,2}` would be "can't read".
_TOKEN = re.compile(r"\(\?:|\\d|\[(?:\d(?:-\d)?)+\]|\{\d+\}|\d|\||\)")

Row = tuple[int, ...]  # one set of digits per position


class PatternNotUnderstoodError(Exception):
    """A pattern uses something this module has no rule for."""


class Reach(NamedTuple):
    """The NXX of one area code that a pattern reaches."""

    surely: int  # every number with this prefix matches
    maybe: int  # some number with this prefix may match; a superset of `surely`


_NOWHERE = Reach(0, 0)
Reaches = dict[int, Reach]  # by area code


class RegionRules(NamedTuple):
    """What the metadata of one region says about 10-digit numbers."""

    region: str
    # Numbers with its leading digits are this region's or nobody's; None when it has no such rule.
    claims: Reaches | None
    valid: Reaches


class PrefixTable(NamedTuple):
    """The answer for every prefix from 200-000 to 999-999, packed for lookup by position.

    `page_of_npa` has three digits per area code from 200 on, its page; `pages` has 1,000 answers of two
    characters per page: a region code (every number with the prefix is valid there), INVALID or UNDECIDED.
    """

    regions: tuple[str, ...]
    page_of_npa: str
    pages: str

    def answer(self, npa: int, nxx: int) -> str:
        """The answer for one prefix; the same arithmetic as the SQL in phones.py."""
        page = int(self.page_of_npa[(npa - 200) * 3 :][:3])
        return self.pages[(page * 1000 + nxx) * 2 :][:2]


@cache
def prefix_table() -> PrefixTable:
    """The table of this process, built on first use (tens of milliseconds) and kept."""
    from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

    regions = COUNTRY_CODE_TO_REGION_CODE[COUNTRY_CODE]
    rules = [_rules_of(region) for region in regions]
    pages: dict[tuple[tuple[str, int], ...], int] = {}
    page_of_npa = [pages.setdefault(_answers(npa, rules), len(pages)) for npa in range(200, 1000)]
    return PrefixTable(
        regions=tuple(regions),
        page_of_npa="".join(f"{page:03}" for page in page_of_npa),
        pages="".join(_page(answers) for answers in pages),
    )


def _answers(npa: int, rules: list[RegionRules]) -> tuple[tuple[str, int], ...]:
    """The answers of one area code with the NXX each holds for, found as phonenumbers finds a region.

    That is: the first region, in the metadata's order, whose leading digits match, or that has none and
    holds the number valid. A region that claims a number it doesn't hold valid makes it invalid.
    """
    found: dict[str, int] = {}

    def settle(answer: str, nxx: int) -> None:
        if nxx:
            found[answer] = found.get(answer, 0) | nxx

    left = _EVERY_NXX
    for region, claims, valid in rules:
        claimed = (valid if claims is None else claims).get(npa)
        if claimed is None:
            continue
        surely, maybe = valid.get(npa, _NOWHERE)
        settle(region, left & claimed.surely & surely)
        settle(UNDECIDED, left & ((claimed.maybe & ~claimed.surely) | (claimed.surely & maybe & ~surely)))
        left &= ~claimed.maybe
    return tuple(sorted(found.items()))


def _page(answers: tuple[tuple[str, int], ...]) -> str:
    page = [INVALID] * 1000
    for answer, bits in answers:
        for nxx in range(1000):
            if bits >> nxx & 1:
                page[nxx] = answer
    return "".join(page)


def _rules_of(region: str) -> RegionRules:
    from phonenumbers import PhoneMetadata

    metadata = PhoneMetadata.metadata_for_region(region, None)
    assert metadata is not None, f"phonenumbers lists {region} and has no metadata for it"
    claims = None if metadata.leading_digits is None else _reaches(metadata.leading_digits, prefix=True)
    return RegionRules(region, claims, _valid(metadata))


def _valid(metadata: PhoneMetadata) -> Reaches:
    """A number is valid when it matches the general pattern and that of any type."""
    general = _reaches_of(metadata, "general_desc")
    valid = dict[int, Reach]()
    for name in _TYPES:
        for npa, (surely, maybe) in _reaches_of(metadata, name).items():
            within, before = general.get(npa, _NOWHERE), valid.get(npa, _NOWHERE)
            valid[npa] = Reach(before.surely | (surely & within.surely), before.maybe | (maybe & within.maybe))
    return valid


def _reaches_of(metadata: PhoneMetadata, name: str) -> Reaches:
    description = getattr(metadata, name)
    if description is None or not description.national_number_pattern:
        return {}
    if description.possible_length and _NUMBER_LENGTH not in description.possible_length:
        return {}
    return _reaches(description.national_number_pattern)


@cache  # the regions share most of their patterns
def _reaches(pattern: str, prefix: bool = False) -> Reaches:
    """Where a pattern for whole numbers, or for how they start, reaches."""
    try:
        rows = digit_rows(pattern)
    except PatternNotUnderstoodError:
        return {npa: Reach(0, _EVERY_NXX) for npa in range(200, 1000)}
    reaches = dict[int, Reach]()
    for row in rows:
        whole = row + (_ANY_DIGIT,) * (_NUMBER_LENGTH - len(row)) if prefix else row
        if len(whole) != _NUMBER_LENGTH:
            continue
        nxx = _nxx_set(whole[3:6])
        surely = nxx if all(digits == _ANY_DIGIT for digits in whole[6:]) else 0
        for npa in _area_codes(whole[:3]):
            before = reaches.get(npa, _NOWHERE)
            reaches[npa] = Reach(before.surely | surely, before.maybe | nxx)
    return reaches


def digit_rows(pattern: str) -> list[Row]:
    """Every way through a digit pattern, each as one set of allowed digits per position.

    `3[12]|4\\d` is two rows: {3}{1,2} and {4}{0..9}. Raises PatternNotUnderstoodError.
    """
    tokens = _TOKEN.findall(pattern)
    if "".join(tokens) != pattern:
        raise PatternNotUnderstoodError(pattern)
    rows, rest = _alternatives(tokens)
    if rest:
        raise PatternNotUnderstoodError(pattern)
    return rows


def _alternatives(tokens: list[str]) -> tuple[list[Row], list[str]]:
    """The rows up to the end of this group, and the tokens after it."""
    finished: list[Row] = []
    rows: list[Row] = [()]
    last: list[Row] = []
    while tokens:
        token, tokens = tokens[0], tokens[1:]
        if token == ")":
            break
        if token == "|":
            finished, rows = finished + rows, [()]
            continue
        times = 1
        if token == "(?:":
            last, tokens = _alternatives(tokens)
        elif token[0] == "{":
            times = int(token[1:-1]) - 1  # the first time has been added already
        else:
            last = [(_digit_set(token),)]
        for _ in range(times):
            rows = [row + more for row in rows for more in last]
    return finished + rows, tokens


def _digit_set(token: str) -> int:
    if token == r"\d":
        return _ANY_DIGIT
    spans = re.findall(r"(\d)(?:-(\d))?", token)
    return sum(1 << digit for digit in {d for a, b in spans for d in range(int(a), int(b or a) + 1)})


@cache
def _nxx_set(row: Row) -> int:
    return sum(1 << nxx for nxx in _numbers(row))


def _area_codes(row: Row) -> Iterator[int]:
    return (npa for npa in _numbers(row) if npa >= 200)


def _numbers(row: Row) -> Iterator[int]:
    choices = ([digit for digit in range(10) if digits >> digit & 1] for digits in row)
    return (100 * a + 10 * b + c for a, b, c in product(*choices))
