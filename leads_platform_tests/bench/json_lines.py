"""The case `jsonl`: JSON Lines of twenty fields taken in, and raw DuckDB's `read_json` of the same file.

Belongs here: the file, the contract it fits, both sides of the case. Does not: telling of it (cases).
"""

from __future__ import annotations

import os
from pathlib import Path

import duckdb

from leads_platform.arrivals.contracts.load import parse_contract
from leads_platform.arrivals.landing import look
from leads_platform.arrivals.receive import Arrivals
from leads_platform.warehouse.sql import literal
from leads_platform_tests.bench.clock import Clock
from leads_platform_tests.bench.ours import settings_at

_FEED = "messages"
# Key, and what makes it of the record's number: as an API of messages tells them, with money that DuckDB would rewrite.
_FIELDS = {
    "id": "i",
    "name": "concat('Ann Quill ', i)",
    "phone": "concat('702-555-', lpad((i % 10000)::varchar, 4, '0'))",
    "city": "'LAS VEGAS'",
    "state": "'NV'",
    "zip": "(89000 + i % 900)::varchar",
    "amount": "i * 7",
    "price": "(i * 0.37)::decimal(18, 2)",
    "active": "i % 2 = 0",
    "created_at": "strftime(timestamp '2024-05-01' + (i % 43200) * interval 1 minute, '%Y-%m-%dT%H:%M:%SZ')",
    "fax": "null",
    "source": "['web', 'phone', 'fair'][1 + i % 3]",
    "stage": "i % 9",
    "note": "concat('some longer text about the person ', i)",
    "additional": "{'message': {'id': concat('m', i), 'kind': 'sms'}}",
    "tags": "[i % 7, i % 11]",
    "reference": "concat('x', i)",
    "lat": "36.1 + (i % 90000) / 100000.0",
    "lon": "-115.2 + (i % 90000) / 100000.0",
    "timezone": "'America/Los_Angeles'",
}
_TYPES = {"amount": "integer", "price": "decimal", "active": "boolean", "created_at": "timestamp", "lat": "decimal"}


def make(work: Path, file: str, rows: int) -> dict:
    """The task of making the file."""
    fields = ", ".join(f"{made} as {key}" for key, made in _FIELDS.items())
    con = duckdb.connect()
    con.execute(f"copy (select {fields} from range({rows}) as numbered(i)) to {literal(file)} (format json)")
    return {"seconds": []}


def raw(work: Path, file: str) -> dict:
    """Reads the file, pinned and all text, and writes it as Parquet, compressed as the platform does."""
    columns = ", ".join(f"'{key}': 'varchar'" for key in _FIELDS)
    con = duckdb.connect()
    clock = Clock()
    con.execute(
        f"copy (from read_json({literal(file)}, format = 'newline_delimited', columns = {{{columns}}})) "
        f"to {literal(str(work / 'raw.parquet'))} (format parquet, compression snappy)"
    )
    return {"seconds": [clock.lap()]}


def ours(work: Path, file: str, rows: int) -> dict:
    """`Arrivals.receive`: copy, fingerprint, count, read, account, archive, manifest."""
    settings = settings_at(work)
    path = settings.landing / _FEED / f"{_FEED}_2024-05.jsonl"
    path.parent.mkdir(parents=True)
    os.link(file, path)
    contract = parse_contract(Path(f"{_FEED}.yaml"), _contract().encode())
    settings.archive.mkdir(parents=True)
    arrivals = Arrivals(settings, {_FEED: contract})
    [landed] = look(settings.landing, [_FEED])
    clock = Clock()
    manifest = arrivals.receive(landed)
    taken = clock.lap()
    if manifest is None or manifest.loaded != rows or manifest.notes:
        raise AssertionError(f"{rows} rows were delivered: {manifest.message if manifest else arrivals.problems}")
    return {"seconds": [taken]}


def _contract() -> str:
    plain = [key for key in _FIELDS if key != "additional"]
    columns = [f"{{name: {key}, type: {_TYPES.get(key, 'text')}}}" for key in plain]
    columns += [f"{{name: message_{key}, path: additional.message.{key}}}" for key in ("id", "kind")]
    return (
        f"feed: {_FEED}\nroom: prospects\ntitle: Messages\ndelivery: snapshot\nkey: [id]\n"
        f'files: ["*.jsonl"]\nformat: {{type: jsonl}}\ncolumns: [{", ".join(columns)}]\n'
    )
