"""The environment's names: which `LEADS_PLATFORM_*` there are, and where the data root is.

Belongs here: a misspelt name, and the root when none is set. Does not: what the values mean (settings).
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path

PREFIX = "LEADS_PLATFORM_"
# What the platform reads, and for what is reserved: docs/operations.md says what each means.
KNOWN = (
    "LEADS_PLATFORM_DATA",
    "LEADS_PLATFORM_ENV",
    "LEADS_PLATFORM_WAREHOUSE",
    "LEADS_PLATFORM_FIRST_MONTH",
    "LEADS_PLATFORM_TIMEZONE",
    "LEADS_PLATFORM_SLACK_WEBHOOK",
    "LEADS_PLATFORM_POSTGRES",
    "LEADS_PLATFORM_ROOMS",
    "LEADS_PLATFORM_USER",
    "LEADS_PLATFORM_NOW",
    "LEADS_PLATFORM_REFERENCE",
    "LEADS_PLATFORM_BENCH_DBT",
)
# So alike is a name with one letter left out, doubled, swapped or in small letters; other programs' are not.
_ALIKE = 0.92


class SettingsError(Exception):
    """A setting can't be used; the text says which, why, and what to set instead."""


def misspelt(environ: Mapping[str, str]) -> str | None:
    """What is wrong with the names, one line for each; None when all are known.

    Known are also names that the value of a setting gives, and those that the text of a user's contract mentions.
    """
    strange = [name for name in sorted(environ) if name not in KNOWN and _is_ours(name)]
    if not strange:
        return None
    referred = {environ[name] for name in KNOWN if name in environ}
    with contextlib.suppress(SettingsError):  # no root, no contracts; that is told when the names are right
        referred |= _mentioned(data_root(environ) / "feeds")
    return "\n".join(_words(name) for name in strange if name not in referred) or None


def data_root(environ: Mapping[str, str]) -> Path:
    """LEADS_PLATFORM_DATA; where it is not set, `data` of the checkout this code lies in. Raises SettingsError.

    Never the current folder's: called from another folder, the platform would begin anew there without a word.
    """
    said = environ.get("LEADS_PLATFORM_DATA")
    if said:
        return Path(said).absolute()
    if said is not None:
        raise SettingsError("LEADS_PLATFORM_DATA is set to nothing; give the data root's path, or unset it")
    checkout = Path(__file__).resolve().parent.parent
    if (checkout / "pyproject.toml").is_file():
        return checkout / "data"
    raise SettingsError(
        "LEADS_PLATFORM_DATA is not set. Set it to the data root, the folder that holds landing/: "
        "export LEADS_PLATFORM_DATA=/path/to/your/data"
    )


def _is_ours(name: str) -> bool:
    upper = name.upper()
    return upper.startswith(PREFIX) or bool(get_close_matches(upper, KNOWN, n=1, cutoff=_ALIKE))


def _words(name: str) -> str:
    close = get_close_matches(name.upper(), KNOWN, n=1, cutoff=0.6)
    # What follows the prefix counts: the prefix alone makes every name alike.
    own = get_close_matches(name.upper().removeprefix(PREFIX), [k.removeprefix(PREFIX) for k in KNOWN], n=1)
    meant = PREFIX + own[0] if own else close[0] if close and not name.upper().startswith(PREFIX) else None
    hint = f"did you mean {meant}?" if meant else f"there are {', '.join(KNOWN)}."
    return f"{name} is no setting; {hint} Correct it or unset it."


def _mentioned(feeds: Path) -> set[str]:
    found: set[str] = set()
    for path in feeds.glob("*.y*ml"):
        try:
            found.update(re.findall(rf"{PREFIX}\w+", path.read_text(encoding="utf-8", errors="replace")))
        except OSError:  # what can't be read is told as a contract out of order
            continue
    return found
