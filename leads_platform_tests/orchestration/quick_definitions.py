"""The definitions of the small room with a tick each second, for the tests with a real daemon."""

import dagster as dg

from leads_platform.orchestration.assemble import build_definitions
from leads_platform.platform import load_platform
from leads_platform.settings import Settings
from leads_platform_tests.faults.small import SMALL
from leads_platform_tests.few_rooms import keep


@dg.definitions
def defs() -> dg.Definitions:
    keep(*SMALL)
    return build_definitions(load_platform(Settings.from_env()), seconds=1)
