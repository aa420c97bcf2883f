"""A step that is killed on its way, as a power cut would.

Belongs here: killing it before a call that may write. Does not: what must hold afterwards.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

# Before one of these calls the child process is killed: what it writes, it writes through them.
_MOMENTS = frozenset({"execute", "fsync", "rename", "open", "unlink", "rmdir", "mkdir", "write"})
_CHILD_SECONDS = 60


def killed(step: Callable[[], None], moment: int) -> bool:
    """Runs the step in a child that `kill -9` ends before its `moment`th call that may write. False: it was done.

    Raises when the child fails by itself, or hangs.
    """
    pid = os.fork()
    if pid == 0:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(_CHILD_SECONDS)
        left = moment

        def count(frame: FrameType, event: str, called: Any) -> None:
            nonlocal left
            if event == "c_call" and (called.__name__ in _MOMENTS or called is os.replace):
                left -= 1
                if left <= 0:
                    os.kill(os.getpid(), signal.SIGKILL)

        failed = True
        try:
            sys.setprofile(count)
            step()
            failed = False
        finally:
            os._exit(1 if failed else 0)
    _, status = os.waitpid(pid, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL, f"the child hung for {_CHILD_SECONDS} s"
        return True
    assert os.WEXITSTATUS(status) == 0, "the child failed by itself, before it was killed"
    return False
