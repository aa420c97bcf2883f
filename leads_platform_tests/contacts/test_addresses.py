"""Addresses as people write them, and what the platform makes of each: worked by hand from Publication 28."""

from __future__ import annotations

import string
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leads_platform.contacts.addresses import install_addresses
from leads_platform.contacts.usps import places, states


@cache
def connection() -> duckdb.DuckDBPyConnection:
    """One for the whole file, and no fixture: hypothesis takes none."""
    con = duckdb.connect()
    install_addresses(con)
    return con


def ask(expression: str, *values: str | None) -> Any:
    row = connection().execute(f"select {expression}", list(values)).fetchone()
    assert row is not None
    return row[0]


def key(street: str | None, city: str | None = None, state: str | None = "NV", code: str | None = "89027") -> Any:
    return ask("address_key(?, ?, ?, ?)", street, city, state, code)


@pytest.mark.parametrize(
    ("street", "expected"),
    [
        ("150 N. WILLOW ST", "150 N WILLOW ST|89027"),
        ("12316 Green Valley Drive", "12316 GRN VLY DR|89027"),
        ("7625 S. RAINBOW BLVD., STE 104-106", "7625 S RAINBOW BLVD 104-106|89027"),
        ("4990 FM 3455 RD", "4990 FM 3455|89027"),
        ("3350 W 7800 S", "3350 W 7800 S|89027"),
        ("P.O. Box 12", "PO BOX 12|89027"),
        ("12 1/2 Main Street", "12 1/2 MAIN ST|89027"),
        ("500 Cañón Blvd", "500 CANON BLVD|89027"),
        ("12 Straße", "12 STRASSE|89027"),
    ],
)
def test_a_key_is_the_street_in_short_words_and_the_postal_code(street: str, expected: str) -> None:
    assert key(street) == expected


@pytest.mark.parametrize(
    "same",
    [
        ("150 N. WILLOW ST", "150 North Willow Street", "150 n willow str.", "150  N  WILLOW  ST,"),
        ("401 FM 685 STE 104", "401 FM 685 Suite 104", "401 F.M. 685 #104"),
        ("401 FM 685 #104", "401 FM-685, # 104", "401 FM685 Ste. #104"),
        ("401 Farm to Market Road 685 Unit 104", "401 FM 685 Suite No. 104", "401 FM RD 685 APT 104"),
        (
            "10900 NW 38TH TERRACE",
            "10900 N.W. 38th Terr.",
            "10900 Northwest 38 Ter",
            "10900 North West 38th Ter",
        ),
        ("100 HWY 6", "100 Highway 6", "100 Hwy. #6", "100 HWY-6"),
        ("100 US HWY 6", "100 U.S. Highway 6", "100 US-6", "100 U S 6"),
        ("100 State Highway 6", "100 SH 6", "100 St. Hwy 6"),
        ("100 Interstate 35", "100 IH 35", "100 I-35", "100 I35"),
        ("100 County Road 12", "100 CR 12", "100 C.R. 12", "100 Co. Rd. 12"),
        ("RR 2 Box 152", "Rural Route 2 Box 152", "RFD 2 Box 152", "Route 2, Box 152"),
        ("PO Box 12", "P.O. BOX 12", "P O Box 12", "POB 12", "Post Office Box 12", "PO Box #12"),
        ("12 First Ave", "12 1st Avenue", "12 1 AV"),
        ("12 St. Jude St", "12 Saint Jude Street"),
        ("12 O'Brien Rd", "12 O\u2019Brien Road", "12 OBRIEN RD"),
        ("12 Main St Apt 4", "Apt 4, 12 Main St", "12 Main St #4", "12 Main St 4"),
        ("12 Main St STE A-25", "12 Main St #A25", "12 Main St Suite A 25"),
        ("12 Main St 5th Floor", "12 Main St FL 5"),
        ("One Main St", "1 Main St"),
        ("5th & Main", "5th and Main"),
        ("12 Main St 104\u2013106", "12 Main St 104-106"),
        ("12 Pen\u0303a Ct", "12 Peña Court", "12 PENA CT"),
    ],
)
def test_one_place_written_differently_has_one_key(same: tuple[str, ...]) -> None:
    assert len({key(street) for street in same}) == 1


