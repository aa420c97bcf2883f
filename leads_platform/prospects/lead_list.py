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
from leads_platform.prospects.lead_columns import MAPPED
from leads_platform.prospects.supplier_staging import COLUMNS, stg_leads_table
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


def _lead_source(value: Any) -> Any:
    return {"column": value} if isinstance(value, str) else value


class LeadList(FeedContract):
    """A supplier's list of leads: base_leads_ and stg_leads_ are generated, and the dimensions read the latter."""

    sections: ClassVar = {**FeedContract.sections, "leads": LeadSource}
    base_prefix: ClassVar = "base_leads_"
    families: ClassVar = {"stg_leads_*": COLUMNS}

    # Without a default, so that it is in the hash; narrower than any kind's, which nobody writes.
    kind: Literal["lead_list"]  # pyright: ignore[reportIncompatibleVariableOverride, reportGeneralTypeIssues]
    leads: dict[str, Annotated[LeadSource, BeforeValidator(_lead_source)]] = Field(
        default={}, description="Canonical lead column -> column name, or {column, extract}"
    )

    @property
    def stg_table(self) -> str:
        """The generated staging table, without the room."""
        return f"stg_leads_{self.feed}"

    def more_tables(self) -> tuple[Table, ...]:
        return (stg_leads_table(self),)

    def phone_columns(self) -> tuple[str, ...]:
        phone = self.leads.get("phone")
        return (phone.column,) if phone else ()

    @classmethod
    def suggest(cls, guesses: Sequence[Guess], key: list[Guess]) -> Suggestion | None:
        from leads_platform.prospects.lead_list_proposal import suggest_lead_list  # only `feed new` needs it

        return suggest_lead_list(list(guesses), key)

    def own_problems(self) -> Iterator[tuple[Loc, str]]:
        if not self.key:
            yield ("kind",), "a lead list needs a `key`: the supplier's own number of a lead"
        names = {column.name for column in self.columns}
        known = (*MAPPED, "address")
        for lead, source in self.leads.items():
            if lead not in known:
                yield ("leads", lead), did_you_mean(f"`{lead}` is not a lead column", lead, known)
            elif source.column not in names:
                yield ("leads", lead), unknown_column(source.column, names)
            elif (needed := _TYPES.get(lead)) and self.column(source.column).type != needed:
                yield ("leads", lead), f"needs a column of type {needed}; give `{source.column}` that type"
            if source.extract is not None and (problem := regex_problem(source.extract)) is not None:
                yield ("leads", lead, "extract"), problem
        for lead in ("source_id", "company_name", "phone"):
            if lead not in self.leads:
                yield ("leads",), f"`{lead}` is missing: which column holds it?"
        yield from self._address_problems()

    def _address_problems(self) -> Iterator[tuple[Loc, str]]:
        parts = [part for part in _ADDRESS_PARTS if part in self.leads]
        if "address" in self.leads and parts:
            yield ("leads", "address"), f"stands for {', '.join(parts)}; map one or the other"
        if "address" not in self.leads and len(parts) < len(_ADDRESS_PARTS):
            missing = [part for part in _ADDRESS_PARTS if part not in parts]
            yield (
                ("leads",),
                f"{', '.join(missing)} missing; map them, or `address` if one cell holds the address",
            )

    def own_limits(self) -> Iterator[tuple[Loc, str]]:
        for lead, source in self.leads.items():
            if source.extract is not None and (problem := not_in_re2(source.extract)) is not None:
                yield ("leads", lead, "extract"), problem
