"""How a task says what it is at: a line on its standard output, which the runner shows when the step lasts.

Belongs here: that line. Does not: showing it (runner).
"""

from __future__ import annotations


def doing(step: str) -> None:
    """From now on the task does this."""
    print(step, flush=True)
