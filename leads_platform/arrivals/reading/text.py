"""A text file's bytes become UTF-8, strictly by the contract's encoding.

Belongs here: encodings, byte order marks, NUL bytes' tell-tales, and what to suggest. Does not: records or
fields.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from leads_platform.arrivals.reading.refusal import Refusal

NO_LINE_END = "the last line has no line end: some suppliers leave it out, but so does a file cut short"
_CHUNK = 8 * 2**20
_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark begins this one
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# What UTF-8 looks like after being read as cp1252 or latin-1 and saved as UTF-8 again: the first letter of each pair
# (Ã©, Ã‰, Å¡), which no language writes before such a second one, and â€™. The second stands for a byte 80 to BF.
_SECOND = "\u0080-\u00bf" + bytes(b for b in range(0x80, 0xA0)).decode("cp1252", "ignore")
_MOJIBAKE = re.compile(f"[ÃÂ][{_SECOND}]|â[€\u0080][{_SECOND}]")
# Encodings of one byte a letter take in anything, UTF-8 too.
_ONE_BYTE = ("cp125", "iso8859", "mac", "koi8", "cp437", "cp85")
_EOL = re.compile(rb"\r\n|\r|\n")


@dataclass
class Text:
    """The decoded copy, and what should be said about its letters."""

    path: Path
    warnings: list[str] = field(default_factory=list)


def to_utf8(source: Path, target: Path, encoding: str, where: str) -> Text:
    """`source`, which is in `encoding`, as UTF-8 without byte order mark. Raises Refusal with the line.

    What is that already is only checked, and stays where it is; else it is written to `target`.
    """
    name = codecs.lookup(encoding).name
    if name == "utf-8-sig":
        name = "utf-8"
    with source.open("rb") as file:
        head = file.read(4096)
        _check_head(head, name, where)
        marked = head.startswith(codecs.BOM_UTF8) and name == "utf-8"
        file.seek(len(codecs.BOM_UTF8) if marked else 0)
        text = Text(source if name == "utf-8" and not marked else target)
        if text.path is source:
            _decode(file, None, name, where, text)
        else:
            with target.open("wb") as copy:
                _decode(file, copy, name, where, text)
    return text


def _decode(file: IO[bytes], copy: IO[bytes] | None, name: str, where: str, text: Text) -> None:
    decoder = codecs.getincrementaldecoder(name)(errors="strict")
    lines = mojibake = replaced = 0
    first, last = True, b"\n"
    before = ""  # the last letters of the chunk before
    other = _Utf8() if name.startswith(_ONE_BYTE) else None
    while True:
        chunk = encoded = file.read(_CHUNK)
        if other is not None:
            other.feed(chunk)
        if name != "utf-8" or not chunk.isascii() or decoder.getstate()[0] or not chunk:
            try:
                decoded = decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                line = lines + len(_EOL.findall(error.object[: error.start])) + 1
                raise Refusal(_wrong(name, line, error.object, error.start, where)) from None
            except UnicodeError:  # what UTF-16 and UTF-32 say of a missing mark is no UnicodeDecodeError
                said = f"has no byte order mark, so it is not {name}; set format.encoding: {name}-le or {name}-be"
                raise Refusal(f"{said} in {where}") from None
            if name != "utf-8":
                encoded = decoded.removeprefix("\ufeff" if first else "").encode()
            mojibake += _doubly_encoded(before + decoded) - _doubly_encoded(before)
            replaced += encoded.count(b"\xef\xbf\xbd")
            before = decoded[-2:]
        if copy is not None:
            copy.write(encoded)
        if not chunk:
            break
        first = False
        last = encoded[-1:] or last
        # Only a message needs the line: a break cut in two by the chunk may count twice.
        lines += encoded.count(b"\n") or encoded.count(b"\r")
    if other is not None and other.is_utf8:
        raise Refusal(f"is UTF-8, not {name}; set format.encoding: utf-8 in {where}")
    if mojibake:
        said = f"{mojibake} places hold letters like Ã©: the supplier saved it in two encodings; kept as they are"
        text.warnings.append(said)
    if replaced:
        said = f"{replaced} letters are the replacement character: they were lost before the file came"
        text.warnings.append(said)
    if last not in (b"\n", b"\r"):
        text.warnings.append(NO_LINE_END)


class _Utf8:
    """Whether bytes are UTF-8 beyond ASCII, which text of one byte a letter never is by chance."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="strict")
        self._valid, self._beyond_ascii = True, False

    @property
    def is_utf8(self) -> bool:
        return self._valid and self._beyond_ascii

    def feed(self, chunk: bytes) -> None:
        """The next bytes; none mark the end."""
        if not self._valid:
            return
        self._beyond_ascii = self._beyond_ascii or not chunk.isascii()
        try:
            self._decoder.decode(chunk, final=not chunk)
        except UnicodeDecodeError:
            self._valid = False


def _doubly_encoded(text: str) -> int:
    """How many letters look as if they went through two encodings."""
    # Looking for a letter is many times as fast as matching, and most files have none of these.
    return len(_MOJIBAKE.findall(text)) if any(letter in text for letter in "ÃÂâ") else 0


def _check_head(head: bytes, name: str, where: str) -> None:
    if not head:
        raise Refusal("is empty (0 bytes); ask for the file again")
    for bom, encoding in _BOMS:
        if head.startswith(bom) and not name.startswith(encoding):
            raise Refusal(f"is {encoding.upper()} text, not {name}; set format.encoding: {encoding} in {where}")
    if name.startswith(("utf-16", "utf-32")):
        return
    if head.startswith(codecs.BOM_UTF8) and not name.startswith("utf-8"):
        raise Refusal(f"starts with the mark of UTF-8, not {name}; set format.encoding: utf-8 in {where}")
    nuls = head.count(b"\0")
    for parity, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
        if nuls > len(head) // 5 and head[parity::2].count(b"\0") > 0.9 * nuls:
            raise Refusal(f"looks like UTF-16 without a mark, not {name}; set format.encoding: {encoding} in {where}")
    if nuls > len(head) // 5:
        raise Refusal("is full of NUL bytes: a binary file, or one that was not written to its end; send it again")


def _wrong(name: str, line: int, chunk: bytes, start: int, where: str) -> str:
    said = f"is not valid {name} at line {line}"
    if not name.startswith("utf-8"):
        return f"{said}; ask the supplier for the file's encoding and set format.encoding in {where}"
    around = chunk[max(0, start - 2000) : start + 2000]
    try:
        around.decode("cp1252")
        guess = "cp1252"
    except UnicodeDecodeError:
        guess = "latin-1"
    return f"{said}; looks like {guess}: set format.encoding: {guess} in {where}"
