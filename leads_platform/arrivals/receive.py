"""Taking files in: settled file -> copy and fingerprint -> identity -> read once -> account -> archive -> manifest.

Belongs here: the way of one file into the archive, and a person's `accept` and `withdraw`. Does not: how a file is
read (reading), what manifests add up to (sources), or building tables. Only the holder of the writer lock calls it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from threading import Lock

from leads_platform.arrivals.archive.measure import measure
from leads_platform.arrivals.archive.month_rule import month_rule_hash
from leads_platform.arrivals.archive.naming import printed
from leads_platform.arrivals.archive.slots import month_key
from leads_platform.arrivals.archive.sources import ArchiveSources
from leads_platform.arrivals.archive.standing import told_again
from leads_platform.arrivals.archive.store import Archive, ArchiveDamaged, Manifest, copy_and_hash
from leads_platform.arrivals.contracts.load import FeedContract
from leads_platform.arrivals.contracts.resemblance import resembles
from leads_platform.arrivals.decisions import Action, meant
from leads_platform.arrivals.landing import (
    FileName,
    LandingFile,
    look,
    no_month,
    parse_file_name,
    settled,
    sub_folder_trouble,
)
from leads_platform.arrivals.reading.file_reading import FileReading, read_file
from leads_platform.arrivals.reading.header import MISSING
from leads_platform.arrivals.reading.loading import connect
from leads_platform.errors import fault_in_words, is_stop, unforeseen
from leads_platform.months import label
from leads_platform.settings import Settings
from leads_platform.warehouse import sql

_SETTLE_SECONDS = 1.0


# What manifests add up to, by archive and first month: sensors ask at each tick, all for all feeds.
_states: dict[tuple[Path, date], ArchiveSources] = {}
_reading = Lock()
_STATES_KEPT = 4


class Arrivals:
    """The archive of one environment, open for receipts. Make one while holding the writer lock."""

    def __init__(
        self, settings: Settings, contracts: Mapping[str, FeedContract], stopped: AbstractSet[str] = frozenset()
    ) -> None:
        """`stopped` are the feeds whose contract is out of order: nothing of theirs is taken in or read again."""
        self.settings, self.contracts, self.stopped = settings, contracts, stopped
        self.archive = Archive(settings.archive)
        self.state = read_state(settings, contracts)
        self.problems: list[str] = []  # files to be looked at again later, as one that vanished
        self.failures: list[str] = []  # files that could not be taken in
        self._next = self.archive.next_receipt()
        self.archive.sweep()
        self.archive.note_unsealed()

    # -- what is to be done ----------------------------------------------------------------------------------

    def waiting(self) -> list[LandingFile]:
        """Files in landing that no manifest speaks of as they now are."""
        return [file for file in waiting(self.settings, self.state) if file.feed not in self.stopped]

    def to_reread(self) -> list[Manifest]:
        """Readings that deserve another try."""
        return [manifest for manifest in self.state.to_reread() if manifest.feed not in self.stopped]

    def settled(self, sleep: Callable[[float], None] = time.sleep) -> list[LandingFile]:
        """The waiting files that do not change between two looks, a second apart."""
        first = self.waiting()
        if not first:
            return []
        sleep(_SETTLE_SECONDS)
        return settled(first, self.waiting())

    # -- taking in -------------------------------------------------------------------------------------------

    def take_in(
        self, files: Iterable[LandingFile], on_manifest: Callable[[Manifest], None] = lambda manifest: None
    ) -> list[Manifest]:
        """Takes these files in, oldest first, after reading again what deserves it. Returns the new manifests.

        A file that can't be taken in stops no other: `failures` names it and why, without its values.
        """
        again = [(f"{m.feed}/{m.file_name}", partial(self._reread, m)) for m in self.to_reread()]
        fresh = [(f"{file.feed}/{file.name}", partial(self.receive, file)) for file in sorted(files)]
        done = []
        for name, step in [*again, *fresh]:
            try:
                manifest = step()
            except ArchiveDamaged as error:
                self.failures.append(str(error))
            except Exception as error:  # where unforeseen, its text may quote the file's records: only its kind is told
                if is_stop(error):
                    raise KeyboardInterrupt from None
                kind = error.strerror if isinstance(error, OSError) else None
                why = fault_in_words(error) or kind or unforeseen(error)
                self.failures.append(f"{name} could not be taken in: {why}")
            else:
                if manifest is not None:
                    done.append(manifest)
                    on_manifest(manifest)
                    continue
            self.archive.discard(self._next - 1)  # what is left of a receipt that came to nothing
        return done

    def receive(self, file: LandingFile) -> Manifest | None:
        """Takes one file in. None when it has vanished, or can't be read now; of the latter `problems` tells."""
        contract = self.contracts[file.feed]
        start = self._start(contract, file)
        if not file.regular:
            said = "it is a folder, link or pipe, not a plain file; put the file itself in the folder"
            return self._finish(_refused(start, "not_a_file", said))
        if not contract.accepts(file.name):
            patterns = ", ".join(contract.files)
            said = (
                f"its name fits none of the patterns {patterns} in {contract.label}; rename it, or add a pattern there"
            )
            return self._finish(_refused(start, "pattern", said))
        with self.archive.scratch() as folder:
            try:
                sha256, size = copy_and_hash(file.path, folder / "delivered")
                now = file.path.lstat()
            except FileNotFoundError:
                return None
            except OSError as error:
                self.problems.append(f"{file.feed}/{file.name} can't be read now: {error.strerror}")
                return None
            if (size, now.st_mtime_ns) != (file.size, file.mtime_ns):
                self.problems.append(f"{file.feed}/{file.name} changed while it was read; it is taken when it rests")
                return None
            return self._take(replace(start, sha256=sha256), contract, folder / "delivered")

    def _reread(self, before: Manifest) -> Manifest:
        contract = self.contracts[before.feed]
        with self.archive.scratch() as folder:
            self.archive.restore_original(before.feed, before.sha256, folder / "delivered")
            start = replace(
                self._blank(contract, before.sha256),
                original=before.original,
                file_name=before.file_name,
                size=before.size,
                mtime_ns=before.mtime_ns,
            )
            return self._take(start, contract, folder / "delivered")

    def _take(self, start: Manifest, contract: FeedContract, delivered: Path) -> Manifest:
        """Judges, reads and archives one copied file."""
        with self.archive.keeping_original(start.feed, start.sha256, delivered):
            manifest = self._judge(start, contract, delivered)
        return self._finish(manifest)

    def _judge(self, start: Manifest, contract: FeedContract, delivered: Path) -> Manifest:
        """What is to be said of the file; its records are in the archive then, where it has any that count."""
        state = self.state.by_feed[start.feed]
        says = parse_file_name(start.file_name, contract)
        start = replace(start, part=says.part, file_date=says.day or says.month, intrinsic=state.intrinsic(says, None))
        # What a version of before this rule took in from there goes on being read; a note tells of it.
        sub_folder = "" if state.entry(start.original) else sub_folder_trouble(start.file_name, contract)
        for reason, said in (("sub_folder", sub_folder), ("month", says.trouble)):
            if said:
                return _refused(start, reason, said)
        if contract.delivered.is_monthly and contract.month.from_ == "name":
            if says.month is None:
                return _refused(start, "month", no_month(contract))
            start = replace(start, month=says.month)
        if (early := self._early_or_known(start, says)) is not None:
            return early
        with read_file(delivered, contract, name=start.file_name, workspace=delivered.parent, ours=True) as reading:
            if (
                contract.delivered.is_monthly and not contract.names_the_list and reading.months
            ):  # reading refuses several
                month = next(iter(reading.months))
                if says.month not in (None, month):
                    said = f"its name says {label(says.month)}, its records {label(month)}: they count"
                    reading.message += f". {said[0].upper()}{said[1:]}"
                    reading.warnings.append(said)
                start = replace(start, month=month, file_date=says.day or month)
                if (early := self._early_or_known(start, says)) is not None:
                    return early
            manifest, maximum = self._store(start, contract, reading)
        if manifest.verdict == "refused":
            return manifest
        intrinsic = state.intrinsic(says, maximum)
        manifest = replace(manifest, intrinsic=intrinsic, version=intrinsic or f"#{manifest.original}")
        return state.judged(manifest, self.archive.records)

    def _early_or_known(self, start: Manifest, says: FileName) -> Manifest | None:
        """The manifest of a snapshot whose month has not begun, or of bytes that are nothing new; else None."""
        if start.month is not None and self.state.month_is_future(start.month):
            return _refused(start, "future", f"its month {label(start.month)} has not begun; it is read then")
        if start.original != start.receipt:
            return None
        known = self.state.by_feed[start.feed].known_as(start.sha256, says, start.month)
        if known is None:
            return None
        shown = f" for {label(start.month)}" if start.month else ""
        said = f"the same bytes are already taken in{shown}, as {known.manifest.file_name}"
        told = told_again(self.state.by_feed[start.feed], known, says)
        return replace(start, verdict="unchanged", message=f"{said}. {told}" if told else said)

    def _store(self, start: Manifest, contract: FeedContract, reading: FileReading) -> tuple[Manifest, str | None]:
        """Archives what was read. Returns the manifest so far and the maximum of the contract's version column."""
        refused = reading.verdict == "refused"
        other = resembles(reading.titles, contract, self.contracts, refused=refused)
        if other is not None:
            reading.message = other.after(reading.message)
        manifest = replace(
            start,
            verdict=reading.verdict,
            reason="unreadable" if refused else "",
            message=reading.message,
            notes=() if refused else tuple(one for one in reading.warnings if not one.startswith(MISSING)),
            records=reading.records,
            loaded=reading.loaded_count,
            quarantined=reading.records if refused else len(reading.quarantined),
            columns=dict(reading.columns),
            header=tuple(reading.header),
            looks_like=other.feed if other else "",
        )
        records = self.archive.records(start.feed, start.receipt)
        records.parent.mkdir(parents=True, exist_ok=True)
        if manifest.quarantined:
            # A file refused as a whole stands on its first line: which of its records are good is not asked.
            whole = [(1, None, f"the file was refused: {reading.message}")]
            found = whole if refused else [(q.line, q.column_name, q.reason) for q in reading.quarantined]
            with connect(self.archive.root) as con:
                con.execute(
                    "copy (select line::bigint as line, column_name::varchar as column_name, reason "
                    f"from (values {sql.values(found)}) as q(line, column_name, reason)) "
                    f"to {sql.literal(str(self.archive.rejected(start.feed, start.receipt)))} (format parquet)"
                )
        if refused:
            return manifest, None
        reading.write_parquet(records)
        months, maximum, has_instants = measure(records, manifest, contract)
        return replace(
            manifest,
            months=months,
            placed_by=month_rule_hash(contract, manifest),
            timed=bool(contract.month.column),
            reckoned_in=contract.zone if has_instants else "",
        ), maximum

    # -- a person's word -------------------------------------------------------------------------------------

    def accept(self, typed: str, month: date | None = None, why: str = "") -> Manifest:
        """Lets a held file in, or takes a withdrawal back. Raises DecisionError.

        `typed` is FEED/FILE, a fingerprint or its start, or a file's name alone: what is unmistakable. `why` is kept.
        """
        return self._decide("accept", typed, month, why)

    def withdraw(self, typed: str, month: date | None = None, why: str = "") -> Manifest:
        """Takes a file out of its slot; the slot's former version stands again. Raises DecisionError.

        A held or refused file can be withdrawn too: then it needs no hand any more.
        """
        return self._decide("withdraw", typed, month, why)

    def _decide(self, action: Action, typed: str, month: date | None, why: str) -> Manifest:
        target = meant(action, typed, month, self.settings, self.state)
        decision = replace(
            self._blank(self.contracts[target.feed], target.sha256),
            action=action,
            original=target.original,
            file_name=target.file_name,
            month=target.month,
            part=target.part,
            message=f"{action} of {target.file_name}",
            who=printed(self.settings.who),
            why=printed(why),
        )
        return self._finish(decision)

    # -- writing the manifest --------------------------------------------------------------------------------

    def _blank(self, contract: FeedContract, sha256: str) -> Manifest:
        receipt, self._next = self._next, self._next + 1
        return Manifest(
            receipt=receipt,
            action="receive",
            feed=contract.feed,
            sha256=sha256,
            received_at=self.settings.now(),
            original=receipt,
            contract_hash=contract.hash(),
            reckoned_in=contract.zone,
        )

    def _start(self, contract: FeedContract, file: LandingFile) -> Manifest:
        return replace(self._blank(contract, ""), file_name=file.name, size=file.size, mtime_ns=file.mtime_ns)

    def _finish(self, manifest: Manifest) -> Manifest:
        """Works out the touched months, writes the manifest, and takes it into the state."""
        state = self.state.by_feed[manifest.feed]
        before = {month: state.version(month) for month in self.state.partitions()}
        counts = manifest.action != "receive" or manifest.verdict in ("accepted", "partial")
        if counts:
            manifest = state.reckoned(self.state, manifest)
        now = state.after(manifest)
        manifest = replace(manifest, touched=tuple(month_key(m) for m in before if now.version(m) != before[m]))
        manifest = replace(manifest, stored=self.archive.stored(manifest.feed, manifest.receipt))
        self.archive.add(manifest)
        self.state.apply(manifest)
        return manifest


