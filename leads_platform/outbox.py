"""The outbox: one file for each notice, and a Slack message for each when configured.

Belongs here: writing a notice once, remembering what was told, and delivering. Does not: what is worth telling
(digest, orchestration.notices).

The files are the record. `.told` beside them keeps what was told, item by item, and how far Dagster's runs were
looked at; what a crash kept out of it is read from the notices that are younger.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol, TypeVar

from filelock import FileLock

from leads_platform.errors import fault_in_words, unforeseen
from leads_platform.private import private_folder
from leads_platform.settings import Settings

_SLACK_SECONDS = 10
_SENT = "sent"
# Answers below 500 that mean "later": a timeout, too early, too many. Any other is the same at the next try.
_LATER = (408, 425, 429)
# Longer than another program needs to write and post what it has to tell.
_WAIT_SECONDS = 120


class _Keyed(Protocol):
    @property
    def key(self) -> str: ...


_T = TypeVar("_T", bound=_Keyed)


@dataclass(frozen=True)
class Notice:
    """What a person should know, of one run. The text holds no personal data.

    `keys` tell its items apart from all others that were ever told. `run_id` is empty when no run of Dagster's did it.
    """

    title: str
    text: str
    run_id: str
    keys: tuple[str, ...]

    @property
    def file_name(self) -> str:
        return f"digest_{_hashed(':'.join([self.run_id, *sorted(self.keys)]))}.json"


class Outbox:
    """The outbox of one environment, held by this process alone; `open_outbox` opens it."""

    def __init__(self, folder: Path, slack_webhook: str | None) -> None:
        self._folder, self._webhook = folder, slack_webhook
        self._mark = folder / ".told"
        mark = json.loads(self._mark.read_text()) if self._mark.exists() else {}
        self.seen_runs: float = mark.get("runs", 0.0)  # when the last run that was looked at changed, since 1970
        self._told = set(mark.get("keys", ()))
        since = self._mark.stat().st_mtime_ns if self._mark.exists() else 0
        for path in folder.glob("digest_*.json"):
            if path.stat().st_mtime_ns >= since:
                self._told.update(map(_hashed, json.loads(path.read_text())["keys"]))

    def untold(self, items: list[_T]) -> list[_T]:
        """The items nobody was told of, each once."""
        unique = {item.key: item for item in items}
        return [item for item in unique.values() if not self._was_told(item.key)]

    def _was_told(self, key: str) -> bool:
        # Before there were digests, each item had a file of its own.
        former = self._folder / f"{key.split(':', 1)[0]}_{_hashed(key)}.json"
        return _hashed(key) in self._told or former.exists()

    def put(self, notice: Notice) -> None:
        """Writes a notice; from now on its items count as told."""
        slack = "waiting" if self._webhook else "not configured"
        _replace(self._folder / notice.file_name, {**asdict(notice), "slack": slack}, indent=1)
        self._told.update(map(_hashed, notice.keys))

    def note(self) -> None:
        """Keeps what was told and how far the runs were looked at."""
        _replace(self._mark, {"runs": self.seen_runs, "keys": sorted(self._told)})

    def deliver(self) -> str:
        """Posts the notices that Slack has not answered yet; each is marked only after it has.

        One that Slack refuses is given up, so that the later ones go out. Returns what is to be said of such.
        """
        if not self._webhook:
            return ""
        refused: list[str] = []
        for path in sorted(self._folder.glob("*.json"), key=lambda p: p.stat().st_mtime_ns):
            notice = json.loads(path.read_text())
            if notice.get("slack") != "waiting":
                continue
            # Names of files come from strangers: in Slack's own markup they could call everybody in the channel.
            title, text = (_escaped(notice[part]) for part in ("title", "text"))
            body = json.dumps({"text": f"*{title}*\n{text}"}).encode()
            answer = _post(self._webhook, body)
            if not answer:
                break
            _replace(path, notice | {"slack": answer}, indent=1)
            refused += [] if answer == _SENT else [answer]
        return _refusal(self._folder, refused)


def _post(webhook: str, body: bytes) -> str:
    """Slack's answer as the notice's file keeps it; empty when there was none, and it is to be tried again."""
    try:
        request = urllib.request.Request(webhook, body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=_SLACK_SECONDS):
            return _SENT
    except urllib.error.HTTPError as error:
        error.close()
        return "" if error.code >= 500 or error.code in _LATER else f"refused, HTTP {error.code}"
    except (OSError, http.client.HTTPException, ValueError):  # no network; no answer of the protocol; no address
        return ""


def slack_refusal(settings: Settings) -> str:
    """What is the matter with Slack when it refused the notice it answered last; empty when it took that one."""
    for path in sorted(settings.outbox.glob("*.json"), key=lambda p: p.stat().st_mtime_ns, reverse=True):
        answer = str(json.loads(path.read_text()).get("slack", ""))
        if answer == _SENT:
            break
        if answer.startswith("refused"):
            return _refusal(settings.outbox, [answer])
    return ""


def _refusal(folder: Path, answers: list[str]) -> str:
    if not answers:
        return ""
    what = f"{len(answers)} notices" if len(answers) > 1 else "a notice"
    return (
        f"Slack did not take {what} ({', '.join(dict.fromkeys(answers))}). Is the webhook of "
        f"LEADS_PLATFORM_SLACK_WEBHOOK still in use? What it refused is not posted again, and lies in {folder}."
    )


@contextmanager
def open_outbox(settings: Settings, say: Callable[[str], None] = lambda text: None) -> Iterator[Outbox]:
    """The outbox, for one process at a time. What was put into it is noted and delivered on leaving.

    `say` hears of notices that Slack refused.
    """
    folder = settings.outbox
    private_folder(folder)
    with FileLock(folder / ".lock", timeout=_WAIT_SECONDS):
        for left in folder.glob("*.tmp"):  # of a process that was killed here; this lock is ours
            left.unlink()
        outbox = Outbox(folder, settings.slack_webhook)
        yield outbox
        outbox.note()
        if said := outbox.deliver():
            say(said)


def attempt(
    send: Callable[[], object], say: Callable[[str], None], failed: str = "Notices could not be written"
) -> None:
    """Sends notices. That they can't be sent is said, and fails nothing: what was built is built."""
    try:
        send()
    except Exception as error:
        say(f"{failed}: {fault_in_words(error) or unforeseen(error)}")


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _hashed(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()[:16]


def _replace(path: Path, content: dict[str, object], indent: int | None = None) -> None:
    scratch = path.with_suffix(f".{os.getpid()}.tmp")
    scratch.write_text(json.dumps(content, indent=indent, ensure_ascii=False))
    scratch.replace(path)
