"""The platform as its contracts are now, for sensors that live longer than a contract stays the same.

Belongs here: reading the contracts again when a file of theirs has changed. Does not: what they say (arrivals).
"""

from __future__ import annotations

from leads_platform.engine import Platform, contract_folders, load_platform


class CurrentPlatform:
    """`now()` is the platform with the contracts as they lie on disk; runs load it anew anyway."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._seen = self._look()

    def now(self) -> Platform:
        """Raises ContractError in words when a contract does not fit; the former one is not used instead."""
        seen = self._look()
        if seen != self._seen:
            self._platform = load_platform(self._platform.settings)
            self._seen = seen
        return self._platform

    def _look(self) -> list[tuple[str, int, int]]:
        found = []
        for folder in contract_folders(self._platform.settings):
            for path in sorted(folder.glob("*.yaml")):
                stat = path.stat()
                found.append((str(path), stat.st_mtime_ns, stat.st_size))
        return found
