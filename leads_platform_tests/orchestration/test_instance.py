"""DAGSTER_HOME, made by whoever comes first."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from leads_platform.orchestration.instance import open_instance, prepare_dagster_home
from leads_platform.outbox import open_outbox
from leads_platform.platform import Platform, open_session
from leads_platform.settings import Settings


def test_several_may_open_a_fresh_home_at_once(settings: Settings) -> None:
    """Found in use, 18: two first runs made Dagster's tables at once, and one failed in alembic."""
    count = 4
    together = Barrier(count)

    def opened(_: int) -> int:
        together.wait()
        with open_instance(settings) as instance:
            return instance.get_runs_count()

    with ThreadPoolExecutor(count) as threads:
        assert list(threads.map(opened, range(count))) == [0] * count


def test_a_home_of_an_older_version_is_brought_up_and_keeps_its_history(settings: Settings) -> None:
    """A home made before there was a lock has no note that its storage is made."""
    home = prepare_dagster_home(settings)
    with open_instance(settings) as instance:
        instance.run_storage.set_cursor_values({"kept": "yes"})
    (home / "storage" / ".made").unlink()
    (home / "dagster.yaml").write_text("storage: of yesterday")
    with open_instance(settings) as instance:
        assert instance.run_storage.get_cursor_values({"kept"}) == {"kept": "yes"}
    assert str(home) in (home / "dagster.yaml").read_text()


def test_what_a_killed_process_was_writing_goes_at_once(small: Platform, settings: Settings) -> None:
    """Found in use, mended: it was left for a minute, as it might have been another's, and in the outbox for ever."""
    for name in ("requests/refused.7.tmp", "dagster/reported.7.tmp", "dagster/dagster.7.tmp", "outbox/.told.7.tmp"):
        half = settings.home / name
        half.parent.mkdir(parents=True, exist_ok=True)
        half.write_text("{")
    prepare_dagster_home(settings)
    with open_session(small, "test"), open_outbox(settings):
        assert list(settings.home.rglob("*.tmp")) == []
