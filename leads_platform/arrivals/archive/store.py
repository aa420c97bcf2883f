"""The archive: original bytes, their records as Parquet, and one manifest per receipt. The manifests are the truth.

Belongs here: storing and reading these, durably and in the right order. Does not: what a sequence of manifests
means (sources), or taking files in (receive).

Below `archive/<feed>/`: `originals/<sha256>.gz`, `receipts/<number>/records.parquet` (all columns text, with the
record's line), `receipts/<number>/rejected.parquet`, and `manifests/<number>.json`, sealed, written last, by rename.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import shutil
import tempfile
import time
import zlib
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import date
from functools import cache, cached_property
from pathlib import Path
from threading import Event, Lock
from typing import BinaryIO, Literal

from pydantic import AwareDatetime, ConfigDict, TypeAdapter

from leads_platform.arrivals.archive import seal
from leads_platform.arrivals.archive.manifest_fields import (
    Content,
    Count,
    FeedName,
    Month,
    MonthKey,
    Receipt,
    Records,
    Sha256,
    Whole,
)

Verdict = Literal["accepted", "partial", "refused", "held", "unchanged"]
RECORDS, REJECTED = "records.parquet", "rejected.parquet"
"""A receipt's files: its records, and what was left out of them, line by line."""
_CHUNK = 1 << 20


@dataclass(frozen=True)
class Manifest:
    """One receipt: a file read (`receive`), or a person's word on one (`accept`, `withdraw`).

    `receipt` counts receipts of the whole archive. `original` is the receipt under which these bytes were first
    read: a refused file that is read again, because its contract changed, keeps its place in the order of arrival.
    `header` are the file's titles, `columns` those the contract knew then. Of a refused file `quarantined` is all its
    records, as far as they could be counted. `erased` are records that were loaded, and are gone for good: none, in
    manifests of before it was kept. records = loaded + quarantined + erased.
    `months` holds records and content hash by month; `versions` the effective content of the months an events
    file touched, and `basis` by what these were reckoned; `touched` the months whose effective records this receipt
    changed. `placed_by` is by what each record's month (of events, its key too) was told. Of an events file, `links`
    are the months that share a key with it: a later month of the two -> the earlier ones; None where nobody looked.
    `notes` are what a person should know of a file though it is taken in, apart from columns that it lacks;
    `beside` is what it means to the version that stood or stands in its slot, which `message` holds too.
    `timed`: the records carry their own time. `reckoned_in` is the time zone by which records whose time has an offset
    were placed in months, "" where none has; None in manifests of before it was kept. `stored` is the sha256 of each
    Parquet file of the receipt; manifests of before it was kept have none. `looks_like` is the feed whose contract the
    file's header fits better. Of a person's word, `who` gave it and `why`, in their words; "" in what was received, and
    in manifests of before it was kept.
    """

    __pydantic_config__ = ConfigDict(strict=True, extra="forbid")

    receipt: Receipt
    action: Literal["receive", "accept", "withdraw"]
    feed: FeedName
    sha256: Sha256
    received_at: AwareDatetime
    original: Count = 0
    file_name: str = ""
    size: Count = 0
    mtime_ns: Whole = 0
    month: Month | None = None
    part: str = ""
    file_date: date | None = None
    version: str = ""
    intrinsic: str | None = None
    verdict: Verdict = "accepted"
    reason: str = ""
    message: str = ""
    notes: tuple[str, ...] = ()
    beside: str = ""
    records: Count = 0
    loaded: Count = 0
    quarantined: Count = 0
    erased: Count = 0
    columns: dict[str, str] = field(default_factory=dict)
    header: tuple[str, ...] = ()
    months: dict[MonthKey | Literal[""], Records] = field(default_factory=dict)
    versions: dict[MonthKey, Content] = field(default_factory=dict)
    touched: tuple[MonthKey, ...] = ()
    diff: dict[str, Count] = field(default_factory=dict)
    contract_hash: str = ""
    stored: dict[str, str] = field(default_factory=dict)
    placed_by: str = ""
    timed: bool = False
    reckoned_in: str | None = None
    links: dict[MonthKey, list[MonthKey]] | None = None
    basis: str = ""
    looks_like: str = ""
    who: str = ""
    why: str = ""

    @cached_property
    def months_said(self) -> str:
        """`months` as text, the same for the same content: of many months, and asked for by each of them."""
        return json.dumps(self.months, sort_keys=True)

    def to_json(self) -> str:
        plain = asdict(self)
        plain["received_at"] = self.received_at.isoformat()
        for name in ("month", "file_date"):
            plain[name] = plain[name] and plain[name].isoformat()
        return seal.sealed(plain)

    @classmethod
    def from_json(cls, text: str) -> Manifest:
        """The manifest that a text states. Raises ValueError where a seal does not fit, or anything is not as it
        must be: an unsealed one, of before there were seals, has nothing else to tell it by."""
        return cls.stated(seal.unsealed(text)[0])

    @classmethod
    def stated(cls, body: str) -> Manifest:
        """The manifest of a JSON without seal and version. Raises ValueError for any that is not as it must be."""
        return _stating().validate_json(body)