@pytest.mark.parametrize(
    "different",
    [
        ("12 N Main St", "12 S Main St", "12 Main St", "12 Main St N"),
        ("12 Main St #104", "12 Main St #105", "12 Main St", "12 Main St #1 04A"),
        ("12 Main St", "12 Main Ave", "12 Main Ct", "12 Main Cts"),
        ("12 Main St", "120 Main St", "1 2nd Main St", "12-14 Main St"),
        ("12 38th St", "1238 St", "12 38th Ter"),
        ("12 Main St FL 2", "12 Main St STE 2", "12 Main St BLDG 2"),
        ("PO Box 12", "PO Box 13", "12 Box Rd"),
        ("100 FM 685", "100 FM 686", "100 CR 685", "100 HWY 685"),
        ("100 Avenue A", "100 Avenue B"),
        ("12 Ленина ул", "12 Мира ул"),
    ],
)
def test_different_places_have_different_keys(different: tuple[str, ...]) -> None:
    keys = {key(street) for street in different}
    assert len(keys) == len(different)
    assert None not in keys


def test_with_a_postal_code_city_and_state_have_no_say() -> None:
    willow = {
        key("150 N WILLOW ST", city, state, code)
        for city, state, code in [
            ("NORTH LAS VEGAS", "NV", "89031"),
            ("N. Las Vegas", "Nevada", "89031-4210"),
            ("LAS VEGAS", None, " 89031 "),
            (None, "Other", "890314210"),
        ]
    }
    assert willow == {"150 N WILLOW ST|89031"}


def test_without_a_postal_code_city_and_state_name_the_place() -> None:
    assert key("12 Main St", "St. Louis", "Missouri", None) == "12 MAIN ST|ST LOUIS MO"
    assert key("12 Main St", "Saint Louis", "mo", "n/a") == "12 MAIN ST|ST LOUIS MO"
    assert key("12 Main St", "Lloydminster", "Alberta", "T9V1M9") == "12 MAIN ST|T9V 1M9"


def test_a_zero_lost_in_a_spreadsheet_is_put_back_where_every_code_has_one() -> None:
    assert key("12 Main St", "Boston", "MA", "2108") == key("12 Main St", "Boston", "MA", "02108")
    assert key("12 Main St", "Reno", "NV", "8950") == "12 MAIN ST|RENO NV"


@pytest.mark.parametrize(
    ("street", "city", "state", "code"),
    [
        (None, "Reno", "NV", "89501"),
        ("", "Reno", "NV", "89501"),
        ("  -- ,", "Reno", "NV", "89501"),
        ("Main", "Reno", "NV", "89501"),
        ("150", "Reno", "NV", "89501"),
        ("150 160", "Reno", "NV", "89501"),
        ("N/A", "Reno", "NV", "89501"),
        ("Address Confidential", "Reno", "NV", "89501"),
        ("PO Box", "Reno", "NV", "89501"),
        ("150 N WILLOW ST", None, None, None),
        ("150 N WILLOW ST", "Reno", None, None),
        ("150 N WILLOW ST", "Reno", "Other", ""),
        ("150 N WILLOW ST", "", "NV", "unknown"),
        ("150 N WILLOW ST", None, "NV", "00000"),
    ],
)
def test_too_little_to_name_a_place_has_no_key(
    street: str | None, city: str | None, state: str | None, code: str | None
) -> None:
    assert key(street, city, state, code) is None


def test_text_is_only_text() -> None:
    assert key("12 Main St'; drop table leads; --") == "12 MAIN ST DROP TABLE LEADS|89027"
    assert key('12 "K" St | {x} \\1 %s') == "12 K ST X 1 S|89027"
    assert key("12 Main St\n  Suite 4\t") == "12 MAIN ST 4|89027"
    assert key("12 " + "Main " * 20_000 + "St") == "12 " + "MAIN " * 20_000 + "ST|89027"


def test_columns_of_any_name_and_type_can_be_asked() -> None:
    answer = connection().sql("""
        select
            address_key(t, w, a, e) as key,
            state_code(a) as state,
            postal_code5(e) as code,
            split_address(t || ' ' || w || ', NV ' || e, a).city as city
        from (values ('12 Main St', 'RENO', 'nevada', 89501)) as leads(t, w, a, e)
    """)
    assert answer.fetchall() == [("12 MAIN ST|89501", "NV", "89501", "RENO")]


def test_installing_again_changes_nothing_and_a_cursor_needs_its_own() -> None:
    con = duckdb.connect()
    install_addresses(con)
    install_addresses(con)
    cursor = con.cursor()
    with pytest.raises(duckdb.CatalogException):
        cursor.sql("select state_code('NV')")
    install_addresses(cursor)
    assert cursor.sql("select state_code('NV')").fetchall() == [("NV",)]
    assert con.sql("from duckdb_tables()").fetchall() == []


