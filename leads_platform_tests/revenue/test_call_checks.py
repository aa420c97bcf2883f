"""What is told of Invoca's files and of calls, each with its line: slips that a source makes, planted one by one."""

from __future__ import annotations

from datetime import date

from leads_platform_tests.revenue.calls import Row, call_row, campaign, leg
from leads_platform_tests.rows import bad_rows_of, rows_of, worked_out

MAY, JUNE = date(2024, 5, 1), date(2024, 6, 1)
SETTINGS = {"dim_revenue_settings": [{"currency": "USD"}]}
STAGED = "revenue.stg_invoca_transactions"
RECORD = {
    "line": 7,
    "transaction_type": "Call",
    "advertiser_payin_localized": "$42.00",
    "affiliate_payout_localized": "",
    "duration": "61",
}


def staged(*told: Row) -> list[dict[str, object]]:
    return rows_of(STAGED, MAY, invoca_transactions_versions=told, **SETTINGS)


def lines(audit: str, **given: list[Row]) -> list[object]:
    return [row["line"] for row in bad_rows_of(STAGED, audit, MAY, **given)]


def test_a_transaction_is_typed() -> None:
    (row,) = staged(
        leg("T1", "2024-05-21", " $1,042.005 ", payout="(6.00)", type=" CALL ", phone="702.555.0101", duration="9")
    )
    names = ("payin", "payout", "transaction_type", "phone_key", "duration", "not_counted", "campaign_id", "call_id")
    assert [str(row[name]) for name in names] == ["1042.0100", "-6.0000", "call", "7025550101", "9", "None", "K1", "C1"]


def test_why_a_row_adds_nothing() -> None:
    found = staged(
        leg("T1", "2024-05-21", "1", type="Signal"),
        leg("T2", "2024-05-21", "1", type="Voicemail"),
        leg("T3", "2024-05-21", "1", type=None),
        leg("T4", "2024-05-21", "", type="Post Call Event"),
        {**leg("T5", "2024-05-21", "1"), "is_gone": True},
    )
    assert [row["not_counted"] for row in found] == ["signal", "unknown", "unknown", None, "gone"]
    assert lines("types_are_known", stg_invoca_transactions=[dict(row, line=n) for n, row in enumerate(found)]) == [
        1,
        2,
    ]


def test_what_cannot_be_read_is_told_with_its_line() -> None:
    wrong = {
        "advertiser_payin_localized": "12,50",
        "affiliate_payout_localized": "n/a",
        "revenue": "lots",
        "corrected_at": "yesterday",
        "duration": "a minute",
        "connect_duration": "1:01",
    }
    assert lines("values_are_readable", base_invoca_transactions=[RECORD]) == []
    for column, cell in wrong.items():
        assert lines("values_are_readable", base_invoca_transactions=[{**RECORD, column: cell}]) == [7], column


def test_an_amount_finer_than_a_cent_is_told() -> None:
    assert lines("amounts_are_whole_cents", base_invoca_transactions=[RECORD]) == []
    for column in ("advertiser_payin_localized", "affiliate_payout_localized"):
        assert lines("amounts_are_whole_cents", base_invoca_transactions=[{**RECORD, column: "0.005"}]) == [7], column


def test_7_7_roll_up_is_suspected_where_an_event_repeats_its_call() -> None:
    call = {"call_id": "C1", "transaction_type": "call", "payin": "42.00", "line": 2}
    event = {"call_id": "C1", "transaction_type": "post call event", "line": 3}
    audit = "events_repeat_no_total"
    assert lines(audit, stg_invoca_transactions=[call, {**event, "payin": "42.00"}]) == [3]
    assert lines(audit, stg_invoca_transactions=[call, {**event, "payin": "5.00"}]) == []
    assert lines(audit, stg_invoca_transactions=[call, {**event, "payin": "42.00", "call_id": "C2"}]) == []
    assert lines(audit, stg_invoca_transactions=[call, {**event, "payin": "42.00", "not_counted": "rolled_up"}]) == []


def test_dangling_and_cyclic_corrections_are_told_until_they_are_none() -> None:
    def told(audit: str, *rows: Row) -> list[object]:
        return [
            row["line"]
            for row in bad_rows_of("revenue.int_invoca_corrections", audit, MAY, int_invoca_corrections=rows)
        ]

    for audit, flag in (("corrected_rows_are_known", "is_dangling"), ("corrections_begin_somewhere", "is_cyclic")):
        first: Row = {"transaction_id": "T2", "known_on": date(2024, 5, 10), "line": 4, flag: True}
        later: Row = {"transaction_id": "T2", "known_on": date(2024, 5, 12), "line": 5, flag: False}
        assert told(audit, first) == [4]
        assert told(audit, first, later) == []


