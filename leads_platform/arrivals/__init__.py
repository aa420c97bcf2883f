"""Arrivals: files become verified, accounted records in the archive.

Belongs here: feed contracts, reading files, archive and manifests, quarantine. Does not: Dagster, or the
warehouse's tables.
"""

from leads_platform.arrivals.contract import (
    ContractError,
    FeedContract,
    contract_json_schema,
    load_contract,
    load_contracts,
)
from leads_platform.arrivals.loading import Quarantined
from leads_platform.arrivals.reading import FileReading, read_file

__all__ = [
    "ContractError",
    "FeedContract",
    "FileReading",
    "Quarantined",
    "contract_json_schema",
    "load_contract",
    "load_contracts",
    "read_file",
]
