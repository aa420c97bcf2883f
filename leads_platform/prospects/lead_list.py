"""The contract of a supplier's list of leads: its mapping to the standard lead columns, and the table made of it.

Belongs here: what such a contract says beside any other, and its rules. Does not: the select (supplier_staging), or
finding the mapping in a sample (lead_list_proposal).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field

from leads_platform.arrivals.contracts.agreement import Loc, did_you_mean, regex_problem, unknown_column
from leads_platform.arrivals.contracts.limits import not_in_re2
from leads_platform.arrivals.contracts.model import FeedContract, Model
from leads_platform.prospects.lead_columns import MAPPED, WITH_STATES
from leads_platform.prospects.supplier_staging import COLUMNS, stg_leads_table
from leads_platform.prospects.supplier_values import VALUED, VALUES_TAKEN, has_values, stg_lead_values_table
from leads_platform.warehouse import Table

if TYPE_CHECKING:
    from leads_platform.arrivals.contracts.propose_columns import Guess, Suggestion

_ADDRESS_PARTS = ("street", "city", "state", "postal_code")
_TYPES = {"license_issued_on": "date", "license_expires_on": "date", "capacity": "integer"}


class LeadSource(Model):
    """Which column a canonical lead column is taken from."""

    column: str = Field(description="A declared column's name")
    extract: str | None = Field(
        default=None, description="Regular expression (RE2) with one group: the part of the cell that counts"
    )
    then: tuple[str, ...] = Field(
        default=(), description="phones: the columns after it, in order; the list [a, b] is {column: a, then: [b]}"
    )


def _lead_source(value: Any) -> Any:
    if isinstance(value, list) and value:
        return {"column": value[0], "then": value[1:]}
    return {"column": value} if isinstance(value, str) else value


class LeadList(FeedContract):
    """A supplier's list of leads: base_leads_ and stg_leads_ are generated, and the dimensions read the latter."""

    sections: ClassVar = {**FeedContract.sections, "leads": LeadSource}
    base_prefix: ClassVar = "base_leads_"
    families: ClassVar = {"stg_leads_*": COLUMNS}
    others: ClassVar = ("stg_lead_values_*",)

    # Without a default, so that it is in the hash; narrower than any kind's, which nobody writes.
    kind: Literal["lead_list"]  # pyright: ignore[reportIncompatibleVariableOverride, reportGeneralTypeIssues]
    leads: dict[
        str, Annotated[LeadSource, BeforeValidator(_lead_source, json_schema_input_type=str | list[str] | LeadSource)]
    ] = Field(
        default={},
        description="Canonical lead column -> column name, or {column, extract}. `phones` may stand for `phone`: a "
        "list of columns, of which the first valid number is the lead's, and all are kept",
    )

    @property
    def stg_table(self) -> str:
        """The generated staging table, without the room."""
        return f"stg_leads_{self.feed}"

    @property
    def entity(self) -> str:
        return self.entity_kind or "site"

    @property
    def is_abroad(self) -> bool:
        """Its addresses are told apart by street and postal code, or city, of the country its phones are dialled in."""
        return "state" not in self.leads and "address" not in self.leads

    def more_tables(self) -> tuple[Table, ...]:
        return (stg_leads_table(self), *([stg_lead_values_table(self)] if has_values(self) else ()))

    def phone_columns(self) -> tuple[str, ...]:
        phone = self.leads.get("phone") or self.leads.get("phones")
        return (phone.column, *phone.then) if phone else ()

    @classmethod
    def suggest(cls, guesses: Sequence[Guess], key: list[Guess]) -> Suggestion | None:
        from leads_platform.prospects.lead_list_proposal import suggest_lead_list  # only `feed new` needs it

        return suggest_lead_list(list(guesses), key)

    def own_problems(self) -> Iterator[tuple[Loc, str]]:
        if not self.key:
            yield ("kind",), "a lead list needs a `key`: the supplier's own number of a lead"
        if self.names_the_list and "from_" in self.month.model_fields_set:
            said = "must be `name` alone, or `column`: a lead list counts its leads in the month of its file"
            yield ("month", "from"), said
        types = {column.name: column.type for column in self.columns} | dict.fromkeys(self.constants, "text")
        known = (*MAPPED, "phones", "address")
        for lead, source in self.leads.items():
            unknown = [name for name in (source.column, *source.then) if name not in types]
            if lead not in known:
                yield ("leads", lead), did_you_mean(f"`{lead}` is not a lead column", lead, known)
            elif unknown:
                yield ("leads", lead), unknown_column(unknown[0], set(types))
            elif (needed := _TYPES.get(lead)) and types[source.column] != needed:
                yield ("leads", lead), f"needs a column of type {needed}; give `{source.column}` that type"
            if source.extract is not None and (problem := regex_problem(source.extract)) is not None:
                yield ("leads", lead, "extract"), problem
        for lead in ("source_id", "company_name", "phone"):
            if lead not in self.leads and not (lead == "phone" and "phones" in self.leads):
                yield ("leads",), f"`{lead}` is missing: which column holds it?"
        yield from self._phone_problems()
        yield from self._address_problems()
        for index, column in enumerate(self.columns):
            if column.name in VALUES_TAKEN and column.type in VALUED:
                said = f"`{column.name}` is a column of the table of its values; choose another name"
                yield ("columns", index, "name"), said

    def _phone_problems(self) -> Iterator[tuple[Loc, str]]:
        for lead, source in self.leads.items():
            if source.then and lead != "phones":
                yield ("leads", lead), "takes one column; several are for `phones` only"
            elif lead == "phones" and source.extract:
                yield ("leads", lead), "takes whole cells; leave `extract` out"
            elif len({source.column, *source.then}) <= len(source.then):
                yield ("leads", lead), "names a column twice"
        if "phone" in self.leads and "phones" in self.leads:
            yield ("leads", "phones"), "stands for `phone`; map one or the other"

    def _address_problems(self) -> Iterator[tuple[Loc, str]]:
        parts = [part for part in _ADDRESS_PARTS if part in self.leads]
        if "address" in self.leads and parts:
            yield ("leads", "address"), f"stands for {', '.join(parts)}; map one or the other"
        missing = [part for part in _ADDRESS_PARTS if part not in parts]
        if missing == ["state"] and self.phone_region not in WITH_STATES:
            missing = []
        if "address" not in self.leads and missing:
            more = "; a state that the supplier does not send can be one of `constants`" if "state" in missing else ""
            yield (
                ("leads",),
                f"{', '.join(missing)} missing; map them, or `address` if one cell holds the address{more}",
            )

    def own_limits(self) -> Iterator[tuple[Loc, str]]:
        for lead, source in self.leads.items():
            if source.extract is not None and (problem := not_in_re2(source.extract)) is not None:
                yield ("leads", lead, "extract"), problem
