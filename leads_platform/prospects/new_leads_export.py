"""The action `new-leads`: a month's net-new leads as a file for the sales team, each lead once.

Belongs here: which leads go out, under which external id, and what is said of it. Does not: the columns of the file
(sales_forms), or the steps of a run (leads_platform.actions).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from leads_platform.actions.action import Action, ActionFailed, Doing, Done, RowDone
from leads_platform.actions.exported import Exported
from leads_platform.actions.withdrawn import KEPT, WITHDRAWN
from leads_platform.actions.writing import write_exact_csv, write_plain_csv, write_xlsx
from leads_platform.months import label
from leads_platform.prospects.email import is_email
from leads_platform.prospects.sales_forms import PEOPLE, SALESFORCE, Field, Lead, told, too_long
from leads_platform.warehouse import Audit

File = tuple[str, str]  # feed and sha256
_FORMS = {
    "salesforce": "CSV as Salesforce's Data Loader reads it, to upsert by External_Lead_Id__c",
    "xlsx": "a workbook for people",
    "csv": "a CSV for people",
}
_INCLUDE = {
    "moved": "licences known before at another address",
    "new_phone": "licences known before with another phone",
    "without_contact": "leads with neither a valid phone nor an e-mail address",
}
_LEADS = """
    select leads.*, files.file_sha256
    from prospects.rep_new_leads as leads
    left join prospects.fct_lead_files as files using (month, source_name, file_name)
"""
# The lead each lead was before. One that is still listed is somebody else, who shares the place: it keeps its id.
_REPLACED = """
    select distinct lead.phone_address_key, lead.replaces_key
    from prospects.dim_prospective_leads_source_level as lead
    anti join prospects.dim_prospective_leads as former
        on former.month = lead.month and former.phone_address_key = lead.replaces_key and former.in_latest_file
    where lead.replaces_key is not null
    order by all
"""
# Where those that went out stand today: the file in force that held each last, by the first supplier's name.
_STANDS = """
    select lead.phone_address_key as key, lead.source_name as feed, files.file_sha256 as sha256
    from prospects.dim_prospective_leads_source_level as lead
    semi join actions.new_leads_rows as told on told.key = lead.phone_address_key
    join prospects.fct_lead_files as files
        on files.source_name = lead.source_name and files.file_name = lead.last_received_file_name
    where lead.month = (select max(month) from prospects.dim_prospective_leads_source_level)
    order by lead.source_name desc, files.month
