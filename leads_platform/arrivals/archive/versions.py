"""Every version of each keyed record, with the day on which one could know it: `arrivals.<feed>_versions`.

Belongs here: which files tell of a month's versions, the select that works them out, and its columns. Does not: which
version counts now (snapshot, extract, events, reference), or what a file's name says (landing).

A *telling* is a file that counts, under one name: the same bytes under another name are another telling of the same
records. Tellings, and of events their records, stand in an order that each of them states itself, never in that of
arrival: `known_on`, `known_at`, name, bytes. Along it a key's record is told, told again, told otherwise, or, where a
delivery is the truth for a span, left out. What is told again unchanged is one version. A telling without a date says
nothing where the same bytes have one with a date.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Container, Iterable
from datetime import date

from leads_platform.arrivals.archive.slots import Entry, FeedState, month_key
from leads_platform.arrivals.contracts.load import FeedContract
from leads_platform.arrivals.contracts.typed import moment_of
from leads_platform.arrivals.landing import parse_file_name
from leads_platform.months import parse_month
from leads_platform.warehouse import sql

FileOf = Callable[[Entry, str], str]
"""An entry and an SQL expression for the month: a select of the archived file, `_rank` being the receipt."""
_TELLING = {
    "_rank": "bigint",
    "_slot": "date",
    "part": "varchar",
    "file_name": "varchar",
    "file_date": "date",
    "file_sha256": "varchar",
    "_named_on": "date",
    "_named_at": "timestamp",
}
_NEVER = 2**63 - 1
# Blanks of any kind, or a list or mapping of JSON with nothing in it.
_EMPTY = r"[\s\p{Z}\x{85}\x{feff}]*(\[[\s\p{Z}]*\]|\{[\s\p{Z}]*\})?[\s\p{Z}\x{85}\x{feff}]*"
VERSIONS = "_versions"


def versioned(relation: str, feeds: Container[str]) -> str | None:
    """The feed whose versions `arrivals.<relation>` gives; None where it gives something else."""
    feed = relation.removesuffix(VERSIONS)
    # A feed may be called so itself, since before there were versions.
    return feed if feed != relation and feed in feeds and relation not in feeds else None


def version_columns(contract: FeedContract) -> dict[str, str]:
    """The columns of `arrivals.<feed>_versions`, with their types.

    `known_on`: the date behind `as_of_` in the file's name, or the name's only day, else the maximum of the contract's
    `version_from` as a day; null where neither is there. `known_at`: the instant behind `as_of_`, else the record's own
    `version_from`, where that is a timestamp. `last_told_at`: the last date in an unbroken row under which the same was
    told. `is_gone`: the record was left out, or went to another month; only the key is filled, and the file is the one
    that tells it. `version_number` counts a key's versions within the month, or list, from 1. `slot_month`, where
    records have other months than their list: the list's.
    """
    times = {"record_at": "timestamp", "record_local_at": "timestamp"} if contract.month.column else {}
    return {
        "month": "date",
        "known_on": "date",
        "known_at": "timestamp",
        "last_told_at": "date",
        "is_gone": "boolean",
        "version_number": "bigint",
        **({"slot_month": "date"} if contract.names_the_list else {}),
        "file_name": "varchar",
        "file_date": "date",
        "file_sha256": "varchar",
        "part": "varchar",
        "line": "bigint",
        **times,
        **{column.name: "varchar" for column in contract.columns},
        **dict.fromkeys(contract.constants, "varchar"),
    }


def versions_print(state: FeedState, month: date, opened: date) -> str | None:
    """Changes when the month's versions change; None where it can have none. The same in any order of arrival.

    `opened` is the platform's first month. The contract is a part of it, as a table that reads versions has none.
    """
    delivered = state.contract.delivered
    if delivered.is_monthly or delivered.is_partial:
        entries = state.tellers(month, month)
        held = any(month_key(month) in entry.manifest.months for entry in entries)
        return _print(state, entries, opened) if held else None
    # Each file tells of all months: the same for every one of them.
    held = state.once("months held", lambda: {m for e in state.tellers(month, month) for m in ("", *e.manifest.months)})
    if not held or not (delivered.serves_all or month_key(month) in held):
        return None
    return state.once(f"print {opened}", lambda: _print(state, state.tellers(month, month), opened))


def _print(state: FeedState, entries: Iterable[Entry], opened: date) -> str:
    """Of what these entries tell."""
    contract = state.contract
    told = {
        f"{m.file_name}:{m.sha256}:{m.part}:{m.month}:{entry.manifest.reckoned_in}:{entry.manifest.months_said}"
        for entry in entries
        for m in state.told_as(entry)
    }
    since = str(opened) if contract.delivered.serves_all else ""
    by = [contract.zone] if _dates_files(contract) else []  # a day is reckoned in it
    said = [state.once("contract", contract.hash), since, *by, *sorted(told)]
    return hashlib.sha256("\n".join(said).encode()).hexdigest()[:32]


def versions(state: FeedState, file: FileOf, first: date, last: date, opened: date) -> str:
    """A select of the versions of these months' records. `opened` is the platform's first month."""
    contract, entries = state.contract, state.tellers(first, last)
    columns = version_columns(contract)
    delivered = contract.delivered
    month = "record_month" if contract.month.column else "null::date" if delivered.serves_all else "{slot}"
    files = {
        entry.manifest.receipt: file(entry, month.format(slot=sql.literal(entry.manifest.month))) for entry in entries
    }
    read = _read(state, entries, files, first, last)
    if not read:
        nulls = ", ".join(f"null::{kind} as {sql.identifier(name)}" for name, kind in columns.items())
        return f"select {nulls} where false"
    keys = ", ".join(map(sql.identifier, contract.key))
    steps = {
        "told": sql.records(_TELLING, _tellings(state, entries)),
        "dated": _dates(contract, files),
        "tellings": """
            select *, coalesce(_named_on, _told_on) as known_on, row_number() over () as _telling
            from told left join dated using (_rank)
            qualify
                known_on is not null
                or not bool_or(known_on is not null) over (partition by _slot, part, file_sha256)
        """,
        "read": " union all by name ".join(read),
        "records": f"""
            select * from read where not ({" and ".join(f"{sql.identifier(key)} is null" for key in contract.key)})
        """,
        **(_of_events(contract, keys) if delivered.is_partial else _of_lists(contract, keys, first, last)),
        "every": f"""
            select *, hash({", ".join(sql.identifier(c.name) for c in contract.columns)}) as _said, false as is_gone
            from present
            union all by name
            select gone.*, known_on, known_at, file_name, file_date, file_sha256, part, null as _said, true as is_gone
            from gone join turns using (_turn)
        """,
        "marked": f"""
            select *, _said is distinct from lag(_said) over in_order as _new from every
            window in_order as (partition by _slot, month, {keys} order by _turn)
        """,
        "numbered": f"""
            select *, sum(_new::integer) over (partition by _slot, month, {keys} order by _turn) as version_number
            from marked
        """,
    }
    told_in = f"greatest(date_trunc('month', coalesce(known_on, {sql.literal(opened)})), {sql.literal(opened)})::date"
    given = {
        "month": told_in if delivered.serves_all else "month",
        "last_told_at": f"max(known_on) over (partition by _slot, month, {keys}, version_number)",
        "slot_month": "_slot",
    }
    chosen = ", ".join(f"({given.get(c, sql.identifier(c))})::{t} as {sql.identifier(c)}" for c, t in columns.items())
    listed = ",\n".join(f"{name} as ({select})" for name, select in steps.items())
    return f"with {listed} select * from (select {chosen} from numbered qualify _new) where {sql.within(first, last)}"


def _tellings(state: FeedState, entries: Iterable[Entry]) -> list[tuple[object, ...]]:
    """Rows of _TELLING; the same bytes under the same name are one."""
    found: dict[tuple[object, ...], tuple[object, ...]] = {}
    for entry in entries:
        for m in state.told_as(entry):
            slot = m.month if state.contract.delivered.is_monthly else None
            name = parse_file_name(m.file_name, state.contract)
            at = name.known_at.isoformat() if name.known_at else None
            row = (m.part, m.file_name, m.file_date, m.sha256, name.known_on, at)
            found[(slot, m.part, m.file_name, m.sha256)] = (entry.manifest.receipt, slot, *row)
    return list(found.values())


def _instant(contract: FeedContract) -> str:
    """A record's own `version_from`, where that is a timestamp."""
    if contract.version_from is None or contract.column(contract.version_from).type != "timestamp":
        return "null::timestamp"
    cell = f"trim({sql.identifier(contract.version_from)})"
    return moment_of(contract, contract.column(contract.version_from), cell).instant()


