"""Parquet files: columns by name, every value as text.

Belongs here: reading them by DuckDB, which can't be misled by a format that says what it holds. Does not:
anything about text.
"""

from __future__ import annotations

from pathlib import Path

from leads_platform.arrivals.contracts.load import FeedContract
from leads_platform.arrivals.contracts.typed import with_comma
from leads_platform.arrivals.reading.header import check_width, match_header
from leads_platform.arrivals.reading.loading import Loader, LoaderFault, Taken, literal
from leads_platform.arrivals.reading.refusal import Refusal


def read_parquet(source: Path, contract: FeedContract, workspace: Path) -> Taken:
    """Reads the file against its contract; the count is the file's own, in its footer. Raises Refusal."""
    loader = Loader(workspace, [])
    where = literal(str(source))
    try:
        # Of so many columns, counting takes a tenth of the time that naming them does.
        check_width(loader.run(f"select count(*) from parquet_schema({where}) where num_children is null")[0][0])
        types = {row[0]: row[1] for row in loader.run(f"describe select * from read_parquet({where})")}
        names = list(types)
        records = int(loader.run(f"select num_rows from parquet_file_metadata({where})")[0][0])
        header = match_header(names, contract)
        loader.names = header.names
        if contract.month.column is not None:
            loader.set_month(contract, header, ISO)
        titles = {header.columns[name] for name in with_comma(contract) & header.columns.keys()}
        commas = {name for name in titles if types.get(name, "").startswith(_NUMBERS)}
        loaded = loader.load_parquet(source, names, commas) if records else 0
        if loaded != records:
            # The footer is the file's own word, and it carries no checksum.
            raise Refusal(f"holds {loaded} records, though its footer says {records} (damaged); send it again")
    except LoaderFault:
        loader.connection.close()
        raise Refusal("is a Parquet file that can't be read (damaged or cut short); send it again") from None
    except Refusal:
        loader.connection.close()
        raise
    return Taken(header, records, loaded, loader, warnings=list(header.warnings))


_NUMBERS = ("DECIMAL", "DOUBLE", "FLOAT")
"""Types of numbers with decimals, as DuckDB names them."""
_WRITTEN = ("%Y-%m-%d", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M:%S.%f")
_WITH_OFFSET = tuple(f"%Y-%m-%d{between}{clock}%z" for between in " T" for clock in ("%H:%M:%S", "%H:%M:%S.%f"))
ISO = (*_WRITTEN, *_WITH_OFFSET)
"""How typed dates look once they are text, whatever the contract's formats say."""
