"""The definitions of the small platform of these tests, for a test that asks Dagster's GraphQL."""

import dagster as dg

from leads_platform.orchestration.assemble import build_definitions
from leads_platform.settings import Settings
from leads_platform_tests.orchestration.conftest import platform_with, report


@dg.definitions
def defs() -> dg.Definitions:
    return build_definitions(platform_with(Settings.from_env(), report(warn=2)))
