"""The landing folder: which files lie there, what their names say, and whether they have stopped growing.

Belongs here: looking at `landing/<feed>/`, which the platform never changes. Does not: reading what is in a file.
"""

from __future__ import annotations

import fnmatch
import os
import re
import stat
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from itertools import chain
from pathlib import Path

from leads_platform.arrivals.contracts.formats import ENDINGS
from leads_platform.arrivals.contracts.load import FeedContract
from leads_platform.arrivals.contracts.month_pattern import example, months_in
from leads_platform.arrivals.reading.refusal import shown
from leads_platform.months import month_of

# Years as people write them: a licence number such as 1106-22 is no month.
_MONTH = re.compile(r"(?<!\d)((?:19|20)\d{2})-(\d{2})(?:-(\d{2}))?(?!\d)")
# The day on which a delivery says what it says, and the instant where it is told in UTC, as a pull's end is.
_AS_OF = re.compile(
    r"(?<![a-z])as[ _-]?of[ _-]?((?:19|20)\d{2}-\d{2}-\d{2})(?!\d)"
    r"(?:T(\d{2})[:-]?(\d{2})(?:[:-]?(\d{2}))?Z)?",
    re.IGNORECASE,
)
# Files of transfer programs, editors and operating systems on their way or beside the point.
_IGNORED = (
    ".*",
    "~$*",
    "*.tmp",
    "*.part",
    "*.partial",
    "*.crdownload",
    "*.filepart",
    "thumbs.db",
    "desktop.ini",
    "__macosx",
)


Look = tuple[str, str, int, int]
"""A file as a look finds it: feed, name, size and time of change."""


@dataclass(frozen=True, order=True)
class LandingFile:
    """A file in a feed's landing folder as a look found it. Sorted by time of change, then name."""

    mtime_ns: int
    name: str
    feed: str
    size: int
    regular: bool
    path: Path

    @property
    def look(self) -> Look:
        """What must be the same in two looks for the file to have settled, and what a manifest remembers."""
        return self.feed, self.name, self.size, self.mtime_ns


@dataclass(frozen=True)
class FileName:
    """What a file's name tells: its month, its day, its part; `trouble` says why it can't be told.

    `day` orders the versions of a slot. `known_on` is the day on which one could know what the file says: the one
    behind `as_of_`, else the name's only day; `known_at` the instant behind `as_of_`, in UTC.
    """

    month: date | None = None
    day: date | None = None
    part: str = ""
    trouble: str = ""
    known_on: date | None = None
    known_at: datetime | None = None


def look(landing: Path, feeds: Iterable[str], known: Callable[[Look], bool] = lambda look: False) -> list[LandingFile]:
    """Every file of these feeds' folders (sub-folders too), oldest first. Names are relative to the feed's folder.

    `known` files are left out. Sensors look again and again at folders in which most files are, so these cost little.
    """
    found = []
    for feed in feeds:
        folders = [(landing / feed, "")]
        while folders:
            folder, below = folders.pop()
            for entry in _entries(folder):
                try:
                    is_folder = entry.is_dir(follow_symlinks=False) and not _looks_like_a_file(entry.name)
                    seen = None if is_folder else entry.stat(follow_symlinks=False)
                except OSError:  # vanished between listing and looking
                    continue
                name = f"{below}{entry.name}"
                if seen is None:
                    folders += [] if _ignored(entry.name) else [(folder / entry.name, f"{name}/")]
                    continue
                name = _readable(name)
                if known((feed, name, seen.st_size, seen.st_mtime_ns)) or _ignored(entry.name):
                    continue
                regular = stat.S_ISREG(seen.st_mode)
                found.append(LandingFile(seen.st_mtime_ns, name, feed, seen.st_size, regular, Path(entry.path)))
    return sorted(found)


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    """What lies in a folder; nothing where it was never made, has vanished, or can't be listed."""
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError:
        return []


def strangers(landing: Path, feeds: Iterable[str]) -> list[str]:
    """Folders and files of the landing folder that belong to no feed; nobody would ever read them."""
    if not landing.is_dir():
        return []
    known = set(feeds)
    return sorted(_readable(p.name) for p in landing.iterdir() if p.name not in known and not p.name.startswith("."))


def unreadable_folders(landing: Path, feeds: Iterable[str]) -> list[str]:
    """Folders of these feeds that can't be listed, each with why: nothing in them is ever seen."""
    found: list[OSError] = []
    for feed in feeds:
        for _ in os.walk(landing / feed, onerror=found.append):
            pass
    return sorted(
        f"landing/{_readable(Path(error.filename).relative_to(landing).as_posix())}: {error.strerror}"
        for error in found
        if not isinstance(error, FileNotFoundError)  # never made, or vanished on the way
    )


def settled(before: Iterable[LandingFile], now: Iterable[LandingFile]) -> list[LandingFile]:
    """The files of the second look whose size and time of change are as in the first."""
    known = {file.look for file in before}
    return [file for file in now if file.look in known]


def unreadable(file: LandingFile) -> str:
    """What the system says when the file can't be read; empty when it can, has vanished, or is no plain file."""
    try:
        if file.regular:
            with file.path.open("rb") as opened:
                opened.read(1)
    except FileNotFoundError:
        pass
    except OSError as error:
        return error.strerror or type(error).__name__
    return ""


