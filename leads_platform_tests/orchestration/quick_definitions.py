"""The platform's own definitions with a tick each second, for the test with a real daemon."""

import dagster as dg

from leads_platform.orchestration.assemble import build_definitions
from leads_platform.platform import load_platform
from leads_platform.settings import Settings


@dg.definitions
def defs() -> dg.Definitions:
    return build_definitions(load_platform(Settings.from_env()), seconds=1)
