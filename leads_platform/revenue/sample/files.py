"""Writing boberdoo's leads and transactions, the sources' costs, the closes and the settings.

Belongs here: the room's emitter, and which exports there are. Does not: what is sold (market), or what follows (truth).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path

from leads_platform.months import label
from leads_platform.revenue.sample.market import SOURCES, Lead, Market, Told, Transaction, phone_of
from leads_platform.sample.world import Party, World
from leads_platform.sample.writing import Writer, csv_line

HEADERS = {
    "boberdoo_leads": "lead_id,lead_type_id,lead_type,received_at,vendor_id,src,sub_id,pub_id,landing_page,first_name,"
    "last_name,email,phone,state,zip,status,vendor_cost,trusted_form_url,leadid_token",
    "boberdoo_transactions": "transaction_id,lead_id,call_id,partner_id,partner_name,filter_set_id,deal_type,event,"
    "amount,currency,occurred_at,recorded_at,parent_transaction_id,reason",
    "source_costs": "month,src,kind,amount,currency",
    "closes": "month,closed_on",
    "revenue_settings": "name,value",
}
STATUS_CHANGES, WIPED = 5, 8  # every so manyth lead is told again: a month later returned, three months later wiped
LATE_CLOSE = 1  # the month, by its number, that was closed later than usual


@dataclass(frozen=True, slots=True)
class Export:
    """A file: what it is of, and the day in its name."""

    feed: str
    month: date | None
    day: date

    @property
    def name(self) -> str:
        of = f"_{label(self.month)}_as_of" if self.month else ""
        return f"{self.feed}{of}_{self.day.isoformat()}.csv"

    @property
    def path(self) -> str:
        return f"{self.feed}/{self.name}"


class Exports:
    """The exports of a world, none of a day after its end."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.months = [world.month(index) for index in range(world.months)]

    def _end(self, index: int) -> date:
        return self.world.month(index + 1) - timedelta(days=1)

    def leads(self) -> list[Export]:
        """One at each month's end."""
        return [Export("boberdoo_leads", None, self._end(index)) for index in range(self.world.months)]

    def transactions(self, month: date) -> list[Export]:
        """A month's exports: at its end, in the middle of the next, and late in the one after."""
        index = self.months.index(month)
        days = [
            self._end(index),
            self.world.month(index + 1).replace(day=15),
            self.world.month(index + 2).replace(day=20),
        ]
        return [Export("boberdoo_transactions", month, day) for day in days if day <= self._end(self.world.months - 1)]

    def costs(self, month: date) -> list[Export]:
        """At the month's end; every third month's invoice comes later, too."""
        index = self.months.index(month)
        days = [self._end(index)]
        if index % 3 == 1 and index + 1 < self.world.months:
            days.append(self.world.month(index + 1).replace(day=10))
        return [Export("source_costs", month, day) for day in days]

    def look_ups(self) -> dict[Export, list[tuple[object, ...]]]:
        """The closes and the settings, with their lines."""
        found: dict[Export, list[tuple[object, ...]]] = {
            Export("revenue_settings", None, self.months[0]): [("currency", "USD")]
        }
        if self.world.months > LATE_CLOSE + 1:
            closed = self.world.month(LATE_CLOSE + 1).replace(day=8)
            found[Export("closes", None, self._end(LATE_CLOSE + 1))] = [(label(self.months[LATE_CLOSE]), closed)]
        return found

    def all(self) -> list[Export]:
        """Every one, in no order."""
        monthly = [export for month in self.months for of in (self.transactions, self.costs) for export in of(month)]
        return [*self.leads(), *monthly, *self.look_ups()]


def costs_of(export: Export, index: int) -> list[tuple[str, str, int]]:
    """Source, kind and cents of each line; the later export of a month has a dearer one."""
    late = export.day.replace(day=1) != export.month
    return [
        (src, kind, cents + 1_000 * index + (1_234 if late and kind == "media" else 0))
        for number, (src, _) in enumerate(SOURCES)
        for kind, cents in (("media", 30_000 + 5_000 * number), ("vendor", 12_050))
    ]


class RevenueFiles:
    """The emitter of the world's leads and money."""

    def __init__(self, world: World) -> None:
        self._world, self._market, self._exports = world, Market(world), Exports(world)

    def files(self) -> list[tuple[datetime, str]]:
        return [(datetime.combine(export.day, time(20)), export.path) for export in self._exports.all()]

    @contextmanager
    def writing(self, out: Path) -> Iterator[Callable[[Party], None]]:
        exports = self._exports
        with ExitStack() as stack:
            writers = {
                export: stack.enter_context(Writer(out / export.path, HEADERS[export.feed])) for export in exports.all()
            }
            for export, lines in exports.look_ups().items():
                for line in lines:
                    writers[export].add(csv_line(line))
            for index, month in enumerate(exports.months):
                for export in exports.costs(month):
                    for src, kind, cents in costs_of(export, index):
                        writers[export].add(csv_line((label(month), src, kind, f"{cents / 100:.2f}", "USD")))

            def write(made: Transaction) -> None:
                for export, told in told_in(made, exports):
                    if told:
                        writers[export].add(csv_line(_transaction(made, told)))

            for made in self._market.accounts():
                write(made)

            def take(party: Party) -> None:
                for lead in self._market.of(party):
                    for export, line in _told_leads(lead, exports):
                        writers[export].add(line)
                    for made in lead.transactions:
                        write(made)

            yield take


def told_in(made: Transaction, exports: Exports) -> list[tuple[Export, Told | None]]:
    """What each export of the transaction's month says of it, in their order; None: nothing."""
    month = made.first.happened.date().replace(day=1)
    return [(export, made.as_of(export.day)) for export in exports.transactions(month)]


def _transaction(made: Transaction, told: Told) -> tuple[object, ...]:
    filter_set = "" if told.event in ("fee", "credit", "payment") else f"F{told.partner}-{told.deal}"
    recorded = told.happened + timedelta(minutes=1)
    return (
        *(made.number, told.lead, told.call, told.partner, f"Buyer {told.partner}", filter_set, told.deal, told.event),
        *(told.amount, told.currency, told.happened, recorded, told.parent, told.reason),
    )


def _told_leads(lead: Lead, exports: Exports) -> Iterator[tuple[Export, str]]:
    """The lines of the lead: when it came, and again when it changed."""
    number, files = int(lead.number), exports.leads()
    first = next(n for n, export in enumerate(files) if export.day >= lead.received.date())
    yield files[first], csv_line(_lead(lead, "matched"))
    status = "returned" if number % STATUS_CHANGES == 0 else "matched"
    if status == "returned" and first + 1 < len(files):
        yield files[first + 1], csv_line(_lead(lead, status))
    if number % WIPED == 0 and first + 3 < len(files):
        yield files[first + 3], csv_line(_lead(lead, status, wiped=True))


def _lead(lead: Lead, status: str, *, wiped: bool = False) -> tuple[object, ...]:
    business = lead.business
    place = business.site.address.place if business.site and business.site.address else None
    person = ("", "", "", "") if wiped else (*business.contact, business.email, phone_of(lead))
    state, postal_code = (place.state, place.postal_code) if place and not wiped else ("", "")
    return (
        *(
            lead.number,
            "7",
            "Child care software",
            lead.received,
            lead.vendor,
            lead.src,
            f"s{lead.vendor}",
            "",
            "/start",
        ),
        *person,
        *(state, postal_code, status, f"{lead.cost / 100:.2f}", "", ""),
    )