def parse_file_name(name: str, contract: FeedContract) -> FileName:
    """Month, day and part as a file's name tells them; two months are trouble.

    The month is `YYYY-MM` anywhere in it, or as the contract's `month.pattern` writes it.

    A date behind `as_of_` is the version's and never a list's month: `list_2024-05_as_of_2024-06-15.csv` is of May.
    Nor is any other date where the contract says how names write the month: `Leads May 2024 (2024-06-03).csv`.
    Where each record has a month of its own, a name may span several ("2024-01 to 2024-06"): the last one dates it.
    """
    base, pattern = name.rsplit("/", 1)[-1], contract.month.pattern
    months, days, as_of = set(), set(), set()
    for written in _AS_OF.finditer(base):
        day, hours, minutes, seconds = written.groups()
        try:
            at = datetime.fromisoformat(f"{day}T{hours}:{minutes}:{seconds or '00'}") if hours else None
            as_of.add((date.fromisoformat(day), at))
        except ValueError:
            said = f"{written[0]} in its name is not a date"
            return FileName(trouble=f"{said}; write it as in list_2024-05_as_of_2024-06-15.csv")
    for year, month, day in _MONTH.findall(_AS_OF.sub(" ", base)):
        try:
            months.add(date(int(year), int(month), 1))
            if day:
                days.add(date(int(year), int(month), int(day)))
        except ValueError:
            if pattern is not None and not day:  # a number: the month is written otherwise
                continue
            said = f"{year}-{month}{'-' + day if day else ''} in its name is not a date"
            return FileName(trouble=f"{said}; write the month as YYYY-MM, as in list_2024-05.csv")
    if len(as_of) > 1:
        return FileName(trouble="its name holds more than one date behind as_of_; keep one")
    if pattern is not None:
        found = list(months_in(_AS_OF.sub(" ", base), pattern))
        months = {month for month, _ in found}
        days |= {day for _, day in found if day}
    if len(months) > 1 and contract.month.from_ == "name":
        listed = " and ".join(f"{month:%Y-%m}" for month in sorted(months))
        return FileName(trouble=f"its name holds more than one month ({listed}); keep one")
    part = ""
    if contract.parts == "many" and contract.part_pattern:
        match = re.search(contract.part_pattern, name, re.IGNORECASE)
        part = (match.group(1) if match.groups() else match.group(0)) if match else ""
        part = part.lstrip("0") or "0" if part.isdecimal() else part.casefold()  # part 01 is part 1
    last = max(months, default=None)
    if as_of:
        ((day, at),) = as_of
        # What is no list of a month is dated by its version alone.
        return FileName(last if contract.delivered.is_monthly else month_of(day), day, part, "", day, at)
    only = next(iter(days)) if len(days) == 1 else None
    return FileName(last, max((day for day in days if pattern or month_of(day) == last), default=None), part, "", only)


def no_month(contract: FeedContract) -> str:
    """What to say of a file whose name lacks the month that it must tell."""
    pattern = contract.month.pattern
    if pattern is None:
        return "no month in its name; add it as YYYY-MM, as in list_2024-05.csv"
    said = f"no month written as {pattern} in its name, as month.pattern in {contract.label} says"
    return f"{said}; add it, as in list {example(pattern)}"


def unread_date(name: str) -> str:
    """What to know of a name that says a date behind `as_of_` in a way that is not read; empty where there is none."""
    own = name.rsplit("/", 1)[-1]
    for said in re.finditer(r"(?<![a-z])as[ _-]?of[ _-]?(?=\d)", own, re.IGNORECASE):
        read = _AS_OF.match(own, said.start())
        if read is None:
            return "what stands behind as_of_ in its name is not read as a date; write it as in as_of_2024-06-15"
        if read[2] is None and re.match(r"T\d", own[read.end() :], re.IGNORECASE):
            return "the time behind as_of_ in its name is not read; write it in UTC, as in as_of_2024-06-15T060312Z"
    return ""


def sub_folder_trouble(name: str, contract: FeedContract) -> str:
    """Why a file of an events feed may lie in no sub-folder; empty where it lies in none, or the feed may have some.

    Records of events replace each other by key alone, and the keys of two senders can be the same.
    """
    if not contract.delivered.is_partial or "/" not in name:
        return ""
    return (
        f"it lies in the sub-folder {_sub_folder(name)}, and a feed of events is one sender's: the later "
        "record of a key replaces the earlier one, whoever sent it. If the files are all of one sender, move this one "
        f"up into landing/{contract.feed}/; if not, {_own_feed(contract)}"
    )


def sub_folder_note(name: str, contract: FeedContract) -> str:
    """What to know of such a file that a version of before this rule took in; empty as for `sub_folder_trouble`."""
    if not sub_folder_trouble(name, contract):
        return ""
    return (
        f"taken from the sub-folder {_sub_folder(name)} before such files were refused, and it stands: where two "
        "senders have the same key, the later record has replaced the earlier one. If all files are one sender's, "
        f"leave it, and put new ones into landing/{contract.feed}/; if not, {_own_feed(contract)}, move the sender's "
        "files into that feed's folder, and withdraw them here with `leads-platform withdraw`"
    )


def _sub_folder(name: str) -> str:
    return shown(name.rsplit("/", 1)[0])


def _own_feed(contract: FeedContract) -> str:
    return f"give each sender a feed: copy {contract.label} under a name of its own"


def _ignored(name: str) -> bool:
    folded = name.casefold()
    return any(fnmatch.fnmatchcase(folded, pattern) for pattern in _IGNORED)


def _looks_like_a_file(folder: str) -> bool:
    """A folder named as a file (x.csv) is worth a word; a plain sub-folder is just walked through."""
    return folder.lower().endswith((*chain(*ENDINGS.values()), ".gz", ".zip"))


def _readable(name: str) -> str:
    """A name as text: bytes that are no UTF-8 are shown as �, since neither JSON nor DuckDB could hold them."""
    return name if name.isascii() else os.fsencode(name).decode("utf-8", "replace")
