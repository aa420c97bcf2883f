"""The platform as its contracts are now, for sensors that live longer than a contract stays the same.

Belongs here: reading the contracts again when a file of theirs has changed. Does not: what they say (arrivals).
"""

from __future__ import annotations

from leads_platform.arrivals.contracts.user_contracts import contract_files
from leads_platform.platform import Platform, contract_folders, load_platform


class CurrentPlatform:
    """`now()` is the platform with the contracts as they lie on disk; runs load it anew anyway."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._seen = self._look()

    def now(self) -> Platform:
        """The platform as it is; a broken contract is in its `out_of_order`, and stops no other feed."""
        seen = self._look()
        if seen != self._seen:
            self._platform = load_platform(self._platform.settings)
            self._seen = seen
        return self._platform

    def _look(self) -> list[tuple[str, int, int]]:
        found = []
        for folder in contract_folders(self._platform.settings):
            for path in [path for paths in contract_files(folder) for path in paths]:
                try:
                    stat = path.stat()
                except OSError:  # gone since, or a link that leads nowhere: its reading tells
                    continue
                found.append((str(path), stat.st_mtime_ns, stat.st_size))
        return found
