"""The manifests of actions: one for each run, numbered, sealed, written last, by rename. They are the truth.

Belongs here: writing and reading them, and the key of their hashes. Does not: what an action does, or the relations
made of them (ledger).

Below `archive/.actions/`: `runs/<action>/<number>.json`, and `key`. No feed's name begins with a dot. The key lies
in the archive, beside the original files and with the hashes it made, as they must be backed up together; it guards the
copies of these hashes that leave the archive.
"""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path

from pydantic import AwareDatetime, ConfigDict, TypeAdapter

from leads_platform.actions.action import RowDone
from leads_platform.arrivals.archive import seal
from leads_platform.arrivals.archive.manifest_fields import Count, Month, Receipt, Sha256
from leads_platform.arrivals.archive.store import ArchiveDamaged, settle
from leads_platform.private import private_folder

NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
"""What an action may be called."""


@dataclass(frozen=True)
class Run:
    """One run of an action: what was asked by whom and why, what was done. `files` holds the sha256 of each by name."""

    __pydantic_config__ = ConfigDict(strict=True, extra="forbid")

    action: str
    run: Receipt
    profile: str
    form: str
    month: Month
    include: tuple[str, ...]
    who: str
    why: str
    done_at: AwareDatetime
    counts: dict[str, Count] = field(default_factory=dict)
    files: dict[str, Sha256] = field(default_factory=dict)
    rows: tuple[RowDone, ...] = ()

    def to_json(self) -> str:
        plain = asdict(self)
        plain["month"] = self.month.isoformat()
        plain["done_at"] = self.done_at.isoformat()
        return seal.sealed(plain)


@cache
def _stating() -> TypeAdapter[Run]:
    return TypeAdapter(Run)


class History:
    """The manifests of one archive. Only the holder of the writer lock may add to them."""

    def __init__(self, archive: Path) -> None:
        self._root = archive / ".actions"

    def numbers(self) -> set[tuple[str, int]]:
        """Action and number of every run."""
        return {(path.parent.name, int(path.stem)) for path in self._root.glob("runs/*/*.json")}

    def next(self, action: str) -> int:
        """The number that the action's next run gets."""
        return max((number for name, number in self.numbers() if name == action), default=0) + 1

    def read(self, action: str, number: int) -> Run:
        """One run. Raises ArchiveDamaged."""
        path = self._path(action, number)
        try:
            body, is_sealed = seal.unsealed(path.read_text(encoding="utf-8"))
            if not is_sealed:
                raise seal.SealBroken("its seal is missing")
            run = _stating().validate_json(body)
        except (ValueError, RecursionError) as error:  # pydantic's and json's are ValueErrors; they quote the file
            why = str(error) if isinstance(error, seal.SealBroken) else f"it can't be read, {type(error).__name__}"
            raise ArchiveDamaged(f"{path} is damaged: {why}. {_RESTORE}") from None
        if (run.action, run.run) != (action, number):
            raise ArchiveDamaged(f"{path} is another run's manifest, {run.action} {run.run}. Give it its name back.")
        return run

    def runs(self) -> list[Run]:
        """Every run, by action and number. Raises ArchiveDamaged."""
        return [self.read(*number) for number in sorted(self.numbers())]

    def missing(self, known: Iterable[tuple[str, int]]) -> None:
        """Raises ArchiveDamaged where the manifest of a run that the warehouse knows is gone."""
        gone = sorted(set(known) - self.numbers())
        if gone:
            more = f" (and {len(gone) - 1} more)" if len(gone) > 1 else ""
            raise ArchiveDamaged(
                f"{self._path(*gone[0])}{more} is missing: what that run did would be done again. Restore it from a "
                "backup; or, if it is gone for good, `leads-platform rebuild` takes the archive as it is."
            )

    def add(self, run: Run) -> None:
        """Writes the manifest: from now on the run counts. What it speaks of must be on the disk before."""
        path = self._path(run.action, run.run)
        _write(path, run.to_json().encode())
        settle(path.parent.parent)

    def sweep(self) -> None:
        """Removes what a crash left half-written."""
        for path in [*self._root.glob("*.tmp"), *self._root.glob("runs/*/*.tmp")]:
            path.unlink()

    def hasher(self, *, keep: bool) -> Callable[[str], str]:
        """HMAC-SHA256 by the archive's key. Where there is none yet one is made, and kept only if `keep` says so.

        Raises ArchiveDamaged when the key is gone and there are hashes that were made with it.
        """
        path = self._root / "key"
        if path.exists():
            key = path.read_bytes()
        elif self.numbers():
            raise ArchiveDamaged(f"{path} is missing: what went out before can't be told from what is new. {_RESTORE}")
        else:
            key = secrets.token_bytes(32)
            if keep:
                _write(path, key)
        return lambda text: hmac.digest(key, text.encode(), "sha256").hex()

    def _path(self, action: str, number: int) -> Path:
        return self._root / "runs" / action / f"{number:06d}.json"


_RESTORE = "Restore it from a backup."


def _write(path: Path, content: bytes) -> None:
    """Writes a file by rename, and waits until it is on the disk."""
    private_folder(path.parent)
    scratch = path.with_name(f"{path.name}.tmp")
    scratch.touch(mode=0o600)
    scratch.write_bytes(content)
    settle(scratch)
    scratch.replace(path)
    settle(path.parent)
