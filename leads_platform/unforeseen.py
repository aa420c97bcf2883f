"""An error nobody foresaw, told without its text, which may quote somebody's record.

Belongs here: that one sentence, and keeping the text for `--debug`. Does not: errors with words of their own.
"""

from __future__ import annotations

import traceback
from pathlib import Path
from threading import Event

_OWN, _INNERMOST = 5, 2
# The texts left out, for `--debug`. They are kept rather than printed, as what a step of Dagster prints is written
# into its logs.
_asked = Event()
_kept: list[str] = []


def keep_texts() -> None:
    """From now on the texts that are left out are kept for `texts`: they may hold personal data."""
    _asked.set()


def left_out(error: BaseException) -> None:
    """Keeps an error's text, when a person has asked for it."""
    if _asked.is_set():
        _kept.append("".join(traceback.format_exception(error)))


def texts() -> list[str]:
    """The texts kept since `keep_texts`, each once; ends the keeping."""
    found = list(dict.fromkeys(_kept))
    _kept.clear()
    _asked.clear()
    return found


def unforeseen(error: BaseException) -> str:
    """The error's kind, our places it came through and where it arose; enough to find it, and no value."""
    left_out(error)
    every = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in every[:-_INNERMOST] if "leads_platform" in Path(frame.filename).parts]
    frames = [*own[-_OWN:], *every[-_INNERMOST:]]
    places = ", ".join(f"{Path(frame.filename).name}:{frame.lineno} in {frame.name}" for frame in frames)
    mend = "Its text is left out, as it may be personal data; `leads-platform --debug ...` shows it. Report it"
    return f"{type(error).__name__} at {places}. {mend}"
