"""Where in a table's file something stands that can't be built: file and line, for the person who wrote it.

Belongs here: finding the line. Does not: what is wrong there (table, catalogue, errors).
"""

from __future__ import annotations

import re
import traceback
from pathlib import Path


def shown(path: str) -> str:
    """A file of the package as one names it in a checkout: `leads_platform/<room>/<table>.py`."""
    parts = Path(path).parts
    at = max((n for n, part in enumerate(parts) if part == "leads_platform"), default=0)
    return str(Path(*parts[at:]))


def line_of(source: str, words: str) -> str:
    """`file:line` of the first name in `words` that the file holds, or the file; empty for a table without one.

    `words` may be DuckDB's, which quote what they don't know: `Referenced column "stat" not found`.
    """
    if not source:
        return ""
    lines = Path(source).read_text(encoding="utf-8").splitlines()
    quoted = re.findall(r'"([^"]+)"', words.split("Candidate", 1)[0].split("Did you mean", 1)[0])
    named = re.findall(r"\b(?:name|column) (\w+)", words)
    for name in [*quoted, *named, *re.findall(r"\w+\.\w+", words)]:
        for number, line in enumerate(lines, start=1):
            if re.search(rf"(?<![\w.]){re.escape(name)}(?!\w)|\.{re.escape(name)}(?!\w)", line):
                return f"{shown(source)}:{number}"
    return shown(source)


def of_error(error: BaseException, package: str) -> str:
    """`file:line` of the package where it went wrong: in importing a module of it, or in running its code."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{shown(error.filename)}:{error.lineno}"
    frames = [f for f in traceback.extract_tb(error.__traceback__) if Path(f.filename).parent.name == package]
    return f"{shown(frames[-1].filename)}:{frames[-1].lineno}" if frames else package