def _dates_files(contract: FeedContract) -> bool:
    """Whether `version_from` says on which day a file's content was known."""
    column = contract.version_from
    return column is not None and contract.column(column).type in ("date", "timestamp")


def _dates(contract: FeedContract, files: dict[int, str]) -> str:
    """What the files say by `version_from`, as a whole: the day, and the instant where it is a timestamp."""
    if not _dates_files(contract) or contract.version_from is None:
        return "select null::bigint as _rank, null::date as _told_on, null::timestamp as _told_at where false"
    cell = f"trim({sql.identifier(contract.version_from)})"
    day = moment_of(contract, contract.column(contract.version_from), cell).local(contract.zone)
    return " union all ".join(
        f"select {receipt} as _rank, max({day})::date as _told_on, max({_instant(contract)}) as _told_at "
        f"from ({select})"
        for receipt, select in files.items()
    )


def _read(state: FeedState, entries: list[Entry], files: dict[int, str], first: date, last: date) -> list[str]:
    """Selects of the files that hold what must be known of these months' records.

    A file without a record of the month says that there is none: it need not be read, unless a value that was known
    before may have stood in another month.
    """
    contract, linked = state.contract, state.linked(first, last)
    whole = contract.delivered.serves_all or (contract.never_empty and not contract.delivered.is_partial)
    found = []
    for entry in entries:
        own, select = entry.manifest.months, files[entry.manifest.receipt]
        here = {m for m in own if linked is None or m in linked or (m and first <= parse_month(m) <= last)}
        if contract.delivered.is_partial and len(here) < len(own):
            listed = ", ".join(sql.literal(parse_month(month)) for month in sorted(here))
            select = f"select * from ({select}) where month in ({listed})"
        if here or whole:
            found.append(select)
    return found


