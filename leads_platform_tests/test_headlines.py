"""Which month a headline is about, and the cells below it: rows in, text out."""

from __future__ import annotations

from datetime import date

from leads_platform.funnel.funnel_headline import funnel
from leads_platform.prospects.net_new_headline import net_new

APR, MAY, JUN, JUL = (date(2024, month, 1) for month in (4, 5, 6, 7))
ALL = "all suppliers"
FIRST, SECOND, CALL = "Step 1: Lead Generation", "Step 2: Qualified Lead", "Step 2.1: Sales Call 1"


def test_a_supplier_that_joins_late_is_not_taken_for_the_total() -> None:
    """Found in use, 4: the last column by first appearance was the headline's: "no file leads are net-new"."""
    rows = [
        (MAY, "nv_licensing", 10, 4, 3, 0, 0, MAY),
        (MAY, ALL, 10, 4, 3, 0, 0, MAY),
        (JUN, "nv_licensing", 12, 3, 1, 1, 2, JUN),
        (JUN, "ut_licensing", 0, 0, 0, 0, 0, JUN),
        (JUN, ALL, 12, 3, 1, 1, 2, JUN),
    ]
    shown = net_new(rows, JUL)
    assert shown is not None
    assert shown.title == "3 of 12 leads of 2024-06 are net-new, of them 1 new licence"
    assert shown.columns == ["month", "nv_licensing", "ut_licensing", ALL, "new licences"]
    assert shown.rows == [
        ["2024-05", "4 of 10", "-", "4 of 10", "3"],
        ["2024-06", "3 of 12", "no file", "3 of 12", "1"],
    ]
    assert shown.notes[-1] == (
        "Net-new in 2024-06: new licences 1, known licences that moved or changed their phone 2; "
        "without a valid phone 1, with an expired licence 2."
    )


def test_lists_end_with_their_own_last_month() -> None:
    """Found in use, 4: one activity dated in the running month turned both headlines into zeros."""
    rows = [(MAY, "nv", 10, 4, 4, 0, 0, MAY), (MAY, ALL, 10, 4, 4, 0, 0, MAY)]
    carried = [(month, name, 0, 0, 0, 0, 0, MAY) for month in (JUN, JUL) for name in ("nv", ALL)]
    shown = net_new(rows + carried, JUL)
    assert shown is not None
    assert shown.title == "4 of 10 leads of 2024-05 are net-new, of them 4 new licences"
    assert [row[0] for row in shown.rows] == ["2024-05"]


def test_the_funnel_is_about_its_last_month_that_has_ended() -> None:
    """Found in use, 4: an activity of July made the headline "0 deals entered the funnel in 2024-07"."""
    rows = [
        (MAY, 1.0, FIRST, 7), (MAY, 2.1, CALL, 2),
        (JUN, 1.0, FIRST, 0), (JUN, 2.1, CALL, 0),
        (JUL, 1.0, FIRST, 0), (JUL, 2.1, CALL, 1),
    ]  # fmt: skip
    shown = funnel(rows, JUL)
    assert shown is not None
    assert shown.title == "7 deals entered the funnel in 2024-05"
    assert shown.columns == ["step", "2024-05", "2024-07 (running)"]
    assert shown.rows == [[FIRST, "7", "0"], [CALL, "2", "1"]]


def test_only_the_running_month_is_said_to_be_running() -> None:
    """Found in use, 4: the running month's numbers still grow; a headline about them says so."""
    leads = net_new([(JUL, "nv", 5, 5, 0, 0, 0, None), (JUL, ALL, 5, 5, 0, 0, 0, None)], JUL)
    deals = funnel([(JUL, 1.0, FIRST, 2)], JUL)
    assert leads is not None and deals is not None
    assert leads.title == "5 of 5 leads of 2024-07 (running) are net-new, of them 0 new licences"
    assert leads.rows == [["2024-07 (running)", "5 of 5", "5 of 5", "0"]]
    assert deals.title == "2 deals entered the funnel in 2024-07 (running)"


def test_a_stage_that_was_renamed_is_one_row() -> None:
    """Found in use, 4: a renamed label of the first stage ended every run in a KeyError."""
    rows = [(MAY, 1.0, FIRST, 7), (MAY, 2.0, SECOND, 3), (JUN, 1.0, "Step 1: New Lead", 8), (JUN, 2.0, SECOND, 4)]
    shown = funnel(rows, JUL)
    assert shown is not None
    assert shown.title == "8 deals entered the funnel in 2024-06"
    assert shown.rows == [["Step 1: New Lead", "7", "8"], [SECOND, "3", "4"]]


def test_a_missing_cell_is_a_dash() -> None:
    """Found in use, 4: neither a step without a row in a month nor a missing total is a KeyError."""
    deals = funnel([(MAY, 1.0, FIRST, 7), (JUN, 2.0, SECOND, 4)], JUL)
    leads = net_new([(JUN, "nv", 5, 2, 2, 0, 0, JUN)], JUL)
    assert deals is not None and leads is not None
    assert deals.rows == [[FIRST, "7", "-"], [SECOND, "-", "4"]]
    assert deals.title == "No number of deals entered the funnel in 2024-06"
    assert leads.rows == [["2024-06", "2 of 5", "-", "-"]]
    assert leads.title == "No number of leads of 2024-06 are net-new"


def test_without_data_there_is_no_report() -> None:
    assert net_new([], JUL) is None
    assert funnel([(JUN, 1.0, FIRST, 0)], JUL) is None


def test_at_most_six_months_of_the_funnel_and_what_is_running() -> None:
    months = [date(2023, month, 1) for month in range(5, 13)] + [JUL]
    shown = funnel([(month, 1.0, FIRST, 1) for month in months], JUL)
    assert shown is not None
    assert shown.columns == ["step", *(f"2023-{n:02d}" for n in range(7, 13)), "2024-07 (running)"]


def test_months_judged_without_an_export_are_named() -> None:
    rows = [(APR, ALL, 1, 1, 1, 0, 0, None), (MAY, ALL, 2, 2, 2, 0, 0, MAY), (JUN, ALL, 0, 0, 0, 0, 0, None)]
    shown = net_new(rows, JUL)
    assert shown is not None
    assert shown.notes[-1] == "No Salesforce export up to 2024-04: there, judged against lead files only."