def test_7_2_the_warnings_of_what_never_came_and_of_a_circle() -> None:
    rows = [
        leg("T9", "2024-05-10", "12.00", corrects="T8", at="2024-05-10T08:00:00", line=9),
        leg("T5", "2024-05-10", "31.00", corrects="T6", at="2024-05-10T08:00:00", line=5),
        leg("T6", "2024-05-12", "33.00", corrects="T5", at="2024-05-12T08:00:00", line=6),
        leg("T1", "2024-05-10", "42.00", line=1),
        leg("T2", "2024-05-10", "41.00", corrects="T1", at="2024-05-10T08:00:00", line=2),
    ]
    with worked_out(["revenue.int_invoca_corrections"], MAY, MAY, invoca_transactions_versions=rows, **SETTINGS) as ask:
        flagged = "select line, is_dangling, is_cyclic, position, counts from revenue.int_invoca_corrections "
        assert ask(flagged + "where known_on = '2024-05-12' order by line") == [
            (5, False, True, 1, False),
            (6, False, True, 2, True),
        ]
        assert ask(flagged + "where known_on = '2024-05-10' order by line") == [
            (1, False, False, 1, False),
            (2, False, False, 2, True),
            (5, True, False, 1, True),
            (9, True, False, 1, True),
        ]


def test_a_campaign_of_no_known_record_is_boberdoos_and_told() -> None:
    given = {"advertiser_campaign_id": " K1 ", "system_of_record": "ringba", "partner_id": "", "line": 3}
    (row,) = rows_of("revenue.dim_campaigns", MAY, base_invoca_campaigns=[given])
    assert (row["campaign_id"], row["system_of_record"], row["partner_id"]) == ("K1", "boberdoo", None)
    told = bad_rows_of("revenue.dim_campaigns", "records_are_known", MAY, base_invoca_campaigns=[given])
    assert [bad["line"] for bad in told] == [3]
    known = {**given, "system_of_record": " Invoca "}
    assert not bad_rows_of("revenue.dim_campaigns", "records_are_known", MAY, base_invoca_campaigns=[known])
    assert rows_of("revenue.dim_campaigns", MAY, base_invoca_campaigns=[known])[0]["system_of_record"] == "invoca"


def test_money_in_a_month_before_its_call_is_told() -> None:
    with worked_out(
        ["revenue.fct_calls"],
        MAY,
        JUNE,
        invoca_transactions_versions=[leg("T1", "2024-06-01", "42.00", start="2024-06-01 00:00:10")],
        boberdoo_transactions_versions=[call_row("B1", "2024-05-31", "41.00")],
        dim_campaigns=[{"month": month, **campaign("K1", "invoca")} for month in (MAY, JUNE)],
        dim_revenue_settings=[{"month": month, "currency": "USD"} for month in (MAY, JUNE)],
    ) as ask:
        columns = "call_id, started_in, revenue, revenue_before"
        (row,) = ask(f"select {columns} from revenue.fct_calls where month = '2024-06-01'")
    call: dict[str, object] = dict(zip(columns.split(", "), row, strict=True))
    assert bad_rows_of("revenue.fct_calls", "money_follows_the_call", JUNE, fct_calls=[call])
    assert not bad_rows_of(
        "revenue.fct_calls", "money_follows_the_call", JUNE, fct_calls=[{**call, "revenue_before": 0}]
    )


def test_a_planted_sum_of_calls_is_found() -> None:
    entries = [{"amount": "42.00", "payout": "6.00"}, {"amount": "-6.00", "payout": "0"}]
    for audit, column, right in (("revenue_adds_up", "revenue", "36.00"), ("payout_adds_up", "payout", "6.00")):
        given = {"fct_call_transactions": entries}
        assert not bad_rows_of("revenue.fct_calls", audit, MAY, fct_calls=[{column: right}], **given)
        assert bad_rows_of("revenue.fct_calls", audit, MAY, fct_calls=[{column: "35.99"}], **given)
    given = {"fct_calls": [{"revenue": "36.00"}]}
    address = "revenue.rep_call_revenue_reconciliation"
    assert not bad_rows_of(
        address, "revenue_adds_up", MAY, rep_call_revenue_reconciliation=[{"revenue": "36"}], **given
    )
    assert bad_rows_of(address, "revenue_adds_up", MAY, rep_call_revenue_reconciliation=[{"revenue": "35"}], **given)


def test_what_of_invoca_is_no_revenue_is_counted_beside_it() -> None:
    def told(name: str, payin: str, **more: object) -> Row:
        return {"transaction_id": name, "version": 1, "is_gone": False, "payin": payin, "campaign_id": "K1", **more}

    rows = [
        told("T1", "42.00"),
        told("T2", "36.00", corrects_transaction_id="T1", corrected_at="2024-05-10 08:00:00"),
        told("T3", "10.00", campaign_id="K2"),
        told("T4", "9.00", not_counted="signal", signal_revenue="250.00"),
        told("T5", "8.00", not_counted="rolled_up"),
        told("T6", "7.00", not_counted="unknown"),
    ]
    (row,) = rows_of(
        "revenue.rep_revenue_reconciliation",
        MAY,
        stg_invoca_transactions=rows,
        dim_campaigns=[campaign("K1", "invoca"), campaign("K2", "boberdoo")],
        fct_revenue_entries=[{"source_system": "invoca", "amount": "36.01"}],
    )
    expected = {"source_total": "36.00", "ledger_total": "36.01", "difference": "0.01", "other_record": "10.00"}
    expected |= {"rolled_up": "8.00", "signals": "250.00", "unknown_rows": "1"}
    assert {name: str(row[name]) for name in expected} == expected
