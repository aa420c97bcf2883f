"""A file of JSON Lines from its bytes to loaded records: decode, count, find keys and what is no record, load.

Belongs here: the order of these steps, the questions to DuckDB, and what is said when a file is refused. Does not:
counting (json_counting.py), why one line is no record (json_lines.py), which key is which column (header.py).

Each line is looked at twice by DuckDB: whether it is an object and which keys it has, then its values. It reads lines
as lines, so that no reader of its own decides what a record is.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path

import numpy as np

from leads_platform.arrivals.contracts.formats import parts_of
from leads_platform.arrivals.contracts.load import FeedContract
from leads_platform.arrivals.reading.csv_reading import AHEAD_BYTES
from leads_platform.arrivals.reading.header import MAX_COLUMNS
from leads_platform.arrivals.reading.json_counting import LineScan, scan_lines
from leads_platform.arrivals.reading.json_keys import Keys, match_keys
from leads_platform.arrivals.reading.json_lines import Judge, even, free_mark, rewritten
from leads_platform.arrivals.reading.json_values import Cells, json_path, lines_of
from leads_platform.arrivals.reading.loading import USUAL_LINE, Loader, Quarantined, Taken, literal
from leads_platform.arrivals.reading.refusal import Refusal
from leads_platform.arrivals.reading.text import to_utf8

_MORE = 1024  # bytes beyond the longest line
_UNREADABLE = (None, "is no JSON that can be read")
_KINDS = {"{": "an object", "[": "a list", '"': "a text", "t": "true or false", "f": "true or false"}


def read_jsonl(source: Path, contract: FeedContract, workspace: Path) -> Taken:
    """Reads the file against its contract. Raises Refusal."""
    text = to_utf8(source, workspace / "text.jsonl", contract.format.encoding, contract.label)
    if text.path != source:
        source.unlink()  # at most two copies of a large file lie on the disk at one time
    loader = Loader(workspace, [])
    try:
        with _Shapes(contract, loader) as shapes:
            taken = _taken(text.path, contract, shapes, loader)
    except BaseException:
        loader.connection.close()
        raise
    taken.warnings = [*text.warnings, *taken.header.warnings]
    return taken


def _taken(path: Path, contract: FeedContract, shapes: _Shapes, loader: Loader) -> Taken:
    shapes.begin(path)
    found = scan_lines(path)
    if not found.records:
        raise Refusal("holds nothing but empty lines; ask for the file again")
    if found.odd_bytes or found.lines is not None:
        path = _instead_of(path, even(path, path.with_name("even.jsonl")))
    # While the shapes are looked at: what few files need undone are records that are none.
    mark = free_mark(path) if found.unsure_numbers else None
    none, better = np.empty(0, dtype=np.int64), path.with_name("good.jsonl")
    if mark is not None:
        rewritten(path, better, left_out=none, mark=mark)
    shapes.end(path, found)
    keys = match_keys(shapes.keys(), shapes.inner(), contract)
    keys = match_keys(shapes.keys(keys.known), shapes.inner(), contract)  # an error message's keys are no columns
    taken = Taken(keys.header, found.records, 0, loader)
    left_out = shapes.no_records(keys, taken)
    if len(left_out):
        rewritten(path, better, left_out=left_out, mark=mark)
    ready = better if better.exists() else path
    lines = _line_numbers(found, left_out)
    loader.names = keys.header.names
    if contract.month.column is not None:
        loader.set_month(contract, keys.header)
    cells = Cells(keys, contract, mark)
    # A number of one digit takes two bytes with its comma; with its mark it takes eight more.
    longest = (5 if mark is not None else 1) * found.longest + _MORE
    taken.loaded = loader.load_json(ready, cells, lines=lines, longest=longest) if found.records > len(left_out) else 0
    if taken.loaded + len(taken.bad) < found.records:
        for line, title, kind in loader.odd_json(ready, cells, lines=lines, longest=longest):
            declared = cells.declared.get(title)
            rather = f"the column is declared as {declared}" if declared else "a path leads through it"
            taken.bad.append(Quarantined(line, title, f"is {_KINDS.get(kind, 'a number')}, {rather}"))
    _check_most(taken, shapes)
    return taken


def _instead_of(path: Path, better: Path) -> Path:
    path.unlink()
    return better


def _line_numbers(found: LineScan, left_out: np.ndarray) -> np.ndarray | None:
    """The lines of the records that stay; None where record i stands on line 1 + i."""
    if found.lines is None and not len(left_out):
        return None
    every = np.arange(1, found.records + 1) if found.lines is None else found.lines
    return np.delete(every, left_out)


def _check_most(taken: Taken, shapes: _Shapes) -> None:
    """A file most of whose lines are no records is refused. Raises Refusal."""
    if 2 * len(taken.bad) > taken.records:
        raise Refusal(shapes.mostly(len(taken.bad), min(taken.bad)), taken.records)


def _texts(texts: Sequence[str]) -> str:
    return f"[{', '.join(map(literal, texts))}]"


class _Shapes:
    """What kinds of line there are: which keys they have, and whether they are objects at all.

    Of a large file they are looked at while it is being counted, supposing that its lines are plain; if the counter
    says otherwise, they are looked at again. A context manager: leaving it ends what still runs.
    """

    path: Path
    found = LineScan()

    def __init__(self, contract: FeedContract, loader: Loader) -> None:
        self.contract, self.loader = contract, loader
        paths = [parts_of(path) for column in contract.columns for path in column.path]
        self._objects = [(), *sorted({path[:end] for path in paths for end in range(1, len(path))})]
        self._thread = ThreadPoolExecutor(1, "shapes")
        self._ahead: Future[None] | None = None

    def begin(self, path: Path) -> None:
        """Begins to look at a large file."""
        self.path = path
        if path.stat().st_size >= AHEAD_BYTES:
            self._ahead = self._thread.submit(self._group)

    def end(self, path: Path, found: LineScan) -> None:
        """Groups the lines by shape. Raises Refusal where most are no objects, or there are too many keys."""
        ahead, self._ahead = self._ahead, None
        as_supposed = path == self.path and found.longest + _MORE <= USUAL_LINE
        if ahead is not None:
            wait([ahead])
        self.path, self.found = path, found
        if ahead is not None and as_supposed:
            ahead.result()
        else:
            self._group()
        broken = self._sum("lines", "keys is null")
        if 2 * broken > found.records:
            [(record, line)] = self.loader.run(
                f"select record, line from ({self._looked()}) "
                "where record = (select min(first) from shapes where keys is null)"
            )
            _, reason = Judge(self.contract).reason(line, last=self._is_last(record)) or _UNREADABLE
            raise Refusal(self.mostly(broken, Quarantined(self._line(record), None, reason)), found.records)
        [(many,)] = self.loader.run("select count(distinct key) from (select unnest(keys[1]) as key from shapes)")
        if many > MAX_COLUMNS:
            raise Refusal(
                f"has {many:,} different keys, of which at most {MAX_COLUMNS:,} are read: are they data? "
                "Ask for records that all have the same keys",
                found.records,
            )

    def __enter__(self) -> _Shapes:
        return self

    def __exit__(self, *_: object) -> None:
        while self._ahead is not None and not self._ahead.done():
            self.loader.connection.interrupt()  # heard only by a statement that has begun
            wait([self._ahead], timeout=0.05)
        self._thread.shutdown()

    def _group(self) -> None:
        self.loader.run(f"""
            create or replace temp table shapes as
            select shape, any_value(keys) as keys, min(record) as first, count(*) as lines
            from ({self._looked()})
            group by shape
        """)

    def _looked(self) -> str:
        """Each line with its record, counted from 0, and the keys of its objects: null where it is none itself."""
        paths = _texts([json_path(keys) for keys in self._objects])
        return f"""
            select
                record,
                line,
                case when starts_with(ltrim(line, ' \t'), '{{') then try(json_keys(line, {paths})) end as keys,
                hash(keys) as shape
            from (
                select line, row_number() over () - 1 as record from {lines_of(self.path, self.found.longest + _MORE)}
            )
        """

    def _sum(self, column: str, condition: str) -> int:
        [(total,)] = self.loader.run(f"select coalesce(sum({column}), 0)::bigint from shapes where {condition}")
        return total

    def keys(self, known: Sequence[str] = ()) -> list[str]:
        """All keys of the objects, in the order in which they come; of those alone that have a known one, if given."""
        named = f"where list_has_any(keys[1], {_texts(known)})" if known else ""
        rows = self.loader.run(f"""
            select key
            from (select first, unnest(keys[1]) as key, generate_subscripts(keys[1], 1) as place from shapes {named})
            group by key
            order by min((first, place))
        """)
        return [row[0] for row in rows]

    def inner(self) -> dict[tuple[str, ...], set[str]]:
        """The keys of the objects below, by the path to them."""
        rows = self.loader.run("""
            select place, list(distinct key) from (
                select place, unnest(keys[place]) as key
                from (select keys, generate_subscripts(keys, 1) as place from shapes)
            ) group by place
        """)
        return {self._objects[place - 1]: set(found) for place, found in rows}

    def no_records(self, keys: Keys, taken: Taken) -> np.ndarray:
        """Notes the lines that are no records; returns them, as records counted from 0. Raises Refusal."""
        suspect = (
            f"keys is null or not list_has_any(keys[1], {_texts(keys.known)}) or "
            "len(list_filter(keys, lambda one: len(one) <> len(list_distinct(one)))) > 0"
        )
        certain = self._sum("lines", suspect)
        if not certain and not len(self.found.suspects):
            return np.empty(0, dtype=np.int64)
        import pandas as pd  # only damaged files need it

        self.loader.connection.register("odd", pd.DataFrame({"record": self.found.suspects}))
        judge, left_out = Judge(self.contract, keys), []
        for record, line, is_certain in self.loader.stream(f"""
            select record, line, by_shape from (
                select *, shape in (select shape from shapes where {suspect}) as by_shape from ({self._looked()})
            )
            where by_shape or record in (select record from odd)
        """):
            reason = judge.reason(line, last=self._is_last(record))
            if reason is not None or is_certain:
                left_out.append(record)
                taken.bad.append(Quarantined(self._line(record), *(reason or _UNREADABLE)))
            if 2 * certain > taken.records and taken.bad:
                raise Refusal(self.mostly(certain, taken.bad[0]), taken.records)
        return np.sort(np.array(left_out, dtype=np.int64))

    def _line(self, record: int) -> int:
        return int(record + 1 if self.found.lines is None else self.found.lines[record])

    def _is_last(self, record: int) -> bool:
        """Whether nothing stands behind the record, not even its end."""
        return record == self.found.records - 1 and not self.found.ends

    def mostly(self, bad: int, first: Quarantined) -> str:
        """Why the file is refused: the likeliest cause of so many lines that are no records."""
        with self.path.open("rb") as file:
            head, contract = file.read(4096).lstrip(b" \t\n"), self.contract
        start = head[:1]
        lines = f"{bad} of {self.found.records} lines are no records; the first is line {first.line}: {first.reason}"
        if start == b"[":
            return "is a JSON array, not JSON Lines; ask for one object a line, without brackets around them"
        if start == b"{" and b"\n" in head and not head.split(b"\n")[0].rstrip().endswith(b"}"):
            return f"is JSON spread over several lines; ask for JSON Lines, one whole object a line. {lines}"
        if start not in b"{[":
            return f"is not JSON Lines: {lines}. If it is CSV, set format.type: csv in {contract.label}"
        return f"holds few records: {lines}. Is the format in {contract.label} right?"
