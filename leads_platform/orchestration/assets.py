"""Tables as assets with their checks, and feeds as external assets.

Belongs here: what Dagster is told of a table, and the one function that builds any of them. Does not: which tables
there are (the rooms), or the events of a build (events).
"""

from collections.abc import Iterator

import dagster as dg

from leads_platform.arrivals.archive.versions import versioned
from leads_platform.arrivals.contracts.load import FeedContract
from leads_platform.changes import ended_and_replaced, in_words
from leads_platform.errors import fault_in_words, unforeseen
from leads_platform.months import label, months_between
from leads_platform.orchestration.events import (
    asset_key,
    check_results,
    evaluations,
    report_month,
    rows_metadata,
)
from leads_platform.orchestration.partitions import key_of, monthly_partitions, months_of_range
from leads_platform.orchestration.requests import note_outcome
from leads_platform.orchestration.resource import (
    CHANGED_TAG,
    REFUSED_TAG,
    ROWS_BEFORE,
    WarehouseResource,
    cancelled_when_stopped,
)
from leads_platform.platform import Platform
from leads_platform.warehouse.catalogue import ARRIVALS
from leads_platform.warehouse.errors import BuildError
from leads_platform.warehouse.planner import BuildTask, InputsMissing
from leads_platform.warehouse.table import Table

# Definitions that are loaded now may serve a process for so many months more.
_MONTHS_TO_COME = 24


def feed_specs(platform: Platform) -> list[dg.AssetSpec]:
    """Every feed, also one whose contract is out of order: its description says why."""
    broken: dict[str, str] = {}
    for entry in platform.out_of_order:
        broken[entry.feed] = f"{broken.get(entry.feed, '')}**Out of order.** {entry.words()}\n\n"
    found = [feed_spec(contract, broken.get(feed, "")) for feed, contract in platform.contracts.items()]
    for feed in sorted(set(broken) - set(platform.contracts)):
        name = feed if feed.isidentifier() else "contract_out_of_order"  # as a file is named that says no feed
        key = asset_key(f"{ARRIVALS}{name}")
        if all(spec.key != key for spec in found):
            found.append(dg.AssetSpec(key, description=broken[feed], group_name="arrivals", kinds={"file"}))
    return found


def feed_spec(contract: FeedContract, warning: str = "") -> dg.AssetSpec:
    """A feed: filled by suppliers, not by Dagster; the arrivals job tells of each file that came."""
    columns = [
        dg.TableColumn(c.name, c.type, c.description or c.header, tags={"pii": ""} if c.pii else None)
        for c in contract.columns
    ]
    return dg.AssetSpec(
        asset_key(f"{ARRIVALS}{contract.feed}"),
        description=f"{warning}{contract.title}. {contract.description}".strip(),
        group_name="arrivals",
        owners=[contract.known_owner] if contract.known_owner else None,
        kinds={"file", contract.format.type},
        tags={"room": contract.room, "delivery": contract.delivery},
        metadata={
            "delivery": contract.delivery,
            "contract": contract.label,
            "files": ", ".join(contract.files),
            "key": ", ".join(contract.key),
            "dagster/column_schema": dg.TableSchema(columns),
        },
    )


def table_asset(platform: Platform, table: Table, lineage: bool = True) -> dg.AssetsDefinition:
    """The asset of a table, with a check for each of its audits."""
    checks = [
        dg.AssetCheckSpec(audit.name, asset=asset_key(table.address), description=audit.says, blocking=blocking)
        for audit, blocking in table.audits
    ]

    @dg.multi_asset(
        name=f"{table.room}__{table.name}",
        specs=[table_spec(platform, table, lineage)],
        check_specs=checks,
        backfill_policy=dg.BackfillPolicy.single_run(),
    )
    def build(context: dg.AssetExecutionContext, warehouse: WarehouseResource) -> Iterator[object]:
        yield from _build(context, warehouse, table.address)

    return build


def table_spec(platform: Platform, table: Table, lineage: bool = True) -> dg.AssetSpec:
    """All that Dagster shows of a table."""
    grain = ", ".join(table.grain)
    pii = {"pii": "true"} if table.pii else {}
    return dg.AssetSpec(
        asset_key(table.address),
        deps=dependencies(platform, table),
        description=f"{table.says}\n\nGrain: one row per month and ({grain}).",
        group_name=table.room,
        owners=[table.owner] if table.owner else None,
        kinds={"duckdb", table.layer},
        tags={"layer": table.layer, **pii},
        code_version=platform.catalogue.declarations[table.address],
        partitions_def=monthly_partitions(platform.settings),
        metadata={
            "dagster/table_name": table.address,
            "dagster/column_schema": dg.TableSchema(
                [dg.TableColumn(c.name, c.type, c.says, tags={"pii": ""} if c.pii else None) for c in table.columns]
            ),
            **(_column_lineage(platform, table) if lineage else {}),
        },
    )


