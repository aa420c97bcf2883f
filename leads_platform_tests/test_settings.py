"""Settings: what is refused before anything is done, and in which words. Pure: a mapping in, settings or words out."""

from __future__ import annotations

import shutil
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from leads_platform import environment
from leads_platform.settings import Settings, SettingsError

ROOT = Path(__file__).resolve().parent.parent


def refusal(**named: str) -> str:
    """The words in which these settings are refused; `DATA="x"` stands for LEADS_PLATFORM_DATA."""
    with pytest.raises(SettingsError) as raised:
        Settings.from_env({f"LEADS_PLATFORM_{name}": value for name, value in named.items()})
    return str(raised.value)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("LEADS_PLATFORM_FRIST_MONTH", "LEADS_PLATFORM_FIRST_MONTH"),
        ("LEADS_PLATFORM_DATE", "LEADS_PLATFORM_DATA"),
        ("LEADS_PLATFORM_WARHOUSE", "LEADS_PLATFORM_WAREHOUSE"),
        ("LEADS_PLATFORM_TIME_ZONE", "LEADS_PLATFORM_TIMEZONE"),
        ("leads_platform_data", "LEADS_PLATFORM_DATA"),
        ("LEAD_PLATFORM_DATA", "LEADS_PLATFORM_DATA"),
    ],
)
def test_a_misspelt_setting_is_an_error(name: str, meant: str) -> None:
    """Found in use, 12: a misspelt setting was ignored, and the run went on with the default in silence."""
    with pytest.raises(SettingsError) as raised:
        Settings.from_env({name: "2024-05", "LEADS_PLATFORM_ENV": "dev"})
    assert str(raised.value) == f"{name} is no setting; did you mean {meant}? Correct it or unset it."


def test_a_name_like_no_setting_lists_them_all() -> None:
    """Found in use, 12: an unknown name tells which there are."""
    said = refusal(QQQ="1")
    assert all(name in said for name in ("LEADS_PLATFORM_DATA", "LEADS_PLATFORM_SLACK_WEBHOOK"))


def test_what_a_setting_or_a_contract_refers_to_is_known(tmp_path: Path) -> None:
    """Found in use, 12: names that others give are no slips; other programs' names are none of ours."""
    (tmp_path / "feeds").mkdir()
    (tmp_path / "feeds" / "api.yaml").write_text("token: LEADS_PLATFORM_API_TOKEN\n")
    told = {
        "LEADS_PLATFORM_DATA": str(tmp_path),
        "LEADS_PLATFORM_POSTGRES": "LEADS_PLATFORM_POSTGRES_URL",
        "LEADS_PLATFORM_POSTGRES_URL": "x",
        "LEADS_PLATFORM_API_TOKEN": "x",
        "LEAD_SOURCE_PLATFORM": "x",
        "PATH": "/bin",
    }
    assert Settings.from_env(told).data == tmp_path


def test_without_a_root_it_is_the_checkout_s_and_never_the_current_folder_s(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Found in use, 12: called in another folder, the platform began anew in `data` there."""
    monkeypatch.chdir(tmp_path)
    assert Settings.from_env({}).data == ROOT / "data"
    installed = tmp_path / "site-packages" / "leads_platform" / "environment.py"
    installed.parent.mkdir(parents=True)
    shutil.copy(str(environment.__file__), installed)
    monkeypatch.setattr(environment, "__file__", str(installed))
    with pytest.raises(SettingsError, match="LEADS_PLATFORM_DATA is not set"):
        Settings.from_env({})
    assert "LEADS_PLATFORM_DATA is set to nothing" in refusal(DATA="")


def test_settings_that_are_silently_wrong(tmp_path: Path) -> None:
    """Found in use, 12: siblings, each of which ended in an empty or a wrong result and exit code 0."""
    data, now = str(tmp_path), "2024-07-15T12:00:00"
    assert "which has not begun by the clock (2024-07-15)" in refusal(DATA=data, NOW=now, FIRST_MONTH="2024-08")
    assert "0224-01; the earliest possible is 1990-01" in refusal(DATA=data, FIRST_MONTH="0224-01")
    assert "for tests; unset it in prod" in refusal(DATA=data, NOW=now, ENV="prod")
    assert "give a name like Europe/Berlin" in refusal(DATA=data, TIMEZONE="Europe")
    assert "give a name like Europe/Berlin" in refusal(DATA=data, TIMEZONE="localtime")
    assert "where the published copies go" in refusal(DATA=data, WAREHOUSE=f"{data}/dev/published/warehouse.duckdb")
    said = refusal(DATA=data, SLACK_WEBHOOK="hooks.example.org/secret")
    assert "starts with https://" in said and "secret" not in said


def test_the_clock_of_tests_keeps_its_offset() -> None:
    """Found in use, 12: a sibling; the offset of LEADS_PLATFORM_NOW was dropped without a word."""
    told = Settings.from_env({"LEADS_PLATFORM_NOW": "2024-07-31T23:30:00-07:00"})
    assert told.now() == datetime(2024, 8, 1, 6, 30, tzinfo=UTC)
    assert told.current_month() == date(2024, 8, 1)


def test_who_asks_is_named_by_the_setting_else_by_the_login(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "bo")
    asked = {"LEADS_PLATFORM_DATA": str(tmp_path)}
    assert Settings.from_env(asked | {"LEADS_PLATFORM_USER": "ann"}).who == "ann"
    assert Settings.from_env(asked).who == "bo"

    def nobody() -> str:
        raise KeyError("getpwuid(): uid not found")

    monkeypatch.setattr("getpass.getuser", nobody)
    assert Settings.from_env(asked).who.startswith("user ")
