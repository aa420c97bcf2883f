"""What needs a person's attention at the end of a command, and the verdict: one item a matter, with what to paste.

Belongs here: gathering it from the status and from what the command met. Does not: files that wait (attention gathers
them for everybody), or printing (cli.output).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from leads_platform.arrivals.archive.notes import from_sub_folders, grouped
from leads_platform.arrivals.archive.store import Manifest
from leads_platform.arrivals.landing import strangers, unreadable_folders
from leads_platform.attention import command, files_in_need
from leads_platform.cli.status import Status
from leads_platform.freshness import findings
from leads_platform.months import label
from leads_platform.outbox import slack_refusal
from leads_platform.platform import how_to_agree
from leads_platform.products.state import former_stands
from leads_platform.settings import Settings


@dataclass(frozen=True)
class Need:
    """One matter: what it is about, what is the matter, and the commands that settle it.

    `blocks`: something is not in the tables because of it, so that `run` exits 1; or, where it is a `product`, that was
    not made.
    """

    what: str
    message: str
    commands: tuple[str, ...] = ()
    blocks: bool = True
    product: bool = False


def told_of_run(manifests: Iterable[Manifest], problems: Iterable[str], settings: Settings) -> list[Need]:
    """What this command met itself: files it could not take or took in part.

    A partly loaded file is told once, in the run that takes it in: nothing settles it but a corrected file.
    """
    found = [Need("Taking files in", problem) for problem in problems]
    for m in manifests:
        if m.verdict == "partial":
            shown = command(settings, "quarantine", m.sha256[:12])
            found.append(Need(f"Partly loaded, {m.feed}/{m.file_name}", m.message, (shown,), blocks=False))
    return found


def in_need(status: Status) -> list[Need]:
    """What stands and needs a person, whoever met it first. The one rule for commands that build and for `status`."""
    settings = status.platform.settings
    found = [
        Need(f"Contract {entry.path.name}", entry.words().replace("\n", " "), (command(settings, "run"),))
        for entry in status.platform.out_of_order
    ]
    found += [
        Need(
            f"File {path.name}",
            f"is not read, as it lies beside the contract that is; move it out of {path.parent}",
            blocks=False,
        )
        for path in status.platform.user.passed_over
    ]
    if status.removal.needs_a_word:
        how = how_to_agree(status.platform, status.removal)
        found.append(Need("Waits for your yes", f"{status.removal.words()} {how}".replace("\n", " ")))
    if not status.removal.of_first_month:
        found += _nothing_fits(status)
    found += [
        Need(
            f"{item.kind.capitalize()}, {item.feed}/{item.file_name}",
            item.message.removeprefix(f"{item.kind}: "),
            item.commands,
        )
        for item in files_in_need(settings, status.state)
    ]
    checks: dict[tuple[str, str], list[str]] = {}
    for failed in status.built.failed:
        if failed.refused:
            months = checks.setdefault((failed.table, failed.check), [])
            months.append(f"{label(failed.month)}: {failed.bad_rows} bad row(s)")
    found += [
        Need(
            table,
            f"the check {check} kept new rows out ({', '.join(months)}); the former ones stand. "
            "`status` shows where; correct the file or the table, then run again",
            (command(settings, "status"), command(settings, "run")),
        )
        for (table, check), months in checks.items()
    ]
    found += [*products_failed(status), *_published(status)]
    found += [
        Need(
            f"Exported, {of.action} of {label(of.month)}",
            f"{of.rows:,} rows came from {of.files:,} file(s) withdrawn since; this tells which, and settles it",
            (command(settings, "export", of.action, "--form", of.form),),
            blocks=False,
        )
        for of in status.recalled
    ]
    found += [
        Need("Landing folder", f"{folder}. Its files can't be seen; check owner and rights")
        for folder in unreadable_folders(settings.landing, status.platform.contracts)
    ]
    found += [
        Need(
            "Unknown folder",
            f"landing/{name} belongs to no feed, so nobody reads it. Name the folder as a feed, or write a contract: "
            "`leads-platform feed new FILE` proposes one",
            blocks=False,
        )
        for name in strangers(settings.landing, status.platform.stopped | set(status.platform.contracts))
    ]
    found += [
        Need(f"Sub-folder, {feed}/{files}", says, blocks=False)
        for feed, files, says in grouped(from_sub_folders(status.state))
    ]
    found += [Need("Late", late.says, blocks=False) for late in findings(settings, status.state)]
    if said := slack_refusal(settings):
        found.append(Need("Slack", said, blocks=False))
    return found + _stale(status)


def _nothing_fits(status: Status) -> list[Need]:
    """One item when files were taken in and all their records lie before the first month: nothing is built then."""
    early = sum(counts["before_first_month"] for counts in status.state.outside().values())
    if status.state.data_months() is not None or not early:
        return []
    first = label(status.platform.settings.first_month)
    said = (
        f"all {early:,} records lie before the first month, {first}: nothing is built of them. "
        "Set LEADS_PLATFORM_FIRST_MONTH to the first month you have files of, and run again"
    )
    return [Need("First month", said)]


def products_failed(status: Status) -> list[Need]:
    """Each product whose last making failed."""
    again = (command(status.platform.settings, "publish"),)
    return [
        Need(
            f"Product {standing.place.key}", f"was not made: {made.failed}. {former_stands(made)}", again, product=True
        )
        for standing in status.standing
        if (made := standing.made).failed
    ]


def _published(status: Status) -> list[Need]:
    """Products that are stale, in one item; where tables are stale, too, they wait for the next build."""
    waiting = [s.place.key for s in status.standing if s.stale and not s.made.failed and status.built.rows]
    if not waiting or status.stale or status.writer:
        return []
    says = f"{', '.join(waiting)}: not of what is built now, or not as it was made"
    return [Need("Published", says, (command(status.platform.settings, "publish"),), blocks=False)]


def _stale(status: Status) -> list[Need]:
    """What is stale, in one item; none where a refused check or a missing yes explains it, or while somebody writes."""
    explained = status.removal.needs_a_word or any(failed.refused for failed in status.built.failed)
    if not status.stale or explained or status.writer:
        return []
    run = command(status.platform.settings, "run")
    return [Need("Stale", f"{len(status.stale)} tables are stale; `status` says why", (run,), blocks=False)]


def verdict(items: Iterable[Need]) -> str:
    """The last line: whether all is well, and how much is not."""
    listed = list(items)
    blocking = sum(1 for item in listed if item.blocks)
    unmade = sum(1 for item in listed if item.blocks and item.product)
    if not listed:
        return "Done; nothing needs attention."
    if not blocking:
        return f"Done; {_things(len(listed))} to look at, above."
    more = f"; {len(listed) - blocking} more to look at" if len(listed) > blocking else ""
    wanting = ["Not all is in the tables"] if blocking > unmade else []
    wanting += ["Not every product is made"] if unmade else []
    return f"{'. '.join(wanting)}: {_things(blocking)} to act on, above{more}."


def _things(count: int) -> str:
    return "one thing" if count == 1 else f"{count} things"
