"""Settings: the only reader of the environment.

Belongs here: where things are and how the platform is tuned. Does not: anything read at import; a `Settings`
is made by whoever starts a process and handed on.
"""

from __future__ import annotations

import getpass
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from leads_platform.environment import PREFIX, SettingsError, data_root, misspelt
from leads_platform.months import label, month_of, parse_month

__all__ = ["DEFAULT_FIRST_MONTH", "SAMPLE_MARKER", "Settings", "SettingsError"]

SAMPLE_MARKER = ".sample.json"
DEFAULT_FIRST_MONTH = date(2024, 1, 1)
# Dagster walks months one by one: a year with a slip in it (0202) would keep it busy for ever.
_EARLIEST = date(1990, 1, 1)


@dataclass(frozen=True)
class Settings:
    """One environment of the platform (dev or prod) below one data root."""

    data: Path
    env: str = "dev"
    warehouse: Path = Path()
    first_month: date = DEFAULT_FIRST_MONTH
    timezone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    rooms: tuple[str, ...] = ()
    slack_webhook: str | None = None
    user: str = ""
    fixed_now: datetime | None = None
    given: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)  # names of variables are values

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """Reads `LEADS_PLATFORM_*`. Raises SettingsError in words; creates nothing on disk."""
        env = os.environ if environ is None else environ
        if problem := misspelt(env):
            raise SettingsError(problem)
        data = data_root(env)
        name = env.get("LEADS_PLATFORM_ENV") or "dev"
        if name not in ("dev", "prod"):
            raise SettingsError(f"LEADS_PLATFORM_ENV is {name!r}; it must be dev or prod")
        warehouse = env.get("LEADS_PLATFORM_WAREHOUSE") or str(data / name / "warehouse.duckdb")
        if warehouse.startswith("ducklake:"):
            raise SettingsError(
                "LEADS_PLATFORM_WAREHOUSE=ducklake:... is reserved for scale-out and not available yet; "
                "give the path of a DuckDB file"
            )
        timezone = _timezone(env.get("LEADS_PLATFORM_TIMEZONE") or "UTC")
        try:
            first_month = parse_month(env.get("LEADS_PLATFORM_FIRST_MONTH") or DEFAULT_FIRST_MONTH.isoformat())
        except ValueError as error:
            raise SettingsError(f"LEADS_PLATFORM_FIRST_MONTH: {error}") from error
        settings = cls(
            data=data,
            env=name,
            warehouse=Path(warehouse).absolute(),
            first_month=first_month,
            timezone=timezone,
            rooms=tuple(filter(None, re.split(r"[,\s]+", env.get("LEADS_PLATFORM_ROOMS") or ""))),
            user=env.get("LEADS_PLATFORM_USER") or "",
            slack_webhook=_webhook(env.get("LEADS_PLATFORM_SLACK_WEBHOOK") or None),
            given={key: env.get(value, value) for key, value in env.items() if key.startswith(PREFIX) and value},
            fixed_now=_fixed_now(env.get("LEADS_PLATFORM_NOW"), timezone, name),
        )
        settings._agree()
        return settings

    def _agree(self) -> None:
        """Raises SettingsError for settings that are right by themselves and wrong together."""
        if self.env == "prod" and self.is_sample:
            raise SettingsError(
                f"the prod environment does not run on the sample data in {self.data}; "
                "set LEADS_PLATFORM_DATA to a folder of your own"
            )
        if self.warehouse.parent == self.published.parent:
            raise SettingsError(
                f"LEADS_PLATFORM_WAREHOUSE is {self.warehouse}, where the published copies go; give another folder"
            )
        if self.first_month > self.current_month():
            raise SettingsError(
                f"LEADS_PLATFORM_FIRST_MONTH is {label(self.first_month)}, which has not begun by the clock "
                f"({self.now():%Y-%m-%d}); give the first month you have files of, as {label(DEFAULT_FIRST_MONTH)}"
            )
        if self.first_month < _EARLIEST:
            raise SettingsError(
                f"LEADS_PLATFORM_FIRST_MONTH is {self.first_month.isoformat()[:7]}; the earliest possible is "
                f"{label(_EARLIEST)}. Is a digit of the year wrong?"
            )

    def secret(self, name: str) -> str:
        """A secret by the setting whose value is the name of the variable that holds it; "" where none is set.

        Of a setting that holds the secret itself, that.
        """
        return self.given.get(name, "")

    @property
    def who(self) -> str:
        """Who asks: LEADS_PLATFORM_USER, else the login name."""
        if self.user:
            return self.user
        try:
            return getpass.getuser()
        except (KeyError, OSError):  # a user without a name, as in a container
            return f"user {os.getuid()}"

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
    def kept_contracts(self) -> Path:
        """Copies of the user's contracts as they were when they last were in order."""
        return self.home / "contracts"

    @property
    def archive(self) -> Path:
        return self.home / "archive"

    @property
    def published(self) -> Path:
        """The whole copy, personal data included: for its owner, reports and status."""
        return self.home / "published" / "full.duckdb"

    @property
    def shared(self) -> Path:
        """The copy without personal columns, which people and BI tools open."""
        return self.home / "published" / "warehouse.duckdb"

    @property
    def products(self) -> Path:
        """What was made of each product, and when."""
        return self.home / "products.json"

    @property
    def build_state(self) -> Path:
        """What is built and which checks failed, for those who must not open the live warehouse."""
        return self.home / "build_state.json"

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


def _timezone(name: str) -> ZoneInfo:
    try:
        if name != "localtime":  # it would mean another zone on another machine
            return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: the name of a folder of zones, as Europe
        pass
    raise SettingsError(f"LEADS_PLATFORM_TIMEZONE is {name!r}; give a name like Europe/Berlin")


def _webhook(address: str | None) -> str | None:
    if address is not None and not address.startswith(("https://", "http://")):
        # The address is a secret: it is not repeated.
        raise SettingsError("LEADS_PLATFORM_SLACK_WEBHOOK is no web address; it starts with https://")
    return address


def _fixed_now(text: str | None, timezone: ZoneInfo, env: str) -> datetime | None:
    """The clock of tests. One that stands still in prod would let no month begin, without a word."""
    if not text:
        return None
    if env == "prod":
        raise SettingsError("LEADS_PLATFORM_NOW stops the platform's clock and is for tests; unset it in prod")
    try:
        now = datetime.fromisoformat(text)
    except ValueError as error:
        raise SettingsError(f"LEADS_PLATFORM_NOW: {error}; write it as 2024-07-15T12:00:00") from error
    return now.astimezone(timezone) if now.tzinfo else now.replace(tzinfo=timezone)
