"""An error nobody foresaw, told without its text, which may quote somebody's record.

Belongs here: that one sentence. Does not: errors with words of their own.
"""

from __future__ import annotations

import traceback
from pathlib import Path

_OWN, _INNERMOST = 5, 2


def unforeseen(error: BaseException) -> str:
    """The error's kind, our places it came through and where it arose; enough to find it, and no value."""
    every = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in every[:-_INNERMOST] if "leads_platform" in Path(frame.filename).parts]
    frames = [*own[-_OWN:], *every[-_INNERMOST:]]
    places = ", ".join(f"{Path(frame.filename).name}:{frame.lineno} in {frame.name}" for frame in frames)
    return f"{type(error).__name__} at {places}. Its text is left out, as it may be personal data; report it"
