"""A first YAML of a broker from sample files: `leads-platform broker new`.

Belongs here: what a broker's columns are called, and the text a person is to look over. Does not: how a file is written
or what its columns hold (arrivals.contracts.propose). Of the values only the words for a status stand in the result.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

from leads_platform.arrivals.contracts.propose import Sample, column_text, format_text, look_at
from leads_platform.arrivals.contracts.propose_columns import Guess, key_of, scalar
from leads_platform.revenue.broker_staging import DISPOSITIONS, SALES

_DAY = "date|timestamp"
_CALLED = {
    "lead_id": (r"lead", ""),
    "call_id": (r"(^|_)call(_|$)", ""),
    "phone": (r"phone|mobile|(^|_)(tel|cell)(_|$)", ""),
    "email": (r"e_?mail", ""),
    "sold_on": (r"sold|sale|bound|bind|issue|effective|close|date", _DAY),
    "status": (r"status|outcome|disposition|result|state", ""),
    "status_at": (r"status|outcome|disposition|since|changed|updated|date", _DAY),
}
_OF_SALES = ("lead_id", "call_id", "phone", "email", "sold_on")
_PRICE = r"paid|payout|price|commission|amount|revenue|fee"
_WORDS = (
    (r"cancel|rescind|lapse|charge.?back|return", "cancelled"),
    (r"\bdup", "duplicate"),
    (r"\bdnc\b|do not (call|contact)|opt.?out", "dnc"),
    (r"not? qual|unqual|ineligible|declined", "not_qualified"),
    (r"no (answer|contact)|voice ?mail|unreach|busy", "no_contact"),
    (r"invalid|wrong|bad|disconnect|fake", "invalid"),
    (r"not (sold|interested)|lost|no sale", "not_sold"),
    (r"quot.*(not|lost|clos)", "quoted_not_closed"),
    (r"quot", "quoted"),
    (r"hold|pending|working|follow", "hold"),
    (r"bound|sold|issued|won|sale|closed", "sold"),
    (r"contact|reached|spoke", "contacted"),
    (r"new|open|received", "new"),
)
"""How brokers write the standard statuses, the first that fits."""


def propose_broker(name: str, files: Mapping[str, Path]) -> str:
    """The YAML text of a broker that the samples fit, by section; lines with `# check:` need a person."""
    samples = {section: look_at(path, name, words_of=_CALLED["status"][0]) for section, path in files.items()}
    keys = {section: key_of(sample.guesses, sample.total) for section, sample in samples.items()}
    mapped: dict[str, str] = {}
    for section, sample in samples.items():
        wanted = _OF_SALES if section == SALES else ("lead_id", "phone", "email")
        status = () if section == SALES and len(samples) > 1 else ("status", "status_at")
        mapped |= {c: found for c, found in _mapped(sample.guesses, (*wanted, *status)).items() if c not in mapped}
    if SALES in samples and keys[SALES]:
        mapped = {"reference": keys[SALES][0].name, **mapped}
    if DISPOSITIONS in samples:
        keys[DISPOSITIONS] = _key_of_notes(samples[DISPOSITIONS], mapped)
    if ("status" in mapped) != ("status_at" in mapped):
        mapped = {name: column for name, column in mapped.items() if name not in ("status", "status_at")}
    notes = [f"# check: {section}: {note}" for section, sample in samples.items() for note in sample.notes]
    lines = [
        "# Proposed from a sample. Look at every `# check:`, then delete it.",
        *notes,
        f"broker: {scalar(name)}",
        f"title: {scalar(name.capitalize())}  # check: what people call it",
        'partner_ids: ["?"]  # check: boberdoo\'s partners that are this broker',
        "deal_type: cpa  # check: cpa, cpt or warm_transfer",
        f"money: {next((g.money for s in samples.values() for g in s.guesses if g.money), 'us')}",
        "# check: timezone: America/Chicago, if times without an offset are of that zone",
    ]
    for section, sample in samples.items():
        lines += _section(section, sample, keys[section], files[section])
    lines += ["map:", *(f"  {canonical}: {scalar(column)}" for canonical, column in mapped.items())]
    ways = [way if way in ("lead_id", "call_id") else f"{{{way}: 45 days}}" for way in _OF_SALES[:4] if way in mapped]
    lines.append(f"match: [{', '.join(ways)}]  # check: how its rows find the sale, the surest first")
    if SALES in samples:
        lines.append(f"price: {_price(samples[SALES].guesses)}")
    return "\n".join([*lines, *_statuses(mapped, samples)]) + "\n"


def _key_of_notes(sample: Sample, mapped: Mapping[str, str]) -> list[Guess]:
    """A number of the note's own; else all that tells one note from another."""
    taken = set(mapped.values())
    own = [g for g in sample.guesses if g.distinct == sample.total and g.name not in taken and not g.pii]
    telling = [mapped.get(name) for name in ("reference", "lead_id", "status", "status_at")]
    return own[:1] or [g for g in sample.guesses if g.name in telling]


def _mapped(guesses: list[Guess], wanted: tuple[str, ...]) -> dict[str, str]:
    """The first column that is called so, each once."""
    found: dict[str, str] = {}
    for canonical in wanted:
        called, type_ = _CALLED[canonical]
        fitting = [
            guess.name
            for guess in guesses
            if guess.is_called(called) and guess.name not in found.values()
            and (re.fullmatch(type_, guess.type) if type_ else guess.type not in ("date", "timestamp"))
        ]  # fmt: skip
        if fitting:
            found[canonical] = fitting[0]
    return found


def _section(section: str, sample: Sample, key: list[Guess], file: Path) -> list[str]:
    ending = file.suffix.lower() if file.suffix.lower() not in (".gz", ".zip") else f".{sample.dialect.type}"
    found = f"  key: [{', '.join(scalar(guess.name) for guess in (key[:1] if section == SALES else key))}]"
    return [
        f"{section}:",
        f"  format: {format_text(sample.dialect)}",
        f'  files: ["*{ending}"]',
        found if key else "  key: []  # check: no column is different in every record",
        "  columns:",
        *(f"  {column_text(guess, sample.dialect.type)}" for guess in sample.guesses),
    ]


def _price(guesses: list[Guess]) -> str:
    called = [guess.name for guess in guesses if guess.is_called(_PRICE)]
    if called:
        return f"{{column: {scalar(called[0])}}}  # check: what the broker pays, or what it takes in?"
    premium = [guess.name for guess in guesses if guess.is_called("premium")]
    if premium:
        return f"{{percent_of: {scalar(premium[0])}, rate: 0.0}}  # check: the share that the broker pays"
    return "{fixed: 0.00}  # check: what the broker pays for each"


def _statuses(mapped: dict[str, str], samples: Mapping[str, Sample]) -> list[str]:
    if "status" not in mapped:
        return []
    words = next((s.words[mapped["status"]] for s in samples.values() if mapped["status"] in s.words), [])
    standard = {word: _standard(word) for word in words}
    lines = ["status_map:  # check: each of the broker's words"]
    lines += [f"  {json.dumps(word)}: {status}" for word, status in standard.items() if status]
    lines += [f"  # check: {json.dumps(word)}: which?" for word, status in standard.items() if not status]
    if "cancelled" in standard.values():
        lines.append("chargeback_on: [cancelled]  # check: statuses that take a conversion back")
    return lines if any(standard.values()) else ["# check: status_map: {Their word: sold}"]


def _standard(word: str) -> str:
    folded = re.sub(r"[_-]+", " ", word.lower())
    return next((status for written, status in _WORDS if re.search(written, folded)), "")