_ORDER = "known_on nulls first, known_at nulls first, file_name, file_sha256"


def _of_lists(contract: FeedContract, keys: str, first: date, last: date) -> dict[str, str]:
    """Where a file is the truth for its slot: a key that the next file of the slot lacks is gone.

    Unless another part of the same month holds it then. A part holds what it told until it is told anew.
    """
    in_order = f"partition by _slot, month, {keys} order by _turn"
    needs_all = contract.delivered.serves_all or contract.never_empty
    return {
        "turns": f"""
            select *, row_number() over (order by {_ORDER}, _slot, part) as _turn from (
                select
                    _rank as _told, _slot, part, file_name, file_date, file_sha256, _named_at,
                    known_on, coalesce(_named_at, _told_at) as known_at
                from tellings
            )
        """,
        "spans": "select *, lead(_turn) over (partition by _slot, part order by _turn) as _until from turns",
        "lines": f"""
            select
                records.* exclude (_rank, file_name, file_date, file_sha256, part),
                spans.* exclude (_told, _named_at, known_at),
                coalesce(spans._named_at, {_instant(contract)}) as known_at
            from records join spans on spans._told = records._rank
        """,
        "present": f"""
            select * from ({_last_lines(contract, keys, "_turn")})
            where {"true" if needs_all else sql.within(first, last)}
        """,
        "gone": f"""
            select _slot, month, {keys}, _end as _turn from (
                select
                    _slot, month, {keys},
                    max(coalesce(_until, {_NEVER})) over
                        ({in_order} rows between unbounded preceding and current row) as _end,
                    lead(_turn) over ({in_order}) as _again
                from present
            )
            where _end < {_NEVER} and coalesce(_again > _end, true)
        """,
    }


def _of_events(contract: FeedContract, keys: str) -> dict[str, str]:
    """Where each record replaces another of its key: one that went to another month is gone from its own.

    One without a date stays where it was told first: a later file that tells it again does not move it.
    """
    first = f"first_value(month) over (partition by {keys} order by _turn)"
    undated = contract.month.undated == "file"
    placed = f"replace (if(record_local_at is null, {first}, month) as month)" if undated else ""
    return {
        "lines": f"""
            select *, row_number() over (order by {_ORDER}, line) as _turn from (
                select
                    records.* exclude (_rank, file_name, file_date, file_sha256, part),
                    null::date as _slot, tellings.part, tellings.file_name, tellings.file_date, tellings.file_sha256,
                    known_on,
                    first_value(coalesce(_named_at, {_instant(contract)}))
                        over (partition by tellings._telling, {keys} order by line desc) as known_at,
                    _telling
                from records join tellings using (_rank)
            )
        """,
        "present": f"""
            select * exclude (_telling) {placed} from ({_last_lines(contract, keys, "_telling")})
        """,
        "turns": "select _turn, known_on, known_at, file_name, file_date, file_sha256, part from present",
        "gone": f"""
            select _slot, month, {keys}, _then as _turn from (
                select _slot, month, {keys}, lead(month) over in_order as _to, lead(_turn) over in_order as _then
                from present
                window in_order as (partition by {keys} order by _turn)
            )
            where _to <> month
        """,
    }


def _last_lines(contract: FeedContract, keys: str, telling: str) -> str:
    """A key's last line in each telling; what must not be emptied also lives on from the lines before it."""
    kept = carried(contract.never_empty, f"partition by _slot, {keys} order by _turn, line")
    last = f"qualify row_number() over (partition by {telling}, {keys} order by line desc) = 1"
    return f"select * {kept} from lines {last}"


def carried(columns: Iterable[str], in_order: str) -> str:
    """For a `select *`: these columns with the value that was known before in the place of an empty one.

    `in_order` is the part of a window that says whose versions stand in which order.
    """
    window = f"over ({in_order} rows between unbounded preceding and 1 preceding)"
    kept = []
    for column in map(sql.identifier, columns):
        filled = f"case when not regexp_full_match({column}, {sql.literal(_EMPTY)}) then {column} end"
        kept.append(f"coalesce({filled}, last_value({filled} ignore nulls) {window}, {column}) as {column}")
    return f"replace ({', '.join(kept)})" if kept else ""
