"""The check `files_are_taken_in` of each feed: fails while a file is refused or held, else warns of one that can't be
read or was loaded in part.

Belongs here: the check, and telling Dagster of it. Does not: what is refused or held (arrivals), or notices of it.

Whoever took a file in or decided on one, Dagster is told at the end of the `arrivals` run, by the next command that
builds through Dagster, or at the janitor's next tick. `files_told.json` in DAGSTER_HOME keeps what it was told: an
event costs 10 ms, so only feeds are told of that had a receipt since, or whose answer is another. Nothing is told of a
feed that never delivered.
"""

import hashlib
import json
import os
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import get_args

import dagster as dg
from dagster._core.definitions.asset_checks.asset_check_evaluation import (
    AssetCheckEvaluationTargetMaterializationData,  # not exported by 1.13.27
)

from leads_platform.arrivals.archive.sources import ArchiveSources
from leads_platform.arrivals.receive import read_state
from leads_platform.attention import Attention, Kind, files_in_need, files_partly_loaded, files_unreadable
from leads_platform.orchestration.contracts import CurrentPlatform
from leads_platform.orchestration.events import asset_key
from leads_platform.platform import Platform
from leads_platform.settings import Settings
from leads_platform.warehouse.catalogue import ARRIVALS
from leads_platform.warehouse.lock import lock_if_free

FILES_TAKEN_IN = "files_are_taken_in"
# As many files as a person reads on one page; `status` lists all.
_SHOWN = 20


@dataclass(frozen=True)
class Answer:
    """What the check says of one feed."""

    feed: str
    passed: bool
    severity: dg.AssetCheckSeverity
    description: str
    metadata: dict[str, str | int]

    def hash(self) -> str:
        said = [self.passed, self.severity.value, self.description, self.metadata]
        return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:16]


def files_check(platform: Platform) -> dg.AssetChecksDefinition:
    """One check on each feed's asset. A person who starts it gets the answer of now."""
    current = CurrentPlatform(platform)
    specs = [
        dg.AssetCheckSpec(
            FILES_TAKEN_IN,
            asset=asset_key(f"{ARRIVALS}{feed}"),
            description="No file of the feed is refused or held (an error), unreadable or loaded in part (a warning).",
        )
        for feed in platform.contracts
    ]

    @dg.multi_asset_check(name=FILES_TAKEN_IN, specs=specs, can_subset=True)
    def check(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
        now = current.now()
        asked = {key.asset_key.path[-1] for key in context.op_execution_context.selected_asset_check_keys}
        feeds = [feed for feed in now.contracts if feed in asked]
        for answer in answers(now.settings, read_state(now.settings, now.contracts), feeds):
            yield dg.AssetCheckResult(
                passed=answer.passed,
                asset_key=asset_key(f"{ARRIVALS}{answer.feed}"),
                check_name=FILES_TAKEN_IN,
                severity=answer.severity,
                description=answer.description,
                metadata=answer.metadata,
            )

    return check


def answers(settings: Settings, state: ArchiveSources, feeds: Iterable[str]) -> list[Answer]:
    """What the check says of these feeds now."""
    by_feed: dict[str, list[Attention]] = {feed: [] for feed in feeds}
    for find in (files_in_need, files_unreadable, files_partly_loaded):
        for file in find(settings, state):
            if file.feed in by_feed:
                by_feed[file.feed].append(file)
    return [_answer(feed, files) for feed, files in by_feed.items()]


def _answer(feed: str, files: list[Attention]) -> Answer:
    many = Counter(file.kind for file in files)
    counts = {kind.replace(" ", "_"): many[kind] for kind in get_args(Kind)}
    counted = ", ".join(f"{count} {kind.replace('_', ' ')}" for kind, count in counts.items() if count)
    shown: dict[str, str | int] = {}
    for number, file in enumerate(files[:_SHOWN], 1):
        # The UI sorts by these names, and shows each text on one line.
        name = f"{number:0{len(str(len(files)))}}. {file.file_name}"
        shown[name] = f"{file.kind}: {file.message.removeprefix(f'{file.kind}: ')}"
        shown |= {f"{name}, {action}": pasted for action, pasted in zip(file.actions, file.commands, strict=True)}
    warns = many["refused"] + many["held"] == 0
    return Answer(
        feed,
        not files,
        dg.AssetCheckSeverity.WARN if warns else dg.AssetCheckSeverity.ERROR,
        f"{counted}: {', '.join(file.file_name for file in files[:_SHOWN])}" if files else "Every file is taken in.",
        {**counts, **shown},
    )


def report_files(instance: dg.DagsterInstance, platform: Platform) -> list[str]:
    """Tells Dagster of the feeds whose answer it does not know; returns them.

    Does nothing while somebody writes: the run that takes files in tells of them at its end. Call it after catch_up,
    so that the answer speaks of the file that came last.
    """
    with lock_if_free(platform.settings.home) as free:
        if not free:
            return []
        return report_files_of(
            instance, platform.settings, read_state(platform.settings, platform.contracts, glance=True)
        )


def report_files_of(instance: dg.DagsterInstance, settings: Settings, state: ArchiveSources) -> list[str]:
    """The same, for the holder of the writer lock."""
    path = settings.dagster_home / "files_told.json"
    reported: dict[str, list] = json.loads(path.read_text()) if path.exists() else {}
    receipts = {m.feed: m.receipt for m in state.manifests if m.feed in state.contracts}
    now = {
        answer.feed: [receipts.get(answer.feed, 0), answer.hash()]
        for answer in answers(settings, state, state.contracts)
        if answer.feed in receipts or answer.feed in reported or not answer.passed
    }
    changed = [feed for feed in now if reported.get(feed) != now[feed]]
    for answer in answers(settings, state, changed):
        _report(instance, answer)
    if changed:
        path.parent.mkdir(parents=True, exist_ok=True)
        scratch = path.with_suffix(f".{os.getpid()}.tmp")
        scratch.write_text(json.dumps(reported | now))
        scratch.replace(path)
    return changed


def _report(instance: dg.DagsterInstance, answer: Answer) -> None:
    key = asset_key(f"{ARRIVALS}{answer.feed}")
    records = instance.fetch_materializations(key, limit=1).records
    # Without it Dagster compares times, of which it keeps one in whole seconds, and may show the check as not run.
    target = [
        AssetCheckEvaluationTargetMaterializationData(
            storage_id=record.storage_id, run_id=record.event_log_entry.run_id, timestamp=record.timestamp
        )
        for record in records
    ]
    instance.report_runless_asset_event(
        dg.AssetCheckEvaluation(
            asset_key=key,
            check_name=FILES_TAKEN_IN,
            passed=answer.passed,
            severity=answer.severity,
            description=answer.description,
            metadata={name: _metadata(value) for name, value in answer.metadata.items()},
            target_materialization_data=target[0] if target else None,
        )
    )


def _metadata(value: str | int) -> dg.MetadataValue:
    return dg.MetadataValue.int(value) if isinstance(value, int) else dg.MetadataValue.text(value)
