"""Arrivals: files become verified, accounted records in the archive.

Belongs here: feed contracts, reading files, archive and manifests, quarantine. Does not: Dagster, or the
warehouse's tables.
"""

from leads_platform.arrivals.contracts.load import (
    ContractError,
    FeedContract,
    contract_json_schema,
    load_contract,
    load_contracts,
)
from leads_platform.arrivals.reading.file_reading import FileReading, read_file
from leads_platform.arrivals.reading.loading import Quarantined

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
