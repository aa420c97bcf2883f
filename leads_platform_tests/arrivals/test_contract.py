"""Contracts: what is refused, on which line, in which words; what the packaged ones declare."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

from leads_platform.arrivals import ContractError, contract_json_schema, load_contract, load_contracts
from leads_platform.arrivals.contracts.limits import is_owner
from leads_platform.arrivals.contracts.load import fold_header, parse_contract
from leads_platform.prospects.lead_list import LeadList
from leads_platform_tests.known import KNOWN
from leads_platform_tests.pins import pinned

FEEDS = Path(__file__).parents[2] / "leads_platform" / "prospects" / "feeds"
GOOD = """\
feed: people
room: prospects
title: People
delivery: snapshot
month: {from: name}
format: {type: csv, delimiter: ","}
key: [id]
columns:
  - {name: id, header: No}
  - {name: born, header: Born, type: date, formats: ["%m/%d/%Y"]}
  - {name: phone, header: Phone, aliases: [Tel], pii: true}
"""


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "people.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("title:", "titel:", 3, "titel: is not a field of a contract; did you mean `title`?"),
        ("title: People\n", "", 1, "title: is missing"),
        ("feed: people", "feed: My-People", 1, "'My-People' must be small letters"),
        ("snapshot", "snapshots", 4, "did you mean `snapshot`?"),
        ("snapshot", "events", 5, "must be `column` for events"),
        ("{from: name}", "{from: column}", 5, "month.column: is missing"),
        ("{from: name}", "{from: column, column: birth}", 5, "`birth` is not one of the columns"),
        ("{from: name}", "{from: name, formats: ['%d']}", 5, "write `from: column`"),
        ("{from: name}", "{column: born}", 5, "write `from: column`"),  # a list's month and a record's: said by `from`
        ("{from: name}", "{from: name, column: birth}", 5, "`birth` is not one of the columns"),
        ("key: [id]", "serves: newest\nkey: [id]", 7, "is only said of a reference; the delivery is snapshot"),
        ("key: [id]", "never_empty: [birth]\nkey: [id]", 7, "never_empty[0]: `birth` is not one of the columns"),
        ("key: [id]", "never_empty: [id]\nkey: [id]", 7, "never_empty[0]: `id` is part of the key"),
        ("key: [id]", "never_empty: [born]", 7, "never_empty: needs a `key`"),
        ("key: [id]", "dated: always\nkey: [id]", 7, "'always' is not possible here"),
        ("name: born", "name: known_on", 10, "`known_on` is what the platform says of a record's version"),
        ("feed: people", "feed: people_versions", 1, "is what the platform notes of files itself"),
        ('delimiter: ","', 'delimiter: "||"', 6, "one ASCII character"),
        ('delimiter: ","', "encoding: utf-9", 6, "not an encoding"),
        ('delimiter: ","', "sheet: A", 6, "only xlsx has sheets"),
        ("[id]", "[ids]", 7, "key[0]: `ids` is not one of the columns; did you mean `id`?"),
        ("[id]", "id", 7, "must be a list; write [id]"),
        ("header: No", "header: 12", 9, "12 is read by YAML as a number, not as text; put it in quotes"),
        ("header: No", "header: no, requird: true", 9, "columns[0].requird"),
        ("name: born", "name: id", 10, "`id` is declared twice"),
        ("name: born", "name: month", 10, "column the platform adds itself"),
        ("type: date", "type: datum", 10, "did you mean `date`?"),
        ("type: date, ", "", 10, "only a date or timestamp has formats"),
        ("%m/%d/%Y", "m/d/Y", 10, "`m/d/Y` is not a date format"),
        ("[Tel]", "[' NO ']", 11, "already stands for `id`"),
        ("key: [id]", "key: [id]\nkey: [phone]", 8, "is given twice"),
        ("key: [id]", "version_from: nr\nkey: [id]", 7, "version_from: `nr`"),
        ("key: [id]", "part_pattern: 'part'\nkey: [id]", 7, "exactly one group"),
        ("key: [id]", "leads: {phone: phone}\nkey: [id]", 7, "is a field of kind lead_list only"),
        ("key: [id]", "kind: lead_list\nleads: {fone: phone}\nkey: [id]", 8, "did you mean `phone`?"),
        (
            "key: [id]",
            "kind: lead_list\nleads: {capacity: id}\nkey: [id]",
            8,
            "needs a column of type integer",
        ),
        (
            "key: [id]",
            "kind: lead_list\nleads: {email: {column: id, extract: '(?=x)(y)'}}\nkey: [id]",
            8,
            "look-around",
        ),
        ("key: [id]", "key: [id", 8, "is not valid YAML"),
    ],
)
def test_errors_name_file_line_and_field(old: str, new: str, line: int, words: str, tmp_path: Path) -> None:
    assert old in GOOD
    path = write(tmp_path, GOOD.replace(old, new, 1))
    with pytest.raises(ContractError) as raised:
        load_contract(path, KNOWN)
    said = [text for text in str(raised.value).splitlines() if words in text]
    assert said, str(raised.value)
    assert said[0].startswith(f"{path}, line {line}: ")


LISTED = "kind: lead_list\nleads: {%s}\nkey: [id]"


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ('delimiter: ","', "header_row: 0", 6, "format.header_row: input should be greater than or equal to 1"),
        ('{type: csv, delimiter: ","}', "{type: parquet, header_row: 2}", 6, "only csv and xlsx have lines above"),
        ("{from: name}", '{pattern: "%B"}', 5, "month.pattern: `%B` must name a month (%B, %b or %m) and a year"),
        ("{from: name}", '{pattern: "%B %m %Y"}', 5, "must name a month"),
        ("{from: name}", '{pattern: "%Y-%m-%Y"}', 5, "names a part twice"),
        ("{from: name}", '{pattern: "%A %Y"}', 5, "`%A` is none of %B, %b, %m, %Y, %y and %d"),
        ("{from: name}", '{from: column, column: born, pattern: "%B %Y"}', 5, "the month comes from a column"),
        ("{from: name}", '{from: column, column: born, pattern: "%A %Y"}', 5, "`%A` is none of %B"),
        ("{from: name}", '{from: name, column: born, pattern: "%B"}', 5, "month.pattern: `%B` must name a month"),
        ("key: [id]", "source_timezone: America/Chigaco\nkey: [id]", 7, "`America/Chigaco` is no time zone"),
        ("key: [id]", "source_timezone: localtime\nkey: [id]", 7, "another zone on each machine"),
        ("key: [id]", "constants: {phone: x}\nkey: [id]", 7, "constants.phone: is a column that the file sends"),
        ("key: [id]", "constants: {tel: x}\nkey: [id]", 7, "constants.tel: is a column that the file sends"),
        ("key: [id]", "constants: {line: x}\nkey: [id]", 7, "is a column the platform adds itself"),
        ("key: [id]", "constants: {zip: 1001}\nkey: [id]", 7, "1001 is read by YAML as a number, not as text"),
        ("key: [id]", "constants: {zip: ' '}\nkey: [id]", 7, "constants.zip: is blank; give the value"),
        ("key: [id]", "constants: {zip: ''}\nkey: [id]", 7, "at least 1 character"),
        ("key: [id]", "money: uk\nkey: [id]", 7, "'uk' is not possible here; it is one of 'us' or 'eu'"),
        ("key: [id]", "entity_kind: firm\nkey: [id]", 7, "it is one of 'site' or 'person'"),
        (
            'type: date, formats: ["%m/%d/%Y"]',
            "type: money, formats: ['%Y']",
            10,
            "only a date or timestamp has formats",
        ),
        ('["%m/%d/%Y"]', '[epoch_s, "%Y"]', 10, "columns[1].formats: `epoch_s` stands alone"),
        ('["%m/%d/%Y"]', "[epoch_us]", 10, "`epoch_us` is not a date format"),
        ("key: [id]", LISTED % "phones: [phone, mobile]", 8, "`mobile` is not one of the columns"),
        ("key: [id]", LISTED % "phones: [phone, phone]", 8, "leads.phones: names a column twice"),
        ("key: [id]", LISTED % "phones: []", 8, "leads.phones"),
        ("key: [id]", LISTED % "phones: [phone, id], phone: id", 8, "stands for `phone`; map one or the other"),
        ("key: [id]", LISTED % "email: [phone, id]", 8, "takes one column; several are for `phones` only"),
        ("key: [id]", LISTED % "phones: {column: phone, extract: '(x)'}", 8, "takes whole cells; leave `extract` out"),
        ("key: [id]", LISTED % "phones: {column: id, then: [phone], extract: '(x)'}", 8, "leave `extract` out"),
        ("key: [id]", LISTED % "street: id, city: id, postal_code: id", 8, "state missing; map them, or `address`"),
        ("key: [id]", LISTED % "street: id, city: id, postal_code: id", 8, "can be one of `constants`"),
    ],
)
def test_what_suppliers_do_is_said_in_full_or_refused(
    old: str, new: str, line: int, words: str, tmp_path: Path
) -> None:
    assert old in GOOD
    path = write(tmp_path, GOOD.replace(old, new, 1))
    with pytest.raises(ContractError) as raised:
        load_contract(path, KNOWN)
    said = [text for text in str(raised.value).splitlines() if words in text]
    assert said and said[0].startswith(f"{path}, line {line}: "), str(raised.value)


ABROAD = """\
feed: kitas
room: prospects
kind: lead_list
title: Kitas
delivery: snapshot
phone_region: DE
key: [no]
columns:
  - {name: "no", header: Nr}
  - {name: firma, header: Firma}
  - {name: strasse, header: Straße}
  - {name: plz, header: PLZ}
  - {name: ort, header: Ort}
  - {name: tel, header: Tel}
  - {name: mobil, header: Mobil}
