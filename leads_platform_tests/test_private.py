"""Folders and files for their owner alone."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from leads_platform.private import private_file, private_folder


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_folder_is_made_so_and_an_open_one_is_tightened(tmp_path: Path) -> None:
    assert mode(private_folder(tmp_path / "new" / "inner")) == 0o700
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o775)
    assert mode(private_folder(tmp_path / "open")) == 0o700
    (tmp_path / "file").touch()
    (tmp_path / "file").chmod(0o644)
    assert mode(private_file(tmp_path / "file")) == 0o600


def test_what_its_owner_may_not_do_stays_so(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "file").chmod(0o444)
    assert mode(private_file(tmp_path / "file")) == 0o400


def test_what_belongs_to_somebody_else_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs").chmod(0o755)
    monkeypatch.setattr(os, "geteuid", lambda: 54321)
    assert mode(private_folder(tmp_path / "theirs")) == 0o755
    assert private_file(tmp_path / "nowhere") == tmp_path / "nowhere"
