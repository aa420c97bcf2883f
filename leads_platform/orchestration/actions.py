"""Actions as assets, each with a job of its own that a person starts.

Belongs here: what Dagster is told of an action and asks a person for. Does not: doing it (leads_platform.acting), or
starting it: no sensor and no schedule does.
"""

from collections.abc import Mapping
from datetime import date

import dagster as dg
from pydantic import Field

from leads_platform.acting import act
from leads_platform.actions.action import Action, ActionFailed, AskedWrongly
from leads_platform.arrivals.archive.store import ArchiveDamaged
from leads_platform.errors import fault_in_words, is_stop, unforeseen
from leads_platform.months import parse_month
from leads_platform.orchestration.contracts import CurrentPlatform
from leads_platform.orchestration.events import action_key, asset_key
from leads_platform.orchestration.jobs import Job
from leads_platform.orchestration.resource import at_work
from leads_platform.platform import Platform
from leads_platform.warehouse.connection import WarehouseUnusable
from leads_platform.warehouse.lock import LockHeld


class Asking(dg.Config):
    """What the command line asks for by its options."""

    month: str = Field(default="", description="Which month, as 2024-05; empty: the last with files")
    form: str = Field(default="", description="In which form; empty: the usual one")
    include: list[str] = Field(default=[], description="What else is to go out")
    why: str = Field(default="", description="Why; kept with who asked")


def action_assets(platform: Platform) -> list[dg.AssetsDefinition]:
    """An asset for each action."""
    current = CurrentPlatform(platform)
    tables = platform.catalogue.tables
    return [
        _asset(current, name, action, [asset_key(read) for read in action.reads if read in tables])
        for name, action in platform.actions.items()
    ]


def action_jobs(platform: Platform) -> list[Job]:
    """A job for each action, named as it is."""
    return [
        dg.define_asset_job(
            _word(name),
            dg.AssetSelection.assets(action_key(name)),
            description=f"{action.says} It can't be unmade; no schedule starts it.",
            executor_def=dg.in_process_executor,
        )
        for name, action in platform.actions.items()
    ]


def _asset(current: CurrentPlatform, name: str, action: Action, reads: list[dg.AssetKey]) -> dg.AssetsDefinition:
    @dg.asset(
        key=action_key(name),
        deps=reads,
        description=action.says,
        group_name="actions",
        kinds={"file"},
    )
    def do(context: dg.AssetExecutionContext, config: Asking) -> dg.MaterializeResult:
        now = current.now()
        try:
            month = _month(config.month)
            with at_work(context.instance, context.run, now.settings.home):
                acted = act(
                    now,
                    name,
                    month=month,
                    form=_known(config.form, action.forms),
                    include=tuple(sorted({_known(word, action.include) for word in config.include})),
                    why=config.why,
                    run_id=context.run.run_id,
                    say=context.log.info,
                )
        except (ActionFailed, AskedWrongly, ArchiveDamaged, LockHeld, WarehouseUnusable) as error:
            raise dg.Failure(str(error), allow_retries=False) from None
        except Exception as error:  # Dagster would keep its text
            if is_stop(error):
                raise
            words = fault_in_words(error) or unforeseen(error)
            raise dg.Failure(f"{name}: {words}", allow_retries=False) from None
        for line in acted.outcome.says:
            context.log.info(line)
        for product in acted.products:
            if product.failed:  # what went out has gone out: its notice tells, too, and no run is failed by it
                context.log.warning(f"{product.key} was not made: {product.failed}. {product.former}")
        file = acted.outcome.file
        return dg.MaterializeResult(
            metadata={
                **acted.outcome.done.counts,
                "month": f"{acted.month:%Y-%m}",
                "run": acted.outcome.number,
                **({"path": dg.MetadataValue.path(str(file))} if file else {}),
            }
        )

    return do


def _month(text: str) -> date | None:
    """The month, or None where none is asked for. Raises AskedWrongly."""
    try:
        return parse_month(text) if text else None
    except ValueError as error:  # in words
        raise AskedWrongly(str(error)) from None


def _known(word: str, words: Mapping[str, str]) -> str:
    """The word, if it is one of these or empty. Raises AskedWrongly."""
    if word and word not in words:
        raise AskedWrongly(f"{word!r} is none of {', '.join(words)}")
    return word


def _word(name: str) -> str:
    return name.replace("-", "_")