def read_state(settings: Settings, contracts: Mapping[str, FeedContract], *, glance: bool = False) -> ArchiveSources:
    """The state of the environment's archive, from its manifests alone. Needs no lock.

    `glance`: for sensors, as in `Archive.manifests`.
    """
    archive = Archive(settings.archive)
    manifests, place = archive.manifests(glance=glance), (settings.archive, settings.first_month)
    with _reading:
        state = _states.pop(place, None)
        if state is None or state.contracts != contracts or not _goes_on(state.manifests, manifests):
            state = ArchiveSources(contracts, (), archive.records, settings.first_month, settings.current_month())
        for manifest in manifests[len(state.manifests) :]:
            state.apply(manifest)
        _states[place] = state
        while len(_states) > _STATES_KEPT:
            del _states[next(iter(_states))]
        return state.fork(settings.current_month())


def _goes_on(before: list[Manifest], now: list[Manifest]) -> bool:
    """Whether the manifests only became more. Unchanged ones are the same objects, which is quickly seen."""
    return len(before) <= len(now) and all(old is new for old, new in zip(before, now, strict=False))


def waiting(settings: Settings, state: ArchiveSources, feeds: Iterable[str] | None = None) -> list[LandingFile]:
    """Files in landing, of all feeds or of these, that no manifest speaks of as they now are.

    Needs no lock; sensors call it. A file refused for its name alone waits again once the contract lets the name in.
    """
    return look(settings.landing, state.contracts if feeds is None else feeds, state.knows)


def _refused(manifest: Manifest, reason: str, message: str) -> Manifest:
    return replace(manifest, verdict="refused", reason=reason, message=message)