"""
_NAMED = 20  # so many lines about single leads; then their number


def _do(doing: Doing) -> Done:
    asked, fields = doing.asked, SALESFORCE if doing.asked.form == "salesforce" else PEOPLE
    stands = _standing(doing)
    earlier = doing.query("select * from actions.new_leads_rows order by run")
    exported = Exported(asked.form, earlier, _replaced(doing), stands)
    counts: Counter[str] = Counter()
    unfit: list[str] = []  # all are named: each is to be seen to by hand
    without_email: list[str] = []
    rows: list[RowDone] = []
    out: list[dict[str, Any]] = []
    for lead in sorted(doing.rows, key=lambda lead: (lead["source_name"], lead["file_name"], lead["line"])):
        key = lead["phone_address_key"]
        if why := left_out(lead, asked.include):
            counts[why] += 1
            continue
        if exported.is_superseded(key):
            counts["moved_on"] += 1
            continue
        hashed, before = doing.keyed(told(fields, lead)), exported.last(key)
        if before and before.hash == hashed:
            counts["exported_before"] += 1
            continue
        place = f"{lead['file_name']}, line {lead['line']}"
        if long := too_long(fields, {**lead, "external_id": key}):
            counts["too_long"] += 1
            unfit.append(f"{place}: {'; '.join(long)}. The lead is left out; nothing is cut.")
            continue
        if lead["email"] and not is_email(lead["email"]) and asked.form == "salesforce":
            without_email.append(f"{place}: the e-mail is no address that Salesforce takes; it is left empty.")
        external_id = exported.external_id(key)
        operation = "changed" if exported.is_known(external_id) else "new"
        counts[operation] += 1
        out.append({**lead, "external_id": external_id})
        rows.append(RowDone(external_id, key, hashed, operation, lead["source_name"], lead["file_sha256"]))
    if len({row.external_id for row in rows}) < len(rows):
        raise ActionFailed("Two leads would go out under one external id, so nothing goes out. Please report this.")
    taken_back = [] if doing.stale else list(_of_withdrawn_files(doing, exported, stands, rows))
    file = doing.scratch / f"leads.{'xlsx' if asked.form == 'xlsx' else 'csv'}" if doing.scratch and out else None
    if file:
        _write(file, asked.form, fields, out)
    says = [*_summary(doing, counts), *unfit, *_some(without_email), *_told_of(taken_back), *_not_told(doing, exported)]
    says += _earlier(doing, exported, fields)
    return Done((*rows, *taken_back), file, {"leads": len(out), **counts}, tuple(says))


def left_out(lead: Lead, include: Iterable[str]) -> str:
    """For want of which word a lead stays out of the file; empty for one that is in it."""
    known = [kind for kind, is_so in (("moved", "has_moved"), ("new_phone", "has_new_phone")) if lead[is_so]]
    if known and not set(known) & set(include):
        return known[0]
    return "without_contact" if lead["without_contact"] and "without_contact" not in include else ""


def _replaced(doing: Doing) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for row in doing.query(_REPLACED):
        found.setdefault(row["phone_address_key"], []).append(row["replaces_key"])
    return found


def _standing(doing: Doing) -> dict[str, File]:
    """Of those that went out: in which file (feed, sha256) each stands that is not withdrawn."""
    files = ((row["key"], (row["feed"], row["sha256"])) for row in doing.query(_STANDS))
    return {key: file for key, file in files if file not in doing.withdrawn}


def _of_withdrawn_files(
    doing: Doing, exported: Exported, stands: Mapping[str, File], out_now: list[RowDone]
) -> Iterator[RowDone]:
    """What went out in this form and came from a file that is withdrawn: told once, by a row of its own.

    It is `kept`, under that file, where another file gives the lead, or one that has its external id.
    """
    now = {row.external_id: (row.feed, row.sha256) for row in out_now}
    keys = {row.key for row in out_now}
    for key, before in sorted(exported.from_files(doing.withdrawn).items()):
        if key in keys:
            continue
        found = [stands[each] for each in (key, *exported.under(before.external_id)) if each in stands]
        file = now.get(before.external_id) or (found[0] if found else before.file)
        kept = file not in doing.withdrawn
        yield RowDone(before.external_id, key, before.hash, KEPT if kept else WITHDRAWN, *file)


def _write(file: Any, form: str, fields: tuple[Field, ...], leads: list[dict[str, Any]]) -> None:
    rows = ([field.value(lead) for field in fields] for lead in leads)
    titles = [field.title for field in fields]
    if form == "xlsx":
        write_xlsx(file, "New leads", {field.title: field.width for field in fields}, rows)
    elif form == "csv":
        write_plain_csv(file, titles, rows)
    else:
        write_exact_csv(file, titles, rows)


def _summary(doing: Doing, counts: Counter[str]) -> Iterator[str]:
    asked = doing.asked
    would = "would go out" if doing.scratch is None else "go out"
    yield (
        f"{counts['new'] + counts['changed']:,} of {len(doing.rows):,} net-new leads of {label(asked.month)} {would}, "
        f"form {asked.form}: {counts['new']:,} for the first time, {counts['changed']:,} changed since."
    )
    stay = [f"{counts[word]:,} {word}" for word in _INCLUDE if counts[word]]
    if stay:
        yield f"Left out, as not asked for: {', '.join(stay)} (--include {','.join(w for w in _INCLUDE if counts[w])})."
    if counts["exported_before"]:
        yield f"Exported before, and as they were: {counts['exported_before']:,}."
    if counts["moved_on"]:
        yield f"Moved since, and exported as what they are now: {counts['moved_on']:,}."


def _told_of(rows: list[RowDone]) -> Iterator[str]:
    gone = list(dict.fromkeys(row.external_id for row in rows if row.operation == WITHDRAWN))
    if gone:
        yield (
            f"{len(gone):,} leads were exported from a file that is withdrawn since. Take them out where they went. "
            "Their external ids, also in actions.new_leads_rows:"
        )
        yield from _some([f"  {external_id}" for external_id in gone])


def _not_told(doing: Doing, exported: Exported) -> Iterator[str]:
    """What must wait, as a file that is not in the tables yet may give the same leads."""
    if doing.stale and (gone := exported.from_files(doing.withdrawn)):
        yield (
            f"{len(gone):,} leads were exported from a file that is withdrawn since. Which of them stand by another "
            f"file is told when {', '.join(map(label, sorted(doing.stale)))} is current."
        )


def _earlier(doing: Doing, exported: Exported, fields: tuple[Field, ...]) -> Iterator[str]:
    """One line about earlier months of which leads of the same kinds never went out in this form, and fit in it."""
    asked = doing.asked
    counts: Counter[str] = Counter()
    for lead in doing.query(f"{_LEADS} where leads.month < date '{asked.month.isoformat()}'"):
        key = lead["phone_address_key"]
        if lead["month"] in doing.stale or left_out(lead, asked.include):
            continue
        is_out = exported.is_superseded(key) or exported.last(key)
        if not is_out and not too_long(fields, {**lead, "external_id": key}):
            counts[label(lead["month"])] += 1
    if counts:
        months = [f"{month} ({count:,})" for month, count in sorted(counts.items(), reverse=True)]
        more = f" and {len(months) - 6} earlier months" if len(months) > 6 else ""
        yield f"Not exported yet in this form: {', '.join(months[:6])}{more}. Ask for one with --month."


def _some(lines: list[str]) -> list[str]:
    more = [f"And {len(lines) - _NAMED:,} more like these."] if len(lines) > _NAMED else []
    return [*lines[:_NAMED], *more]


new_leads = Action(
    says="A month's net-new leads as a file for the sales team: new licences that can be reached, each once.",
    reads=(
        "prospects.rep_new_leads",
        "prospects.fct_lead_files",
        "prospects.dim_prospective_leads",
        "prospects.dim_prospective_leads_source_level",
    ),
    months="select distinct month from prospects.fct_lead_files",
    rows=f"{_LEADS} where leads.month = $month",
    do=_do,
    must=(
        Audit(
            "leads_stand_once",
            "Each lead stands once, with the file it came from.",
            "select month from this group by month, phone_address_key having count(*) > 1 or count(file_sha256) < 1",
        ),
    ),
    forms=_FORMS,
    include=_INCLUDE,
)
