"""Feed contracts as files: reading feeds/*.yaml and groups of feeds, and saying on which line one is wrong.

Belongs here: YAML, line numbers, several folders of contracts. Does not: what a contract may say
(model.py), what a group may (group.py), or which feeds a room has (its feeds/ folder).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Union

import yaml
from pydantic import TypeAdapter, ValidationError

from leads_platform.arrivals.contracts.agreement import (
    RESERVED_COLUMNS,
    CrossErrors,
    KindError,
    Loc,
    did_you_mean,
    fold_header,
)
from leads_platform.arrivals.contracts.group import GIVEN, FeedGroup
from leads_platform.arrivals.contracts.kinds import KindFails
from leads_platform.arrivals.contracts.model import Column, FeedContract, Format, MonthRule
from leads_platform.arrivals.contracts.yaml_words import in_words

__all__ = [
    "RESERVED_COLUMNS",
    "Column",
    "ContractError",
    "FeedContract",
    "Format",
    "Known",
    "MonthRule",
    "about_feed",
    "contract_json_schema",
    "fold_header",
    "load_contract",
    "load_contracts",
    "parse_contract",
    "parse_file",
]


PLAIN = "plain"


class ContractError(Exception):
    """A contract can't be used.

    The text has one line per problem: file, line, field, what is wrong, what to do.
    """

    def __init__(self, path: Path, problems: list[tuple[int, str, str]]) -> None:
        self.path = path
        self.problems = problems
        self.line = problems[0][0]
        super().__init__(
            "\n".join(f"{path}, line {line}: {f'{field}: ' if field else ''}{said}" for line, field, said in problems)
        )


@dataclass(frozen=True)
class Known:
    """What a contract may name: the rooms there are, each with its owner, and the kinds of contract that they give.

    `rooms_of_kinds`: the one room whose tables read feeds of the kind. `groups`: by the name of a folder whose files
    are groups of feeds, the room they are of and its model of such a file.
    """

    owners: Mapping[str, str]
    kinds: Mapping[str, type[FeedContract]]
    rooms_of_kinds: Mapping[str, str]
    groups: Mapping[str, tuple[str, type[FeedGroup]]] = field(default_factory=dict)

    @property
    def rooms(self) -> list[str]:
        """The rooms' names, the first of them first."""
        return list(self.owners)


def load_contract(path: str | Path, known: Known | None = None) -> FeedContract:
    """Reads one contract. Without `known` any room is taken, and no kind but `plain`.

    Raises ContractError with every problem found, and OSError if the file can't be read.
    """
    path = Path(path)
    return parse_contract(path, path.read_bytes(), known)


def parse_contract(path: Path, text: bytes, known: Known | None = None, *, was_in_force: bool = False) -> FeedContract:
    """The contract that the bytes of a file give. Raises ContractError with every problem found.

    `was_in_force`: it was obeyed before, and is not held against rules that may have come later (limits).
    """
    root, data = _compose(path, text)
    kinds = {PLAIN: FeedContract, **(known.kinds if known else {})}
    kind = data.get("kind", PLAIN)
    if not isinstance(kind, str) or kind not in kinds:
        said = did_you_mean(f"there is no kind `{kind}` of contract", str(kind), sorted(kinds))
        raise ContractError(path, [(_line(root, ("kind",)), "kind", said)])
    model = kinds[kind]
    if was_in_force:  # what stood there empty meant nothing, whichever kind has a field of that name
        data = {name: value for name, value in data.items() if value != {} or name in model.model_fields}
    try:
        contract = model.model_validate(data, context={"was_in_force": was_in_force})
    except ValidationError as error:
        raise ContractError(path, _problems(error, root, model, kinds)) from None
    except Exception as error:
        if known is None or kind not in known.kinds:
            raise
        fails = KindFails(kind, known.rooms_of_kinds[kind], error.error if isinstance(error, KindError) else error)
        raise ContractError(path, [(_line(root, ("kind",)), "kind", str(fails))]) from error
    if known is not None and contract.room not in known.owners:
        said = did_you_mean(f"there is no room `{contract.room}`", contract.room, sorted(known.owners))
        raise ContractError(path, [(_line(root, ("room",)), "room", said)])
    if known is not None and (own := known.rooms_of_kinds.get(kind, contract.room)) != contract.room:
        said = f"must be `{own}`, whose tables read feeds of the kind {kind}"
        raise ContractError(path, [(_line(root, ("room",)), "room", said)])
    contract._path, contract._feed_line = path, _line(root, ("feed",))
    return contract