leads: {source_id: "no", company_name: firma, street: strasse, postal_code: plz, city: ort, phones: [tel, mobil]}
"""


def test_a_list_of_another_country_needs_no_state(tmp_path: Path) -> None:
    contract = load_contract(write(tmp_path, ABROAD), KNOWN)
    assert isinstance(contract, LeadList)
    assert (contract.phone_columns(), contract.entity, contract.is_abroad) == (("tel", "mobil"), "site", True)
    with pytest.raises(ContractError, match="state missing"):
        load_contract(write(tmp_path, ABROAD.replace("phone_region: DE", "phone_region: CA")), KNOWN)
    stated = load_contract(write(tmp_path, ABROAD.replace("key:", "entity_kind: person\nkey:")), KNOWN)
    assert stated.entity == "person"


def test_a_constant_has_no_name_of_a_version(tmp_path: Path) -> None:
    text = ABROAD.replace("key:", "constants: {known_on: today}\nkey:")
    with pytest.raises(ContractError, match="`known_on` is what the platform says of a record's version"):
        load_contract(write(tmp_path, text), KNOWN)


def test_a_lead_list_holds_the_leads_of_its_own_month(tmp_path: Path) -> None:
    text = ABROAD.replace("key:", "month: {from: name, column: seit}\nkey:")
    text = text.replace("leads:", "  - {name: seit, header: Seit, type: date}\nleads:")
    with pytest.raises(ContractError, match="must be `name` alone, or `column`: a lead list counts its leads"):
        load_contract(write(tmp_path, text), KNOWN)


def test_a_contract_of_before_keeps_its_hash() -> None:
    """What today's contracts do not say is no part of what they are."""
    contracts = load_contracts([FEEDS], KNOWN)
    assert {feed: contract.hash()[:16] for feed, contract in contracts.items()} == {
        feed: said for feed, said in pinned("contracts").items() if feed in contracts
    }


