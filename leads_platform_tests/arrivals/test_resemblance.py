"""A file in the wrong folder: its header says whose it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from leads_platform.arrivals.check import check_file
from leads_platform.arrivals.contracts.load import load_contracts
from leads_platform.arrivals.contracts.resemblance import resembles
from leads_platform.attention import files_in_need
from leads_platform.platform import contract_folders, load_platform
from leads_platform.settings import Settings
from leads_platform_tests.arrivals.arrivals_env import ArrivalsEnv
from leads_platform_tests.helpers import NV_HEADER, SALESFORCE_HEADER, TX_HEADER
from leads_platform_tests.known import KNOWN

FEED = """
feed: {feed}
room: prospects
title: {feed}
delivery: snapshot
key: [id]
{more}
columns:
  - {{name: id, header: Id, required: true}}
"""
COLUMN = "  - {{name: {name}, header: {header}}}\n"


def contract(feed: str, *headers: str, more: str = "") -> str:
    columns = "".join(COLUMN.format(name=header.lower(), header=header) for header in headers)
    return FEED.format(feed=feed, more=more) + columns


@pytest.fixture
def desk(settings: Settings) -> ArrivalsEnv:
    desk = ArrivalsEnv(settings)
    desk.contract("schools", contract("schools", "Town", "Head", "Pupils"))
    desk.contract("nurseries", contract("nurseries", "Place", "Owner", "Children", "Opened"))
    desk.contract("tabbed", contract("tabbed", "River", "Length", "Mouth", more='format: {delimiter: "\\t"}'))
    return desk


NURSERIES = "Id,Place,Owner,Children,Opened\n1,Ely,Ann,9,2020\n"


def test_a_refused_file_with_another_feeds_header_says_so_with_the_command(desk: ArrivalsEnv) -> None:
    """Found in use, 11: "is it the header?" was all that was said of a file in the wrong folder."""
    needs_town = contract("schools", "Head", "Pupils").replace("columns:", "columns:\n  - {name: town, header: Town, "
                                                              "required: true}")  # fmt: skip
    desk.contract("schools", needs_town)
    refused = desk.drop("schools/list 2024-05.csv", NURSERIES)
    assert refused.verdict == "refused" and refused.looks_like == "nurseries"
    assert refused.message.endswith("This looks like `nurseries` (5 of 5 columns): move it to landing/nurseries")
    (item,) = files_in_need(desk.settings, desk.arrivals().state)
    landing = desk.settings.landing
    move = f"mv '{landing}/schools/list 2024-05.csv' {landing}/nurseries/"
    assert item.commands[0] == f"mkdir -p {landing}/nurseries && {move}"
    (landing / "nurseries").mkdir()
    (item,) = files_in_need(desk.settings, desk.arrivals().state)
    assert item.commands[0] == move


def test_a_file_that_is_taken_in_but_fits_another_feed_wholly_says_so(desk: ArrivalsEnv) -> None:
    """Found in use, 11: with few needed columns a foreign file is even accepted."""
    taken = desk.drop("schools/2024-05.csv", NURSERIES)
    assert taken.verdict == "accepted" and taken.looks_like == "nurseries"
    assert "This looks like `nurseries` (5 of 5 columns)" in taken.message
    own = desk.drop("nurseries/2024-05.csv", NURSERIES.replace("Ann", "Bea"))
    assert own.looks_like == "" and "looks like" not in own.message


def test_check_says_it_too(desk: ArrivalsEnv, tmp_path: Path) -> None:
    """Found in use, 11: a dry run says what arrivals would."""
    path = tmp_path / "2024-05.csv"
    path.write_text(NURSERIES)
    contracts = load_platform(desk.settings).contracts
    told = check_file(path, contracts["schools"], contracts=contracts)
    assert told["message"].endswith("This looks like `nurseries` (5 of 5 columns): move it to landing/nurseries")
    assert told["looks_like"] == "nurseries"
    well = check_file(path, contracts["nurseries"], contracts=contracts)
    assert "looks like" not in well["message"] and well["looks_like"] == ""


def test_another_delimiter_hides_no_header(desk: ArrivalsEnv) -> None:
    """Found in use, 11: under its own feed's delimiter the header is one title."""
    refused = desk.drop("nurseries/2024-05.csv", "Id\tRiver\tLength\tMouth\n1\tOuse\t9\tWash\n")
    assert refused.verdict == "refused" and refused.looks_like == "tabbed"
    assert "(4 of 4 columns)" in refused.message


def test_it_is_said_only_of_what_clearly_fits_better(desk: ArrivalsEnv) -> None:
    """Found in use, 11: a column too many, two feeds alike, a few common titles are no likeness."""
    contracts = desk.contracts()
    schools, nurseries = contracts["schools"], contracts["nurseries"]
    own = ["Id", "Town", "Head", "Pupils"]
    for refused in (True, False):
        assert resembles(own, schools, contracts, refused=refused) is None
        assert resembles(["Id", "Town"], schools, contracts, refused=refused) is None
        assert resembles([*own, "Owner"], schools, contracts, refused=refused) is None
        assert resembles(["Id", "Place", "Ann", "9"], schools, contracts, refused=refused) is None
        assert resembles(["1", "Ely", "Ann"], schools, contracts, refused=refused) is None
        assert resembles([], schools, contracts, refused=refused) is None
    other = ["Id", "Place", "Owner", "Children"]
    found = resembles(other, schools, contracts, refused=True)
    assert found is not None and (found.feed, found.named, found.columns) == ("nurseries", 4, 5)
    assert resembles(other, schools, contracts, refused=False) is None  # taken in: only what fits wholly
    twin = {**contracts, "twin": nurseries.model_copy(update={"feed": "twin"})}
    assert resembles([*other, "Opened"], schools, twin, refused=True) is None


def test_the_packaged_feeds_tell_each_other_apart(settings: Settings) -> None:
    """Found in use, 11: each sample header in each other feed's folder."""
    contracts = load_contracts(contract_folders(settings), KNOWN)
    headers = {"nv_licensing": NV_HEADER, "tx_licensing": TX_HEADER, "salesforce_leads": SALESFORCE_HEADER}
    for feed, header in headers.items():
        for other in headers:
            found = resembles(header.split(","), contracts[other], contracts, refused=feed != other)
            assert (found.feed if found else other) == feed, (feed, other)
