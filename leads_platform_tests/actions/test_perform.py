"""The steps of a run, on an action without tables: numbered, whole or not at all, each row once after any crash."""

from __future__ import annotations

import csv
import os
import signal
import stat
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from leads_platform.actions.action import Action, ActionFailed, Asked, Doing, Done, RowDone
from leads_platform.actions.history import History
from leads_platform.actions.ledger import refresh_actions
from leads_platform.actions.perform import Outcome, perform, sweep
from leads_platform.arrivals.archive.store import Archive, ArchiveDamaged
from leads_platform.warehouse import bad_rows

MAY = date(2024, 5, 1)
NOW = datetime(2024, 6, 3, 8, 0, tzinfo=UTC)


class Numbers:
    """In the place of a connection: whatever is asked, the answer is these numbers. DuckDB can't be forked."""

    description = (("number",),)

    def __init__(self, numbers: Sequence[int]) -> None:
        self._numbers = numbers

    def execute(self, statement: str) -> Numbers:
        return self

    def fetchall(self) -> list[tuple[int]]:
        return [(number,) for number in self._numbers]


def performed(data: Path, numbers: Sequence[int], said: list[str] | None = None, **changes: Any) -> Outcome:
    """Gives out those of the numbers that no run gave out before."""
    history = History(data / "archive")

    def give_out(doing: Doing) -> Done:
        before = {row.key for run in history.runs() for row in run.rows}
        new = [str(row["number"]) for row in doing.rows if str(row["number"]) not in before]
        file = doing.scratch / "numbers.csv" if doing.scratch and new else None
        if file:
            file.write_text("".join(f"{number}\n" for number in new))
        rows = tuple(RowDone(number, number, doing.keyed(number), "new") for number in new)
        return Done(rows, file, {"numbers": len(new)}, (f"{len(new)} numbers",))

    action = Action(says="Numbers.", reads=(), months="", rows="select 1", do=give_out)
    asked = {
        "con": Numbers(numbers),
        "history": history,
        "folder": data / "exports",
        "now": NOW,
        "withdrawn": frozenset(),
        "say": (said if said is not None else []).append,
    }
    sweep("give-out", history, data / "exports", dry=changes.get("dry", False), say=asked["say"])
    return perform("give-out", action, Asked(MAY, "csv", (), "ann", "monday"), **{**asked, **changes})


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def given_out(data: Path) -> list[int]:
    """What stands in files that count, as a manifest names them."""
    named = [name for run in History(data / "archive").runs() for name in run.files]
    return [int(cell) for name in named for (cell,) in csv.reader((data / "exports" / name).open())]


def test_a_run_is_a_numbered_sealed_manifest_and_a_file_for_its_owner(tmp_path: Path) -> None:
    first = performed(tmp_path, [1, 2])
    second = performed(tmp_path, [2, 3])
    assert (first.number, second.number) == (1, 2)
    assert first.file == tmp_path / "exports" / "give-out_2024-05_csv_000001.csv"
    assert names(tmp_path / "exports") == ["give-out_2024-05_csv_000001.csv", "give-out_2024-05_csv_000002.csv"]
    run = History(tmp_path / "archive").read("give-out", 2)
    assert (run.profile, run.form, run.month, run.who, run.why, run.done_at) == (
        "give-out", "csv", MAY, "ann", "monday", NOW
    )  # fmt: skip
    assert [row.key for row in run.rows] == ["3"] and run.counts == {"numbers": 1}
    ours = [path for path in tmp_path.rglob("*") if path.is_file() or path.name in ("exports", ".actions")]
    for path in ours:
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
    manifest = tmp_path / "archive" / ".actions" / "runs" / "give-out" / "000002.json"
    manifest.write_text(manifest.read_text().replace("monday", "sunday"))
    with pytest.raises(ArchiveDamaged, match="its seal does not fit"):
        History(tmp_path / "archive").runs()


def test_nothing_to_do_leaves_no_trace(tmp_path: Path) -> None:
    performed(tmp_path, [1])
    before = sorted(tmp_path.rglob("*"))
    again = performed(tmp_path, [1])
    former = f"The last file of this month and form: {tmp_path / 'exports' / 'give-out_2024-05_csv_000001.csv'}."
    assert (again.number, again.file, again.says) == (0, None, ("0 numbers", former))
    assert sorted(tmp_path.rglob("*")) == before


def test_a_dry_run_writes_nothing_and_says_the_same(tmp_path: Path) -> None:
    assert performed(tmp_path, [1, 2], dry=True).says == ("2 numbers",)
    assert list(tmp_path.iterdir()) == []
    assert performed(tmp_path, [1, 2]).says == ("2 numbers",)


def test_a_failing_audit_does_nothing(tmp_path: Path) -> None:
    done = []
    action = Action(
        says="Numbers.",
        reads=(),
        months="",
        rows="select n, $month as month from (values (1), (-2)) as t (n)",
        do=lambda doing: done.append(doing) or Done(),
        must=(bad_rows("numbers_are_positive", "n < 0", "No number is negative."),),
    )
    with duckdb.connect() as con, pytest.raises(ActionFailed, match="numbers_are_positive, 1 bad row"):
        perform(
            "give-out", action, Asked(MAY), con=con, history=History(tmp_path), folder=tmp_path / "exports", now=NOW,
            withdrawn=frozenset(),
        )  # fmt: skip
    assert done == [] and list(tmp_path.iterdir()) == []


