"""Good files of every dialect, and the random damage done to them.

Belongs here: the files the fuzz tests start from, the edits, and the hypothesis strategies that choose them. Does
not: what must hold of the result (the tests).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from hypothesis import strategies as st

from leads_platform.arrivals import FeedContract
from leads_platform_tests.arrivals.test_reading import contract


@dataclass(frozen=True)
class GoodFile:
    """A file without fault, and what its contract says."""

    name: str
    text: str
    encoding: str = "utf-8"
    says: dict = field(default_factory=dict)

    @property
    def content(self) -> bytes:
        return self.text.encode(self.encoding)

    @property
    def body(self) -> int:
        """Where the records begin, in bytes."""
        return len(self.text.splitlines(keepends=True)[0].encode(self.encoding))

    @property
    def contract(self) -> FeedContract:
        return contract(**self.says)

    @property
    def delimiter(self) -> str:
        return self.says.get("format", {}).get("delimiter", ",")


HEAD = "Id,Name,Phone,City\n"
PLAIN = HEAD + "".join(f"{n},Ann {n},702-555-01{n:02},Reno\n" for n in range(1, 13))
QUOTED = HEAD + "".join(f'"{n}","Smith, ""Bob"" {n}",,"Ely"\n' for n in range(1, 13))
NOTES = HEAD + "".join(f'{n},"Cyd\nOwner {n}",702-555-01{n:02},"Élko"\n' for n in range(1, 10))
SEMICOLONS = "Id;Name;Phone;City\n" + "".join(f'{n};Zoë {n};"1;{n}";"a ""b"" c"\n' for n in range(1, 10))
EVENTS = HEAD.replace("City", "When") + "".join(
    f'{n},Dan,"x, {n}",{f"2024-05-{n:02}" if n % 2 else "2024-06-01 10:30:00"}\n' for n in range(1, 11)
)
LONELY = "Name\n" + 'Eve\nFay\n"Gus, Jr"\n' * 3
WIDE = ",".join(["Name", *(f"c{n}" for n in range(30))]) + "\n" + ("Fay" + ",1" * 30 + "\n") * 8
WHEN = [{"name": "id", "header": "Id"}, {"name": "name", "header": "Name"}, {"name": "at", "header": "When"}]
NAME = [{"name": "name", "header": "Name", "required": True}]
BY_WHEN = {"columns": WHEN, "month": {"from": "column", "column": "at"}}

GOOD = (
    GoodFile("plain", PLAIN),
    GoodFile("CR LF", PLAIN.replace("\n", "\r\n")),
    GoodFile("CR", PLAIN.replace("\n", "\r")),
    GoodFile("quoted", QUOTED),
    GoodFile("quoted, CR LF, marked", "\ufeff" + QUOTED.replace("\n", "\r\n")),
    GoodFile("quoted line breaks", NOTES),
    GoodFile("quoted line breaks, CR LF", NOTES.replace("\n", "\r\n")),
    GoodFile("quoted line breaks, CR", NOTES.replace("\n", "\r")),
    GoodFile("LF in quotes, CR LF outside", NOTES.replace('"\n', '"\r\n').replace("City\n", "City\r\n")),
    GoodFile("a delimiter at each end", PLAIN.replace("\n", ",\n").replace("City,", "City")),
    GoodFile("a delimiter at the header's end", PLAIN.replace("City", "City,")),
    GoodFile("semicolons", SEMICOLONS, says={"format": {"delimiter": ";"}}),
    GoodFile(
        "tabs, latin-1",
        SEMICOLONS.replace(";", "\t"),
        "latin-1",
        {"format": {"delimiter": "\t", "encoding": "latin-1"}},
    ),
    GoodFile("cp1252", NOTES, "cp1252", {"format": {"encoding": "cp1252"}}),
    GoodFile("UTF-16", QUOTED, "utf-16", {"format": {"encoding": "utf-16"}}),
    GoodFile("no quotes", PLAIN.replace("Ann", 'A "n" n'), says={"format": {"quote": None}}),
    GoodFile(
        "bars and apostrophes",
        QUOTED.replace(",", "|").replace('"', "'"),
        says={"format": {"delimiter": "|", "quote": "'"}},
    ),
    GoodFile("events", EVENTS, says={"delivery": "events", **BY_WHEN}),
    GoodFile("extract", EVENTS, says={"delivery": "extract", "key": [], **BY_WHEN}),
    GoodFile("one column", LONELY, says={"delivery": "reference", "key": [], "columns": NAME}),
    GoodFile("many columns", WIDE, says={"delivery": "reference", "key": [], "columns": NAME}),
)

TOKENS = (
    *('"', ",", "\n", "\r", "\r\n", "\0", '""', '","', '"\n', '\n"', "\ufeff", ";", "\t", "'", "x", " ", "", "é"),
    *("\u2028", "\x85", "\x0b", "\\", '\\"', "#", "1,2,3,4\n", '1,"a', 'b",y,z\n', "\n\n", "NULL", "2024-13-01", HEAD),
)
ENDS = (b"\n", b"\r", b"\r\n")
OTHERS = ("utf-8", "latin-1", "cp1252", "utf-16", "utf-16-le")
Edit = tuple[str, int, int, int]


def damaged(good: GoodFile, edits: list[Edit]) -> bytes:
    """The file after the edits: what is done, where, how much, and with which token or whether in the header too."""
    content = good.content
    for kind, at, size, choice in edits:
        content = EDITS[kind](good, content, at, size, choice)[:200_000]
    return content


def _place(good: GoodFile, content: bytes, at: int, choice: int) -> int:
    """A position; one of four may be in the header, or the file would be refused most of the time."""
    first = 0 if choice % 4 == 0 or good.body >= len(content) else good.body
    return first + at % (len(content) - first + 1)


def _token(good: GoodFile, choice: int) -> bytes:
    token = TOKENS[choice % len(TOKENS)].replace(",", good.delimiter)
    return token.encode("utf-16-le" if good.encoding == "utf-16" else good.encoding, errors="ignore")


def _lines(content: bytes) -> list[bytes]:
    return content.splitlines(keepends=True) or [b""]


def _insert(good: GoodFile, content: bytes, at: int, size: int, choice: int) -> bytes:
    place = _place(good, content, at, size)
    return content[:place] + _token(good, choice) + content[place:]


def _overwrite(good: GoodFile, content: bytes, at: int, size: int, choice: int) -> bytes:
    place, token = _place(good, content, at, size), _token(good, choice)
    return content[:place] + token + content[place + len(token) :]


def _flip(good: GoodFile, content: bytes, at: int, size: int, choice: int) -> bytes:
    place = _place(good, content, at, choice)
    return content[:place] + bytes(byte ^ 1 << size % 8 for byte in content[place : place + 1]) + content[place + 1 :]


def _cut(good: GoodFile, content: bytes, at: int, size: int, choice: int) -> bytes:
    place = _place(good, content, at, choice)
    return content[:place] + content[place + size % 60 :]


def _repeat(good: GoodFile, content: bytes, at: int, size: int, choice: int) -> bytes:
    place = _place(good, content, at, choice)
    return content[:place] + content[max(0, place - size % 200) : place] * (1 + choice % 3) + content[place:]


def _truncate(good: GoodFile, content: bytes, at: int, size: int, choice: int) -> bytes:
    return content[: _place(good, content, at, choice)]


def _inflate(good: GoodFile, content: bytes, at: int, size: int, choice: int) -> bytes:
    place = _place(good, content, at, size)
    return content[:place] + (_token(good, choice) or b"z") * (size * 5) + content[place:]


def _move_line(good: GoodFile, content: bytes, at: int, size: int, choice: int) -> bytes:
    lines = _lines(content)
    lines.insert(1 + size % len(lines), lines.pop(max(at % len(lines), min(1, choice, len(lines) - 1))))
    return b"".join(lines)


def _drop_line(good: GoodFile, content: bytes, at: int, size: int, choice: int) -> bytes:
    lines = _lines(content)
    lines.pop(max(at % len(lines), min(1, choice, len(lines) - 1)))
    return b"".join(lines)


def _end_lines(good: GoodFile, content: bytes, at: int, size: int, choice: int) -> bytes:
    """Other line ends from one line to another."""
    lines = _lines(content)
    first = at % len(lines)
    for index in range(first, min(len(lines), first + 1 + size % 20)):
        lines[index] = lines[index].rstrip(b"\r\n") + ENDS[choice % 3]
    return b"".join(lines)


def _widen(good: GoodFile, content: bytes, at: int, size: int, choice: int) -> bytes:
    """A token at the end of each line, from one on: columns added, delimiters, notes, open quotes."""
    lines, token = _lines(content), _token(good, choice)
    first = at % len(lines) if size % 3 else 0
    for index in range(first, len(lines)):
        bare = lines[index].rstrip(b"\r\n")
        lines[index] = bare + good.delimiter.encode() + token + lines[index][len(bare) :]
    return b"".join(lines)


def _join(good: GoodFile, content: bytes, at: int, size: int, choice: int) -> bytes:
    other = GOOD[choice % len(GOOD)].content
    return content + other[at % len(other) if size % 2 else 0 :]


def _recode(good: GoodFile, content: bytes, at: int, size: int, choice: int) -> bytes:
    """From one place on, in another encoding: what happens when two exports are pasted together."""
    place = _place(good, content, at, size)
    rest = content[place:].decode(good.encoding, errors="replace")
    return content[:place] + rest.encode(OTHERS[choice % len(OTHERS)], errors="replace")


def _redelimit(good: GoodFile, content: bytes, at: int, size: int, choice: int) -> bytes:
    place = _place(good, content, at, size)
    return content[:place] + content[place:].replace(good.delimiter.encode(), (b";", b"\t", b"|", b",")[choice % 4])


def _another_header(good: GoodFile, content: bytes, at: int, size: int, choice: int) -> bytes:
    """The header once more among the lines: as it is, in another order, shouted, wider or narrower."""
    lines = _lines(content)
    first = good.text.removeprefix("\ufeff").splitlines()[0]
    titles = first.split(good.delimiter)
    again = (titles, titles[::-1], [title.upper() for title in titles], [*titles, "Fax"], titles[:-1])[choice % 5]
    line = good.delimiter.join(again) + ("\r\n", "\r", "\n")[size % 3]
    encoding = "utf-16-le" if good.encoding == "utf-16" else good.encoding
    lines.insert(1 + at % len(lines), line.encode(encoding))
    return b"".join(lines)


EDITS: dict[str, Callable[[GoodFile, bytes, int, int, int], bytes]] = {
    "insert": _insert,
    "overwrite": _overwrite,
    "flip a bit": _flip,
    "cut": _cut,
    "repeat": _repeat,
    "truncate": _truncate,
    "inflate": _inflate,
    "move a line": _move_line,
    "drop a line": _drop_line,
    "end lines": _end_lines,
    "widen": _widen,
    "join": _join,
    "recode": _recode,
    "redelimit": _redelimit,
    "another header": _another_header,
}
# Single letters in the wrong place are what real files suffer from, and what keeps a file from being refused whole.
_KINDS = (*("insert",) * 5, *("overwrite",) * 3, *("flip a bit",) * 2, *("another header",) * 2, *EDITS)
EDIT = st.tuples(st.sampled_from(_KINDS), st.integers(0, 2000), st.integers(0, 255), st.integers(0, 255))


@dataclass(frozen=True)
class Case:
    """A damaged file, and how small the pieces are in which it is read."""

    good: GoodFile
    edits: list[Edit]
    piece: int
    limit: int

    @property
    def content(self) -> bytes:
        return damaged(self.good, self.edits)

    def __repr__(self) -> str:
        return f"{self.good.name}, {self.edits}, pieces of {self.piece}, records to {self.limit}: {self.content!r}"


CASES = st.builds(
    Case,
    st.sampled_from(GOOD),
    st.lists(EDIT, max_size=5),
    st.sampled_from((2**20, 1, 7, 64)),
    st.sampled_from((2**25, 2**25, 100, 45)),
)
