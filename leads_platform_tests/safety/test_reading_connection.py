"""What SQL may not do on the connection that reads delivered and archived files, hardened or after a file was read."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from leads_platform.arrivals.reading.loading import Loader, connect

ATTACKS = {
    "up and out": "select * from read_text('{inside}/../secret.txt')",
    "a neighbour whose name begins alike": "select * from read_text('{inside}-neighbour/secret.txt')",
    "a link": "select * from read_text('{inside}/link.txt')",
    "a file of the system": "select * from read_csv('/etc/passwd')",
    "a file by its name alone": "select * from '/etc/passwd'",
    "the environment of the process": "select * from read_text('/proc/self/environ')",
    "through the process": "select * from read_text('/proc/self/cwd/secret.txt')",
    "a look at a folder": "select * from glob('/etc/*')",
    "every file there is": "select * from read_text('/**/passwd')",
    "a parquet file elsewhere": "select * from read_parquet('{outside}/there.parquet')",
    "a table on the web": "select * from read_csv('http://127.0.0.1:9/x.csv')",
    "copy out": "copy (select 1) to '{outside}/out.csv'",
    "copy into the folder above": "copy (select 1) to '{inside}/../out.csv'",
    "export": "export database '{outside}/dump'",
    "attach": "attach '{outside}/other.duckdb' as other",
    "install": "install httpfs",
    "load": "load httpfs",
    "load a file": "load '{inside}/mine.duckdb_extension'",
    "open the access": "set enable_external_access = true",
    "another folder": "set allowed_directories = ['/']",
    "another path": "set allowed_paths = ['/etc/passwd']",
    "unlock": "set lock_configuration = false",
    "more memory": "set memory_limit = '1TB'",
    "another place for spilling": "pragma temp_directory = '{outside}'",
    "forget the folders": "reset allowed_directories",
    "a variable of the program": "select * from secret_frame",
    "a secret": "create persistent secret s (type http, bearer_token 'x')",
    "a log file": "pragma enable_profiling = 'json'",
}


@pytest.fixture
def inside(tmp_path: Path) -> Path:
    """The folder that may be read, with secrets all around it."""
    folder = tmp_path / "inside"
    for place in (folder, tmp_path / "inside-neighbour", tmp_path / "outside"):
        place.mkdir()
    (tmp_path / "secret.txt").write_text("secret")
    (tmp_path / "inside-neighbour" / "secret.txt").write_text("secret")
    (folder / "fine.csv").write_text("a\n1\n")
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    duckdb.sql(f"copy (select 1 as x) to '{tmp_path / 'outside' / 'there.parquet'}' (format parquet)")
    return folder


@pytest.mark.parametrize("attack", ATTACKS)
def test_sql_on_files_reaches_nothing_but_its_folder(
    inside: Path, attack: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import pandas as pd

    secret_frame = pd.DataFrame({"x": ["secret"]})
    monkeypatch.chdir(inside.parent)
    with connect(inside) as con:
        with pytest.raises(duckdb.Error):
            con.execute(ATTACKS[attack].format(inside=inside, outside=inside.parent / "outside")).fetchall()
        assert con.execute(f"select a from read_csv('{inside}/fine.csv')").fetchall() == [(1,)]
    assert [path.name for path in (inside.parent / "outside").iterdir()] == ["there.parquet"]
    assert sorted(path.name for path in inside.parent.iterdir()) == [
        "inside",
        "inside-neighbour",
        "outside",
        "secret.txt",
    ]
    assert len(secret_frame) == 1


def test_a_reader_of_files_is_as_closed(inside: Path) -> None:
    loader = Loader(inside, ["a"])
    with pytest.raises(duckdb.Error):
        loader.connection.execute("select * from read_text('/etc/passwd')").fetchall()
    assert loader.connection.execute("select current_setting('lock_configuration')").fetchall() == [(True,)]
    loader.connection.close()