WORDS = st.text(alphabet=string.ascii_letters + string.digits + "ñÉøßÇ#.'&", min_size=1, max_size=12)


@settings(max_examples=60, deadline=None)
@given(st.lists(WORDS, min_size=1, max_size=6), st.sampled_from(["", ",", ".", " ;", " - ", "..."]))
def test_case_spaces_and_trailing_signs_make_no_difference(words: list[str], sign: str) -> None:
    text = " ".join(words)
    keys = ask(
        "list_transform([?, ?, ?, ?], lambda text: address_key(text, null, null, '89027'))",
        *(text, text.upper(), text.lower(), "  " + "   ".join(words) + sign),
    )
    assert len(set(keys)) == 1
    if keys[0] is not None:
        assert keys[0] == keys[0].upper()
        assert "  " not in keys[0]
        assert not keys[0].startswith(" ")
        assert " |" not in keys[0]


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("New York", "NY"),
        ("NY", "NY"),
        ("ny", "NY"),
        (" N.Y. ", "NY"),
        ("oklahoma", "OK"),
        ("TX", "TX"),
        ("West  Virginia", "WV"),
        ("Washington, D.C.", "DC"),
        ("Washington", "WA"),
        ("Calif.", "CA"),
        ("US-NV", "NV"),
        ("Newfoundland", "NL"),
        ("Newfoundland and Labrador", "NL"),
        ("Québec", "QC"),
        ("BC", "BC"),
        ("Puerto Rico", "PR"),
        ("Other", None),
        ("XX", None),
        ("", None),
        (None, None),
    ],
)
def test_a_state_has_two_letters(written: str | None, code: str | None) -> None:
    assert ask("state_code(?)", written) == code


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("46342", "46342"),
        ("46342-4210", "46342"),
        ("463424210", "46342"),
        (" 01001 ", "01001"),
        ("89501.0", "89501"),
        ("1001", None),
        ("00000", None),
        ("89501x", None),
        ("", None),
        (None, None),
        ("A2N 2Z6", "A2N 2Z6"),
        ("t9v1m9", "T9V 1M9"),
        ("T9V-1M9", "T9V 1M9"),
        ("Z9V 1M9", None),
    ],
)
def test_a_postal_code_is_text_of_five_digits_or_canadian(written: str | None, code: str | None) -> None:
    assert ask("postal_code5(?)", written) == code


