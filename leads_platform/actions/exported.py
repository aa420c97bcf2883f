"""What earlier runs of an action gave out: which external id a key has, and whether something is new.

Belongs here: that, from the rows of `actions.<name>_rows`. Does not: what is given out, or writing it.

An external id is the key at its first export. A key that takes the place of others, as a lead that moved does, goes out
under the external id of the one that went out last. Others know one record by it, whose holder is the key that went out
under it last: what they have of the keys before is overwritten. Ids are shared by all forms, holders are each form's.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from leads_platform.actions.withdrawn import KEPT, WITHDRAWN


@dataclass(frozen=True)
class Before:
    """The last word on a key in one form."""

    external_id: str
    hash: str
    operation: str
    file: tuple[str, str]


class Exported:
    """The rows of earlier runs in their order, for one form.

    `replaced`: which keys each key replaced. `stands`: which of those that went out are still there.
    """

    def __init__(
        self,
        form: str,
        rows: Iterable[Mapping[str, Any]],
        replaced: Mapping[str, Iterable[str]],
        stands: Collection[str] = (),
    ) -> None:
        self._form, self._replaced, self._stands = form, replaced, stands
        self._external_ids: dict[str, str] = {}  # by key
        self._holders: dict[str, dict[str, str]] = {}  # by external id and form; "" for what this run gives
        self._last: dict[str, Before] = {}  # by key
        for row in rows:
            self._add(row)
        self._keys: dict[str, list[str]] = {}  # by external id
        for key, before in self._last.items():
            self._keys.setdefault(before.external_id, []).append(key)
        held = (holders.get(form) for holders in self._holders.values())
        self._superseded = {former for key in set(held) if key for former in self._formers(key)}

    def _add(self, row: Mapping[str, Any]) -> None:
        form, key, external_id, operation = (row[name] for name in ("form", "key", "external_id", "operation"))
        if form == self._form:
            self._last[key] = Before(external_id, row["hash"], operation, (row["feed"], row["sha256"]))
        holders = self._holders.setdefault(external_id, {})
        if operation == WITHDRAWN:
            holders.pop(form, None)
        elif operation != KEPT:
            holders[form] = key
            self._external_ids[key] = external_id

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
            free = [each for each in known if self._holders[each] and {*self._holders[each].values()} <= {*formers}]
            self._external_ids[key] = free[0] if free else key
        number = 1
        while self._is_of_another(self._external_ids[key], key):
            number += 1
            self._external_ids[key] = f"{key}-{number}"
        self._holders.setdefault(self._external_ids[key], {})[""] = key
        return self._external_ids[key]

    def _is_of_another(self, external_id: str, key: str) -> bool:
        """Whether a key that still stands holds it, and none of the two replaced the other: another one's record."""
        others = {*self._holders.get(external_id, {}).values()}.difference([key], self._formers(key))
        return any(other in self._stands and key not in self._formers(other) for other in others)

    def is_superseded(self, key: str) -> bool:
        """Whether a key that replaced this one went out already: its rows are older than what is out."""
        return key in self._superseded

    def last(self, key: str) -> Before | None:
        """What is out of this key; None where nothing went out, that was taken back, or another one's overwrote it."""
        found = self._last.get(key)
        return found if found and self._holders[found.external_id].get(self._form) == key else None

    def is_known(self, external_id: str) -> bool:
        """Whether anything went out under this external id."""
        return external_id in self._keys

    def under(self, external_id: str) -> list[str]:
        """The keys that went out under this external id, its holder first."""
        holder = self._holders.get(external_id, {}).get(self._form)
        return sorted(self._keys.get(external_id, ()), key=lambda key: key != holder)

    def from_files(self, files: Collection[tuple[str, str]]) -> dict[str, Before]:
        """The keys that went out and came from one of these files (feed, sha256), but for what was taken back.

        Where another key holds the id, and came from none of these, the word is `kept`, with that one's file.
        """
        found = {}
        for key, before in self._last.items():
            if before.operation != WITHDRAWN and before.file in files:
                holder = self._holders[before.external_id].get(self._form, key)
                file = self._last[holder].file
                found[key] = before if file in files else Before(before.external_id, before.hash, KEPT, file)
        return found