@cache
def _stating() -> TypeAdapter[Manifest]:
    """Reads manifests; made when the first is read, as it takes 20 ms."""
    return TypeAdapter(Manifest)


_Look = tuple[int, int, int, int]
_Parsed = tuple[_Look, Manifest, bool]


@dataclass(frozen=True)
class _Folder:
    """A folder's manifests as parsed: each one's look, itself, and whether it is sealed.

    `rested` is the folder's own look, where nothing had changed in it for a while: the disk's clock is a coarse one.
    """

    rested: tuple[int, int] | None
    manifests: dict[str, _Parsed]


_REST_NS = 2_000_000_000
# What this process has parsed, by archive: its folders, and all manifests in order. Sensors ask twice a minute for as
# long as the daemon lives.
_parsed: dict[Path, tuple[dict[str, _Folder], list[Manifest]]] = {}
_parsing = Lock()
_ARCHIVES_KEPT = 4


class ArchiveDamaged(Exception):
    """A manifest or an archived file can't be read; the text names it."""


class Archive:
    """The archive below one folder. Only the holder of the writer lock may add to it."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def manifests(self, *, glance: bool = False) -> list[Manifest]:
        """Every receipt in order. Raises ArchiveDamaged.

        A manifest is parsed once per process, and its seal checked: it is never changed, and one that was (by a
        restored backup, say) has another look. The same manifest is the same object at each call. `glance`: a folder in
        which no file came or went since is taken as it was, for who asks twice a minute and decides nothing for good.
        """
        with _parsing:
            known, ordered = _parsed.pop(self.root, ({}, []))
            now: dict[str, _Folder] = {}
            noted: dict[Path, dict[str, str]] = {}
            for folder in self.root.glob("*/manifests"):
                before = known.get(str(folder))
                seen = folder.stat()
                at = (seen.st_ino, seen.st_mtime_ns)
                if not (glance and before and before.rested == at):
                    parsed = before.manifests if before else {}
                    rested = at if time.time_ns() - seen.st_mtime_ns > _REST_NS else None
                    before = self._folder(folder, rested, parsed, noted)
                now[str(folder)] = before
            if len(now) != len(known) or any(now[name] is not known.get(name) for name in now):
                every = {path: one for folder in now.values() for path, one in folder.manifests.items()}
                self._never_unsealed(every)
                ordered = sorted((manifest for _, manifest, _ in every.values()), key=lambda m: m.receipt)
            _parsed[self.root] = now, ordered
            while len(_parsed) > _ARCHIVES_KEPT:
                del _parsed[next(iter(_parsed))]
            return list(ordered)

    def _folder(
        self,
        folder: Path,
        rested: tuple[int, int] | None,
        known: Mapping[str, _Parsed],
        noted: dict[Path, dict[str, str]],
    ) -> _Folder:
        """What a folder holds; a manifest that looks as one of the `known` is that one."""
        found: dict[str, _Parsed] = {}
        with os.scandir(folder) as files:
            for file in files:
                if file.name.endswith(".json"):
                    stat = file.stat()
                    # What would differ if it were another file, or changed.
                    seen = (stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns)
                    before = known.get(file.path)
                    if before is None or before[0] != seen:
                        before = (seen, *self._parse(Path(file.path), noted))
                    found[file.path] = before
        return _Folder(rested, found)

    @staticmethod
    def _never_unsealed(parsed: Mapping[str, _Parsed]) -> None:
        """An unsealed manifest is older than all sealed ones, or somebody took its seal off."""
        first = min((m.receipt for _, m, sealed in parsed.values() if sealed), default=None)
        if first is not None:
            stripped = [path for path, (_, m, sealed) in parsed.items() if not sealed and m.receipt > first]
            if stripped:
                raise ArchiveDamaged(_damaged(min(stripped), "its seal is missing"))

    def _parse(self, path: Path, noted: dict[Path, dict[str, str]]) -> tuple[Manifest, bool]:
        """The manifest and whether it is sealed; one that is not is held against its noted digest, if it has one.

        `noted`: the digests by folder, read when the first is asked for.
        """
        content = path.read_bytes()
        try:
            body, sealed = seal.unsealed(content.decode())
            if not sealed:
                if path.parent not in noted:
                    noted[path.parent] = _sums(path.parent)
                if noted[path.parent].get(path.name) not in (None, seal.digest(content)):
                    raise seal.SealBroken(f"it is not what {seal.SUMS} says")
            manifest = Manifest.stated(body)
        except (ValueError, RecursionError) as error:  # pydantic's and json's are ValueErrors; they quote the file
            why = str(error) if isinstance(error, seal.SealBroken) else f"it can't be read, {type(error).__name__}"
            raise ArchiveDamaged(_damaged(path, why)) from None
        if path != self._manifest(manifest.feed, manifest.receipt):
            raise ArchiveDamaged(
                f"{path} is the manifest of receipt {manifest.receipt} of {manifest.feed} under another name; "
                "a copy counts a file twice. Move it out of the archive, or give it its name back."
            )
        return manifest, sealed

    def note_unsealed(self) -> None:
        """Notes the digests of manifests of before there were seals, where that has not been done. Needs the lock."""
        self.manifests()  # what is noted has been read, and found to be a manifest
        unsealed: dict[Path, list[Path]] = {}
        for folder, held in _parsed[self.root][0].items():
            if paths := [Path(path) for path, (_, _, sealed) in held.manifests.items() if not sealed]:
                unsealed[Path(folder)] = paths
        for folder, paths in unsealed.items():
            sums = _sums(folder)
            new = {path.name: sha256_of(path) for path in paths if path.name not in sums}
            if new:
                seal.write_sums(folder, sums | new)
                settle(folder)

    def next_receipt(self) -> int:
        """The number the next receipt gets; what a crashed receipt left under it is swept before it is used."""
        numbers = [int(path.stem) for path in self.root.glob("*/manifests/*.json")]
        return max(numbers, default=0) + 1

    def records(self, feed: str, receipt: int) -> Path:
        return self.root / feed / "receipts" / f"{receipt:08d}" / RECORDS

    def rejected(self, feed: str, receipt: int) -> Path:
        return self.root / feed / "receipts" / f"{receipt:08d}" / REJECTED

    def _manifest(self, feed: str, receipt: int) -> Path:
        return self.root / feed / "manifests" / f"{receipt:08d}.json"

    def original(self, feed: str, sha256: str) -> Path:
        return self.root / feed / "originals" / f"{sha256}.gz"

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """A folder on the archive's disk for work in progress; gone afterwards."""
        place = self.root / ".work"
        place.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=place) as folder:
            yield Path(folder)

    def sweep(self) -> None:
        """Removes what a crash left: scratch folders, half-written files, and the receipt it cut off.

        Older receipts without a manifest stay: theirs was there once, and is lost (`verify` tells of it).
        """
        cut_off = self.next_receipt()
        shutil.rmtree(self.root / ".work", ignore_errors=True)
        for folder in ("originals", "manifests"):
            for scratch in self.root.glob(f"*/{folder}/*.tmp"):
                scratch.unlink()
        for folder in self.root.glob("*/receipts/*"):
            if folder.name == "spill" or (folder.name.isdigit() and int(folder.name) >= cut_off):
                shutil.rmtree(folder)

    def discard(self, receipt: int) -> None:
        """Removes what is stored of a receipt that has no manifest."""
        for folder in self.root.glob(f"*/receipts/{receipt:08d}"):
            if not self._manifest(folder.parent.parent.name, receipt).exists():
                shutil.rmtree(folder)

    def stored(self, feed: str, receipt: int) -> dict[str, str]:
        """The sha256 of the receipt's Parquet files, by name."""
        return {
            path.name: sha256_of(path)
            for path in (self.records(feed, receipt), self.rejected(feed, receipt))
            if path.exists()
        }

    @contextmanager
    def keeping_original(self, feed: str, sha256: str, source: Path) -> Iterator[None]:
        """Stores the bytes, compressed, in a thread of its own while the caller reads them.

        On leaving they are on the disk, or what went wrong is raised. `source` may be removed in between. The same
        bytes always give the same archive file.
        """
        target = self.original(feed, sha256)
        if target.exists():
            yield
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        given_up = Event()
        # Opened before the caller goes on: what is open can be read after its name is gone.
        with source.open("rb") as file, ThreadPoolExecutor(1, "original") as thread:
            kept = thread.submit(_compress, file, target, given_up)
            try:
                yield
            except BaseException:
                given_up.set()
                raise
            kept.result()

    def restore_original(self, feed: str, sha256: str, target: Path) -> None:
        """Writes the archived bytes to `target`. Raises ArchiveDamaged when they are missing or spoilt."""
        source = self.original(feed, sha256)
        try:
            with gzip.open(source, "rb") as zipped:
                found, _ = _copy(zipped, target)
            spoilt = "" if found == sha256 else "its fingerprint differs"
        except (FileNotFoundError, EOFError, gzip.BadGzipFile, zlib.error) as error:
            spoilt = type(error).__name__
        if spoilt:
            raise ArchiveDamaged(
                f"{source}, the bytes as delivered, can't be read ({spoilt}). Restore it from a backup."
            )

    def add(self, manifest: Manifest) -> None:
        """Writes the manifest: from now on the receipt counts. Everything it speaks of must be stored before."""
        for stored in (self.records, self.rejected):
            path = stored(manifest.feed, manifest.receipt)
            if path.exists():
                settle(path)
                settle(path.parent)
                settle(path.parent.parent)
        target = self._manifest(manifest.feed, manifest.receipt)
        target.parent.mkdir(parents=True, exist_ok=True)
        scratch = target.with_suffix(".tmp")
        scratch.write_text(manifest.to_json(), encoding="utf-8")
        settle(scratch)
        scratch.replace(target)
        settle(target.parent)


