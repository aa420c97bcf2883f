"""Who may import whom, and that the engine knows no room: read from the sources, functions' own imports included."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from leads_platform.dictionary import packaged
from leads_platform.rooms import find_rooms

PACKAGE = Path(__file__).parents[1] / "leads_platform"
MODULES = {
    ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__"): path
    for path in PACKAGE.rglob("*.py")
}
ROOMS = set(find_rooms().by_name)
# Small modules on top that everybody may use: words, months, settings, errors, rights of files.
SMALL = {"environment", "errors", "months", "private", "settings"}
MAY = {
    "contacts": set(),
    "values": set(),
    "warehouse": {"standards"},
    "arrivals": {"contacts", "values", "warehouse"},
    "sample": set(),
    "products": {"warehouse"},
    "actions": {"arrivals", "warehouse"},
    "orchestration": {
        "acting", "actions", "arrivals", "attention", "changes", "digest", "freshness", "outbox", "platform",
        "products", "standards", "warehouse",
    },
    "cli": {
        "acting", "actions", "arrivals", "attention", "changes", "digest", "freshness", "orchestration", "outbox",
        "platform", "products", "room", "rooms", "sample", "trial", "warehouse",
    },
    **{
        room: {"actions", "arrivals", "contacts", "headlines", "products", "room", "sample", "values", "warehouse"}
        for room in ROOMS
    },
}  # fmt: skip
# Of arrivals a room uses what contracts say; what is received and in force comes to it as tables.
OF_ARRIVALS = "leads_platform.arrivals.contracts"


def imports(path: Path) -> Iterator[str]:
    """The platform's modules that a file imports when it runs."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    only_types = [
        node
        for branch in ast.walk(tree)
        if isinstance(branch, ast.If) and isinstance(branch.test, ast.Name) and branch.test.id == "TYPE_CHECKING"
        for node in ast.walk(branch)
    ]
    for node in ast.walk(tree):
        if node in only_types:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in MODULES)
        elif isinstance(node, ast.ImportFrom) and node.module in MODULES:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if inner in MODULES else node.module


def part(module: str) -> str:
    """The room or the module on top that it belongs to."""
    return module.split(".")[1] if "." in module else ""


GRAPH = {name: set(imports(path)) - {name} for name, path in MODULES.items()}


def test_no_modules_import_each_other_in_a_circle() -> None:
    assert len(list(TopologicalSorter(GRAPH).static_order())) == len(MODULES)


@pytest.mark.parametrize("name", sorted(MAY))
def test_a_part_imports_what_lies_below_it(name: str) -> None:
    used = {part(other) for module, others in GRAPH.items() if part(module) == name for other in others}
    assert used - {name, ""} <= MAY[name] | SMALL


def test_a_room_uses_of_arrivals_the_contracts_alone() -> None:
    used = {other for module, others in GRAPH.items() if part(module) in ROOMS for other in others}
    assert {other for other in used if part(other) == "arrivals" and not other.startswith(OF_ARRIVALS)} == set()


def test_of_a_room_its_sample_alone_uses_the_sample_s_world() -> None:
    used = {module for module, others in GRAPH.items() if any(part(other) == "sample" for other in others)}
    assert {module for module in used if part(module) in ROOMS and ".sample." not in module} == set()


def test_the_engine_speaks_of_no_business() -> None:
    words = re.compile(rf"\b(?:{'|'.join(sorted(ROOMS))})\b|lead_list|net_new")
    engine = [
        path
        for name in ("warehouse", "arrivals", "products", "actions", "orchestration", "cli")
        for path in (PACKAGE / name).rglob("*.py")
    ]
    found = [
        f"{path.relative_to(PACKAGE)}:{number}: {line.strip()}"
        for path in [*engine, PACKAGE / "platform.py"]
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if words.search(line)
    ]
    assert found == []


def test_a_table_is_one_file_and_one_screen() -> None:
    lengths = sorted(len(Path(table.source).read_text(encoding="utf-8").splitlines()) for table in find_rooms().tables)
    assert max(lengths) <= 80
    assert lengths[len(lengths) // 2] <= 50


# What a fraction may be: a share or rate, days, or a change against a month before.
_FRACTIONS = re.compile(r"(^|_)(rate|share|conversion|days)(_|$)|_on_(month|year)$")
# Means of money over deals: no sums, and nobody adds them up.
_MEANS = {("funnel.rep_sales_velocity", "mean_value_won"), ("funnel.rep_sales_velocity", "velocity_per_day")}


def test_no_money_is_a_double() -> None:
    """REVENUE.md 4: a cent of a double is not a cent."""
    doubles = {
        (address, column.name)
        for address, table in packaged().catalogue.tables.items()
        for column in table.columns
        if column.type.lower() in ("double", "float", "real")
    }
    assert {(address, name) for address, name in doubles if not _FRACTIONS.search(name)} == _MEANS