# A cell, its row's state, and the street, city, state and postal code it is split in.
# fmt: off
SPLITS: list[tuple[str | None, str | None, tuple[str | None, ...]]] = [
    ("150 N. WILLOW ST MESQUITE, NV 89027", "NV", ("150 N. WILLOW ST", "MESQUITE", "NV", "89027")),
    (
        "9859 W. DEER SPRINGS LAS VEGAS, NV 89149",
        "NV",
        ("9859 W. DEER SPRINGS", "LAS VEGAS", "NV", "89149"),
    ),
    (
        "3980 W. ANN RD., STE 1 NORTH LAS VEGAS, NV 89031",
        "NV",
        ("3980 W. ANN RD., STE 1", "NORTH LAS VEGAS", "NV", "89031"),
    ),
    (
        "5 Elm St, N. Las Vegas, Nevada, 89031-1234",
        None,
        ("5 Elm St", "N. Las Vegas", "Nevada", "89031-1234"),
    ),
    ("10 Main St Paul MN 55101", None, ("10 Main", "St Paul", "MN", "55101")),
    (
        "100 Main Street, Charleston, West Virginia 25301",
        None,
        ("100 Main Street", "Charleston", "West Virginia", "25301"),
    ),
    (
        "1600 Pennsylvania Ave NW, Washington, DC 20500",
        None,
        ("1600 Pennsylvania Ave NW", "Washington", "DC", "20500"),
    ),
    ("350 5th Ave New York, NY 10118, USA", None, ("350 5th Ave", "New York", "NY", "10118")),
    ("5 Elm St Reno NV", "NV", ("5 Elm St", "Reno", "NV", None)),
    ("5 Elm St Reno 89501", "NV", ("5 Elm St", "Reno", "NV", "89501")),
    ("5 Elm St Reno", "Nevada", ("5 Elm St", "Reno", "Nevada", None)),
    (
        "219 Hamilton River Road, Happy Valley-Goose Bay, NL A2N 2Z6",
        None,
        ("219 Hamilton River Road", "Happy Valley-Goose Bay", "NL", "A2N 2Z6"),
    ),
    # the same place however its words are written
    ("5 Elm St St. Louis, MO 63101", None, ("5 Elm St", "St. Louis", "MO", "63101")),
    ("5 Elm St St . Louis, MO 63101", None, ("5 Elm St", "St . Louis", "MO", "63101")),
    ("5 Elm St LAS  VEGAS, NV 89101", None, ("5 Elm St", "LAS  VEGAS", "NV", "89101")),
    ("5 Elm St las\tvegas, NV 89101", None, ("5 Elm St", "las\tvegas", "NV", "89101")),
    ("5 Elm St Las-Vegas, NV 89101", None, ("5 Elm St", "Las-Vegas", "NV", "89101")),
    ("5 Elm St Coeur d'Alene, ID 83814", None, ("5 Elm St", "Coeur d'Alene", "ID", "83814")),
    ("5 N. Elm St Ste 4 Montréal, QC H2X 1Y4", None, ("5 N. Elm St Ste 4", "Montréal", "QC", "H2X 1Y4")),
    # the longest place that leaves a street; a number alone is none
    ("12 North Las Vegas, NV 89030", None, ("12 North", "Las Vegas", "NV", "89030")),
    ("12 Elm North Las Vegas, NV 89030", None, ("12 Elm", "North Las Vegas", "NV", "89030")),
    # Reno is a place of Nevada; of Maine it is none, so the suffix decides
    ("5 Elm Blvd West Reno, NV 89501", None, ("5 Elm Blvd West", "Reno", "NV", "89501")),
    ("5 Elm Blvd Old Reno, ME 04001", None, ("5 Elm Blvd", "Old Reno", "ME", "04001")),
    # what may stand at the end
    ("5 Elm St, Reno, NV, 89501, United States of America.", None, ("5 Elm St", "Reno", "NV", "89501")),
    ("5 Elm St, Reno, NV 895011234 U.S.A.", None, ("5 Elm St", "Reno", "NV", "895011234")),
    ("5 Elm St, Reno, Nv, USA", None, ("5 Elm St", "Reno", "Nv", None)),
    ("5 Elm St , Reno , N Carolina . 27501", None, ("5 Elm St", "Reno", "N Carolina", "27501")),
    # places no gazetteer knows
    ("5 Elm St, Nowhere Gulch, NV 89000", "NV", ("5 Elm St", "Nowhere Gulch", "NV", "89000")),
    (
        "5 Elm St. Suite 4 Nowhere Gulch, NV 89000",
        "NV",
        ("5 Elm St. Suite 4", "Nowhere Gulch", "NV", "89000"),
    ),
    ("5 Elm Dr N Nowhere, NV 89000", "NV", ("5 Elm Dr N", "Nowhere", "NV", "89000")),
    # nothing to split at: all text stays in the street
    ("12 Willow Ct", "NV", ("12 Willow Ct", None, "NV", None)),
    ("12 Willow Ct", None, ("12 Willow Ct", None, None, None)),
    ("5 Elm St, Suite A", "NV", ("5 Elm St, Suite A", None, "NV", None)),
    ("Deer Springs 42, NV 89000", "NV", ("Deer Springs 42, NV 89000", None, "NV", "89000")),
    ("LAS VEGAS, NV 89101", "NV", (None, "LAS VEGAS", "NV", "89101")),
    ("  ", "NV", (None, None, "NV", None)),
    (None, None, (None, None, None, None)),
    ('5 O\'Neil "K" St\n Reno, NV 89501', "NV", ('5 O\'Neil "K" St', "Reno", "NV", "89501")),
]
# fmt: on


@pytest.mark.parametrize(("cell", "given_state", "expected"), SPLITS)
def test_one_cell_is_split_as_written(
    cell: str | None, given_state: str | None, expected: tuple[str | None, ...]
) -> None:
    parts = ask("split_address(?, ?)", cell, given_state)
    assert tuple(parts) == ("street", "city", "state", "postal_code")
    assert tuple(parts.values()) == expected