LEADS = "kind: lead_list\nleads: {email: {column: id, extract: '%s'}}\nkey: [id]"


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        (
            "delivery:",
            "owner: Pat\ndelivery:",
            4,
            "owner: `Pat` is neither an e-mail address nor a team; write `team:Pat`",
        ),
        ("delivery:", "owner: Pat Lee\ndelivery:", 4, "write `team:sales`"),
        ("delivery:", "owner: 'team:'\ndelivery:", 4, "neither an e-mail address nor a team"),
        ("delivery:", "phone_region: UK\ndelivery:", 4, "`UK` is no region of phone numbers; did you mean `GB`?"),
        ("delivery:", "phone_region: ZZ\ndelivery:", 4, "as in ISO 3166"),
        ("delivery:", "phone_region: us\ndelivery:", 4, "'us' must be a country's two capital letters"),
        ("{from: name}", "{from: column, column: born, timezone: localtime}", 5, "another zone on each machine"),
        ("feed: people", "feed: files", 1, "choose another name"),
        ("feed: people", "feed: people_counts", 1, "choose another name"),
        ("key: [id]", LEADS % "(a++)", 8, "`++` is not in DuckDB's regular expressions"),
        ("key: [id]", LEADS % "(a)(?#x)", 8, "`(?` is not in DuckDB's"),
        ("key: [id]", LEADS % r"(a)\Z", 8, "is not in DuckDB's"),
        ("key: [id]", LEADS % "(a{1001})", 8, "is not in DuckDB's"),
    ],
)
def test_what_others_would_refuse_later_is_refused_at_once(
    old: str, new: str, line: int, words: str, tmp_path: Path
) -> None:
    """Found in use, 10: `check` took it, and Dagster or DuckDB ended every run as a fault of the program."""
    assert old in GOOD
    path = write(tmp_path, GOOD.replace(old, new, 1))
    with pytest.raises(ContractError) as raised:
        load_contract(path, KNOWN)
    said = [text for text in str(raised.value).splitlines() if words in text]
    assert said and said[0].startswith(f"{path}, line {line}: "), str(raised.value)


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        (
            "title: People",
            "title: Nursery: list",
            3,
            'a second colon in the value; put the value in quotes: title: "Nursery: list"',
        ),
        ("title: People", "\ttitle: People", 3, "there is a tab; YAML is indented by spaces"),
        ("delivery:", "  delivery:", 4, "is it indented as its neighbours"),
        ("title: People", "title People", 4, "the line before has no colon"),
        (
            '["%m/%d/%Y"]',
            "[%m/%d/%Y]",
            10,
            "a value begins with %, which means something else in YAML; put the value in quotes",
        ),
        ("title: People", "title: @People", 3, "a value begins with @"),
        ("title: People", "title: !x People", 3, "a value begins with !"),
        ("header: Phone", "header: 'Phone", 12, "the quote that opens in line 11 is never closed"),
        ("title: People", 'title: "People', 6, "is every quote above it closed?"),
        ("key: [id]", "key: [id", 8, "the bracket that opens in line 7 is not closed"),
        ("title: People", 'title: "\\d"', 3, "use single quotes"),
        ("title: People", "title: &a [*a]", 1, "an anchor (&) holds itself"),
        ("title: People", "title: Peo\x07ple", 3, "a control character"),
        ("key: [id]", "? [id]\n: x", 7, "is not valid YAML"),
        ("title: People", "---\ntitle: People", 3, "a file holds one contract"),
    ],
)
def test_broken_yaml_is_told_in_words_of_its_own(old: str, new: str, line: int, words: str, tmp_path: Path) -> None:
    """Found in use, 10: a tab or a second colon was told in the parser's words; a tag, as a fault of the program."""
    assert old in GOOD
    path = write(tmp_path, GOOD.replace(old, new, 1))
    with pytest.raises(ContractError) as raised:
        load_contract(path, KNOWN)
    assert words in str(raised.value)
    assert str(raised.value).startswith(f"{path}, line {line}: ")


