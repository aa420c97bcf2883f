"""DuckDB's types and values as PostgreSQL's.

Belongs here: which type a column gets, and the expression that writes its values for `copy`. Does not: writing them
(postgres).
"""

from __future__ import annotations

from leads_platform.warehouse.sql import identifier

# DuckDB's types as PostgreSQL's. Decimals, lists and enums are put together; what is none of these becomes json.
_TYPES = {
    "BOOLEAN": "boolean",
    "TINYINT": "smallint",
    "UTINYINT": "smallint",
    "SMALLINT": "smallint",
    "USMALLINT": "integer",
    "INTEGER": "integer",
    "UINTEGER": "bigint",
    "BIGINT": "bigint",
    "UBIGINT": "numeric(20)",
    "HUGEINT": "numeric(39)",
    "UHUGEINT": "numeric(39)",
    "FLOAT": "real",
    "DOUBLE": "double precision",
    "VARCHAR": "text",
    "BLOB": "bytea",
    "UUID": "uuid",
    "DATE": "date",
    "TIME": "time",
    "INTERVAL": "interval",
    "TIMESTAMP": "timestamp",
    "TIMESTAMP_S": "timestamp",
    "TIMESTAMP_MS": "timestamp",
    "TIMESTAMP_NS": "timestamp",
    "TIMESTAMP WITH TIME ZONE": "timestamptz",
}

# What stands for a character in the text format of `copy`, the backslash first.
_ESCAPES = {"chr(0)": "", r"'\'": r"\\", "chr(10)": r"\n", "chr(13)": r"\r", "chr(9)": r"\t"}


def pg_type(kind: str) -> str:
    """DuckDB's type (`DECIMAL(18,2)`, `VARCHAR[]`) as PostgreSQL's."""
    inner = kind.removesuffix("[]")
    if inner.endswith("]"):  # lists of lists may differ in length, which arrays can't
        return "json"
    if inner.startswith("DECIMAL("):
        found = f"numeric{inner.removeprefix('DECIMAL')}"
    else:
        found = "text" if inner.startswith("ENUM(") else _TYPES.get(inner, "json")
    return found if inner == kind or found == "json" else f"{found}[]"


def text_of(column: str, kind: str) -> str:
    """The SQL expression that gives a column's value as `copy` reads it in its text format.

    A text's NUL characters are left out, as PostgreSQL's text can't hold one.
    """
    name, theirs = identifier(column), pg_type(kind)
    if theirs.endswith("[]"):
        quoted = r"""'"' || replace(replace(x::varchar, '\', '\\'), '"', '\"') || '"'"""
        items = f"list_transform({name}, lambda x: case when x is null then 'NULL' else {quoted} end)"
        text = f"'{{' || array_to_string({items}, ',') || '}}'"
    elif theirs == "json":
        text = f"to_json({name})::varchar"
    elif theirs == "bytea":
        text = rf"'\x' || hex({name})"
    else:
        text = f"{name}::varchar"
    if theirs in ("text", "json", "bytea") or theirs.endswith("[]"):
        for character, escaped in _ESCAPES.items():
            text = f"replace({text}, {character}, '{escaped}')"
    return rf"coalesce({text}, '\N')"
