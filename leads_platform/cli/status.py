"""What stands, what is stale and why, what waits for a person: the platform's state as data.

Belongs here: gathering it from manifests, the build state and the landing folder, without lock or warehouse.
Does not: printing it (cli.output).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import Any

from leads_platform.actions.history import History
from leads_platform.actions.withdrawn import Recalled, recalled
from leads_platform.arrivals.archive.notes import notes
from leads_platform.arrivals.archive.sources import ArchiveSources
from leads_platform.arrivals.decisions import refused
from leads_platform.arrivals.landing import look, strangers, unreadable_folders
from leads_platform.arrivals.receive import read_state, waiting
from leads_platform.freshness import findings
from leads_platform.months import label
from leads_platform.outbox import slack_refusal
from leads_platform.platform import Platform
from leads_platform.products.look import Standing, standings
from leads_platform.warehouse.build_state import BuildState, read_build_state
from leads_platform.warehouse.lock import Holder, holder
from leads_platform.warehouse.planner import because_of, stale_months
from leads_platform.warehouse.removal import Removal, removal


@dataclass(frozen=True)
class Status:
    """Everything `leads-platform status` shows; `to_json` is what it prints with --json."""

    platform: Platform
    state: ArchiveSources
    built: BuildState
    stale: dict[str, list[date]]
    removal: Removal
    standing: list[Standing] = field(default_factory=list)
    writer: Holder | None = None
    recalled: list[Recalled] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        settings = self.platform.settings
        data = self.state.data_months()
        return {
            "environment": settings.env,
            "data": str(settings.data),
            "published": str(settings.published.parent),
            "as_of": settings.now().isoformat(),
            "content_hash": self.built.content_hash(self.platform.catalogue.tables, data[1] if data else None),
            "first_month_with_data": label(data[0]) if data else None,
            "last_month_with_data": label(data[1]) if data else None,
            "writer": str(self.writer) if self.writer else None,
            "out_of_order": [
                {"feed": e.feed, "path": str(e.path), "problems": list(e.problems), "tables_by": e.stands}
                for e in self.platform.out_of_order
            ],
            "contracts_passed_over": [str(path) for path in self.platform.user.passed_over],
            "would_remove": self.removal.words().split("\n") if self.removal.needs_a_word else [],
            "feeds": self.feeds(),
            "files": self.files(),
            "tables": self.tables(),
            "stale": {table: [label(m) for m in months] for table, months in self.stale.items()},
            "why_stale": {table: self.why(table) for table in self.stale},
            "waiting_files": [f"{f.feed}/{f.name}" for f in waiting(settings, self.state)]
            + [f"{f.feed}/{f.name}" for f in look(settings.landing, self.platform.stopped - set(self.state.contracts))],
            "held_files": [self._file(m) for m in self.state.held()],
            "notes": [asdict(note) for note in notes(self.state)],
            "refused_files": [self._file(m) for m in refused(settings, self.state)],
            "outside_partitions": self.state.outside(),
            "unknown_folders": strangers(settings.landing, self.platform.stopped | set(self.platform.contracts)),
            "unreadable_folders": unreadable_folders(settings.landing, self.platform.contracts),
            "products": self.products(),
            "withdrawn_exports": [{**asdict(found), "month": label(found.month)} for found in self.recalled],
            "failed_checks": [
                {
                    "table": f.table,
                    "month": label(f.month),
                    "check": f.check,
                    "bad_rows": f.bad_rows,
                    "refused": f.refused,
                    "evidence": f.evidence,
                }
                for f in self.built.failed
            ],
            "freshness": [finding.says for finding in findings(settings, self.state)],
            "slack": slack_refusal(settings),
        }

    def feeds(self) -> list[dict[str, Any]]:
        """Per feed: files in force, records, months covered and the newest file."""
        rows = []
        for feed, state in self.state.by_feed.items():
            entries = [e for e in state.entries if self.state.in_force(state, e.manifest)]
            months = sorted(state.months())
            latest = max(entries, key=lambda e: (e.manifest.month or date.min, e.order), default=None)
            newest = latest.manifest if latest else None
            rows.append(
                {
                    "feed": feed,
                    "delivery": state.contract.delivery,
                    "files": len(entries),
                    "records": sum(e.manifest.records for e in entries),
                    "loaded": sum(e.manifest.loaded for e in entries),
                    "quarantined": sum(e.manifest.quarantined for e in entries),
                    "erased": sum(e.manifest.erased for e in entries),
                    "first_month": label(months[0]) if months else None,
                    "last_month": label(months[-1]) if months else None,
                    "newest_file": newest.file_name if newest else None,
                }
            )
        return rows

    def files(self) -> list[dict[str, Any]]:
        """Every file in force: its feed, month, fingerprint and counts."""
        return [
            {
                **self._file(m),
                "version": m.version,
                "records": m.records,
                "quarantined": m.quarantined,
                "erased": m.erased,
            }
            for feed in self.state.by_feed.values()
            for m in (entry.manifest for entry in feed.entries)
            if self.state.in_force(feed, m)
        ]

    def tables(self) -> list[dict[str, Any]]:
        """Every table in build order: its months, the rows of the last and of all, and when it was last built."""
        found = []
        for table in self.platform.catalogue.tables:
            rows = {month: count for (address, month), count in self.built.rows.items() if address == table}
            built = [self.built.built_at[table, month] for month in rows if (table, month) in self.built.built_at]
            at = datetime.fromtimestamp(max(built), self.platform.settings.timezone) if built else None
            found.append(
                {
                    "table": table,
                    "first_month": label(min(rows)) if rows else None,
                    "last_month": label(max(rows)) if rows else None,
                    "rows_of_last_month": rows[max(rows)] if rows else None,
                    "rows": sum(rows.values()),
                    "last_built": at.isoformat(timespec="minutes") if at else None,
                }
            )
        return found

    def products(self) -> list[dict[str, Any]]:
        """Every product: where it is, when it was made, whether it is stale, why the last attempt failed."""
        zone = self.platform.settings.timezone
        return [
            {
                "product": standing.place.key,
                "path": str(standing.path) if standing.path else None,
                "says": standing.place.product.says,
                "made_at": datetime.fromtimestamp(standing.made.made_at, zone).isoformat(timespec="minutes")
                if standing.made.made_at
                else None,
                "counts": dict(standing.made.counts),
                "stale": standing.stale,
                "failed": standing.made.failed,
            }
            for standing in self.standing
        ]

    def why(self, table: str) -> str:
        """The nearest reason for a table's first stale month, in words."""
        month = self.stale[table][0]
        built = self.built.fingerprints.get((table, month))
        if built is None:
            return f"{label(month)} was never built"
        catalogue = self.platform.catalogue
        because = because_of(catalogue, self.stale, table, month)
        for read, months in because.items():
            if month in months:
                return f"{read} is stale from {label(month)}"
        for read, months in because.items():
            if months[0] > month:
                return f"{label(month)} reads {read} of later months, too, and it is stale from {label(months[0])}"
        for read in because:
            return f"{read} is stale"
        if any(read.startswith("arrivals.") for read in catalogue.inputs(table)):
            return f"its files of {label(month)} have changed, or its contract has"
        return "its declaration has changed, or a month it continues from"

    @staticmethod
    def _file(manifest: Any) -> dict[str, Any]:
        return {
            "feed": manifest.feed,
            "file": manifest.file_name,
            "sha256": manifest.sha256,
            "month": label(manifest.month) if manifest.month else None,
            "message": manifest.message,
        }


def read_status(platform: Platform) -> Status:
    """Gathers the status. Opens neither the warehouse nor the lock."""
    state = read_state(platform.settings, platform.contracts)
    built = read_build_state(platform.settings.build_state, platform.settings.warehouse)
    stale = stale_months(platform.catalogue, state, built.fingerprints)
    going = removal(platform.catalogue.tables, platform.taken_away(), state, built.rows, platform.rooms.by_name)
    settings = platform.settings
    made = standings(
        platform.products, built.fingerprints, settings.published.parent, settings.products, settings.secret
    )
    called = recalled(History(settings.archive), state)
    return Status(platform, state, built, stale, going, made, holder(settings.home), called)