def test_files_of_others_stay(tmp_path: Path) -> None:
    performed(tmp_path, [1])
    mine = {"give-out_2024-05_csv_000001 (copy).csv", "give-out_2024-05_csv_000009_mine.csv", "list_000009.csv"}
    for name in mine:
        (tmp_path / "exports" / name).touch()
    (tmp_path / "exports" / "give-out_2024-05_csv_000002.csv").touch()  # no manifest: no outcome of a run
    said: list[str] = []
    performed(tmp_path, [1], said, dry=True)  # removes nothing, but says which is none
    assert said.pop().startswith("give-out_2024-05_csv_000002.csv is no outcome of a run: ") and not said
    performed(tmp_path, [1], said)
    assert set(names(tmp_path / "exports")) == mine | {"give-out_2024-05_csv_000001.csv"}
    assert len(said) == 1 and "Removed give-out_2024-05_csv_000002.csv" in said[0]


def test_the_key_of_the_hashes_is_never_made_twice(tmp_path: Path) -> None:
    performed(tmp_path, [1])
    history, key = History(tmp_path / "archive"), tmp_path / "archive" / ".actions" / "key"
    assert history.hasher(keep=False)("1") == history.read("give-out", 1).rows[0].hash
    kept = key.read_bytes()
    key.unlink()
    with pytest.raises(ArchiveDamaged, match="key is missing"):
        performed(tmp_path, [2])
    key.write_bytes(kept)
    assert performed(tmp_path, [2]).number == 2
    performed(tmp_path / "another", [1])
    assert history.read("give-out", 1).rows[0].hash != History(tmp_path / "another" / "archive").runs()[0].rows[0].hash


def test_relations_are_made_of_the_manifests_and_a_lost_one_is_told(tmp_path: Path) -> None:
    performed(tmp_path, [1, 2])
    performed(tmp_path, [3])
    history = History(tmp_path / "archive")
    with duckdb.connect() as con:
        for _ in range(2):  # the second time nothing is new
            refresh_actions(con, history, ["give-out", "never-done"])
        assert con.execute("select run, rows, files, who, why from actions.runs order by run").fetchall() == [
            (1, 2, ["give-out_2024-05_csv_000001.csv"], "ann", "monday"),
            (2, 1, ["give-out_2024-05_csv_000002.csv"], "ann", "monday"),
        ]
        keys = "select run, key, month, done_at::varchar from actions.give_out_rows order by key"
        at = "2024-06-03 08:00:00+00"
        con.execute("set TimeZone = 'UTC'")
        assert con.execute(keys).fetchall() == [(1, "1", MAY, at), (1, "2", MAY, at), (2, "3", MAY, at)]
        assert con.execute("select count(*) from actions.never_done_rows").fetchall() == [(0,)]
        (tmp_path / "archive" / ".actions" / "runs" / "give-out" / "000002.json").unlink()
        with pytest.raises(ArchiveDamaged, match=r"000002\.json is missing: what that run did would be done again"):
            refresh_actions(con, history, ["give-out"])


def test_manifests_of_actions_are_no_receipts(tmp_path: Path) -> None:
    """An action may be called as a folder of a feed's is."""
    performed(tmp_path, [1])
    history = History(tmp_path / "archive")
    for name in ("manifests", "receipts", "originals"):
        history.add(replace(history.runs()[0], action=name))
    archive = Archive(tmp_path / "archive")
    assert archive.manifests() == [] and archive.next_receipt() == 1
    archive.sweep()
    assert len(history.runs()) == 4


def killed(data: Path, numbers: Sequence[int], at: int) -> bool:
    """A child performs and is killed at its n-th step upon the disk below `data`; whether it came so far."""
    child = os.fork()
    if not child:
        left = at

        def hook(event: str, values: tuple[Any, ...]) -> None:
            nonlocal left
            touches = event in ("open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.chmod")
            if touches and any(str(value).startswith(str(data)) for value in values):
                left -= 1
                if not left:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(hook)
        try:
            performed(data, numbers)
        finally:
            os._exit(0)
    _, ended = os.waitpid(child, 0)
    return os.WIFSIGNALED(ended)


def test_killed_at_every_step_no_row_goes_out_twice_and_none_is_lost(tmp_path: Path) -> None:
    """Each time a first run stands, the second is killed, and the third is asked for more."""
    steps = 0
    for at in range(1, 200):
        data = tmp_path / str(at)
        performed(data, [1, 2])
        was_killed = killed(data, [1, 2, 3, 4], at)
        said: list[str] = []
        performed(data, [1, 2, 3, 4, 5], said)
        assert sorted(given_out(data)) == [1, 2, 3, 4, 5], at
        runs = History(data / "archive").runs()
        assert {name for run in runs for name in run.files} == set(names(data / "exports")), "nothing is left over"
        removed = [line for line in said if line.startswith("Removed ")]
        assert len(runs) == (2 if removed or len(runs) == 2 else 3)
        if not was_killed:
            assert not removed
            break
        steps += 1
    assert 10 < steps < 199, "there are more than ten steps, and the last child came to its end"


def test_killed_between_file_and_manifest_the_next_run_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*args: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(History, "add", stop)
        performed(tmp_path, [1, 2])
    assert names(tmp_path / "exports") == ["give-out_2024-05_csv_000001.csv"]
    said: list[str] = []
    assert performed(tmp_path, [2, 3], said).number == 1
    assert "was cut off before it counted" in said[0] and given_out(tmp_path) == [2, 3]
