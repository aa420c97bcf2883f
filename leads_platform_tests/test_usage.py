"""How a command ends that was used wrongly or stopped: what is printed is harmless, and the exit code tells which."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest
from click.testing import CliRunner

from leads_platform.cli.commands import commands
from leads_platform.cli.output import as_json, plain
from leads_platform.settings import Settings

pytestmark = pytest.mark.usefixtures("interruptible")
# A colour, a window's title, a bell; text that turns around and back; Arabic shapes forced on what follows.
HOSTILE = "x\x1b[31m\x1b]0;owned\x07\u202edlrow\u202c\u2067\u200f\u206d"


@pytest.mark.parametrize(
    ("words", "exit_code"),
    [
        (["check", __file__, "--feed", HOSTILE], 2),
        (["build", "--select", HOSTILE], 2),
        (["build", "--last-month", HOSTILE], 2),
        (["build", "--as-of", HOSTILE], 2),
        (["build", f"--{HOSTILE}"], 2),
        (["feed", HOSTILE], 2),
        (["run", HOSTILE], 2),
        ([HOSTILE], 2),
        (["ui", "--port", HOSTILE], 2),
        (["feed", "new", HOSTILE], 2),
        (["sample", "--scale", HOSTILE], 2),
        (["sample", "--out", f"/proc/{HOSTILE}"], 1),
        (["accept", HOSTILE], 1),
        (["accept", "abcd", "--month", HOSTILE], 2),
        (["withdraw", HOSTILE], 1),
        (["quarantine", HOSTILE], 1),
    ],
)
def test_what_was_typed_is_echoed_without_what_a_terminal_obeys(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, words: list[str], exit_code: int
) -> None:
    """Found in use, 20: `--feed`, `--select` and stray words were echoed with their escapes and turning marks."""
    monkeypatch.setenv("LEADS_PLATFORM_DATA", str(settings.data))
    result = CliRunner().invoke(commands, words)
    assert result.exit_code == exit_code, result.output
    assert result.stderr.strip()
    assert [mark for mark in HOSTILE if not mark.isprintable() and mark in result.output] == []


def test_marks_of_direction_and_shape_are_shown_as_such() -> None:
    """Found in use, 20: of the marks that turn text or force its shape, some were obeyed."""
    marks = [chr(code) for code in (0x61C, *range(0x200E, 0x2010), *range(0x202A, 0x202F), *range(0x2066, 0x2070))]
    assert plain("".join(marks)) == "�" * 18
    assert not set(marks) & set(as_json({"file": "".join(marks)}))
    assert plain("Ö, 中, é, 👍") == "Ö, 中, é, 👍"


_WAITS = """
import time
import click
from leads_platform.cli.usage import Commands, stop_in_order

@click.group(cls=Commands)
def commands() -> None: ...

@commands.command()
def wait() -> None:
    try:
        print("waiting", flush=True)
        time.sleep(30)
    finally:
        print("rolled back", flush=True)

stop_in_order()
commands(["wait"])
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_in_order(number: signal.Signals) -> None:
    """Found in use, 14: Ctrl-C said "Aborted!" with exit code 1, as a failure; TERM and HUP rolled nothing back."""
    process = subprocess.Popen(
        [sys.executable, "-c", _WAITS], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None and process.stdout.readline() == "waiting\n"
    process.send_signal(number)
    out, err = process.communicate(timeout=20)
    assert (out, err.strip(), process.returncode) == ("rolled back\n", "Stopped.", 130)
