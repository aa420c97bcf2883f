"""The user's contracts, one by one: those in order, those out of order, and what stands in for these.

Belongs here: the folder `feeds/` below the data root, those of the rooms' groups of feeds beside it, and the copies of
what was in order there last. Does not: what one contract says (load.py), or whether the rooms' tables can live with it
(leads_platform.contracts_in_force).

A broken file stops its own feeds and nothing else: the copy goes on declaring their tables, so that their
fingerprints, and with them all rows, stay as they are until the file is mended.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from pathlib import Path

from leads_platform.arrivals.contracts.load import ContractError, Known, about_feed, parse_file
from leads_platform.arrivals.contracts.model import FeedContract

Problem = tuple[int, str, str]
_SUFFIXES = (".yaml", ".yml")
# Left beside the file by editors, or put there by somebody who kept the former one.
_LEFT_OVER = re.compile(r"^\.|~$|\.(?:bak|orig|old|sw[a-p]|tmp|rej)$|^#.*#$", re.IGNORECASE)
_NAMED = re.compile(r"^feed[ \t]*:[ \t]*[\"']?([a-z][a-z0-9_]{0,59})[\"']?[ \t]*(?:#.*)?\r?$", re.MULTILINE)


@dataclass(frozen=True)
class OutOfOrder:
    """A contract of the user's that can't be obeyed. `problems`: a line each, with file, line, field and what to do.

    `stands` says what declares the feed's tables meanwhile: its last good text, the packaged contract, or nothing.
    """

    feed: str
    path: Path
    problems: tuple[str, ...]
    stands: str = "nothing"

    def words(self) -> str:
        """What a person is told; the first line by itself says what it means."""
        tables = {
            "its last good text": "Its tables stay as they are",
            "the packaged contract": "The contract that comes with the platform declares its tables meanwhile",
        }.get(self.stands, "No contract declares its tables meanwhile")
        return "\n".join(
            [f"{self.feed} is out of order until its contract is mended: its files wait. {tables}.", *self.problems]
        )


@dataclass(frozen=True)
class UserContracts:
    """What a look at the user's folders found. `texts` are the files in order, by name: what is to be kept.

    A file of a group is named with its folder, `brokers/acme.yaml`; `kept` are the contracts of each copy.
    `passed_over`: files named nearly as a contract, beside the one that is read; they stop nothing.
    """

    good: dict[str, FeedContract] = field(default_factory=dict)
    stand_ins: dict[str, FeedContract] = field(default_factory=dict)
    out_of_order: tuple[OutOfOrder, ...] = ()
    texts: dict[str, bytes] = field(default_factory=dict)
    kept: dict[str, tuple[FeedContract, ...]] = field(default_factory=dict)
    passed_over: tuple[Path, ...] = ()


def contract_files(folder: Path) -> tuple[list[Path], list[Path]]:
    """The contracts of a folder, and files that were meant to be some but are named otherwise (`nv.yaml.txt`)."""
    found, odd = [], []
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        name = path.name.lower()
        if _LEFT_OVER.search(name):
            continue
        if name.endswith(_SUFFIXES):
            found.append(path)
        elif any(f"{suffix}." in name for suffix in _SUFFIXES):
            odd.append(path)
    return found, odd


def read_user_contracts(
    folder: Path,
    kept_folder: Path,
    packaged: Mapping[str, FeedContract],
    known: Known,
    *,
    unfit: Mapping[Path, Problem] | None = None,
    upgraded: bool = False,
) -> UserContracts:
    """Reads every file of the folder, and of those of groups beside it; none that is broken keeps another from it.

    `unfit`: what somebody else found wrong with files that are right by themselves. `upgraded`: no session of a
    version that keeps copies was here yet, so that what a rule of today refuses was obeyed until now.
    """
    places = [contract_files(place) for place in (folder, *(folder.parent / name for name in known.groups))]
    files, odd = [path for found, _ in places for path in found], [path for _, found in places for path in found]
    good, bad, texts = _read(files, odd, known)
    read = {_named(path, known): (texts[path], contracts) for path, contracts in good.items()}
    kept = _read_kept(kept_folder, known, read)
    by_feed = {c.feed: c for contracts in kept.values() for c in contracts if c.room in known.owners}
    for path, problem in (unfit or {}).items():
        if path in good:
            bad[path] = [problem]
    meant = {path: tuple(contract.feed for contract in contracts) for path, contracts in good.items()}
    declared = {feed for feeds in meant.values() for feed in feeds}
    for path in bad:
        if path not in meant:
            meant[path] = _meant(path, texts.get(path, b""), kept, {*by_feed, *packaged}, declared, known)
    right = {feed for path in files for feed in meant[path]}
    passed_over = tuple(path for path in odd if right & {*meant[path]} or path.with_name(_right_name(path)) in files)
    for path in passed_over:
        del bad[path], meant[path]
    _declared_twice(meant, good, bad)
    while clashes := _same_table(packaged, {p: c for p, c in good.items() if p not in bad}, by_feed, meant, bad):
        bad |= clashes
    stand_ins: dict[str, FeedContract] = {}
    broken = []
    for path in sorted(bad):
        obeyed = upgraded and path not in good and path not in odd
        before = _as_before(path, texts.get(path), known) if obeyed else {}
        for feed in meant[path]:
            stand_in = by_feed.get(feed) or before.get(feed)
            stands = "its last good text" if stand_in else "the packaged contract" if feed in packaged else "nothing"
            if stand_in:
                stand_ins[feed] = stand_in
            said = tuple(str(ContractError(path, bad[path])).split("\n"))
            broken.append(OutOfOrder(feed, path, said, stands))
    in_order = {path: contracts for path, contracts in good.items() if path not in bad}
    keep = {_named(path, known): texts[path] for path in in_order}
    keep |= {_named(c.path, known): texts[c.path] for c in stand_ins.values() if c.path in texts}
    found = {contract.feed: contract for contracts in in_order.values() for contract in contracts}
    return UserContracts(found, stand_ins, tuple(broken), keep, kept, passed_over)


def _read(
    files: list[Path], odd: list[Path], known: Known
) -> tuple[dict[Path, tuple[FeedContract, ...]], dict[Path, list[Problem]], dict[Path, bytes]]:
    """The contracts of each file that is right by itself, what is wrong with each other, and the texts."""
    good: dict[Path, tuple[FeedContract, ...]] = {}
    bad: dict[Path, list[Problem]] = {}
    texts: dict[Path, bytes] = {}
    for path in [*files, *odd]:
        try:
            texts[path] = path.read_bytes()
            if path in odd:
                bad[path] = [(1, "", f"is not read: a contract's name ends in .yaml; {_way_out(path)}")]
            else:
                good[path] = parse_file(path, texts[path], known)
        except ContractError as error:
            bad[path] = error.problems
        except OSError as error:
            bad[path] = [(1, "", f"can't be read: {error.strerror}")]
    return good, bad, texts


def _named(path: Path, known: Known) -> str:
    """How a file is called among all: `acme.yaml`, or `brokers/acme.yaml` where its folder is one of groups."""
    return f"{path.parent.name}/{path.name}" if path.parent.name in known.groups else path.name


def _read_kept(
    folder: Path, known: Known, read: Mapping[str, tuple[bytes, tuple[FeedContract, ...]]]
) -> dict[str, tuple[FeedContract, ...]]:
    """The copies by name, the younger later. One that this version can't read at all is no copy.

    `read` are the files in order that were just read: most copies are as these, and need no second reading.
    """
    found: list[tuple[int, str, tuple[FeedContract, ...]]] = []
    for path in [
        path for place in (folder, *(folder / name for name in known.groups)) for path in contract_files(place)[0]
    ]:
        try:
            text, changed, name = path.read_bytes(), path.stat().st_mtime_ns, _named(path, known)
            same = read.get(name)
            copy = same[1] if same and same[0] == text else parse_file(path, text, known, was_in_force=True)
        except (ContractError, OSError):  # OSError: a session has just taken it away
            continue
        found.append((changed, name, copy))
    return {name: copy for _, name, copy in sorted(found, key=lambda each: each[:2])}


def keep(folder: Path, found: UserContracts, needed: AbstractSet[str]) -> None:
    """Makes the copies what is in order now, each by rename. Call it with the writer lock held.

    Copies of broken files stay, and so do those by which alone it is known whose some tables in the warehouse are
    (`needed`, by name): by them it is known that a person took a contract away, or changed it, and not an upgrade.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in found.texts.items():
        path = folder / name
        if name not in needed and (not path.exists() or path.read_bytes() != text):
            path.parent.mkdir(exist_ok=True)
            scratch = path.with_name(f"{path.name}.{os.getpid()}.tmp")
            scratch.write_bytes(text)
            scratch.replace(path)
    broken = {entry.feed for entry in found.out_of_order}
    for name, contracts in found.kept.items():
        if name not in found.texts and name not in needed and broken.isdisjoint(one.feed for one in contracts):
            (folder / name).unlink(missing_ok=True)


