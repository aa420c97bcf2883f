"""What earlier runs of an action gave out: which external id a key has, and whether something is new.

Belongs here: that, from the rows of `actions.<name>_rows`. Does not: what is given out, or writing it.

An external id is the key at its first export, and never changes. A key that takes the place of others, as a lead that
moved does, goes out under the external id of the one that went out last.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from leads_platform.actions.withdrawn import WITHDRAWN


@dataclass(frozen=True)
class Before:
    """The last word on a key in one form."""

    external_id: str
    hash: str
    operation: str
    file: tuple[str, str]


class Exported:
    """The rows of earlier runs, and which keys each key replaced (`replaced`)."""

    def __init__(self, rows: Iterable[Mapping[str, Any]], replaced: Mapping[str, Iterable[str]]) -> None:
        self._replaced = replaced
        self._external_ids: dict[str, str] = {}  # by key, for good
        self._holders: dict[str, str] = {}  # by external id: the key that went out under it last
        self._last: dict[tuple[str, str], Before] = {}  # by form and key
        self._known: set[tuple[str, str]] = set()  # form and external id
        for row in rows:
            file = row["feed"], row["sha256"]
            self._last[row["form"], row["key"]] = Before(row["external_id"], row["hash"], row["operation"], file)
            self._known.add((row["form"], row["external_id"]))
            self._take(row["key"], row["external_id"], gone=row["operation"] == WITHDRAWN)
        self._superseded = {former for key in set(self._holders.values()) for former in self._formers(key)}

    def _take(self, key: str, external_id: str, *, gone: bool = False) -> None:
        self._external_ids.setdefault(key, external_id)
        if not gone:
            self._holders[external_id] = key
        elif self._holders.get(external_id) == key:
            del self._holders[external_id]

    def _formers(self, key: str) -> Iterator[str]:
        """The keys that this one replaced, nearest first."""
        seen, waiting = {key}, list(self._replaced.get(key, ()))
        while waiting:
            former = waiting.pop(0)
            if former not in seen:
                seen.add(former)
                yield former
                waiting += self._replaced.get(former, ())

    def external_id(self, key: str) -> str:
        """The key's external id, which it has from now on."""
        if key not in self._external_ids:
            formers = list(self._formers(key))
            known = [self._external_ids[former] for former in formers if former in self._external_ids]
            # What another one took over since is that one's: two rows of one external id overwrite each other.
            free = [external_id for external_id in known if self._holders.get(external_id) in formers]
            self._take(key, free[0] if free else key)
        return self._external_ids[key]

    def is_superseded(self, key: str) -> bool:
        """Whether a key that replaced this one went out already: its rows are older than what is out."""
        return key in self._superseded

    def last(self, form: str, key: str) -> Before | None:
        """What went out last of this key in this form; None where nothing did, or that was taken back."""
        found = self._last.get((form, key))
        return found if found and found.operation != WITHDRAWN else None

    def is_known(self, form: str, external_id: str) -> bool:
        """Whether anything went out under this external id in this form."""
        return (form, external_id) in self._known

    def from_files(self, form: str, files: Iterable[tuple[str, str]]) -> dict[str, Before]:
        """The keys that went out in this form and came from one of these files (feed, sha256)."""
        wanted = set(files)
        return {
            key: before
            for (of, key), before in self._last.items()
            if of == form and before.operation != WITHDRAWN and before.file in wanted
        }
