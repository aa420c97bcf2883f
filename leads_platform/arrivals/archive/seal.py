"""Seals: by what a manifest is known to be what was written, byte for byte.

Belongs here: putting a seal on a manifest's text and taking it off; the list of digests beside manifests of before
there were seals. Does not: what a manifest says (archive).

A sealed manifest ends with the sha256 of all that stands before. One of before has no seal and is not written again, as
it is the only copy: the next session notes its digest in the folder's SHA256SUMS, which `sha256sum -c` reads too.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

SEALED, UNSEALED = 2, 1
"""What a manifest calls itself under "manifest": with and without a seal."""
SUMS = "SHA256SUMS"
_MARK = ',\n "seal": "'
_OWN = "# sha256 of the lines above: "
_LINE = re.compile(r"([0-9a-f]{64})  ([^/\s]+)")


class SealBroken(ValueError):
    """The text is not what was sealed; says how it is seen."""


def digest(content: bytes) -> str:
    """The sha256 of some bytes."""
    return hashlib.sha256(content).hexdigest()


def sealed(plain: Mapping[str, Any]) -> str:
    """The manifest as text, with its seal as the last entry."""
    body = json.dumps({"manifest": SEALED, **plain}, indent=1, ensure_ascii=False).removesuffix("\n}")
    return f'{body}{_MARK}{digest(body.encode())}"\n}}'


def unsealed(text: str) -> tuple[str, bool]:
    """The manifest's JSON without seal and version, and whether it was sealed. Raises ValueError, as SealBroken."""
    body, mark, rest = text.rpartition(_MARK)
    if mark:
        if rest != f'{digest(body.encode())}"\n}}':
            raise SealBroken("its seal does not fit")
        text = body + "\n}"
    written = SEALED if mark else UNSEALED
    head = f'{{\n "manifest": {written},\n'
    if text.startswith(head):  # as it is written; what was laid out anew by hand is read as well, more slowly
        return "{" + text.removeprefix(head), bool(mark)
    plain = json.loads(text)
    version = plain.pop("manifest", None) if isinstance(plain, dict) else None
    if version == SEALED and not mark:
        raise SealBroken("its seal is missing")
    if version != written:
        raise SealBroken("it is no manifest")
    return json.dumps(plain), bool(mark)


def read_sums(folder: Path) -> dict[str, str]:
    """The digests noted in the folder, by file name; none where none are. Raises SealBroken for a damaged list."""
    try:
        text = (folder / SUMS).read_bytes().decode()
    except FileNotFoundError:
        return {}
    except UnicodeDecodeError:
        raise SealBroken("it is no text") from None
    lines, mark, own = text.rpartition(_OWN)
    found = [_LINE.fullmatch(line) for line in lines.splitlines()]
    if not mark or own != f"{digest(lines.encode())}\n":
        raise SealBroken("its own digest does not fit")
    return {match[2]: match[1] for match in found if match}


def write_sums(folder: Path, sums: Mapping[str, str]) -> None:
    """Notes the digests, by rename."""
    lines = "".join(f"{noted}  {name}\n" for name, noted in sorted(sums.items()))
    scratch = folder / f"{SUMS}.tmp"
    with scratch.open("w") as file:
        file.write(f"{lines}{_OWN}{digest(lines.encode())}\n")
        file.flush()
        os.fsync(file.fileno())
    scratch.replace(folder / SUMS)
