"""`full.duckdb`: the warehouse as it is, for its owner: every table, the ledgers, comments and `current_*` views.

Belongs here: copying the file whole. Does not: what stands in it (the write path, describe).
"""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

from leads_platform.products.describe import words_hash
from leads_platform.products.product import Check, Making, Product
from leads_platform.warehouse.connection import path_of
from leads_platform.warehouse.table import Table

FULL = "full.duckdb"
_CLONE = 0x40049409  # Linux's FICLONE: the copy shares the blocks of the file, where the file system can


def full_copy(tables: Mapping[str, Table]) -> Product:
    """The product; made anew, too, where a description of a table changed."""
    return Product(
        says="The whole warehouse as committed last: all tables, the ledgers, comments, `current_*` views.",
        reads=("*",),
        make=_make,
        must=(Check("copy_is_whole", "The copy has as many bytes as the warehouse.", _differs),),
        private=True,
        version=words_hash(tables, shared=False),
    )


def _make(making: Making) -> dict[str, int]:
    """Copies the file, which nobody writes to: `making.con` reads it, under the writer's lock."""
    making.scratch.touch(0o600)
    _copy(path_of(making.con), making.scratch)
    return {"bytes": making.scratch.stat().st_size}


def _copy(source: Path, target: Path) -> None:
    with source.open("rb") as file, target.open("wb") as copy:
        try:
            fcntl.ioctl(copy.fileno(), _CLONE, file.fileno())
        except OSError:  # another file system, or one that can't
            shutil.copyfileobj(file, copy, 1 << 20)


def _differs(making: Making) -> Iterable[str]:
    ours, theirs = making.scratch.stat().st_size, path_of(making.con).stat().st_size
    return [f"the copy has {ours:,} bytes, the warehouse {theirs:,}"] if ours != theirs else []
