"""Small Pipedrive files for tests: look-ups that never change, and extracts from lines; or their rows, once typed.

Belongs here: putting files into landing, and the same as rows. Does not: expected numbers.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path
from uuid import UUID

from leads_platform.funnel.sample.sales import ACTIVITY_TYPES, LOST_REASONS, STAGES
from leads_platform.settings import Settings
from leads_platform_tests.helpers import drop


def options(labels: Iterable[str]) -> str:
    """A field's choices as Pipedrive's CSV writes them: JSON in one quoted cell."""
    listed = ", ".join(f'{{""id"": ""{n}"", ""label"": ""{label}""}}' for n, label in enumerate(labels, 1))
    return f'"[{listed}]"'


def look_ups(settings: Settings, users: Iterable[str] = ("1,Ann Lee", "2,Bo Kim")) -> None:
    """Types, stages, fields and users, undated: they serve every month."""
    drop(settings, "pipedrive_activity_types", "types.csv", "id,name,active,type", [
        f"{n},{name},{active},{key}" for n, (name, active, key) in enumerate(ACTIVITY_TYPES, 1)
    ])  # fmt: skip
    drop(settings, "pipedrive_stages", "stages.csv", "stage_id,stage_name", [
        f"{n},{name}" for n, name in enumerate(STAGES, 1)
    ])  # fmt: skip
    drop(settings, "pipedrive_fields", "fields.csv", "ID,FIELD_KEY,NAME,FIELD_VALUE_OPTIONS", [
        "13,add_time,Deal created,",
        f"10,stage_id,Stage,{options(STAGES)}",
        f"23,lost_reason,Lost reason,{options(LOST_REASONS)}",
    ])  # fmt: skip
    drop(settings, "pipedrive_users", "users.csv", "id,name,email,modified", [
        f"{user},u{n}@example.org,2024-01-01 00:00:00" for n, user in enumerate(users, 1)
    ])  # fmt: skip


def changes(settings: Settings, lines: str, name: str = "deal_changes.csv") -> Path:
    """Deal changes from lines of `deal time field value`; a day alone is its midnight."""
    return drop(settings, "pipedrive_deal_changes", name, "deal_id,change_time,changed_field_key,new_value", [
        ",".join([deal, _time(at), key, *value]) if value else f"{deal},{_time(at)},{key},"
        for deal, at, key, *value in map(str.split, filter(str.strip, lines.splitlines()))
    ])  # fmt: skip


def changed(lines: str) -> list[dict[str, object]]:
    """The same lines as rows of stg_deal_changes."""
    found = []
    for line, cells in enumerate(map(str.split, filter(str.strip, lines.splitlines())), start=2):
        deal, at, key, *value = cells
        found.append({
            "month": date.fromisoformat(f"{at[:7]}-01"),
            "change_id": UUID(int=line),
            "deal_id": int(deal),
            "change_timestamp": _time(at),
            "field_key": key,
            "new_value": " ".join(value) or None,
            "line": line,
        })  # fmt: skip
    return found


def activities(settings: Settings, lines: str, name: str = "activity.csv") -> Path:
    """Activities from lines of `id type user deal done due`."""
    header = "activity_id,type,assigned_to_user,deal_id,done,due_to"
    return drop(settings, "pipedrive_activity", name, header, [
        ",".join([*cells, _time(due)]) for *cells, due in map(str.split, filter(str.strip, lines.splitlines()))
    ])  # fmt: skip


def _time(text: str) -> str:
    return text.replace("T", " ") if "T" in text else f"{text} 00:00:00"
