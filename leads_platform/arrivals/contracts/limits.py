"""What obeys a contract later, and what that would refuse: Dagster, DuckDB's regular expressions, phonenumbers.

Belongs here: one rule for each such refusal, so that it is told with its line at `check` and not by a run that dies.
Does not: what a contract means, or what must agree in it (model). A kept copy of a contract is not held
against these: a rule that came later does not undo what was built under it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from leads_platform.arrivals.contracts.agreement import Loc
    from leads_platform.arrivals.contracts.model import FeedContract

# As dagster 1.13 judges owners (is_valid_owner); a test holds the two against each other.
_OWNER = re.compile(r"team:.+|[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Z|a-z]{2,7}", re.DOTALL)
# `arrivals.<name>` that the platform makes itself; those of a feed are its account, the columns it lost, and its
# records' versions.
RESERVED_FEEDS = frozenset({"files", "file_months", "quarantine", "decisions", "ledger_version"})
_OF_A_FEED = ("_counts", "_vanished", "_versions")
# What `arrivals.<feed>_versions` says of a version beside the feed's own columns.
_OF_A_VERSION = frozenset({"known_on", "known_at", "last_told_at", "is_gone", "version_number", "slot_month"})
# What Python's expressions have and RE2 has not, beside what the model tells apart: flags other than i m s U, comments,
# conditional groups, possessive repeats, \Z \N \u \U, and more than 1,000 repeats.
_NOT_IN_RE2 = re.compile(
    r"\(\?(?![:=!<>]|P<|[imsU]+[:)])|(?<!\\)[*+?}]\+|(?<!\\)(?:\\\\)*\\[ZNuU]|\{(?:\d*,)?(?!1000\b)\d{4,}[,}]"
)
# Letters people write for a country, and its code.
_COMMON_SLIPS = {"UK": "GB", "EN": "GB", "SP": "ES", "JA": "JP", "SW": "SE"}


def limits(contract: FeedContract) -> Iterator[tuple[Loc, str]]:
    """Everything that would be refused later, with where it stands."""
    if is_reserved(contract.feed):
        said = f"arrivals.{contract.feed} is what the platform notes of files itself; choose another name"
        yield ("feed",), said
    named: list[tuple[Loc, str]] = [(("columns", n, "name"), one.name) for n, one in enumerate(contract.columns)]
    for loc, name in [*named, *((("constants", name), name) for name in contract.constants)]:
        if name in _OF_A_VERSION:
            yield loc, f"`{name}` is what the platform says of a record's version; choose another name"
    if contract.owner and not is_owner(contract.owner):
        hint = f"`team:{contract.owner}`" if re.fullmatch(r"[\w-]+", contract.owner) else "`team:sales`"
        yield ("owner",), f"`{contract.owner}` is neither an e-mail address nor a team; write {hint}"
    if contract.phone_region != "US":
        yield from _region(contract.phone_region)
    for loc, zone in (
        (("month", "timezone"), contract.month.timezone),
        (("source_timezone",), contract.source_timezone),
    ):
        if zone == "localtime":  # Python knows it, DuckDB doesn't
            yield loc, "`localtime` is another zone on each machine; write one such as Europe/Berlin"


def not_in_re2(pattern: str) -> str | None:
    """What is wrong with the expression in DuckDB, beside what the model tells apart; None if nothing is."""
    found = _NOT_IN_RE2.search(pattern)
    return f"`{found[0]}` is not in DuckDB's regular expressions (RE2); write it another way" if found else None


def is_reserved(feed: str) -> bool:
    """Whether the platform makes an `arrivals.<feed>` of that name itself."""
    return feed in RESERVED_FEEDS or feed.endswith(_OF_A_FEED)


def is_owner(text: str) -> bool:
    """Whether Dagster takes it as an owner."""
    return bool(_OWNER.fullmatch(text))


def _region(code: str) -> Iterator[tuple[Loc, str]]:
    from phonenumbers import SUPPORTED_REGIONS  # where it is needed: it takes time, and most feeds dial from the US

    if code not in SUPPORTED_REGIONS:
        slip = _COMMON_SLIPS.get(code)
        hint = f"did you mean `{slip}`?" if slip else "write the country's two letters as in ISO 3166: US, CA, GB"
        yield ("phone_region",), f"`{code}` is no region of phone numbers; {hint}"
