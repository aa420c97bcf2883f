"""Settings: the only reader of the environment.

Belongs here: where things are and how the platform is tuned. Does not: anything read at import; a `Settings`
is made by whoever starts a process and handed on.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from leads_platform.months import month_of, parse_month

SAMPLE_MARKER = ".sample.json"


class SettingsError(Exception):
    """A setting can't be used; the text says which, why, and what to set instead."""


@dataclass(frozen=True)
class Settings:
    """One environment of the platform (dev or prod) below one data root."""

    data: Path
    env: str = "dev"
    warehouse: Path = Path()
    first_month: date = date(2024, 1, 1)
    timezone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    slack_webhook: str | None = None
    fixed_now: datetime | None = None

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """Reads `LEADS_PLATFORM_*`. Raises SettingsError in words; creates nothing on disk."""
        env = os.environ if environ is None else environ
        data = Path(env.get("LEADS_PLATFORM_DATA") or "data").absolute()
        name = env.get("LEADS_PLATFORM_ENV") or "dev"
        if name not in ("dev", "prod"):
            raise SettingsError(f"LEADS_PLATFORM_ENV is {name!r}; it must be dev or prod")
        warehouse = env.get("LEADS_PLATFORM_WAREHOUSE") or str(data / name / "warehouse.duckdb")
        if warehouse.startswith("ducklake:"):
            raise SettingsError(
                "LEADS_PLATFORM_WAREHOUSE=ducklake:... is reserved for scale-out and not available yet; "
                "give the path of a DuckDB file"
            )
        zone = env.get("LEADS_PLATFORM_TIMEZONE") or "UTC"
        try:
            timezone = ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise SettingsError(f"LEADS_PLATFORM_TIMEZONE is {zone!r}; give a name like Europe/Berlin") from error
        try:
            first_month = parse_month(env.get("LEADS_PLATFORM_FIRST_MONTH") or "2024-01-01")
        except ValueError as error:
            raise SettingsError(f"LEADS_PLATFORM_FIRST_MONTH: {error}") from error
        try:
            now = datetime.fromisoformat(env["LEADS_PLATFORM_NOW"]) if env.get("LEADS_PLATFORM_NOW") else None
        except ValueError as error:
            raise SettingsError(f"LEADS_PLATFORM_NOW: {error}; write it as 2024-07-15T12:00:00") from error
        settings = cls(
            data=data,
            env=name,
            warehouse=Path(warehouse).absolute(),
            first_month=first_month,
            timezone=timezone,
            slack_webhook=env.get("LEADS_PLATFORM_SLACK_WEBHOOK") or None,
            fixed_now=now.replace(tzinfo=timezone) if now else None,
        )
        if name == "prod" and settings.is_sample:
            raise SettingsError(
                f"the prod environment does not run on the sample data in {data}; "
                "set LEADS_PLATFORM_DATA to a folder of your own"
            )
        return settings

    def child_environment(self) -> dict[str, str]:
        """The environment for a program of ours that this one starts."""
        return {**os.environ, "DAGSTER_HOME": str(self.dagster_home)}

    @property
    def is_sample(self) -> bool:
        """Whether the landing folder holds the generated sample data."""
        return (self.landing / SAMPLE_MARKER).exists()

    @property
    def home(self) -> Path:
        """Everything this environment makes; may be deleted except `archive`, which is the truth."""
        return self.data / self.env

    @property
    def landing(self) -> Path:
        return self.data / "landing"

    @property
    def feeds(self) -> Path:
        """The user's own feed contracts, beside those packaged with the rooms."""
        return self.data / "feeds"

    @property
    def archive(self) -> Path:
        return self.home / "archive"

    @property
    def published(self) -> Path:
        """The read copy that people and BI tools open."""
        return self.home / "published" / "warehouse.duckdb"

    @property
    def ledger_note(self) -> Path:
        """What is built and which checks failed, for those who must not open the live warehouse."""
        return self.home / "ledger.json"

    @property
    def reports(self) -> Path:
        return self.home / "reports"

    @property
    def exports(self) -> Path:
        return self.home / "exports"

    @property
    def outbox(self) -> Path:
        return self.home / "outbox"

    @property
    def dagster_home(self) -> Path:
        return self.home / "dagster"

    def now(self) -> datetime:
        """The platform's clock, in its timezone; `LEADS_PLATFORM_NOW` sets it in tests."""
        return self.fixed_now or datetime.now(self.timezone)

    def current_month(self) -> date:
        return month_of(self.now().date())