def _right_name(path: Path) -> str:
    """What a file that was meant as a contract should be called: `nv.yaml` for `nv.yaml.txt`."""
    return re.sub(r"(?i)(\.ya?ml)\..*$", r"\1", path.name)


def _way_out(path: Path) -> str:
    return f"rename it to {_right_name(path)}, or move it out of {path.parent.name}/"


def _meant(
    path: Path,
    text: bytes,
    kept: Mapping[str, tuple[FeedContract, ...]],
    feeds: set[str],
    declared: set[str],
    known: Known,
) -> tuple[str, ...]:
    """The feeds a file that can't be read was meant for: as it says, else as its copy does, else as it is named.

    `feeds` are all that a copy or the platform knows, `declared` those of files in order.
    """
    right = path.with_name(_right_name(path))
    copies = tuple(copy.feed for copy in kept.get(_named(right, known), ()))
    plain, stem = text.decode("utf-8", "replace"), path.name.split(".", 1)[0]
    if path.parent.name not in known.groups:
        said = _NAMED.search(plain)
        if said and said[1] in feeds:
            return (said[1],)
        if copies and not declared.intersection(copies):
            return copies
        return (said[1] if said else stem,)
    group = known.groups[path.parent.name][1]
    said = re.search(_NAMED.pattern.replace("feed", group.named_by, 1), plain, re.MULTILINE)
    made = group.feed_names(said[1] if said else stem)
    if there := tuple(feed for feed in made.values() if feed in feeds):
        return there
    if copies and not declared.intersection(copies):
        return copies
    sections = [section for section in made if re.search(rf"^{section}[ \t]*:", plain, re.MULTILINE)]
    return tuple(made[section] for section in sections or made)


