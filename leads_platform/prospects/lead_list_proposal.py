"""Finding the mapping to the standard lead columns in a sample's titles and values, for proposing a contract.

Belongs here: which titles say which lead column. Does not: types, keys and text of a proposal (arrivals.contracts).
"""

from __future__ import annotations

import re

from leads_platform.arrivals.contracts.propose_columns import Guess, Suggestion, scalar
from leads_platform.prospects.lead_columns import MAPPED, WITH_STATES

# Canonical lead column -> patterns on a column's name, the best first; and words that rule a column out. Titles are
# English, then German, Spanish and French; accents are gone, and ß is ss.
_ROLES: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("email", r"bounce|date|opt",
     (r"e_?mail(_address)?|e_?mail_adresse|mail|correo(_electronico)?|courriel|mel",
      r".*e_?mail.*|.*correo.*|.*courriel.*|adresse_(mail|electronique)")),
    ("phone", r"fax|type|ext|date|consent",
     (r"(tele)?phone(_(number|no|1))?|telefon(o|nummer)?(_?(nr|1|fijo|fixe))?|tel(_(nr|no|1))?|fon|rufnummer",
      r".*(phone|telefon|rufnummer).*|tel(_.*)?", r"(mobile|cell|mobil|handy|movil|celular|portable|gsm).*")),
    ("unit", r"mail",
     (r"(address|addr|street)(_line)?_?2", r"unit(_number)?|suite|apt|apartment", r"haus_?(nummer|nr)")),
    ("street", r"e_?mail|_mail$|electroni|web|(^|_)ip(_|$)|_[23]$|city|state|zip|type",
     (r"(street_)?(address|addr)|street|strasse|str|anschrift|adresse|direccion|calle|domicilio|rue",
      r"(address|addr|street|strasse|adresse|direccion|calle|rue)(_line)?_?1",
      r".*(address|street|addr)(_.*)?|.*(strasse|anschrift|adresse|direccion|calle|domicilio).*|rue_.*")),
    ("city", r"", (r"city|town|ort|stadt|wohnort|ciudad|localidad|poblacion|municipio|ville|commune|localite",
                   r"city_.*|.*_(city|town|ort|stadt|ville)")),
    ("state", r"status", (r"state|st|state_code|province|bundesland|kanton|provincia|estado|departement|region",
                          r"state_.*|.*_state|.*province")),
    ("postal_code", r"_4$|plus|ext",
     (r"zip|(zip|postal|post)_?code|zip_5|plz|postleitzahl|cp|npa|(codigo|cod)_postal|code_postal",
      r".*(zip|postal|postcode|postleitzahl).*|plz_.*|.*_plz")),
    ("country", r"", (r"country|country_code|land|pais|pays",)),
    ("company_name", r"type|date|phone|contact|number|nummer|telefon|inhaber|(^|_)id(_|$)",
     (r"(company|business|organi[sz]ation)(_name)?|firma|firmenname|unternehmen|empresa|razon_social|societe|"
      r"entreprise|raison_sociale",
      r"(facility|operation|provider|center|centre|school|program|site|agency)_name|name_der_(firma|einrichtung)|"
      r"nombre_(de_(la_)?empresa|comercial)|nom_de_(la_|l_)?(societe|entreprise)", r"name|nombre|nom",
      r".*(company|business|dba).*|.*(firma|firmen|unternehmen|empresa|societe|entreprise).*",
      r"facility|provider|licensee(_name)?|einrichtung|betrieb|negocio|etablissement")),
    ("contact_title", r"phone|name",
     (r"(.*_)?contact.*_(role|title|position)", r"(job_)?title|role|position|funktion|cargo|puesto|fonction|poste")),
    ("contact_name", r"phone|mail|type|date|role|title|addr|number|nummer|telefon|(^|_)id(_|$)",
     (r"(.*_)?contact(_person)?(_name)?|full_name|ansprechpartner(in)?|kontakt(person)?|inhaber(in)?|"
      r"(persona_de_)?contacto|responsable|titular|gerant|dirigeant",
      r".*(owner|director|caregiver|administrator|manager|principal|geschaftsfuhrer|leiter|leitung|gerente).*")),
    ("license_status", r"date", (r"(license|licence|credential|permit)_status", r"status|statut")),
    ("license_issued_on", r"", (r".*issue.*|ausgestellt.*|erteilt.*|fecha_de_emision|date_(d_emission|de_delivrance)",
                                r"(license|licence|permit)_(date|start.*)")),
    ("license_expires_on", r"", (r".*expir.*|gultig_bis|ablauf.*|(fecha_de_)?(vencimiento|caducidad)|vence.*",
                                 r".*valid_(to|until).*")),
    ("capacity", r"", (r"(licensed_|total_)?cap(acity)?|platze|kapazitat|plazas|capacidad|aforo|places|capacite",
                       r".*capacity.*")),
)  # fmt: skip
_TYPED = {"license_issued_on": "date", "license_expires_on": "date", "capacity": "integer"}
_ADDRESS = ("street", "city", "state", "postal_code")
_NO_OTHER_PHONE = r"fax|type|ext|date|consent|(^|_)id(_|$)"


