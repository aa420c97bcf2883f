"""Finding the mapping to the standard lead columns in a sample's titles and values, for proposing a contract.

Belongs here: which titles say which lead column. Does not: types, keys and text of a proposal (arrivals.contracts).
"""

from __future__ import annotations

import re

from leads_platform.arrivals.contracts.propose_columns import Guess, Suggestion, scalar
from leads_platform.prospects.lead_columns import MAPPED

# Canonical lead column -> patterns on a column's name, the best first; and words that rule a column out.
_ROLES: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("email", r"bounce|date|opt", (r"e_?mail(_address)?", r".*e_?mail.*")),
    ("phone", r"fax|type|ext|date", (r"(tele)?phone(_(number|no|1))?", r".*phone.*|tel(_.*)?", r"(mobile|cell).*")),
    ("unit", r"mail", (r"(address|addr|street)(_line)?_?2", r"unit(_number)?|suite|apt|apartment")),
    ("street", r"e_?mail|web|(^|_)ip(_|$)|_[23]$|city|state|zip|type",
     (r"(street_)?(address|addr)|street", r"(address|addr|street)(_line)?_?1", r".*(address|street|addr)(_.*)?")),
    ("city", r"", (r"city|town", r"city_.*|.*_(city|town)")),
    ("state", r"status", (r"state|st|state_code|province", r"state_.*|.*_state|.*province")),
    ("postal_code", r"_4$|plus|ext", (r"zip|(zip|postal|post)_?code|zip_5", r".*(zip|postal|postcode).*")),
    ("country", r"", (r"country|country_code",)),
    ("company_name", r"type|date|phone|contact|number|(^|_)id(_|$)",
     (r"(company|business|organi[sz]ation)(_name)?",
      r"(facility|operation|provider|center|centre|school|program|site|agency)_name", r"name",
      r".*(company|business|dba).*", r"facility|provider|licensee(_name)?")),
    ("contact_title", r"phone|name", (r"(.*_)?contact.*_(role|title|position)", r"(job_)?title|role|position")),
    ("contact_name", r"phone|mail|type|date|role|title|addr|number|(^|_)id(_|$)",
     (r"(.*_)?contact(_person)?(_name)?|full_name", r".*(owner|director|caregiver|administrator|manager|principal).*")),
    ("license_status", r"date", (r"(license|licence|credential|permit)_status", r"status")),
    ("license_issued_on", r"", (r".*issue.*", r"(license|licence|permit)_(date|start.*)")),
    ("license_expires_on", r"", (r".*expir.*", r".*valid_(to|until).*")),
    ("capacity", r"", (r"(licensed_|total_)?cap(acity)?", r".*capacity.*")),
)  # fmt: skip
_TYPED = {"license_issued_on": "date", "license_expires_on": "date", "capacity": "integer"}
_ADDRESS = ("street", "city", "state", "postal_code")


def suggest_lead_list(guesses: list[Guess], key: list[Guess]) -> Suggestion | None:
    """The sample as a lead list; completes `key`. None where no phone or no place is among its columns."""
    found = _found(guesses, key)
    if "phone" not in found or not {"street", "address"} & set(found):
        return None
    wanted = ("company_name", *(() if "address" in found else _ADDRESS))
    missing = [lead for lead in wanted if lead not in found]
    if missing:
        return Suggestion("lead_list", "prospects", "a lead list", missing=missing)
    if not key:
        key += [found["company_name"], found["phone"]]
        key[0].notes.append("no column is a number of the supplier's own; is the key right?")
    elif not key[0].all("code"):
        key[0].notes.append("if the number is only a part of the cell, source_id: {column: ..., extract: '(regex)'}")
    for guess in (*(found[lead] for lead in ("phone", "address", *wanted) if lead in found), *key):
        guess.required = True
    for lead in ("phone", "email", "street", "unit", "address", "contact_name"):
        if lead in found:
            found[lead].pii = True
            if found[lead].shapes["lines"]:
                found[lead].notes.append("some cells have several lines; `extract` in leads can take one of them")
    found["source_id"] = key[0]
    mapped = [f"  {lead}: {scalar(found[lead].name)}" for lead in (*MAPPED, "address") if lead in found]
    return Suggestion(
        "lead_list",
        "prospects",
        "a lead list",
        head=["phone_region: US  # check: where a number without country code is dialled"],
        tail=["", "leads:  # check: each lead column and the column it is taken from", *mapped],
    )


def _found(guesses: list[Guess], key: list[Guess]) -> dict[str, Guess]:
    """The columns whose titles, or else whose values, say which lead column they are; each is one at most."""
    found: dict[str, Guess] = {}
    for lead, but, patterns in _ROLES:
        taken = [*found.values(), *key]
        if (guess := _named_like(guesses, patterns, but, taken, _TYPED.get(lead))) is not None:
            found[lead] = guess
    phones = [g for g in guesses if g.mostly("phone") and not g.is_called("fax") and g not in found.values()]
    if "phone" not in found and phones:
        found["phone"] = phones[0]
    if "street" in found and found["street"].mostly("one_cell"):
        found["address"] = found["street"]
        return {lead: guess for lead, guess in found.items() if lead not in (*_ADDRESS, "unit")}
    return found


def _named_like(
    guesses: list[Guess], patterns: tuple[str, ...], but: str, taken: list[Guess], kind: str | None
) -> Guess | None:
    free = [
        guess
        for guess in guesses
        if not any(guess is other for other in taken)
        and not (but and guess.is_called(but))
        and kind in (None, guess.type)
    ]
    # A postal address of an office is the last resort for where a lead is.
    for group in ([g for g in free if not g.is_called(r"mailing|billing")], free):
        for pattern in patterns:
            for guess in group:
                if re.fullmatch(pattern, guess.name):
                    return guess
    return None
