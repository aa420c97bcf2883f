"""Which file a person means by what was typed: FEED/FILE, a file's name alone, or the start of a fingerprint.

Belongs here: finding it among some files, and words for one that fits none or several. Does not: which files a command
applies to, or what it does with them (receive, quarantined).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from difflib import get_close_matches

from leads_platform.arrivals.archive.store import Manifest
from leads_platform.months import label

SHORTEST = 4
"""Digits of a fingerprint that are taken for one."""


class NotFound(Exception):
    """What was typed stands for no file, or for several; the text lists them."""


def printed(name: str) -> str:
    """A file's name as it is printed: names come from strangers, and a terminal would obey some of their characters.

    >>> printed("list\\x1b[2J 2024-05.csv")
    'list�[2J 2024-05.csv'
    """
    return "".join(character if character.isprintable() else "�" for character in name)


def full_name(manifest: Manifest) -> str:
    """FEED/FILE; the file's name may hold sub-folders."""
    return f"{manifest.feed}/{manifest.file_name}"


def find(
    typed: str, files: Iterable[Manifest], standing: Callable[[Manifest], str], none: str, more: str = ""
) -> Manifest:
    """The one file that `typed` stands for.

    The better way of naming wins: FEED/FILE before a name alone, as it is before as it is printed. Raises NotFound:
    `none` begins what is said when nothing fits, `more` tells how else to tell several apart, `standing` how each
    stands.
    """
    known = list(files)
    found = _named(typed, known)
    if not found:
        raise NotFound(
            f"{none}: {printed(typed)}.{_did_you_mean(typed, known)} `leads-platform status --files` lists them."
        )
    if len(found) > 1:
        lines = [
            "  ".join(
                [
                    m.feed,
                    label(m.month) if m.month else "-",
                    printed(m.file_name),
                    m.sha256[:12] or "(not read)",
                    standing(m),
                ]
            )
            for m in found
        ]
        listed = "".join(f"\n  {line}" for line in lines)
        raise NotFound(
            f"{printed(typed)} stands for {len(found)} files, so nothing was done. "
            f"Name one as FEED/FILE or by its fingerprint{more}:{listed}"
        )
    return found[0]


def _named(typed: str, files: list[Manifest]) -> list[Manifest]:
    for way in (full_name, lambda m: printed(full_name(m))):
        for name in (typed, printed(typed)):
            if found := [m for m in files if way(m) == name]:
                return found
    short = typed.strip().lower()
    is_print = re.fullmatch(f"[0-9a-f]{{{SHORTEST},64}}", short) is not None
    return [
        m
        for m in files
        if printed(typed) in (printed(m.file_name), printed(m.file_name.rsplit("/", 1)[-1]))
        or (is_print and m.sha256.startswith(short))
    ]


def _did_you_mean(typed: str, files: list[Manifest]) -> str:
    names = {printed(full_name(m)).casefold(): printed(full_name(m)) for m in files}
    names |= {printed(m.file_name).casefold(): printed(full_name(m)) for m in files}
    close = get_close_matches(printed(typed).casefold(), names, n=1, cutoff=0.6)
    return f" Did you mean {names[close[0]]}?" if close else ""
