"""Starting the Dagster UI with its daemon for an environment, and ending both.

Belongs here: what a person is told of it, and the one process it is started by. Does not: holding Dagster's processes
together (keeper), or what the UI shows.
"""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import IO

from leads_platform.cli import output as terminal
from leads_platform.orchestration.instance import prepare_dagster_home
from leads_platform.orchestration.keeper import end_group
from leads_platform.settings import Settings

_HOST = "127.0.0.1"
_LOOK_SECONDS = 0.5


def serve(settings: Settings, port: int = 3000) -> int:
    """Runs UI and daemon until they are stopped, by Ctrl-C or a signal; returns the exit code.

    On 127.0.0.1 only, as the UI has no login: put an authenticating proxy in front of it to share it.
    """
    if why := _taken(port):
        terminal.complain(f"Port {port} of this machine can't be used: {why}. Choose another: `ui --port {port + 1}`.")
        return 1
    prepare_dagster_home(settings)
    process = start(settings, port)
    try:
        return _watch(process, port)
    finally:
        assert process.stdin is not None
        process.stdin.close()  # which tells it to end all; so does our own death
        try:
            process.wait()
        finally:
            end_group(process.pid)  # where it was killed itself
            terminal.say("The UI and its daemon have ended.")


def start(
    settings: Settings,
    port: int,
    module: str = "leads_platform.definitions",
    *,
    extra: Mapping[str, str] | None = None,
    output: IO[str] | None = None,
) -> subprocess.Popen[bytes]:
    """Starts the keeper with Dagster in it; `module` holds the definitions. All ends with its standard input.

    Nothing in the current folder is taken for a module, here or in what Dagster starts.
    """
    home = str(settings.dagster_home)
    options = ["-m", module, "--host", _HOST, "--port", str(port), "--working-directory", home]
    options += ["--log-level", "warning", "--code-server-log-level", "warning"]
    environment = settings.child_environment() | dict(extra or {})
    # Where Dagster loads definitions, it takes the first folder of the path off, which it believes to be the script's.
    folders = [home, *(str(Path(f).absolute()) for f in environment.get("PYTHONPATH", "").split(os.pathsep) if f)]
    environment |= {
        "PYTHONSAFEPATH": "1",
        "PYTHONPATH": os.pathsep.join(folders),
        "LEADS_PLATFORM_DATA": str(settings.data),  # they may have been told relative to the current folder
        "LEADS_PLATFORM_WAREHOUSE": str(settings.warehouse),
    }
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "leads_platform.orchestration.keeper", *options],
        cwd=home,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=output,
        stderr=output,
        start_new_session=True,
    )


def _watch(process: subprocess.Popen[bytes], port: int) -> int:
    """Says where the UI is once it answers, and waits for the end."""
    is_up = False
    try:
        with terminal.progress("Starting the UI and its daemon"):
            while process.poll() is None and not is_up:
                is_up = _answers(port)
                if not is_up:
                    try:
                        process.wait(_LOOK_SECONDS)
                    except subprocess.TimeoutExpired:
                        continue
        if is_up:
            terminal.say(f"The UI answers at http://{_HOST}:{port}; Ctrl-C ends it and its daemon.")
        process.wait()
    except KeyboardInterrupt:
        terminal.say("Stopping; what a run under way has not committed is rolled back.")
        return 0
    terminal.complain("The UI or its daemon has ended by itself; what it said is above. Start it again.")
    return 1


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection(_HOST, port, timeout=2)
    try:
        connection.request("GET", "/server_info")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _taken(port: int) -> str:
    """Why the port can't be had; empty when it can."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the web server does
        try:
            probe.bind((_HOST, port))
        except PermissionError:
            return "this user may not (ports below 1024 are the system's)"
        except OSError as error:
            return f"{os.strerror(error.errno or 0)}, perhaps by another UI that runs"
    return ""