def parse_file(path: Path, text: bytes, known: Known, *, was_in_force: bool = False) -> tuple[FeedContract, ...]:
    """The contracts that a file gives: one, or in a folder of groups those of its sections. Raises ContractError."""
    if path.parent.name not in known.groups:
        return (parse_contract(path, text, known, was_in_force=was_in_force),)
    room, group_model = known.groups[path.parent.name]
    root, data = _compose(path, text, group_model.named_by)
    context = {"was_in_force": was_in_force}
    kinds = {PLAIN: FeedContract, **known.kinds}
    at: Loc = ()
    model: type[FeedContract | FeedGroup] = group_model
    found: dict[str, FeedContract] = {}
    try:
        group = group_model.model_validate(data, context=context)
        problems: list[tuple[Loc, str]] = [
            ((section, name), "is given by the file as a whole; take it out")
            for section in group.feeds
            for name in GIVEN
            if name in (getattr(group, section) or {})
        ]
        for section, says in group.contracts(room) if not problems else ():
            at, model = (section,), kinds.get(says.get("kind", PLAIN), FeedContract)
            contract = found[section] = model.model_validate(says, context=context)
            contract._path, contract._feed_line, contract._group = path, _line(root, at), group
        at = ()
        if not problems and not found:
            wanted = " or ".join(f"`{section}:`" for section in group.feeds)
            problems = [((group.named_by,), f"makes no feed; give it {wanted}")]
        problems = problems or list(group.own_problems(found))
    except ValidationError as error:
        raise ContractError(path, _problems(error, root, model, kinds, at)) from None
    except Exception as error:
        fails = KindFails(path.parent.name, room, error.error if isinstance(error, KindError) else error)
        raise ContractError(path, [(_line(root, at), _field(at), str(fails))]) from error
    if problems:
        raise ContractError(path, sorted((_line(root, loc), _field(loc), said) for loc, said in problems))
    return tuple(found.values())


def about_feed(contract: FeedContract, said: str) -> tuple[int, str, str]:
    """A problem with the feed's name, or with the contract as a whole, at the line of its name."""
    return contract._feed_line, "feed" if contract._group is None else contract.feed, said


def load_contracts(directories: Iterable[str | Path], known: Known | None = None) -> dict[str, FeedContract]:
    """Every *.yaml of the folders by feed, in order of feed; folders that don't exist hold none.

    A contract in a later folder (the user's) replaces one of the same feed in an earlier (packaged) one, so that a
    supplier's renamed column can be mended without a checkout. Within a folder a feed is declared once. Raises
    ContractError at the first that does not fit; the user's own are read one by one (user_contracts).
    """
    contracts: dict[str, FeedContract] = {}
    for directory in directories:
        here: dict[str, FeedContract] = {}
        for path in sorted(Path(directory).glob("*.yaml")):
            for contract in parse_file(path, path.read_bytes(), known) if known else (load_contract(path),):
                if (other := here.get(contract.feed)) is not None:
                    said = f"`{contract.feed}` is already declared in {other.path}; give this feed another name"
                    raise ContractError(path, [about_feed(contract, said)])
                here[contract.feed] = contract
        contracts |= here
    tables: dict[str, FeedContract] = {}
    for contract in contracts.values():
        table = f"{contract.room}.{contract.base_table}"
        if (other := tables.get(table)) is not None and contract.path is not None:
            said = f"makes the table {table}, as {other.path} does; give this feed another name"
            raise ContractError(contract.path, [about_feed(contract, said)])
        tables[table] = contract
    return dict(sorted(contracts.items()))


def contract_json_schema(known: Known) -> dict[str, Any]:
    """JSON schema of a contract file of any kind, for editors."""
    any_kind: Any = Union[(*known.kinds.values(), FeedContract)]
    schema = TypeAdapter(any_kind).json_schema(by_alias=True)
    schema["$defs"]["FeedContract"]["properties"]["kind"]["const"] = PLAIN  # so that an editor tells the kinds apart
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


class _Loader(yaml.CSafeLoader):
    """YAML 1.2's scalars: a column titled No is not `false`, a bare 2024-05-01 is text, as in JSON."""