@pytest.mark.parametrize("every", [7, pytest.param(1, marks=pytest.mark.long)])
def test_every_place_of_the_gazetteer_is_found_as_written_and_only_in_its_state(every: int) -> None:
    """The comma leaves the place alone at the end; the row's state is not in the cell, so nothing else finds it."""
    known = {(place[:2], place[3:]) for place in places() if place.count(" ") <= 5}
    # ", Ontario" is taken for the province, also in California
    known = {(state, name) for state, name in known if not any(f" {name}".endswith(f" {end}") for end in states())}
    written = [(state, name.title() if i % 2 else name) for i, (state, name) in enumerate(sorted(known))]
    twice = [(state, name.replace(" ", "  ")) for state, name in written]
    codes = sorted({state for state, _ in known})
    elsewhere = [(codes[i % len(codes)], name) for i, (_, name) in enumerate(written)]
    assert len(written) > 20_000
    for asked in (written[::every], twice[::every], elsewhere[::every]):
        found = connection().execute(
            "select list(split_address('5 Elm Blvd, ' || name, state).city order by i) "
            "from (select unnest(?) as state, unnest(?) as name, unnest(range(?)) as i)",
            [[state for state, _ in asked], [name for _, name in asked], len(asked)],
        )
        cities = found.fetchall()[0][0]
        assert len(cities) == len(asked)
        for (state, name), city in zip(asked, cities, strict=True):
            words = name.split()
            endings = [" ".join(words[at:]) for at in range(len(words))]
            longest = next((end for end in endings if (state, end.upper()) in known), None)
            assert (city and " ".join(city.split())) == longest


def test_very_long_cells_are_split() -> None:
    street = "12 " + "Main " * 5_000 + "St"
    assert ask("split_address(?, 'NV').street", f"{street} Reno, NV 89501") == street


# The cities of the real Nevada list, by its lines: read by eye. All others are LAS VEGAS.
NEVADA_CITIES = {
    "MESQUITE": [0],
    "SPRING CREEK": [4],
    "HENDERSON": [6, 45, 50, 51, 52, 53, 55],
    "CARSON CITY": [7],
    "NORTH LAS VEGAS": [10, 22, 57, 58],
    "BOULDER CITY": [62, 63, 64],
    "LAUGHLIN": [65],
}


@pytest.fixture
def nevada(reference: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as con:
        install_addresses(con)
        file = con.read_csv(str(reference / "leads" / "source1.csv"), all_varchar=True)
        file.to_table("nevada")
        yield con


def test_every_cell_of_the_real_nevada_list_is_split_right(nevada: duckdb.DuckDBPyConnection) -> None:
    rows = nevada.sql("select Address, split_address(Address, State) from nevada order by rowid").fetchall()
    expected = {line: city for city, lines in NEVADA_CITIES.items() for line in lines}
    assert len(rows) == 70
    for line, (cell, parts) in enumerate(rows):
        city = expected.get(line, "LAS VEGAS")
        assert parts["city"] == city
        assert parts["street"] + f" {city}, NV {parts['postal_code']}" == cell
        assert parts["state"] == "NV"


def abroad(street: str | None, code: str | None, city: str | None = "Berlin", country: str = "DE") -> Any:
    return ask("address_key_abroad(?, ?, ?, ?)", street, city, code, country)


@pytest.mark.parametrize(
    ("same", "expected"),
    [
        (("Hauptstraße 5", "HAUPTSTRASSE 5", "Hauptstr. 5", " hauptstrasse  5"), "HAUPTSTR 5|DE 10115"),
        (("Berliner Straße 5", "Berliner Str. 5", "BERLINER STRASSE 5"), "BERLINER ST 5|DE 10115"),
        (("Am Ring 5a", "am ring 5A"), "AM RING 5A|DE 10115"),
    ],
)
def test_a_key_abroad_is_the_street_the_country_and_the_postal_code(same: tuple[str, ...], expected: str) -> None:
    assert {abroad(street, "10115") for street in same} == {expected}


def test_a_key_abroad_takes_a_postal_code_of_any_shape_or_the_city() -> None:
    assert abroad("10 Downing Street", "SW1A 2AA", "London", "GB") == "10 DOWNING ST|GB SW1A2AA"
    assert abroad("10 Downing Street", "sw1a2aa", None, "gb") == "10 DOWNING ST|GB SW1A2AA"
    assert abroad("Damrak 1", "1012 LG", "Amsterdam", "NL") == "DAMRAK 1|NL 1012LG"
    assert abroad("Hauptstraße 5", None, "Köln") == abroad("Hauptstr. 5", " ", "KOLN") == "HAUPTSTR 5|DE KOLN"
    assert abroad("Hauptstraße 5", "10115") != abroad("Hauptstraße 5", "10115", country="AT")
    for street, code, city in (("Hauptstraße 5", None, None), (None, "10115", "Berlin"), ("5", "10115", "Berlin")):
        assert abroad(street, code, city) is None
