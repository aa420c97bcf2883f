"""What is to be told of one run, in one notice: its title says the worst and the counts, its text each thing.

Belongs here: the items, how they are put together, and the files that need a person. Does not: what Dagster knows of
runs and checks (orchestration.notices), or writing and posting (outbox).
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal, get_args

from leads_platform.actions.history import History
from leads_platform.actions.withdrawn import recalled
from leads_platform.arrivals.contracts.user_contracts import OutOfOrder
from leads_platform.arrivals.receive import read_state
from leads_platform.attention import Attention, command, files_in_need, files_partly_loaded, files_unreadable
from leads_platform.months import label
from leads_platform.outbox import Notice, open_outbox
from leads_platform.platform import Platform
from leads_platform.products.state import former_stands, read_products
from leads_platform.settings import Settings
from leads_platform.warehouse.build_state import BuildState
from leads_platform.warehouse.lock import holder
from leads_platform.warehouse.outcome import Build, CheckResult, in_figures

# Slack cuts a message of 40,000 characters; nobody reads so much.
_MOST_CHARACTERS = 12_000


# The worst first.
Kind = Literal[
    "run",
    "recalled",
    "out of order",
    "refused",
    "held",
    "unreadable",
    "kept out",
    "product",
    "changed",
    "warning",
    "partly loaded",
]


@dataclass(frozen=True)
class Item:
    """One thing to be told. `key` tells it apart from all others; `text` holds no personal data."""

    key: str
    kind: Kind
    text: str


def digest(settings: Settings, about: str, run_id: str, items: list[Item]) -> Notice:
    """One notice of all these items; `about` names the job."""
    order = get_args(Kind)
    texts: list[str] = []
    for number, item in enumerate(sorted(items, key=lambda item: order.index(item.kind))):
        if texts and sum(map(len, texts)) + len(item.text) > _MOST_CHARACTERS:
            texts.append(f"And {len(items) - number} more; this lists them: {command(settings, 'status')}")
            break
        texts.append(item.text[:_MOST_CHARACTERS])
    return Notice(
        f"{about}: {', '.join(_counts(items))}", "\n\n".join(texts), run_id, tuple(item.key for item in items)
    )


def _counts(items: list[Item]) -> list[str]:
    """The counts, the worst first.

    >>> _counts([Item("a", "held", ""), Item("b", "refused", ""), Item("c", "warning", ""), Item("d", "kept out", "")])
    ['1 file refused', '1 held', '2 checks failed', '1 kept rows out']
    """
    many = Counter(item.kind for item in items)
    found = ["run failed"] if many["run"] else []
    if many["recalled"]:
        found.append("rows exported of a withdrawn file")
    if broken := many["out of order"]:
        found.append(f"{_some(broken, 'contract')} out of order")
    noun = "file"
    for kind in ("refused", "held", "unreadable"):
        if many[kind]:
            found.append(f"{_some(many[kind], noun)} {kind}")
            noun = ""
    if checks := many["kept out"] + many["warning"]:
        found.append(f"{_some(checks, 'check')} failed")
    if many["kept out"]:
        found.append(f"{many['kept out']} kept rows out")
    if many["product"]:
        found.append(f"{_some(many['product'], 'product')} not made")
    if many["changed"]:
        found.append("ended months changed")
    if many["partly loaded"]:
        found.append(f"{_some(many['partly loaded'], noun)} partly loaded")
    return found


def _some(count: int, noun: str) -> str:
    return f"{count} {noun}{'s' if count > 1 else ''}" if noun else f"{count}"


def item_of_changes(about: str, title: str, rows: Iterable[tuple[str, str, int, int]]) -> Item:
    """Ended months that a run or a command changed (see changes); `about` names it as no other."""
    lines = [f"    {table}: {months}, rows {old:,} -> {now:,}" for table, months, old, now in rows]
    return Item(f"changed:{about}", "changed", "\n".join([f"{title}.", *lines]))


def item_of_check(
    table: str, check: str, blocked: bool, figures: Mapping[str, object], since: str, said: str = ""
) -> Item:
    """A check that failed. `figures` are those of outcome.in_figures; `since` tells when it last passed."""
    months, bad = figures.get("failed_months", ""), figures.get("bad_rows", "")
    outcome = "These months keep their former rows." if blocked else "A warning: the rows are in the table."
    details = [f"{name}: {value}" for name, value in figures.items()]
    title = f"{table}: {check} failed{f' for {months}' if months else ''}"
    return Item(
        f"check:{table}:{check}:{months}:{bad}:{said}:{since}",
        "kept out" if blocked else "warning",
        "\n    ".join([title, *(part for part in (said, outcome) if part), *details]),
    )


def items_of_builds(before: BuildState, builds: Iterable[Build]) -> list[Item]:
    """Checks that failed in these builds, but for what failed alike before them (`before`), and was told then."""
    known = {(f.table, f.check, f.month, f.bad_rows, f.refused) for f in before.failed}
    latest: dict[tuple[str, str], dict[date, CheckResult]] = {}
    for build in builds:
        for result in build.checks:  # a table that was refused is built again, to its last good month
            latest.setdefault((build.table, result.check), {})[result.month] = result
    found = []
    for (table, check), results in latest.items():
        failed = [
            r for r in results.values() if not r.passed and (table, check, r.month, r.bad_rows, r.blocking) not in known
        ]
        if failed:
            since = [before.built_at.get((table, r.month), 0.0) for r in failed]
            found.append(item_of_check(table, check, failed[0].blocking, in_figures(failed), str(since)))
    return found


def items_of_products(settings: Settings) -> list[Item]:
    """Products that could not be made at the last attempt: told once for each reason, until they are made again."""
    return [
        Item(
            f"product:{key}:{made.failed}:{made.made_at}",
            "product",
            f"{key} was not made: {made.failed}. {former_stands(made)}\n    {command(settings, 'publish')}",
        )
        for key, made in read_products(settings.products).items()
        if made.failed
    ]


def items_of_exports(platform: Platform) -> list[Item]:
    """Rows that went out and came from files withdrawn since: nobody can take them back for a person.

    Told once for each form and number of rows, until a run of the action has listed them.
    """
    settings, history = platform.settings, History(platform.settings.archive)
    found = recalled(history, read_state(settings, platform.contracts))
    runs = Counter((run.action, run.form) for run in history.runs()) if found else {}
    return [
        Item(
            f"recalled:{of.action}:{of.form}:{of.month}:{of.rows}:{of.files}:{runs[of.action, of.form]}",
            "recalled",
            f"{of.rows:,} rows that {of.action} exported of {label(of.month)}, form {of.form}, came from {of.files:,} "
            "file(s) withdrawn since. This tells which, and settles it:\n"
            f"    {command(settings, 'export', of.action, '--form', of.form)}",
        )
        for of in found
    ]


def items_of_feeds(platform: Platform) -> list[Item]:
    """Contracts that are out of order now, and files in need."""
    return [*map(_of_contract, platform.out_of_order), *file_items(platform)]


def _of_contract(entry: OutOfOrder) -> Item:
    """Told once for each state of the file: broken again after it was mended, it is told again."""
    changed = entry.path.stat().st_mtime_ns if entry.path.exists() else 0
    said = hashlib.sha256(entry.words().encode()).hexdigest()[:16]
    return Item(f"contract:{entry.path.name}:{changed}:{said}", "out of order", entry.words())


def file_items(platform: Platform) -> list[Item]:
    """Files refused, held, unreadable or partly loaded now.

    None while files are being taken in, to be told of together then.
    """
    writer = holder(platform.settings.home)
    if writer and (not writer.progress or writer.progress.startswith("taken in")):
        return []
    state = read_state(platform.settings, platform.contracts, glance=True)
    return [
        Item(_key(file), file.kind, in_words(file))
        for find in (files_in_need, files_unreadable, files_partly_loaded)
        for file in find(platform.settings, state)
    ]


def in_words(file: Attention) -> str:
    """The file, what is the matter with it, and what to paste."""
    month = f" ({file.month})" if file.month else ""
    said = f"{file.feed}/{file.file_name}{month} {file.kind}: {file.message.removeprefix(f'{file.kind}: ')}"
    # Names come from strangers: on one line, and without what turns the direction of the rest.
    return "\n".join(["".join(c if c.isprintable() else "�" for c in said), *(f"    {c}" for c in file.commands)])


def _key(file: Attention) -> str:
    """Another message is another item; so are the same bytes, delivered again after somebody settled them."""
    said = hashlib.sha256(file.message.encode("utf-8", "replace")).hexdigest()[:16]
    return f"file:{file.kind}:{file.look or file.original}:{said}"


def tell_directly(platform: Platform, of_builds: Iterable[Item] = ()) -> list[Notice]:
    """Tells, without Dagster, of the files and contracts that need a person, and of what builds came to."""
    notices = []
    with open_outbox(platform.settings) as outbox:
        for about, items in (
            ("arrivals", items_of_feeds(platform)),
            ("build", list(of_builds)),
            ("products", items_of_products(platform.settings)),
            ("exports", items_of_exports(platform)),
        ):
            if untold := outbox.untold(items):
                notices.append(digest(platform.settings, about, "", untold))
                outbox.put(notices[-1])
    return notices
