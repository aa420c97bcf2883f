"""What Dagster loads: the one place where settings, rooms and orchestration meet.

Belongs here: nothing but this. Importing the module does no work; Dagster calls the function, which reads settings
and contracts then.
"""

import dagster as dg


@dg.definitions
def defs() -> dg.Definitions:
    """The platform's definitions for the environment that `LEADS_PLATFORM_*` describes."""
    from leads_platform.orchestration.assemble import build_definitions
    from leads_platform.platform import load_platform
    from leads_platform.settings import Settings

    return build_definitions(load_platform(Settings.from_env()))
