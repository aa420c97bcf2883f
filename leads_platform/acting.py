"""Doing an action in a session of its own: for the command line and for Dagster.

Belongs here: the month, that all it reads is current, and what follows a run. Does not: the steps of a run (actions),
or how it is told (cli, orchestration).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from leads_platform.actions.action import Action, ActionFailed, Asked, AskedWrongly
from leads_platform.actions.ledger import RUNS
from leads_platform.actions.perform import Outcome, perform, sweep
from leads_platform.actions.withdrawn import withdrawn_files
from leads_platform.attention import command
from leads_platform.months import label
from leads_platform.platform import Platform, Session, open_session
from leads_platform.products.make import Outcome as Made
from leads_platform.warehouse import sql
from leads_platform.warehouse.planner import stale_months


@dataclass(frozen=True)
class Acted:
    """What became of it, of which month, and of the products that were made of it afterwards."""

    month: date
    outcome: Outcome
    products: tuple[Made, ...] = ()


def act(
    platform: Platform,
    name: str,
    *,
    month: date | None = None,
    form: str = "",
    include: tuple[str, ...] = (),
    why: str = "",
    dry: bool = False,
    run_id: str | None = None,
    say: Callable[[str], None] = lambda text: None,
) -> Acted:
    """Does the action for a month, the last one there is where none is given.

    Of two that are asked for at once one waits. Raises AskedWrongly for a month there is nothing of, and ActionFailed
    where a table is not current or an audit fails; nothing was done then.
    """
    settings, action = platform.settings, platform.actions[name]
    form = form or next(iter(action.forms), "")
    with open_session(platform, name, run_id=run_id, say=say) as session:
        sweep(name, session.history, settings.exports, dry=dry, say=say)
        stale = stale_months(platform.catalogue, session.arrivals.state, session.warehouse.built())
        asked = Asked(_month(session, name, action, month, stale), form, include, settings.who, why)
        outcome = perform(
            name,
            action,
            asked,
            con=session.warehouse.con,
            history=session.history,
            folder=settings.exports,
            now=settings.now(),
            withdrawn=withdrawn_files(session.arrivals.state),
            stale=frozenset(waiting for table in action.reads for waiting in stale.get(table, ())),
            dry=dry,
            say=say,
        )
        session.sync_actions()
        session.publish = bool(outcome.number) and not stale  # else some tables would be ahead of others
    return Acted(asked.month, outcome, tuple(session.products))


def _month(session: Session, name: str, action: Action, month: date | None, stale: dict[str, list[date]]) -> date:
    """The month asked for, or the last one; every table that is read is current for it.

    So is it for the months that went out before, as their rows tell which is which; and where none is asked for, for
    all later ones, as what they hold may be what is wanted.
    """
    con = session.warehouse.con
    built = {table for table, _ in session.warehouse.built()}
    run = command(session.platform.settings, "run")
    if not built.issuperset(action.reads):
        raise ActionFailed(f"Nothing is built yet that {name} reads. First: {run}")
    select = sql.bind(action.months, lambda read: f"select * from {sql.address(read)}", {})
    months = sorted(found for (found,) in con.execute(select).fetchall())
    if not months:
        raise ActionFailed(f"No month has anything for {name} yet.")
    wanted = month or months[-1]
    given = {found for (found,) in con.execute(f"select month from {RUNS} where action = ?", [name]).fetchall()}
    for table in action.reads:
        for waiting in stale.get(table, ()):
            if waiting in {wanted, *given} or (month is None and waiting > wanted):
                raise ActionFailed(f"{table} is not current for {label(waiting)}, so nothing goes out. First: {run}")
    if wanted not in months:
        raise AskedWrongly(
            f"there is nothing of {label(wanted)} for {name}; the months with files go from {label(months[0])} "
            f"to {label(months[-1])}"
        )
    return wanted
