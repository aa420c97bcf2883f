"""The rooms and kinds of contract that the platform brings."""

from __future__ import annotations

from leads_platform.rooms import find_rooms

KNOWN = find_rooms().known