def test_owners_are_judged_as_dagster_judges_them() -> None:
    """Found in use, 10: the rule stands here, as this room knows no Dagster; the two must agree."""
    from dagster._core.definitions.utils import is_valid_owner

    owners = [
        *("Pat", "team:", "team:x", "team: x y", "Team:x", "team:\n", ""),
        *("pat@example.org", "pat@example", "a@b.co", "a b@c.org", "@x.org", "pat@example.org ", "x@y.org\n"),
        *("pat@sub.example.museum", "pat@x.abcdefgh"),
    ]
    assert [is_owner(owner) for owner in owners] == [is_valid_owner(owner) for owner in owners]


def test_a_contract_that_was_obeyed_is_not_held_against_later_rules() -> None:
    """Found in use, 10: a kept copy declares its tables as they were built, whatever rule has come since."""
    text = GOOD.replace("delivery:", "owner: Pat\nphone_region: UK\ndelivery:").encode()
    kept = parse_contract(Path("people.yaml"), text, KNOWN, was_in_force=True)
    assert (kept.owner, kept.known_owner, kept.phone_region) == ("Pat", "", "UK")


def test_hash_is_of_what_is_said(tmp_path: Path) -> None:
    first = load_contract(write(tmp_path, GOOD), KNOWN).hash()
    lines = GOOD.splitlines()
    reordered = "\n".join(["# a comment", *lines[1:7], lines[0], "parts: one", *lines[7:]])
    assert load_contract(write(tmp_path, reordered), KNOWN).hash() == first
    assert load_contract(write(tmp_path, GOOD.replace("Tel", "Fon")), KNOWN).hash() != first


