"""What a file really is: regular file or not, its first bytes, and what is inside gz or zip.

Belongs here: opening safely, telling kinds apart, unwrapping with limits. Does not: text (text.py), or cells.
"""

from __future__ import annotations

import errno
import gzip
import lzma
import os
import shutil
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Literal, cast

from leads_platform.arrivals.reading.refusal import Refusal

Kind = Literal["csv", "xlsx", "parquet", "jsonl"]

MAX_UNPACKED_BYTES = 8 * 2**30
"""No file may unpack to more than this. Lists are a thousandth of it; a disk is not."""
MAX_RATIO = 200
"""Nor to this many times its packed size once it is over `RATIO_FREE_BYTES`.

Real lists pack 3 to 30 times.
"""
RATIO_FREE_BYTES = 64 * 2**20
_CHUNK = 4 * 2**20

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_MAGIC = (
    (b"%PDF", "a PDF", "ask the supplier for CSV or Excel"),
    (b"Rar!", "a RAR archive", "unpack it and drop in the list itself"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", "unpack it and drop in the list itself"),
    (b"BZh", "a bzip2 file", "unpack it, or pack it as .gz"),
    (b"\xfd7zXZ\x00", "an xz file", "unpack it, or pack it as .gz"),
    (b"\x28\xb5\x2f\xfd", "a zstd file", "unpack it, or pack it as .gz"),
    (b"\x89PNG", "a picture", "ask the supplier for CSV or Excel"),
    (b"\xff\xd8\xff", "a picture", "ask the supplier for CSV or Excel"),
    (b"SQLite format 3", "an SQLite database", "export the table as CSV"),
    (b"{\\rtf", "a rich text document", "save it as CSV"),
)
_MARKUP = (b"<!doctype", b"<html", b"<head", b"<body", b"<table", b"<?xml", b"<script", b"<rss", b"<error")
_CONVERT = {
    "csv": "export it as CSV",
    "xlsx": "save it as .xlsx",
    "parquet": "write it as Parquet",
    "jsonl": "export it as JSON Lines",
}
_NOUN = {
    "csv": "a text file",
    "xlsx": "an Excel workbook (.xlsx)",
    "parquet": "a Parquet file",
    "jsonl": "JSON Lines (one object a line)",
}


def open_regular(path: Path) -> IO[bytes]:
    """Opens a regular file for reading; no link, folder, pipe or device. Raises Refusal."""
    try:
        # O_NONBLOCK: a pipe without a writer must not hang us; O_NOFOLLOW: a link may point anywhere.
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    except FileNotFoundError:
        raise Refusal("the file is not there any more; drop it in again") from None
    except PermissionError:
        raise Refusal("the file may not be read by this user; give it read permission") from None
    except OSError as error:
        if path.is_symlink():
            raise Refusal("is a symbolic link, not a file; put the file itself in the folder") from None
        raise Refusal(f"can't be opened ({os.strerror(error.errno or 0)})") from None
    mode = os.fstat(handle).st_mode
    if not stat.S_ISREG(mode):
        os.close(handle)
        what = "a folder" if stat.S_ISDIR(mode) else "a pipe" if stat.S_ISFIFO(mode) else "not a regular file"
        raise Refusal(f"is {what}; put a file in the folder")
    return os.fdopen(handle, "rb")


def unwrap(path: Path, expected: Kind, where: str, workspace: Path, *, ours: bool = False) -> Path:
    """Copies what is to be read to `workspace/source`, out of gz or zip if need be, and checks its kind.

    The copy's name is ours, so a file name can mean nothing to DuckDB, and what is checked is what is loaded.
    `where` is how the feed's contract is called. `ours`: nobody else writes to the file, so what needs no unwrapping
    gets a second name instead of a copy. Raises Refusal.
    """
    target = workspace / "source"
    with open_regular(path) as file:
        head = file.read(4096)
        file.seek(0)
        kind = kind_of(head)
        if kind == "gz":
            _unpack(file, cast(IO[bytes], gzip.GzipFile(fileobj=file)), target, "gz")
        elif kind == "zip" and not _is_xlsx(file):
            _unzip(file, target)
        elif ours:
            os.link(path, target)
        else:
            with target.open("wb") as copy:
                shutil.copyfileobj(file, copy, _CHUNK)
    with target.open("rb") as file:
        head = file.read(4096)
        kind = kind_of(head)
        if kind == "zip" and _is_xlsx(file):
            kind = "xlsx"
            _check_sizes(file)
    _expect(kind, expected, head, where)
    return target


def kind_of(head: bytes) -> str:  # noqa: PLR0911 - one line per kind
    """gz, zip, parquet, ole, text, or the words for something that can't be read."""
    if head[:2] == b"\x1f\x8b":
        return "gz"
    if head[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
        return "zip"
    if head[:4] == b"PAR1":
        return "parquet"
    if head[:8] == _OLE:
        return "ole"
    for magic, name, _ in _MAGIC:
        if head.startswith(magic):
            return name
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith(_MARKUP):
        return "a web page or XML"
    if start[:1] == b"{" or start[:2] in (b"[{", b"[\n"):
        return "JSON"
    return "text"


def _expect(kind: str, expected: Kind, head: bytes, where: str) -> None:
    if kind == expected or (kind == "text" and expected in ("csv", "jsonl")):
        return  # what is text and no JSON, its lines tell better
    if kind == "JSON" and expected == "jsonl":
        return
    if kind == "ole":
        if b"E\0n\0c\0r\0y\0p\0t" in head or expected == "xlsx":
            raise Refusal(
                "is an Excel workbook protected by a password, or of the old .xls format; "
                "remove the password and save it as .xlsx"
            )
        raise Refusal(f"is an old Excel workbook (.xls) or protected by a password; {_CONVERT[expected]}")
    if kind in ("gz", "zip"):
        raise Refusal("is an archive inside an archive; unpack it once and drop in the list itself")
    if kind in ("xlsx", "parquet"):
        raise Refusal(
            f"is {_NOUN[kind]}, the feed expects {_NOUN[expected]}; {_CONVERT[expected]}, "
            f"or set format.type: {kind} in {where} if the supplier has changed"
        )
    if kind == "text":
        if not head:
            raise Refusal("is empty (0 bytes); ask for the file again")
        raise Refusal(f"is not {_NOUN[expected]}; {_CONVERT[expected]}, or set format.type in {where}")
    hint = next((hint for _, name, hint in _MAGIC if name == kind), None)
    if kind == "JSON":
        hint = f"{_CONVERT[expected]}, or set format.type: jsonl in {where} if each line is an object"
    if kind == "a web page or XML":
        hint = "probably a download page or an error message; download the list itself"
    raise Refusal(f"is {kind}, the feed expects {_NOUN[expected]}; {hint or _CONVERT[expected]}")


@contextmanager
def _refused_if_damaged(kind: str) -> Iterator[None]:
    """The many errors by which the standard library says that a packed file is damaged or cut short, as a Refusal."""
    try:
        yield
    except (
        EOFError,
        RuntimeError,
        ValueError,
        OSError,
        zipfile.BadZipFile,
        zlib.error,
        lzma.LZMAError,
        struct.error,
    ) as error:
        if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):
            raise  # this machine's trouble, not the file's
        raise Refusal(f"is a {kind} that can't be unpacked (damaged or cut short); send it again") from None


def _is_xlsx(file: IO[bytes]) -> bool:
    try:
        with zipfile.ZipFile(file) as archive:
            return "xl/workbook.xml" in archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return False
    finally:
        file.seek(0)


def _check_sizes(file: IO[bytes]) -> None:
    """A workbook is unpacked by a library in memory: what it says it holds must be sane, and arrive whole.

    The library doesn't miss a part whose name is damaged: without its styles it takes dates for numbers.
    """
    with _refused_if_damaged("workbook"), zipfile.ZipFile(file) as archive:
        size = sum(member.file_size for member in archive.infolist())
        packed = sum(member.compress_size for member in archive.infolist())
        _check_limit(size, packed)
        if size > MAX_UNPACKED_BYTES // 8:
            raise Refusal(f"unpacks to {size / 2**20:,.0f} MB, too much for a workbook; ask for CSV")
        if archive.testzip() is not None:
            raise zipfile.BadZipFile


def _unzip(file: IO[bytes], target: Path) -> None:
    with _refused_if_damaged("zip"), zipfile.ZipFile(file) as archive:
        members = [m for m in archive.infolist() if not m.is_dir() and not _is_litter(m.filename)]
        if len(members) != 1:
            raise Refusal(f"is a zip of {len(members)} files; a zip may hold one list only")
        if members[0].flag_bits & 1:
            raise Refusal("is a zip protected by a password; send it without")
        with archive.open(members[0]) as inside:
            _unpack(file, inside, target, "zip")


def _is_litter(name: str) -> bool:
    """What file managers add to a zip by themselves."""
    return name.startswith("__MACOSX/") or name.rsplit("/", 1)[-1] in (
        ".DS_Store",
        "Thumbs.db",
        "desktop.ini",
    )


def _unpack(packed: IO[bytes], inside: IO[bytes], target: Path, kind: str) -> None:
    written = 0
    size = os.fstat(packed.fileno()).st_size
    with _refused_if_damaged(kind), target.open("wb") as copy:
        while chunk := inside.read(_CHUNK):
            written += len(chunk)
            _check_limit(written, size)
            copy.write(chunk)


def _check_limit(unpacked: int, packed: int) -> None:
    if unpacked > MAX_UNPACKED_BYTES or (unpacked > RATIO_FREE_BYTES and unpacked > packed * MAX_RATIO):
        raise Refusal(
            f"unpacks to more than {unpacked / 2**20:,.0f} MB from {packed / 2**20:,.1f} MB; no list does; "
            "unpack it yourself if you trust it"
        )
