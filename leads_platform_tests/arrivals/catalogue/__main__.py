"""Writes docs/bad-input.md: `python -m leads_platform_tests.arrivals.catalogue docs`.

Belongs here: that command. Does not: the page's text (page).
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from leads_platform_tests.arrivals.catalogue.groups import KINDS
from leads_platform_tests.arrivals.catalogue.page import page
from leads_platform_tests.arrivals.catalogue.run_case import template, try_kind


def main(docs: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        start = template(Path(folder) / "template" / "data")
        outcomes = [try_kind(kind, start, Path(folder) / id / "data") for id, kind in KINDS.items()]
    (docs / "bad-input.md").write_text(page(outcomes), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
