"""Words of column titles in English, German, Spanish and French, as patterns on a column's name.

Belongs here: what a title says of personal data, of numbers somebody gave, and of amounts. Does not: which title says
which column of a room's tables (its contract kinds), or what values say (propose_columns).
"""

from __future__ import annotations

import re

ID = (
    r"(^|_)(id|ids|number|no|nr|num|key|code|uuid|guid|ref|reference|license|licence|permit|credential|registration|"
    r"account|npi|ein|numero|codigo|licencia|registro|nif|cif|siret|siren|matricule|identifiant|kennung|aktenzeichen)"
    r"(_|$)|nummer(_|$)"
)
PHONE = r"phone|fax|telefon|(^|_)(tel|fon|handy|gsm)(_|$)|mobil|rufnummer|movil|celular|portable"
PLACE_CODE = r"zip|postal|postcode|post_code|(^|_)(plz|cp|npa)(_|$)|postleitzahl"
NO_ID = (
    rf"{PHONE}|cell|{PLACE_CODE}|e_?mail|correo|courriel|date|datum|fecha|capacity|count|total|price|amount|"
    r"haus_?(nummer|nr)|betrag|preis|importe|precio|montant|prix"
)
SELDOM_ID = r"type|status|name"
PERSON = (
    rf"{PHONE}|(^|_)(cell|dob|ssn|ip|str|rue)(_|$)|e_?mail|correo|courriel|addr|adresse|anschrift|direccion|domicilio|"
    r"street|strasse|calle|haus_?(nummer|nr)|contact|kontakt|ansprechpartner|caregiver|owner|inhaber|director|leiter|"
    r"geschaftsfuhrer|responsable|titular|gerent|gerant|dirigeant|administrator|licensee|person|birth|geburt|"
    r"nacimiento|naissance|surname|vorname|nachname|prenom|apellido|latitude|longitude"
)
NOT_OF_PERSON = (
    r"(^|_)(status|role|title|type|date|reason|county|city|state|country|datum|fecha|ort|stadt|land|pais|pays)(_|$)"
)
NAME = r"(^|_)(name|nombre|nom)(_|$)|(first|last|full|middle)name"
NAME_OF_THING = (
    r"company|business|facility|operation|organi[sz]ation|school|cent(er|re)|program|product|provider|source|file|"
    r"firma|firmen|unternehmen|betrieb|einrichtung|empresa|comercial|negocio|societe|entreprise|etablissement"
)
AMOUNT = (
    r"amount|price|cost|reven|payout|(^|_)fee(_|$)|premium|betrag|preis|umsatz|kosten|gebuhr|"
    r"importe|precio|coste?|montant|prix|tarif"
)

# A country whose phones a list may hold, by words of its titles; the first fits where several do.
_REGIONS = (
    (r"strasse|(^|_)plz(_|$)|postleitzahl|telefon(_|$)|firma|anschrift", ("DE", "AT", "CH")),
    (r"calle|codigo_postal|telefono|empresa|ciudad|direccion|correo", ("ES", "MX", "AR", "CO", "CL")),
    (r"(^|_)rue(_|$)|code_postal|societe|(^|_)ville(_|$)|courriel|adresse|portable", ("FR", "BE", "CH", "CA")),
)
_ANY_REGIONS = ("US", "CA", "GB", "DE", "FR", "ES", "IT", "NL", "BE", "AT", "CH", "MX", "AU")

_POINT = ("US", "CA", "GB", "AU", "MX", "CH")
"""Countries that write amounts with a point before the cents; the others that are tried write a comma."""


def money_of(region: str, names: list[str]) -> str:
    """The style of amounts in a list whose phones are dialled there; else in the country that the titles speak of."""
    return "us" if (region or regions_of(names)[0]) in _POINT else "eu"


def regions_of(names: list[str]) -> list[str]:
    """The countries to try for phones without a country code, those first that the titles speak of."""
    hits = {regions: sum(re.search(words, name) is not None for name in names) for words, regions in _REGIONS}
    spoken = [region for regions in sorted(hits, key=lambda one: -hits[one]) if hits[regions] for region in regions]
    return list(dict.fromkeys([*spoken, *_ANY_REGIONS]))
