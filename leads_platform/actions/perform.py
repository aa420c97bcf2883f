"""Performing an action: rows, audits, the doing itself, files by rename, and the manifest last.

Belongs here: the order of these steps, and what a crash between them left. Does not: what is done with the rows.

A run counts from the moment its manifest has its name. Files get theirs before, so that one without a manifest is no
outcome of a run: the next call removes it, whatever else becomes of that (`sweep`).
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import duckdb

from leads_platform.actions.action import Action, ActionFailed, Asked, Doing, Done, dictionaries
from leads_platform.actions.history import History, Run
from leads_platform.arrivals.archive.store import settle, sha256_of
from leads_platform.months import label
from leads_platform.private import private_folder
from leads_platform.warehouse import sql

_WORK = ".work"


@dataclass(frozen=True)
class Outcome:
    """What became of it: `number` is the run's, 0 where nothing was done; `says` are lines for people.

    `former` is the file that the last run of this month and form wrote, where this one has nothing new for one.
    """

    done: Done
    number: int = 0
    file: Path | None = None
    former: Path | None = None

    @property
    def says(self) -> tuple[str, ...]:
        return (*self.done.says, *([f"The last file of this month and form: {self.former}."] if self.former else ()))


def perform(
    name: str,
    action: Action,
    asked: Asked,
    *,
    con: duckdb.DuckDBPyConnection,
    history: History,
    folder: Path,
    now: datetime,
    withdrawn: frozenset[tuple[str, str]],
    stale: frozenset[date] = frozenset(),
    dry: bool = False,
    say: Callable[[str], None] = lambda text: None,
) -> Outcome:
    """Does it, or says what would be done. Call with the lock held, after `sweep`.

    Raises ActionFailed; nothing was done then. What counts is said at once: whoever stops what follows must know.
    """
    number = history.next(name)
    rows = sql.bind(action.rows, _table, {"month": asked.month})
    _audit(name, action, asked, rows, con)
    work = None if dry else private_folder(private_folder(folder) / _WORK)
    doing = Doing(con, dictionaries(con, rows), asked, work, now, history.hasher(keep=not dry), withdrawn, stale)
    try:
        done = action.do(doing)
        if dry or not done.rows:
            return Outcome(done, former=None if done.rows else _former(name, asked, history, folder))
        file = _settled(done.file, folder / _file_name(name, asked, number, done.file)) if done.file else None
    finally:
        if work:
            shutil.rmtree(work, ignore_errors=True)
    history.add(
        Run(
            action=name,
            run=number,
            profile=name,
            form=asked.form,
            month=asked.month,
            include=asked.include,
            who=asked.who,
            why=asked.why,
            done_at=now,
            counts=dict(done.counts),
            files={file.name: sha256_of(file)} if file else {},
            rows=done.rows,
        )
    )
    if file:
        say(f"Wrote {file}, for its owner alone.")
    return Outcome(done, number, file, None if file else _former(name, asked, history, folder))


def sweep(
    name: str, history: History, folder: Path, *, dry: bool = False, say: Callable[[str], None] = lambda text: None
) -> None:
    """Removes what a run left that was cut off before its manifest was written; only says so where `dry`."""
    number = history.next(name)
    if not dry:
        history.sweep()
        shutil.rmtree(folder / _WORK, ignore_errors=True)
    for path in sorted(folder.glob(f"{name}_*")):
        found = re.fullmatch(rf"{re.escape(name)}_\d{{4}}-\d\d(?:_[a-z0-9]+)?_(\d{{6}})\.[a-z]+", path.name)
        if found and int(found[1]) >= number and path.is_file():
            if not dry:
                path.unlink()
            done = f"{path.name} is no outcome of a run" if dry else f"Removed {path.name}"
            say(f"{done}: the run that wrote it was cut off before it counted. Use no copy of it.")


def _former(name: str, asked: Asked, history: History, folder: Path) -> Path | None:
    """The file of the last run of this month and form that wrote one."""
    found = [run for run in history.runs() if (run.action, run.month, run.form) == (name, asked.month, asked.form)]
    return next((folder / file for run in reversed(found) for file in run.files), None)


def _table(name: str) -> str:
    return f"select * from {sql.address(name)}"


def _audit(name: str, action: Action, asked: Asked, rows: str, con: duckdb.DuckDBPyConnection) -> None:
    """Raises ActionFailed where an audit finds bad rows."""
    for audit in action.must:
        select = sql.bind(audit.select, lambda read: rows if read == sql.THIS else _table(read), {"month": asked.month})
        ((bad,),) = con.execute(f"select count(*) from ({select})").fetchall()
        if bad:
            raise ActionFailed(
                f"{name} of {label(asked.month)} was not done: {audit.name}, {bad:,} bad row(s). "
                f"What must hold: {audit.says}"
            )


def _file_name(name: str, asked: Asked, number: int, written: Path) -> str:
    return "_".join(filter(None, [name, label(asked.month), asked.form, f"{number:06d}"])) + written.suffix


def _settled(written: Path, path: Path) -> Path:
    """Takes a finished file to its place: on the disk first, for its owner alone, then by rename."""
    written.chmod(0o600)
    settle(written)
    written.replace(path)
    settle(path.parent)
    return path
