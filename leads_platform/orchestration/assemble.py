"""All of Dagster's definitions for a platform.

Belongs here: putting the room's parts together. Does not: reading settings (leads_platform.definitions does).
"""

from __future__ import annotations

import warnings

import dagster as dg

from leads_platform.orchestration.actions import action_assets, action_jobs
from leads_platform.orchestration.arrivals_job import arrivals_job
from leads_platform.orchestration.assets import feed_specs, table_asset
from leads_platform.orchestration.build_sensor import BUILD_SECONDS, build_sensor
from leads_platform.orchestration.contracts import CurrentPlatform
from leads_platform.orchestration.feed_sensors import FEED_SECONDS, feed_sensors
from leads_platform.orchestration.file_checks import files_check
from leads_platform.orchestration.freshness_checks import freshness_checks
from leads_platform.orchestration.jobs import freshness_job, monthly_job, products_job
from leads_platform.orchestration.maintenance_sensors import MAINTENANCE_SECONDS, janitor_sensor, notices_sensor
from leads_platform.orchestration.products import product_assets
from leads_platform.orchestration.resource import Hooks, WarehouseResource
from leads_platform.orchestration.schedules import freshness_close, monthly_close
from leads_platform.platform import Platform


def build_definitions(
    platform: Platform, hooks: Hooks | None = None, *, seconds: int | None = None, lineage: bool = True
) -> dg.Definitions:
    """What the UI, the daemon and the command line run.

    `hooks` are for a caller in the same process, who has no use for column `lineage` either. `seconds` is between
    two ticks of every sensor, for tests.
    """
    # Dagster warns of beta parameters that it sets itself, some only when a job is resolved later: for good, then.
    warnings.filterwarnings("ignore", category=dg.BetaWarning)
    checks = freshness_checks(platform)
    return dg.Definitions(
        assets=[
            *feed_specs(platform),
            *(table_asset(platform, table, lineage) for table in platform.catalogue.tables.values()),
            product_assets(platform),
            *action_assets(platform),
        ],
        asset_checks=[*checks, files_check(platform)],
        jobs=[
            monthly_job(platform),
            products_job(platform),
            arrivals_job,
            freshness_job(checks),
            *action_jobs(platform),
        ],
        schedules=[monthly_close(platform), freshness_close(platform)],
        sensors=[
            *feed_sensors(platform, CurrentPlatform(platform), seconds or FEED_SECONDS),
            build_sensor(platform, seconds or BUILD_SECONDS),
            janitor_sensor(platform, seconds or MAINTENANCE_SECONDS),
            notices_sensor(platform, seconds or MAINTENANCE_SECONDS),
        ],
        resources={
            "warehouse": WarehouseResource(
                database=str(platform.settings.warehouse), platform=platform, hooks=hooks or Hooks()
            )
        },
        executor=dg.in_process_executor,
    )
