"""Values of JSON objects as SQL: which keys DuckDB is to read, and each column's text made of them.

Belongs here: the two pinned readers of JSON Lines, and what a value becomes. Does not: which key is which column
(header.py), or the lines that must not be read (json_lines.py).

A text is its letters; a number, true and false are as written, but for the comma of an amount in that style; null and
an empty text are null; an object or a list is JSON text, without spaces.
"""

from __future__ import annotations

from pathlib import Path

from leads_platform.arrivals.contracts.load import FeedContract
from leads_platform.arrivals.contracts.typed import with_comma
from leads_platform.arrivals.reading.json_keys import Keys, Source
from leads_platform.arrivals.reading.loading import USUAL_LINE, identifier, literal


def json_path(keys: tuple[str, ...]) -> str:
    """Keys as DuckDB's path: each taken as it stands, none as a place in a list.

    >>> json_path(("additional", "0"))
    '$."additional"."0"'
    """
    return "$" + "".join(f'."{key}"' for key in keys)


def lines_of(path: Path, longest: int) -> str:
    """The text's lines, one cell each, as SQL source. `longest`: bytes that a line may have."""
    line_size = max(USUAL_LINE, longest)
    return f"""read_csv(
        {literal(str(path))}, auto_detect = false, header = false, columns = {{'line': 'varchar'}}, delim = '\x1f',
        quote = '', escape = '', new_line = '\\n', strict_mode = true, null_padding = false, ignore_errors = false,
        max_line_size = {line_size}, buffer_size = {max(32 * 2**20, 4 * line_size)}
    )"""


class Cells:
    """What to read of each object, and the columns made of it.

    `selected`: the columns; `odd`: whether a column that is no text holds a value of another kind, or a path leads
    through something that is no object; `first_odd`: the first such column or path, and the letter with which the value
    begins; `declared`: types by column, but for texts.
    """

    def __init__(self, found: Keys, contract: FeedContract, mark: int | None) -> None:
        """`mark`: the character with which numbers begin in the text, where they are written as texts."""
        self._mark = mark
        header, sources = found.header, found.sources
        types = {title: contract.column(name).type for name, title in header.columns.items()}
        self.declared = {title: type for title, type in types.items() if type != "text"}
        whole = {one.key for title in self.declared for one in sources[title]}
        whole |= {one.key for found in sources.values() for one in found if one.below}
        keys = dict.fromkeys(one.key for found in sources.values() for one in found)
        self._keys = {key: "json" if key in whole else "varchar" for key in keys}
        self._cells = {key: f"k{index}" for index, key in enumerate(self._keys)}
        commas = {header.columns[name] for name in with_comma(contract) & header.columns.keys()}
        self.selected = ", ".join(
            f"{self._text(sources[name], comma=name in commas)} as {identifier(name)}" for name in header.names
        )
        odd = [(title, *self._odd(sources[title], type)) for title, type in self.declared.items()]
        through = {(one.key, *one.below[:end]) for found in sources.values() for one in found
                   for end in range(len(one.below))}  # fmt: skip
        odd += [(".".join(keys), *self._no_object(Source(keys[0], keys[1:]))) for keys in sorted(through)]
        self.odd = " or ".join(f"coalesce({condition}, false)" for _, condition, _ in odd) or "false"
        cases = [
            f"when {condition} then {{'title': {literal(title)}, 'kind': {kind}}}" for title, condition, kind in odd
        ]
        self.first_odd = f"case {' '.join(cases)} end" if cases else "null"

    def source(self, path: Path, longest: int) -> str:
        """The objects' keys as cells k0, k1 and so on."""
        typed = ", ".join(f"{literal(key)}: '{type}'" for key, type in self._keys.items())
        named = ", ".join(f"{identifier(key)} as {cell}" for key, cell in self._cells.items())
        return f"""(select {named} from read_json(
            {literal(str(path))}, auto_detect = false, format = 'newline_delimited', records = true,
            columns = {{{typed}}}, compression = 'uncompressed', ignore_errors = false, hive_partitioning = false,
            maximum_object_size = {max(USUAL_LINE, longest)}
        ))"""

    def _text(self, found: tuple[Source, ...], *, comma: bool) -> str:
        texts = [self._with_comma(source) if comma else self._one(source) for source in found]
        text = f"coalesce({', '.join(texts)})"
        if self._mark is None:
            return f"nullif({text}, '')"
        number = f"replace(substr({text}, 2), '.', ',')" if comma else f"substr({text}, 2)"
        # A number begins with the mark; in JSON text it stands behind the quote of a text, escaped.
        pattern = literal(rf'"\\u{self._mark:04x}([^"]*)"')
        return f"""case
            when starts_with({text}, chr({self._mark})) then {number}
            when (starts_with({text}, '{{') or starts_with({text}, '['))
                then regexp_replace({text}, {pattern}, '\\1', 'g')
            else nullif({text}, '')
        end"""

    def _one(self, source: Source) -> str:
        cell = self._cells[source.key]
        if source.below:
            return f"json_extract_string({cell}, {literal(json_path(source.below))})"
        if self._keys[source.key] == "varchar":
            return cell
        return f"""case when starts_with({cell}::varchar, '"') then json_extract_string({cell}, '$')
            else {cell}::varchar end"""

    def _with_comma(self, source: Source) -> str:
        text = self._one(source)
        return (
            f"case when regexp_matches({self._raw(source)}, '^[-0-9]') then replace({text}, '.', ',') else {text} end"
        )

    def _raw(self, source: Source) -> str:
        """The value as JSON text."""
        cell = self._cells[source.key]
        return (
            f"json_extract({cell}, {literal(json_path(source.below))})::varchar" if source.below else f"{cell}::varchar"
        )

    def _odd(self, found: tuple[Source, ...], type: str) -> tuple[str, str]:
        """Whether the value is of a kind that the type never is, and the letter it begins with."""
        raws = [f"nullif({self._raw(one)}, 'null')" for one in found]
        letter, others = f"left(coalesce({', '.join(raws)}), 1)", "" if type == "boolean" else ", 't', 'f'"
        return f"{letter} in ('{{', '['{others})", letter

    def _no_object(self, source: Source) -> tuple[str, str]:
        """Whether something else than an object stands where a path leads through, and the letter it begins with."""
        letter = f"left({self._raw(source)}, 1)"
        return f"{letter} not in ('{{', 'n')", letter