def test_a_feed_is_declared_once(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(GOOD)
    (tmp_path / "yours.yaml").write_text(GOOD)
    with pytest.raises(ContractError, match=r"yours.yaml, line 1: feed: `people` is already declared in .*mine.yaml"):
        load_contracts([FEEDS, tmp_path], KNOWN)
    (tmp_path / "yours.yaml").unlink()
    (tmp_path / "mine.yaml").write_text(GOOD.replace("feed: people", "feed: leads_nv_licensing"))
    with pytest.raises(ContractError, match=r"makes the table prospects\.base_leads_nv_licensing"):
        load_contracts([FEEDS, tmp_path], KNOWN)
    (tmp_path / "mine.yaml").write_text(GOOD)
    assert "people" in load_contracts([FEEDS, tmp_path, tmp_path / "none"], KNOWN)


def test_a_users_contract_replaces_the_packaged_one(tmp_path: Path) -> None:
    """Incident: an installed user could not give a supplier's renamed column its alias."""
    (tmp_path / "nv.yaml").write_text(GOOD.replace("feed: people", "feed: nv_licensing"))
    assert load_contracts([FEEDS, tmp_path], KNOWN)["nv_licensing"].path == tmp_path / "nv.yaml"


def test_packaged_contracts_declare_every_real_column(reference: Path) -> None:
    contracts = load_contracts([FEEDS], KNOWN)
    files = {
        "nv_licensing": "source1",
        "ok_licensing": "source2",
        "tx_licensing": "source3",
        "salesforce_leads": "salesforce_leads",
    }
    for feed, file in files.items():
        with (reference / "leads" / f"{file}.csv").open(encoding="utf-8", newline="") as text:
            assert [column.header for column in contracts[feed].columns] == next(csv.reader(text))
        assert all(column.description for column in contracts[feed].columns)
        assert {c.name for c in contracts[feed].columns if "phone" in c.name} == {
            c.name for c in contracts[feed].columns if c.pii and "phone" in c.name
        }


def test_contact_of_oklahoma_is_first_and_last_line() -> None:
    contract = load_contracts([FEEDS], KNOWN)["ok_licensing"]
    assert isinstance(contract, LeadList)
    leads = contract.leads
    cell = "Ann Lee\r\n \r\n Primary Caregiver"
    found = {name: re.search(leads[name].extract or "", cell) for name in ("contact_name", "contact_title")}
    assert {name: match and match[1] for name, match in found.items()} == {
        "contact_name": "Ann Lee",
        "contact_title": "Primary Caregiver",
    }
    assert re.search(leads["contact_title"].extract or "", "Ann Lee") is None


def test_accepts_names_in_any_case_and_unicode_form() -> None:
    contract = load_contracts([FEEDS], KNOWN)["nv_licensing"]
    assert contract.accepts("NV 2024-05.CSV")
    assert contract.accepts("café.csv.gz")
    assert not contract.accepts("notes.txt")


def test_schema_names_every_field() -> None:
    schema = contract_json_schema(KNOWN)
    plain, leads = (schema["$defs"][name]["properties"] for name in ("FeedContract", "LeadList"))
    assert {"feed", "month", "columns"} <= set(plain)
    assert set(leads) - set(plain) == {"leads"}
    assert "from" in schema["$defs"]["MonthRule"]["properties"]


def test_headers_are_compared_without_case_and_spacing() -> None:
    assert fold_header(" Phone\u00a0 NUMBER\n") == fold_header("phone number")
