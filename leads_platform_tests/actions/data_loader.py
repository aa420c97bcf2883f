"""A reader as strict as Salesforce's Data Loader and the object it loads: what it takes is loaded as it stands.

Belongs here: the rules, written down from Salesforce's documents and RFC 4180 and by no code of the platform's. Does
not: expectations of what is in a file.
"""

from __future__ import annotations

import string
from pathlib import Path

# Object reference, Lead: the longest text of each field. Of the organisation's own fields: Text(255).
LONGEST = {
    "External_Lead_Id__c": 255,
    "LastName": 80,
    "FirstName": 40,
    "Title": 128,
    "Company": 255,
    "Phone": 40,
    "Email": 80,
    "Street": 255,
    "City": 40,
    "State": 80,
    "PostalCode": 20,
    "Country": 80,
    "LeadSource": 255,
    "License_Number__c": 255,
}
REQUIRED = ("External_Lead_Id__c", "LastName", "Company")


def records(text: str) -> list[list[str]]:
    """RFC 4180 with every field in quotes, lines ended by CR LF, and nothing let pass."""
    found: list[list[str]] = []
    at, record = 0, []
    while at < len(text):
        if text[at] != '"':
            raise ValueError(f"a field without quotes at {at}")
        field, at = "", at + 1
        while True:
            end = text.index('"', at)
            field += text[at:end]
            at = end + 1
            if text[at : at + 1] != '"':
                break
            field, at = field + '"', at + 1
        record.append(field)
        if text[at : at + 1] == ",":
            at += 1
        elif text[at : at + 2] == "\r\n":
            found.append(record)
            record, at = [], at + 2
        else:
            raise ValueError(f"something behind a field at {at}")
    if record:
        raise ValueError("the last line has no end")
    return found


def is_address(text: str) -> bool:
    """RFC 5322's dot-atom at a host name of RFC 1123 with a top level domain, all in ASCII."""
    local, at, host = text.partition("@")
    letters, digits = set(string.ascii_letters), set(string.digits)
    atoms, labels = local.split("."), host.split(".")
    return (
        bool(at)
        and all(atom and set(atom) <= letters | digits | set("!#$%&'*+-/=?^_`{|}~") for atom in atoms)
        and all(label and set(label) <= letters | digits | {"-"} for label in labels)
        and not any(label[0] == "-" or label[-1] == "-" for label in labels)
        and len(labels) > 1
        and len(labels[-1]) > 1
        and set(labels[-1]) <= letters
    )


def load(path: Path) -> list[dict[str, str]]:
    """The rows of a file. Raises ValueError where Data Loader or Salesforce would refuse the file or a row of it."""
    content = path.read_bytes()
    if content.startswith(b"\xef\xbb\xbf"):
        raise ValueError("a byte order mark would be a part of the first title")
    header, *lines = records(content.decode("utf-8"))
    if missing := LONGEST.keys() - set(header):
        raise ValueError(f"no column {missing}")
    found = []
    for line in lines:
        if len(line) != len(header):
            raise ValueError(f"{len(line)} fields, the header has {len(header)}")
        row = dict(zip(header, line, strict=True))
        for name, longest in LONGEST.items():
            if len(row[name].encode("utf-16-le")) // 2 > longest:
                raise ValueError(f"{name} is too long")
        if not all(row[name].strip() for name in REQUIRED):
            raise ValueError("a required field is empty")
        if row["Email"] and not is_address(row["Email"]):
            raise ValueError("no e-mail address")
        found.append(row)
    if len({row["External_Lead_Id__c"] for row in found}) < len(found):
        raise ValueError("an external id stands twice")
    return found
