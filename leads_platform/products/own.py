"""The products that every platform has, whatever its rooms.

Belongs here: their names, and gathering them. Does not: how each is made.
"""

from __future__ import annotations

from collections.abc import Mapping

from leads_platform.products.full_copy import FULL, full_copy
from leads_platform.products.product import Product
from leads_platform.products.shared_copy import SHARED, shared_copy
from leads_platform.warehouse.table import Table

OWN = (FULL, SHARED)


def own_products(tables: Mapping[str, Table]) -> dict[str, Product]:
    """The published copies, in the order in which they are made."""
    return {FULL: full_copy(tables), SHARED: shared_copy(tables)}
