"""Starting the Dagster UI with its daemon for an environment.

Belongs here: that one command line. Does not: what the UI shows.
"""

from __future__ import annotations

import subprocess
import sys

from leads_platform.orchestration.instance import prepare_dagster_home
from leads_platform.settings import Settings


def serve(settings: Settings, port: int = 3000) -> int:
    """Runs UI and daemon until they are stopped; returns the exit code.

    On 127.0.0.1 only, as the UI has no login: put an authenticating proxy in front of it to share it.
    """
    prepare_dagster_home(settings)
    command = [sys.executable, "-m", "dagster", "dev", "-m", "leads_platform.definitions"]
    command += ["--host", "127.0.0.1", "--port", str(port)]
    try:
        return subprocess.run(command, env=settings.child_environment(), check=False).returncode
    except KeyboardInterrupt:
        return 0