def suggest_lead_list(guesses: list[Guess], key: list[Guess]) -> Suggestion:
    """The sample as a lead list, or what it lacks to be one; completes `key`."""
    found = _found(guesses, key)
    region = found["phone"].region if "phone" in found else ""
    abroad = bool(region) and region not in WITH_STATES and "address" not in found
    if abroad:  # told apart by street and postal code there; a region is no US state
        found.pop("state", None)
    place = ("address",) if "address" in found else tuple(part for part in _ADDRESS if part != "state" or not abroad)
    wanted = ("company_name", "phone", *place)
    missing = [lead for lead in wanted if lead not in found]
    if missing:
        without = "its records will not become leads"
        return Suggestion("lead_list", "prospects", "a lead list", missing=missing, without=without)
    if not key:
        key += [found["company_name"], found["phone"]]
        key[0].notes.append("no column is a number of the supplier's own; is the key right?")
    elif not key[0].all("code"):
        key[0].notes.append("if the number is only a part of the cell, source_id: {column: ..., extract: '(regex)'}")
    for guess in (*(found[lead] for lead in wanted), *key):
        guess.required = True
    for lead in ("phone", "email", "street", "unit", "address", "contact_name"):
        if lead in found:
            found[lead].pii = True
            if found[lead].shapes["lines"]:
                found[lead].notes.append("some cells have several lines; `extract` in leads can take one of them")
    found["source_id"] = key[0]
    more = _more_phones(guesses, [*found.values(), *key])
    mapped = []
    for lead in (lead for lead in (*MAPPED, "address") if lead in found):
        if lead == "phone" and more:
            mapped.append(f"  phones: [{', '.join(scalar(guess.name) for guess in (found[lead], *more))}]")
        else:
            mapped.append(f"  {lead}: {scalar(found[lead].name)}")
    return Suggestion(
        "lead_list",
        "prospects",
        "a lead list",
        head=[f"phone_region: {region or 'US'}  # check: where a number without country code is dialled"],
        tail=["", "leads:  # check: each lead column and the column it is taken from", *mapped],
    )


def _more_phones(guesses: list[Guess], taken: list[Guess]) -> list[Guess]:
    """The other columns of phones; each is kept, and the first valid number of a lead is its phone."""
    (patterns,) = [patterns for lead, _, patterns in _ROLES if lead == "phone"]
    more = [
        guess
        for guess in guesses
        if not any(guess is other for other in taken) and not guess.is_called(_NO_OTHER_PHONE) and guess.filled
        if guess.mostly("phone") or (guess.region and any(re.fullmatch(one, guess.name) for one in patterns))
    ]
    for guess in more:
        guess.pii = True
    return more


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
