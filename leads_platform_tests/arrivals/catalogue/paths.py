"""Names, and things in the landing folder that are no plain files or do not hold still."""

from __future__ import annotations

import os
import stat
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from leads_platform_tests.arrivals.catalogue.case import GOOD, GOOD_DATED, HEAD, A, Case, accepted, refused

DATED_AT = 1_714_500_000


def _elsewhere(path: Path, content: bytes) -> Path:
    """A file outside the landing folder."""
    other = path.parents[3] / f"elsewhere of {path.parents[2].name}.csv"
    other.write_bytes(content)
    return other


def _with_neighbour(path: Path) -> None:
    path.write_bytes(GOOD)
    os.utime(path, (DATED_AT, DATED_AT))
    neighbour = path.parent / ".2024-05 starX.csv"
    neighbour.write_bytes(HEAD + A)


def _link(path: Path) -> None:
    path.symlink_to(_elsewhere(path, GOOD))


def _dangling(path: Path) -> None:
    path.symlink_to(path.parent / "nowhere.csv.tmp")


def _loop(path: Path) -> None:
    path.symlink_to(path)


def _linked_folder(path: Path) -> None:
    path.symlink_to(_elsewhere(path, GOOD).parent)


def _socket(path: Path) -> None:
    os.mknod(path, stat.S_IFSOCK | 0o600)


def _folder(path: Path) -> None:
    path.mkdir()
    (path / "2024-05.csv").write_bytes(GOOD)


@contextmanager
def _opening(path: Path, instead: Any) -> Iterator[None]:
    """Whoever opens the path meets `instead` first."""
    real_open, real_os_open = Path.open, os.open

    def opened(self: Path, *args: Any, **kwargs: Any) -> Any:
        if self == path:
            instead()
        return real_open(self, *args, **kwargs)

    def os_opened(at: Any, *args: Any, **kwargs: Any) -> int:
        if isinstance(at, str | os.PathLike) and Path(at) == path:
            instead()
        return real_os_open(at, *args, **kwargs)

    with patch.object(Path, "open", opened), patch.object(os, "open", os_opened):
        yield


def _unreadable(path: Path) -> Any:
    """As a file without permission is to anyone but root."""

    def refuse() -> None:
        raise PermissionError(13, "Permission denied", str(path))

    return _opening(path, refuse)


def _disk_error(path: Path) -> Any:
    def fail() -> None:
        raise OSError(5, "Input/output error", str(path))

    return _opening(path, fail)


@contextmanager
def _growing(path: Path) -> Iterator[None]:
    """Another program appends once, as soon as the file is opened; afterwards the file is whole."""
    real_open = Path.open
    grown: list[bool] = []

    def opened(self: Path, *args: Any, **kwargs: Any) -> Any:
        if self == path and not grown:
            grown.append(True)
            with real_open(path, "ab") as file:
                file.write(GOOD[len(HEAD + A) :])
        return real_open(self, *args, **kwargs)

    with patch.object(Path, "open", opened):
        yield
    assert grown


@contextmanager
def _vanishing(path: Path) -> Iterator[None]:
    path.unlink()
    yield


NFD = unicodedata.normalize("NFD", "Café 2024-05.csv")
NFC = unicodedata.normalize("NFC", NFD)
NOT_A_FILE = "not a plain file"

NAMES = (
    accepted("name-quotes", "Quotes in the name", GOOD, name='2024-05 it\'s "x" `y`.csv'),
    accepted(
        "name-glob",
        "A glob as name; starX.csv beside it is not read for it",
        GOOD,
        name="2024-05 star*.csv",
        place=_with_neighbour,
    ),
    accepted("name-brackets", "Brackets and question marks in the name", GOOD, name="2024-05 [a-z]?{x}.csv"),
    accepted("name-newline", "A line break in the name", GOOD, name="2024-05\nlist.csv"),
    accepted("name-control", "Control sequences of a terminal in the name", GOOD, name="2024-05 \x1b[2J\x07.csv"),
    accepted("name-nfc", "An accent in the name as one letter", GOOD, name=NFC),
    accepted("name-nfd", "An accent in the name as two letters", GOOD, name=NFD),
    accepted("name-bidi", "A name that turns its direction", GOOD, name="2024-05 \u202evsc.csv"),
    accepted("name-long", "A name of 255 bytes", GOOD, name="2024-05 " + "x" * 243 + ".csv"),
    accepted("name-dots", "`..` in the name", GOOD, name="2024-05..\\..\\..csv.csv"),
    accepted("name-percent", "`%2e%2e%2f` in the name", GOOD, name="2024-05 %2e%2e%2fetc%2fpasswd.csv"),
    accepted("name-upper", "Ending in capitals", GOOD, name="2024-05.CSV"),
    accepted("name-dash", "A name that looks like an option", GOOD, name="--delete 2024-05.csv"),
    accepted("name-spaces", "Spaces at the ends of the name", GOOD, name=" 2024-05 .csv"),
    refused(
        "sub-folder-events",
        "A sub-folder, where records replace each other by key",
        GOOD_DATED,
        "it lies in the sub-folder `acme`",
        "move this one up into landing/calls/",
        feed="calls",
        name="acme/2024-05.csv",
        mended="2024-05.csv",
        check="none",
    ),
    accepted("sub-folder", "A sub-folder of any other feed", GOOD, name="acme/2024-05.csv"),
    refused(
        "name-pattern",
        "A name that fits no pattern",
        GOOD,
        "its name fits none of the patterns",
        "in feeds/lists.yaml",
        name="2024-05.doc",
        mended="2024-05.csv",
    ),
    Case(
        "name-hidden",
        "A hidden name (`..2024-05.csv`)",
        "passed over",
        GOOD,
        name="..2024-05.csv",
        mended="2024-05.csv",
        check="none",
    ),
    Case(
        "name-transfer",
        "A transfer on its way (`.part`, `.crdownload`, `~$`)",
        "passed over",
        GOOD,
        name="2024-05.csv.part",
        mended="2024-05.csv",
        check="none",
    ),
)

PLACES = (
    refused("symlink", "A symbolic link", GOOD, NOT_A_FILE, place=_link),
    refused("symlink-dangling", "A symbolic link to nothing", GOOD, NOT_A_FILE, place=_dangling),
    refused("symlink-loop", "A symbolic link to itself", GOOD, NOT_A_FILE, place=_loop),
    refused("symlink-folder", "A symbolic link to a folder", GOOD, NOT_A_FILE, place=_linked_folder),
    refused("fifo", "A pipe", GOOD, NOT_A_FILE, place=os.mkfifo),
    refused("socket", "A socket", GOOD, NOT_A_FILE, place=_socket),
    refused("folder", "A folder called 2024-05.csv", GOOD, NOT_A_FILE, place=_folder),
    Case(
        "unreadable",
        "A file that may not be read",
        "waits",
        GOOD,
        ("2024-05.csv can't be read now: Permission denied",),
        during=_unreadable,
        check="none",
    ),
    Case(
        "disk-error",
        "A disk that fails while it is read",
        "waits",
        GOOD,
        ("2024-05.csv can't be read now: Input/output error",),
        during=_disk_error,
        check="none",
    ),
    Case(
        "growing",
        "A file that grows while it is read",
        "waits",
        HEAD + A,
        ("changed while it was read; it is taken when it rests",),
        during=_growing,
        check="none",
    ),
    Case("vanished", "A file that vanishes between look and reading", "gone", GOOD, during=_vanishing, check="none"),
)