def dependencies(platform: Platform, table: Table) -> list[dg.AssetDep]:
    """What a table reads, with which months beside the one being built. Never itself: backfills split on it."""
    # As far as the first and last month, where Dagster clips it; and no further, as it walks there month by month.
    months = len(months_between(platform.settings.first_month, platform.settings.current_month())) + _MONTHS_TO_COME
    found: dict[dg.AssetKey, dg.AssetDep] = {}
    for address, reach in platform.catalogue.inputs(table.address).items():
        for read in _feeds(platform, table, address) if address.startswith(ARRIVALS) else [address]:
            mapping = None
            if (reach.history or reach.ahead) and not read.startswith(ARRIVALS):
                mapping = dg.TimeWindowPartitionMapping(
                    start_offset=-months if reach.history else 0,
                    end_offset=months if reach.ahead == "all" else reach.ahead,
                    allow_nonexistent_upstream_partitions=True,
                )
            found.setdefault(asset_key(read), dg.AssetDep(asset_key(read), partition_mapping=mapping))
    return list(found.values())


def _feeds(platform: Platform, table: Table, address: str) -> list[str]:
    """The feeds behind `arrivals.<name>`; a feed stands for its versions, and counts are no asset.

    The files' ledger stands for the feeds of the table's room: of those kinds alone whose tables it reads, if any.
    """
    name = address[len(ARRIVALS) :]
    if name == "files":
        kinds = {
            kind
            for kind, model in platform.rooms.known.kinds.items()
            if any(f"{table.room}.{pattern}" in table.reads for pattern in model.families)
        }
        own = [contract for contract in platform.contracts.values() if contract.room == table.room]
        return [f"{ARRIVALS}{contract.feed}" for contract in own if not kinds or contract.kind in kinds]
    feed = versioned(name, platform.contracts) or name
    return [f"{ARRIVALS}{feed}"] if feed in platform.contracts else []


def _column_lineage(platform: Platform, table: Table) -> dict[str, dg.TableColumnLineage]:
    from leads_platform.orchestration.lineage import column_sources  # sqlglot, which a run does without

    sources = column_sources(platform, table)
    if not sources:
        return {}
    return {
        "dagster/column_lineage": dg.TableColumnLineage(
            {
                column: [dg.TableColumnDep(asset_key(address), name) for address, name in sorted(pairs)]
                for column, pairs in sources.items()
            }
        )
    }


def _build(context: dg.AssetExecutionContext, warehouse: WarehouseResource, address: str) -> Iterator[object]:
    """Builds the run's months of one table and tells Dagster of each. Raises Failure, never retried here."""
    session, hooks = warehouse.session, warehouse.hooks
    first, last = months_of_range(context.partition_key_range)
    hooks.on_start(BuildTask(address, first, last))
    try:
        with cancelled_when_stopped(context.instance, context.run):
            build = session.build(address, first, last)
    except InputsMissing as error:
        session.refused += 1
        if any(tag.startswith("leads_platform/") for tag in context.run.tags):
            # Planned by us, so its inputs were there then: somebody has made the warehouse anew since. No failure.
            hooks.on_outdated()
            context.instance.report_run_canceling(context.run)
        raise dg.Failure(str(error), allow_retries=False) from None
    except BuildError as error:
        session.refused += 1  # something is missing from this run: keep the published copy as it is
        raise dg.Failure(str(error), allow_retries=False) from None
    except Exception as error:  # Dagster would keep its text
        session.refused += 1
        raise dg.Failure(f"{address}: {fault_in_words(error) or unforeseen(error)}", allow_retries=False) from None
    except BaseException:
        session.refused += 1
        raise
    note_outcome(session, build)
    hooks.on_build(build)
    if not build.committed:
        yield from check_results(build)
        yield from evaluations(build, context.instance)
        _tag(context, REFUSED_TAG, address)
        raise dg.Failure(
            build.words(),
            metadata={"months": ", ".join(f"{month:%Y-%m}" for month in build.bad_months)},
            allow_retries=False,
        )
    changed = ended_and_replaced(build, session.newest)
    if changed:
        context.log.info(f"{address}: {in_words(changed)}.")
        _tag(context, CHANGED_TAG, *(label(month) for month in changed))
    for month, rows in build.rows.items():
        metadata = rows_metadata(rows) | ({ROWS_BEFORE: changed[month][0]} if month in changed else {})
        if first <= month <= last:
            context.add_asset_metadata(metadata, partition_key=key_of(month))
        else:  # its columns have changed, so that all months were built anew
            report_month(context.instance, address, month, metadata)
    yield dg.MaterializeResult()
    yield from check_results(build)
    yield from evaluations(build, context.instance)


def _tag(context: dg.AssetExecutionContext, tag: str, *words: str) -> None:
    """Adds words to a tag of the run: a sensor tells a refusal from a crash by one, a digest reads the other."""
    run = context.instance.get_run_by_id(context.run.run_id)
    known = run.tags.get(tag, "").split() if run else []
    if set(words) - set(known):
        context.instance.add_run_tags(context.run.run_id, {tag: " ".join(dict.fromkeys([*known, *words]))})