def _damaged(path: Path | str, why: str) -> str:
    return f"{path} is damaged: {why}. Restore it from a backup; what it says of its file is nowhere else."


def _sums(folder: Path) -> dict[str, str]:
    try:
        return seal.read_sums(folder)
    except seal.SealBroken as error:
        raise ArchiveDamaged(
            f"{folder / seal.SUMS} is damaged: {error}. Restore it from a backup; or, if the manifests beside it are "
            "sound, delete it: the next run notes them anew."
        ) from None


def sha256_of(path: Path) -> str:
    """The sha256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def copy_and_hash(source: Path, target: Path) -> tuple[str, int]:
    """Copies a file and returns its sha256 and size, as read. Raises OSError when it vanishes or can't be read."""
    with source.open("rb") as file:
        return _copy(file, target)


def _copy(file: BinaryIO | gzip.GzipFile, target: Path) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    with target.open("wb") as copy:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            copy.write(chunk)
            size += len(chunk)
    return digest.hexdigest(), size


def _compress(file: BinaryIO, target: Path, given_up: Event) -> None:
    """Writes the file's bytes to `target` as gzip, by rename; nothing when they are not wanted any more."""
    scratch = target.with_suffix(f".{os.getpid()}.tmp")
    try:
        # Level 1 takes a fraction of the usual level's time. Neither name nor time: the same bytes, the same file.
        with (
            scratch.open("wb") as raw,
            gzip.GzipFile("", "wb", compresslevel=1, fileobj=raw, mtime=0) as zipped,
        ):
            while chunk := file.read(_CHUNK):
                if given_up.is_set():
                    break
                zipped.write(chunk)
        if given_up.is_set():
            return
        settle(scratch)
        scratch.replace(target)
        settle(target.parent)
    finally:
        scratch.unlink(missing_ok=True)


def settle(path: Path) -> None:
    """Waits until a file or folder is on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
