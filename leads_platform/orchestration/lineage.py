"""Which columns a table's columns come from, read off its select with sqlglot.

Belongs here: column lineage as plain names. Does not: Dagster's form of it (assets). Best effort by nature: a
select that sqlglot can't resolve gets no column lineage, and the dependencies between tables still stand.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from sqlglot import exp, parse_one
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import Scope, build_scope

from leads_platform.arrivals.archive.versions import version_columns, versioned
from leads_platform.arrivals.base_table import FILE_COLUMNS
from leads_platform.platform import Platform
from leads_platform.warehouse.catalogue import ARRIVALS
from leads_platform.warehouse.table import Table

LEDGER = "arrivals.files"
Sources = dict[str, set[tuple[str, str]]]
_PATTERN = "__all"  # stands for the * of a pattern while sqlglot reads the select, as * is no part of a name


def column_sources(platform: Platform, table: Table) -> Sources:
    """For each column of `table` the (`room.table` or `arrivals.feed`, column) pairs it is made from.

    A column made from nothing but constants is left out; the whole is empty when the select can't be resolved.
    """
    rooms: dict[str, dict[str, object]] = {}
    reads = (*table.reads, table.address) if table.cumulative else table.reads
    for read in reads:
        room, name = read.split(".", 1)
        if read == LEDGER:  # no declared columns; where it is the only source they are found all the same
            continue
        rooms.setdefault(room, {})[name.replace("*", _PATTERN)] = _columns(platform, read)
    text = re.sub(r"\$\w+", "date '2000-01-01'", table.select)
    for read in table.reads:
        text = text.replace(read.split(".", 1)[1], read.split(".", 1)[1].replace("*", _PATTERN))
    try:
        tree = qualify(
            parse_one(text, dialect="duckdb"), dialect="duckdb", schema=dict(rooms), validate_qualify_columns=False
        )
        scope = build_scope(tree)
    except (SqlglotError, RecursionError):
        return {}
    traced = _trace(scope, {}) if scope else {}
    own = {c.name for c in table.columns}
    return {
        column: expanded
        for column, sources in traced.items()
        if column in own and (expanded := _expanded(platform, sources, table.address))
    }


def _columns(platform: Platform, read: str) -> Mapping[str, str]:
    """The columns a relation has, as far as its declaration tells."""
    if read.startswith(ARRIVALS):
        name = read[len(ARRIVALS) :]
        if (feed := versioned(name, platform.contracts)) is not None:
            return version_columns(platform.contracts[feed])
        contract = platform.contracts.get(name)
        declared = [c.name for c in contract.columns] if contract else ["records"]  # <feed>_counts and the like
        return dict.fromkeys([*(c.name for c in FILE_COLUMNS), *declared], "varchar")
    found = platform.catalogue.matching(read)
    return {c.name: c.type for c in platform.catalogue.tables[found[0]].columns} if found else {"month": "date"}


def _trace(scope: Scope, known: dict[int, Sources]) -> Sources:
    """The sources of each column a scope gives; every scope is worked out once."""
    if id(scope) in known:
        return known[id(scope)]
    known[id(scope)] = {}  # a recursive CTE finds itself empty
    result: Sources = {}
    if scope.set_operation_scopes:
        parts = [_trace(part, known) for part in scope.set_operation_scopes]
        names = list(parts[0])
        for part in parts:
            by_position = not scope.expression.args.get("by_name") and len(part) == len(names)
            for name, sources in zip(names if by_position else list(part), part.values(), strict=True):
                result.setdefault(name, set()).update(sources)
    else:
        for projection in getattr(scope.expression, "selects", []):
            found = result.setdefault(projection.alias_or_name, set())
            for column in projection.find_all(exp.Column):
                found |= _of_column(scope, column, known)
    known[id(scope)] = result
    return result


def _of_column(scope: Scope, column: exp.Column, known: dict[int, Sources]) -> set[tuple[str, str]]:
    for place in (scope, *scope.subquery_scopes):
        source = place.sources.get(column.table)
        if isinstance(source, Scope):
            return _trace(source, known).get(column.name, set())
        if isinstance(source, exp.Table) and source.db:  # `months` is nobody's table
            return {(f"{source.db}.{source.name}", column.name)}
    return set()


def _expanded(platform: Platform, sources: set[tuple[str, str]], own: str) -> set[tuple[str, str]]:
    """The sources with patterns replaced by the tables they match; a cumulative table's own past is no source."""
    found: set[tuple[str, str]] = set()
    for relation, column in sources:
        written = relation.replace(_PATTERN, "*")
        if written == own:
            continue
        if written.startswith(ARRIVALS):
            name = written[len(ARRIVALS) :]
            feed = versioned(name, platform.contracts) or name
            if feed in platform.contracts and column in {c.name for c in platform.contracts[feed].columns}:
                found.add((f"{ARRIVALS}{feed}", column))
            continue
        found |= {(address, column) for address in platform.catalogue.matching(written)}
    return found