def _declared_twice(
    meant: Mapping[Path, tuple[str, ...]],
    good: Mapping[Path, tuple[FeedContract, ...]],
    bad: dict[Path, list[Problem]],
) -> None:
    """A feed that several files declare: each is told, and none is chosen."""
    for path, contract in [(path, contract) for path, contracts in good.items() for contract in contracts]:
        others = sorted(
            f"{other.parent.name}/{other.name}"
            for other, feeds in meant.items()
            if contract.feed in feeds and other != path
        )
        if others:
            said = f"`{contract.feed}` is declared in {', '.join(others)}, too; keep one of the files"
            bad.setdefault(path, []).append(about_feed(contract, said))


def _same_table(
    packaged: Mapping[str, FeedContract],
    good: Mapping[Path, tuple[FeedContract, ...]],
    kept: Mapping[str, FeedContract],
    meant: Mapping[Path, tuple[str, ...]],
    bad: Mapping[Path, object],
) -> dict[Path, list[Problem]]:
    """Contracts in order that make a table another contract makes, too."""
    mine = {contract.feed: contract for contracts in good.values() for contract in contracts}
    copies = {feed: kept[feed] for path in bad for feed in meant[path] if feed in kept}
    others = {**packaged, **copies, **mine}
    found: dict[Path, list[Problem]] = {}
    for path, contract in [(path, contract) for path, contracts in good.items() for contract in contracts]:
        for other in others.values():
            if other.feed != contract.feed and (other.room, other.base_table) == (contract.room, contract.base_table):
                table = f"{contract.room}.{contract.base_table}"
                said = f"makes the table {table}, as {other.label} does; give this feed another name"
                found[path] = [about_feed(contract, said)]
    return found


def _as_before(path: Path, text: bytes | None, known: Known) -> dict[str, FeedContract]:
    """The contracts as the version before this one obeyed them, if it did."""
    try:
        return {} if text is None else {c.feed: c for c in parse_file(path, text, known, was_in_force=True)}
    except ContractError:
        return {}