_TIME, _BOOL = "tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:bool"
_Loader.yaml_implicit_resolvers = {
    letter: [(tag, pattern) for tag, pattern in resolvers if tag not in (_TIME, _BOOL)]
    for letter, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(_BOOL, re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF"))


def _compose(path: Path, raw: bytes, starts: str = "feed") -> tuple[yaml.Node, Any]:
    """The file as YAML nodes, which know their lines, and as data."""
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ContractError(path, [(line, "", f"is not UTF-8 text ({error.reason}); save it as UTF-8")]) from None
    try:
        root = yaml.compose(text, Loader=_Loader)
        if not isinstance(root, yaml.MappingNode):
            raise ContractError(path, [(1, "", f"is empty or not a mapping; it starts with `{starts}: name`")])
        if duplicates := list(_duplicates(root, ())):
            raise ContractError(path, duplicates)
        return root, _Loader("").construct_document(root)
    except yaml.YAMLError as error:
        line, said = in_words(error, text)
        raise ContractError(path, [(line, "", said)]) from None
    except RecursionError:
        raise ContractError(path, [(1, "", "an anchor (&) holds itself; write the value out")]) from None


def _duplicates(node: yaml.Node, loc: Loc) -> Iterable[tuple[int, str, str]]:
    """Keys given twice: YAML libraries silently keep the last."""
    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield from _duplicates(item, (*loc, index))
    elif isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            here = (*loc, str(key.value))
            if str(key.value) in seen:
                yield key.start_mark.line + 1, _field(here), "is given twice; keep one"
            seen.add(str(key.value))
            yield from _duplicates(value, here)


def _line(root: yaml.Node, loc: Loc) -> int:
    """Line of the deepest node on the way to `loc`: its key if it has one, else where it would belong."""
    node, line = root, root.start_mark.line + 1
    for part in loc:
        if isinstance(node, yaml.MappingNode):
            found = next(((k, v) for k, v in node.value if k.value == part), None)
            if found is None:
                break
            line, node = found[0].start_mark.line + 1, found[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            line = node.start_mark.line + 1
        else:
            break
    return line


def _problems(
    error: ValidationError,
    root: yaml.Node,
    contract: type[FeedContract | FeedGroup],
    kinds: Mapping[str, type[FeedContract]],
    below: Loc = (),
) -> list[tuple[int, str, str]]:
    """What pydantic found, by line; `below` is where in the file the contract stands."""
    problems = []
    for item in error.errors(include_url=False):
        at = _as_written(root, (*below, *item["loc"]))
        loc = at[len(below) :]
        raised = item.get("ctx", {}).get("error")
        if isinstance(raised, CrossErrors):
            places = [((*below, *at), said) for at, said in raised.problems]
            problems += [(_line(root, place), _field(place), said) for place, said in places]
        elif item["type"] != "too_short" or not item["input"]:  # pydantic also counts what it has just refused
            problems.append((_line(root, at), _field(at), _words(item, loc, contract, kinds)))
    return sorted(problems, key=lambda problem: problem[0])


def _as_written(root: yaml.Node, loc: Loc) -> Loc:
    """The place without the number of an item that stands alone where a list may stand."""
    node, kept = root, []
    for part in loc:
        if isinstance(part, int) and not isinstance(node, yaml.SequenceNode):
            continue
        kept.append(part)
        if isinstance(node, yaml.MappingNode):
            node = next((value for key, value in node.value if key.value == part), node)
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
    return tuple(kept)


def _words(  # noqa: PLR0911 - one sentence per kind of error
    item: Any, loc: Loc, contract: type[FeedContract | FeedGroup], kinds: Mapping[str, type[FeedContract]]
) -> str:
    """pydantic's message in this project's words, where those help more."""
    value = item["input"]
    match item["type"]:
        case "extra_forbidden":
            *_, name = loc
            model = contract.sections[str(loc[0])] if len(loc) > 1 else contract
            if issubclass(contract, FeedContract) and (
                of := [kind for kind, other in kinds.items() if len(loc) == 1 and name in other.model_fields]
            ):
                return f"is a field of kind {of[0]} only; write `kind: {of[0]}`, or take it out"
            known = [field.alias or name for name, field in model.model_fields.items()]
            close = get_close_matches(str(name), known, n=1, cutoff=0.6)
            hint = f"did you mean `{close[0]}`?" if close else f"known are {', '.join(known)}"
            return f"is not a field of a contract; {hint}"
        case "too_short":
            return "is empty; give at least one"
        case "missing":
            return "is missing; add it"
        case "string_type":
            return f"{value!r} is read by YAML as {_kind(value)}, not as text; put it in quotes"
        case "string_pattern_mismatch" if "A-Z" in item["ctx"]["pattern"]:
            return f"{value!r} must be a country's two capital letters: US, CA, GB"
        case "string_pattern_mismatch" if "a-z" in item["ctx"]["pattern"]:
            return f"{value!r} must be small letters, digits and _, starting with a letter"
        case "literal_error":
            hint = get_close_matches(str(value), re.findall(r"'([^']+)'", item["ctx"]["expected"]), n=1)
            mean = f"; did you mean `{hint[0]}`?" if hint else ""
            return f"{value!r} is not possible here; it is one of {item['ctx']['expected']}{mean}"
        case "tuple_type":
            return f"must be a list; write [{value}]" if isinstance(value, str) else "must be a list"
        case "model_type" | "model_attributes_type" | "dict_type":
            return "must be a mapping of field: value"
        case _:
            return f"{item['msg'][:1].lower()}{item['msg'][1:]} (it is {value!r})"


def _kind(value: Any) -> str:
    names = {bool: "true or false", int: "a number", float: "a number", type(None): "nothing"}
    return names.get(type(value), "a list" if isinstance(value, list) else "a mapping")


def _field(loc: Loc) -> str:
    """`columns[2].type`: how people point at a field."""
    text = ""
    for part in loc:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text
