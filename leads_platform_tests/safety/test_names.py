"""Names that strangers choose: of files and of columns, from landing to the published copy and the terminal."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator

import pytest
from click.testing import CliRunner
from rich.console import Console

from leads_platform.arrivals.contracts.load import load_contracts
from leads_platform.cli import output as terminal
from leads_platform.cli.commands import commands
from leads_platform.platform import contract_folders, load_platform
from leads_platform.settings import Settings
from leads_platform_tests.arrivals.arrivals_env import CONTRACTS, ArrivalsEnv
from leads_platform_tests.few_rooms import only
from leads_platform_tests.helpers import NV_HEADER, ask, drop, nv, run
from leads_platform_tests.known import KNOWN

FILES = [
    "nv_2024-05 '; drop table prospects.base_leads_nv_licensing; --.csv",
    "nv_2024-05 \") as x; attach 'y.duckdb'; --.csv",
    "nv_2024-05 *?[a-z]{1,2}.csv",
    "nv_2024-05\nwarehouse is safe.csv",
    "nv_2024-05 \x1b[2J\x1b]8;;http:x.example\x1b\\ gone \x9b31m.csv",
    "nv_2024-05 [bold red]all is well [link=http:x.example]here.csv",
    "nv_2024-05 \u202evsc.gpj\u2066.csv",
    "nv_2024-05 =cmd|' -C calc'!A0.csv",
    "nv_2024-05 $month $first_month ${HOME} `id` $(id) %s {0}.csv",
    "nv_2024-05 <script>alert(1).csv",
    "nv_2024-05 ünïcödé 🐣.csv",
]
TITLES = [
    "Robert'); drop table x; --",
    'a "quoted" title',
    "[bold]Total[/bold]",
    "select * from read_csv('/etc/passwd')",
    "$month",
    "C:\\x;y|z",
    "=1+1",
    "tïtle\tof tabs",
]
OBEYED = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


@pytest.fixture(autouse=True)
def few() -> Iterator[None]:
    """The names are of files and columns of leads: no other room has a part in it."""
    with only("prospects"):
        yield


@pytest.fixture
def printed(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """All that is printed, as a terminal without colours would get it."""
    page = io.StringIO()
    for name in ("console", "errors"):
        monkeypatch.setattr(terminal, name, Console(file=page, width=400, highlight=False, color_system=None))
    yield page


def test_a_file_s_name_is_a_name_and_nothing_else(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, printed: io.StringIO
) -> None:
    """`$month` in a name was once replaced by a date, quotes and all, and the month could not be built."""
    monkeypatch.setenv("LEADS_PLATFORM_DATA", str(settings.data))
    monkeypatch.setenv("LEADS_PLATFORM_NOW", "2024-07-15T12:00:00")
    monkeypatch.setattr("leads_platform.arrivals.receive._SETTLE_SECONDS", 0.01)
    settings.feeds.mkdir()
    # Every file is a part of one month's list, and its part is its whole name.
    text = (contract_folders(settings)[0] / "nv_licensing.yaml").read_text()
    many = text.replace("parts: one", "parts: many\npart_pattern: '(?s)^(.*)$'")
    (settings.feeds / "nv_licensing.yaml").write_text(many)
    for at, name in enumerate(FILES):
        phones = [f"702-346-{10 * at + n:04d}" for n in range(1, 4)]
        records = [nv(f"{phone[-4:]}-22", phone, f"{phone[-4:]} OAK ST RENO, NV 89501") for phone in phones]
        drop(settings, "nv_licensing", name, NV_HEADER, [*records, records[0] + ",one more"])
    for words in (["run", "--direct"], ["status", "--files"], *(["quarantine", name] for name in FILES)):
        result = CliRunner().invoke(commands, words)
        assert result.exit_code == 0, (words, result.output, printed.getvalue())
    shown = printed.getvalue()
    assert not OBEYED.search(shown), OBEYED.findall(shown)
    for name in FILES:
        assert shown.count(terminal.plain(name)) >= 3, name
    assert "\nwarehouse is safe" not in shown
    told = CliRunner().invoke(commands, ["status", "--json"]).stdout
    assert sorted(file["file"] for file in json.loads(told)["files"]) == sorted(FILES)
    assert not re.search(r"[\x7f-\x9f]", told)
    for table in ("fct_lead_files", "base_leads_nv_licensing", "stg_leads_nv_licensing"):
        names = ask(settings, f"select distinct file_name from prospects.{table}")
        assert sorted(name for (name,) in names) == sorted(FILES)
    counts = ask(settings, "select distinct records, loaded, quarantined from arrivals.files")
    assert counts == [(4, 3, 1)]


def test_columns_nobody_declared_may_have_any_title(settings: Settings) -> None:
    header = NV_HEADER + "," + ",".join('"' + title.replace('"', '""') + '"' for title in TITLES)
    records = [nv(f"{n}-22", f"702-346-{n:04d}", f"{n} OAK ST RENO, NV 89501") + ",x" * len(TITLES) for n in (1, 2)]
    drop(settings, "nv_licensing", "nv_2024-05.csv", header, records)
    run(settings)
    assert ask(settings, "select records, distinct_leads from prospects.fct_lead_files") == [(2, 2)]


def test_declared_columns_may_have_any_title_too(settings: Settings) -> None:
    """Each title gives its own column's values, however it is written."""
    desk = ArrivalsEnv(settings)
    columns = "".join(f"  - {{name: c{n}, header: {json.dumps(title)}}}\n" for n, title in enumerate(TITLES))
    text = CONTRACTS["lists"].split("columns:")[0] + "columns:\n  - {name: id, header: Id, required: true}\n" + columns
    desk.contract("lists", text)
    titles = ",".join('"' + title.replace('"', '""') + '"' for title in reversed(TITLES))
    values = ",".join(f"v{n}" for n in reversed(range(len(TITLES))))
    assert desk.drop("lists/2024-05.csv", f"{titles},Id\n{values},1\n").verdict == "accepted"
    names = ", ".join(f"c{n}" for n in range(len(TITLES)))
    run(settings)
    assert ask(settings, f"select id, {names} from prospects.base_lists") == [
        ("1", *(f"v{n}" for n in range(len(TITLES))))
    ]


@pytest.mark.parametrize(
    "feed", ["../up", "a/b", "Robert'); drop", 'a"b', "a b", "a.b", "", "1a", "a\nb", "select*", "é", "a" * 61]
)
def test_a_feed_s_name_is_plain_or_refused(settings: Settings, feed: str) -> None:
    settings.feeds.mkdir()
    text = CONTRACTS["lists"].replace("ALIASES", "").replace("feed: lists", f"feed: {json.dumps(feed)}")
    (settings.feeds / "lists.yaml").write_text(text)
    platform = load_platform(settings)
    (told,) = platform.out_of_order
    assert told.path == settings.feeds / "lists.yaml" and told.stands == "nothing"
    assert set(platform.contracts) == set(load_contracts(contract_folders(settings)[:-1], KNOWN))


def test_a_terminal_is_told_nothing_it_would_obey() -> None:
    assert terminal.plain("a\x1b[2Jb\x00\x07\r\n\t\x7f\x9b\u202ec\u2028") == "a�[2Jb���������c�".replace(
        "���������", "�" * 8
    )
    assert terminal.plain("José 🐣 [bold]x[/] 'y'") == "José 🐣 [bold]x[/] 'y'"
