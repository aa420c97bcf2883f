"""All processes end together, whichever of them is told to, or killed. Stand-ins for Dagster's own; the real ones are
in test_daemon."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from leads_platform.cli.ui import serve
from leads_platform.orchestration.keeper import end_group, members
from leads_platform.settings import Settings

pytestmark = pytest.mark.usefixtures("interruptible")

_SLEEP = "import time; time.sleep(120)"
_STUBBORN = """
import signal, time
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, signal.SIG_IGN)
print("up", flush=True)
time.sleep(120)
"""
# A keeper whose `dagster dev` is a child that sleeps.
_KEEPER = f"""
import subprocess, sys, time
from leads_platform.orchestration.keeper import main

def run(arguments):
    child = subprocess.Popen([sys.executable, "-c", {_SLEEP!r}])
    print("up", flush=True)
    child.wait()

main([], run)
"""
# `leads-platform ui` with that keeper.
_UI = f"""
import subprocess, sys
from leads_platform.cli.commands import main
from leads_platform.cli import ui as serve

def start(settings, port):
    process = subprocess.Popen(
        [sys.executable, "-c", {_KEEPER!r}], stdin=subprocess.PIPE, start_new_session=True
    )
    print(process.pid, flush=True)
    return process

serve.start = start
serve.prepare_dagster_home = lambda settings: None
main(["ui", "--port", "31999"])
"""


def wait_until_gone(group: int) -> None:
    until = time.monotonic() + 30
    while members(group):
        assert time.monotonic() < until, members(group)
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("whom", "number", "exit_code"),
    [("ui", signal.SIGTERM, 0), ("ui", signal.SIGKILL, -signal.SIGKILL), ("keeper", signal.SIGKILL, 1)],
)
def test_all_end_with_the_one_that_is_ended(settings: Settings, whom: str, number: int, exit_code: int) -> None:
    """Found in use, 13: `kill -TERM` of `leads-platform ui` left four processes that went on taking files."""
    ui = subprocess.Popen(
        [sys.executable, "-c", _UI],
        env=os.environ | {"LEADS_PLATFORM_DATA": str(settings.data)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert ui.stdout is not None
    group = int(ui.stdout.readline())
    try:
        assert ui.stdout.readline() == "up\n"
        assert len(members(group)) == 2
        os.kill(ui.pid if whom == "ui" else group, number)
        assert ui.wait(30) == exit_code
        wait_until_gone(group)
    finally:
        ui.kill()
        ui.communicate()
        end_group(group, grace=0)


def test_who_does_not_listen_is_killed() -> None:
    """Found in use, 13: a process that goes on after it was told to end would take files for ever."""
    process = subprocess.Popen(
        [sys.executable, "-c", _STUBBORN], start_new_session=True, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None and process.stdout.readline()
    assert members(process.pid) == {process.pid}
    end_group(process.pid, grace=0.2)
    assert process.wait(5) == -signal.SIGKILL
    process.stdout.close()


def test_a_port_in_use_is_told(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    """Found in use, 13: a second UI ended in a traceback of the web server's."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        assert serve(settings, port) == 1
    told = capsys.readouterr().err
    assert f"Port {port} of this machine can't be used: Address already in use" in told
    assert f"`ui --port {port + 1}`" in told
    assert not Path(settings.dagster_home).exists()
