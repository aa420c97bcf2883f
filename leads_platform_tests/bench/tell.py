"""Telling what was measured: one table on the terminal, or one to paste into docs/performance.md.

Belongs here: numbers as text. Does not: measuring (runner, cases), or keeping the numbers (kept).
"""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console
from rich.table import Table

from leads_platform_tests.bench.cases import Measure
from leads_platform_tests.bench.kept import Kept


def show(kept: Kept, console: Console, *, detail: bool = False) -> None:
    """One table; the notes stand below it, and with `detail` where the seconds went."""
    table = Table(
        title="Leads platform against raw DuckDB, same data, same session",
        caption=(
            f"{_about(kept)}\nSeconds: the best of {kept.sizes.repeat}, least to most below it where they differ. "
            "Peak: of the process that did it. Ratio: first seconds to second, beside it that of processor seconds; "
            "where the goal is `at least`, the other way round."
        ),
        caption_justify="left",
        show_lines=True,
    )
    table.add_column("Case", no_wrap=True)
    table.add_column("Measured", ratio=3, min_width=24)
    table.add_column("Rows", justify="right", no_wrap=True)
    table.add_column("Seconds", justify="right", no_wrap=True)
    table.add_column("Peak MB", justify="right", no_wrap=True)
    table.add_column("Against", ratio=3, min_width=20)
    table.add_column("Seconds", justify="right", no_wrap=True)
    table.add_column("Peak MB", justify="right", no_wrap=True)
    table.add_column("Ratio", justify="right", style="bold", no_wrap=True)
    table.add_column("of CPU", justify="right", no_wrap=True)
    table.add_column("Goal", min_width=8)
    for m in kept.measures:
        table.add_row(
            m.case,
            m.what,
            f"{m.rows:,}" if m.rows else "",
            "\n".join(each for each in (_number(m.seconds), _spread(m.spread)) if each),
            _whole(m.peak_mb),
            m.against,
            "\n".join(each for each in (_number(m.against_seconds), _spread(m.against_spread)) if each),
            _whole(m.against_peak_mb),
            _number(m.ratio),
            _number(m.cpu_ratio),
            _goal(m),
        )
    console.print(table)
    for line in _notes(kept):
        console.print(line, style="dim", highlight=False, markup=False)
    if detail:
        for m in kept.measures:
            if m.detail:
                console.print(_where(m))


def markdown(kept: Kept) -> str:
    """The table for docs/performance.md, with the machine, the commit, the day and the command above it."""
    lines = [
        _about(kept),
        f"Command: `{kept.command}`. Best of {kept.sizes.repeat}; in brackets least to most.",
        "",
        "| case | rows | ours | peak | against | peak | ratio of time | of processor time | goal |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |",
    ]
    for m in kept.measures:
        cells = (
            f"{m.what}, against {m.against}" if m.against else m.what,
            f"{m.rows:,}" if m.rows else "",
            _seconds(m.seconds, m.spread),
            _mb(m.peak_mb),
            _seconds(m.against_seconds, m.against_spread),
            _mb(m.against_peak_mb),
            _number(m.ratio),
            _number(m.cpu_ratio),
            _goal(m) or "none",
        )
        lines.append(f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |")
    return "\n".join([*lines, "", *(f"- {line}" for line in _notes(kept))])


def _about(kept: Kept) -> str:
    on = kept.machine
    return (
        f"{on['cores']} cores, {on['memory_gb']} GB memory, {on['system']}; DuckDB {on['duckdb']}, "
        f"Python {on['python']}; commit {on['commit']}; {kept.started}."
    )


def _notes(kept: Kept) -> Iterator[str]:
    yield from dict.fromkeys(f"{m.case}: {m.note}" for m in kept.measures if m.note)
    for case, load in kept.loads.items():
        most = max((m.others for m in kept.measures if m.case == case and m.others is not None), default=None)
        told = [f"load {load['average']} before it"] if load["average"] is not None else []
        told += [f"processors {load['busy']:.0%} busy before it"] if load["busy"] is not None else []
        told += [f"others used up to {most:.0%} of them during it"] if most is not None else []
        if told:
            yield f"{case}: {', '.join(told)}"
    if kept.left:
        yield f"not measured, as the bench was cut off: {', '.join(kept.left)}"


def _where(measure: Measure) -> Table:
    """Where the seconds went: wall and processor, ours and raw DuckDB's, in the order of the work."""
    table = Table(title=f"{measure.case}: {measure.what}", title_justify="left")
    table.add_column("Side")
    table.add_column("Part")
    table.add_column("Seconds", justify="right")
    table.add_column("of CPU", justify="right")
    for side, parts in (measure.detail or {}).items():
        for name, (wall, cpu) in parts.items():
            table.add_row(side, name, _number(wall), _number(cpu))
        table.add_section()
    return table


def _goal(measure: Measure) -> str:
    return f"{measure.goal}: {'met' if measure.met else 'missed'}" if measure.goal else ""


def _seconds(value: float | None, spread: tuple[float, float] | None) -> str:
    if value is None:
        return ""
    ranged = _spread(spread)
    return f"{_number(value)} s{f' ({ranged})' if ranged else ''}"


def _spread(spread: tuple[float, float] | None) -> str:
    """Least to most; nothing where there was one turn."""
    return "" if spread is None or spread[0] == spread[1] else f"{_number(spread[0])}-{_number(spread[1])}"


def _mb(value: float | None) -> str:
    return "" if value is None else f"{value:,.0f} MB"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}" if value < 1 else f"{value:,.2f}"


def _whole(value: float | None) -> str:
    return "" if value is None else f"{value:,.0f}"
