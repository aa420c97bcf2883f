"""The engine: declare a table, know what is stale, write it in one transaction, publish a copy. No Dagster here."""

from leads_platform.warehouse.audits import (
    accepted_values,
    adds_up,
    bad_rows,
    not_null,
    phones_are_valid,
    records_reconcile,
    references,
    values_are_readable,
    volume_is_usual,
)
from leads_platform.warehouse.catalogue import Catalogue, tables_in
from leads_platform.warehouse.keeping import as_of
from leads_platform.warehouse.table import Audit, Column, DeclarationError, Table, pick

__all__ = [
    "Audit",
    "Catalogue",
    "Column",
    "DeclarationError",
    "Table",
    "accepted_values",
    "adds_up",
    "as_of",
    "bad_rows",
    "not_null",
    "phones_are_valid",
    "pick",
    "records_reconcile",
    "references",
    "tables_in",
    "values_are_readable",
    "volume_is_usual",
]
