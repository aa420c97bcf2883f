"""The generated part of the docs: `python -m leads_platform.dictionary docs` writes them from the declarations.

Belongs here: the data dictionary and the contract's JSON schema, as text that depends on the code alone. Does not:
docs that people write, or anything of one installation (its own feeds, its files).
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable
from itertools import groupby
from pathlib import Path
from typing import Any

from leads_platform.arrivals.contracts.group import group_json_schema
from leads_platform.arrivals.contracts.load import FeedContract, contract_json_schema
from leads_platform.platform import Platform, load_platform
from leads_platform.rooms import find_rooms
from leads_platform.settings import Settings
from leads_platform.warehouse.catalogue import Reach
from leads_platform.warehouse.table import Table

_LAYERS = {
    "base": "a month's records as they came",
    "stg": "typed, standardised, one row per key of the feed",
    "int": "steps between",
    "dim": "as of the end of each month",
    "fct": "what happened in a month",
    "rep": "numbers for people",
}
_HEAD = """\
# Data dictionary

Generated from the tables' declarations and the packaged feed contracts by `make docs`. Don't edit it.

Every table has a `month`: the business month, as its first day. Its name's first part is its layer:
{layers}.

Every table is audited before it is committed. A *blocking* check rolls the build back, and the former rows stay.
A *warning* lets the rows in and is shown in `leads-platform status` and in the Dagster UI.
"""


def write_docs(folder: Path) -> list[Path]:
    """Writes data-dictionary.md and feed-contract.schema.json; returns the two paths."""
    folder.mkdir(parents=True, exist_ok=True)
    written = {
        folder / "data-dictionary.md": data_dictionary(packaged()),
        folder / "feed-contract.schema.json": contract_schema(),
        **{folder / f"{name}.schema.json": text for name, text in group_schemas().items()},
    }
    for path, text in written.items():
        path.write_text(text, encoding="utf-8")
    return list(written)


def packaged() -> Platform:
    """The platform as the package has it, whatever the environment and the user's own feeds."""
    return load_platform(Settings(data=Path("/nonexistent")))


def group_schemas() -> dict[str, str]:
    """The JSON schema of each kind of file that makes several feeds, as text, by the folder of such files."""
    groups = find_rooms().known.groups
    return {name: _as_text(group_json_schema(model)) for name, (_, model) in groups.items()}


def contract_schema() -> str:
    """The JSON schema of a feed contract, as text."""
    return _as_text(contract_json_schema(find_rooms().known))


def _as_text(schema: dict[str, Any]) -> str:
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def data_dictionary(platform: Platform) -> str:
    """The data dictionary as Markdown: feeds, then every table by room, in the order in which they build."""
    layers = "\n".join(f"`{name}_` {says}," for name, says in _LAYERS.items()).removesuffix(",")
    tables = sorted(platform.catalogue.tables.values(), key=lambda table: table.room)
    parts = [_HEAD.format(layers=layers), _feeds(platform.contracts.values()), _contents(tables)]
    for room, of_room in groupby(tables, key=lambda table: table.room):
        parts.append(f"## Room `{room}`\n\n{platform.rooms.by_name[room].says}\n")
        parts += [_table(platform, table) for table in of_room]
    return "\n".join(parts)


def _feeds(contracts: Iterable[FeedContract]) -> str:
    rows = [
        (
            f"`{c.feed}`",
            c.title,
            c.delivery,
            c.entity,
            ", ".join(f"`{name}`" for name in c.key),
            f"`{c.room}.{c.base_table}`",
        )
        for c in contracts
    ]
    return "## Feeds\n\n" + _grid(("Feed", "What it is", "Delivery", "Stands for", "Key", "Arrives in"), rows)


def _contents(tables: Iterable[Table]) -> str:
    rows = [
        (
            f"[`{t.address}`](#{_anchor(t)})",
            t.layer,
            _grain(t),
            _sentence(t.says),
        )
        for t in tables
    ]
    return "## Tables\n\n" + _grid(("Table", "Layer", "Grain", "What it says"), rows)


def _table(platform: Platform, table: Table) -> str:
    columns = [(f"`{c.name}`", c.type, "personal" if c.pii else "", c.says) for c in table.columns]
    checks = [
        (f"`{audit.name}`", "blocking" if blocking else "warning", audit.says) for audit, blocking in table.audits
    ]
    facts = [
        f"- Grain: {_grain(table)}",
        f"- Layer: `{table.layer}_`, {_LAYERS[table.layer]}",
        f"- Owner: {table.owner}",
        f"- Reads: {_reads(platform, table)}",
        f"- Read by: {_links(platform, _readers(platform, table)) or 'no table'}",
    ]
    if table.feed:
        facts.append(f"- Generated from the contract `feeds/{table.feed}.yaml`")
    if table.cumulative:
        facts.append("- Built month by month, each from the months before it")
    lines = [f"### `{table.address}`", "", table.says, "", *facts, ""]
    lines += [_grid(("Column", "Type", "Data", "Meaning"), columns), _grid(("Check", "Kind", "Meaning"), checks)]
    return "\n".join(lines)


def _grain(table: Table) -> str:
    return ", ".join(f"`{key}`{' (null is a value)' * (key in table.nullable)}" for key in ("month", *table.grain))


def _reads(platform: Platform, table: Table) -> str:
    inputs = platform.catalogue.inputs(table.address)
    archived = [read for read in inputs if read not in platform.catalogue.tables]
    feeds = sorted({re.sub("_(counts|vanished|versions)$", "", read) for read in archived})
    reads = [f"`{feed}` (the archive)" for feed in feeds]
    reads += [
        f"{_links(platform, [read])}{_of_months(inputs[read])}"
        for read in sorted(platform.catalogue.upstream(table.address))
    ]
    return ", ".join(reads)


def _of_months(reach: Reach) -> str:
    """Which months it reads beside its own, in brackets."""
    before = "all months up to this one" if reach.history else ""
    many = "all months" if reach.ahead == "all" else "the month" if reach.ahead == 1 else f"{reach.ahead} months"
    after = f"{many} after it" if reach.ahead else ""
    said = " and ".join(part for part in (before, after) if part)
    return f" ({said})" if said else ""


def _readers(platform: Platform, table: Table) -> list[str]:
    catalogue = platform.catalogue
    return sorted(address for address in catalogue.tables if table.address in catalogue.upstream(address))


def _links(platform: Platform, addresses: Iterable[str]) -> str:
    return ", ".join(f"[`{a}`](#{_anchor(platform.catalogue.tables[a])})" for a in addresses)


def _sentence(text: str) -> str:
    """The first sentence."""
    return text.split(". ", 1)[0].removesuffix(".") + "."


def _anchor(table: Table) -> str:
    """GitHub's anchor of a heading: without dots and code marks."""
    return table.address.replace(".", "")


def _grid(titles: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [titles, tuple("---" for _ in titles), *rows]
    return "".join("| " + " | ".join(map(_cell, line)) + " |\n" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    for path in write_docs(Path(sys.argv[1] if len(sys.argv) > 1 else "docs")):
        print(f"Wrote {path}")
