"""SQL as text: what a select reads, putting relations and months in place, and what counts as the same statement."""

from datetime import date

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leads_platform.warehouse import sql


@pytest.mark.parametrize(
    ("text", "reads"),
    [
        ("select * from a.b", ["a.b"]),
        ("select * from a.b as x join c.d as y on x.k = y.k", ["a.b", "c.d"]),
        ("select * from a.b x left join c.d y using (k) anti join e.f using (k)", ["a.b", "c.d", "e.f"]),
        ("select * from a.b asof join c.d on b.t >= d.t", ["a.b", "c.d"]),
        ('select * from prospects."stg_leads_*"', ["prospects.stg_leads_*"]),
        ("with x as (select * from a.b) select * from x join x as y using (k)", ["a.b"]),
        ("select * from a.b where p is distinct from q.r", ["a.b"]),
        ("select * from a.b where p is not distinct from q.r", ["a.b"]),
        ("select * from a.b -- from c.d\n/* join e.f */ where x = 'from g.h'", ["a.b"]),
        ("select (select max(v) from c.d), t.v from a.b as t", ["c.d", "a.b"]),
        ("select * from a.b union all select * from a.b", ["a.b"]),
        # A comma is a join, too: unseen, the table would be read with all its months.
        ("select * from a.b, c.d", ["a.b", "c.d"]),
        ("select * from a.b as x, c.d y, e.f where x.k = y.k", ["a.b", "c.d", "e.f"]),
        ("select b.p, c.q from a.b order by b.p, c.q", ["a.b"]),
    ],
)
def test_what_a_select_reads(text: str, reads: list[str]) -> None:
    assert sql.relations(text) == reads


def bind(text: str) -> str:
    months = {"first_month": date(2024, 1, 1), "last_month": date(2024, 3, 1)}
    return sql.bind(text, lambda name: f"<{name}>", months)


def test_a_relation_keeps_its_alias_or_gets_its_own_name() -> None:
    assert bind("select b.x from a.b where b.x = 1") == 'select b.x from (<a.b>) as "b" where b.x = 1'
    assert bind("select * from a.b as t join c.d u on true") == "select * from (<a.b>) as t join (<c.d>) u on true"
    assert bind('select * from a."p_*"') == 'select * from (<a.p_*>) as "p_"'
    assert bind("select * from a.b, c.d") == 'select * from (<a.b>) as "b", (<c.d>) as "d"'


def test_cte_names_and_comments_stay_as_written() -> None:
    text = "with x as (select 1) select * from x -- from a.b"
    assert bind(text) == text


def test_audits_read_this_and_its_history() -> None:
    assert bind("select * from this") == 'select * from (<this>) as "this"'
    assert bind("select * from this_history h") == "select * from (<this_history>) h"


@pytest.mark.parametrize("own", ["months as (", "x as (select 1), months as materialized (", "months(month) as ("])
def test_the_months_being_built_can_be_read_unless_the_statement_has_months_of_its_own(own: str) -> None:
    assert bind("select month from months") == 'select month from (<months>) as "months"'
    assert bind("select a.months, months as n from months, a.b as a").endswith('(<months>) as "months", (<a.b>) as a')
    text = f"with {own}select 2) select * from months"
    assert bind(text) == text


def test_months_are_bound_as_dates_and_words_that_only_begin_alike_are_not() -> None:
    assert bind("select $first_month, $last_month") == "select date '2024-01-01', date '2024-03-01'"
    assert bind("select $first_months") == "select $first_months"


def test_a_month_only_a_step_knows_is_refused() -> None:
    with pytest.raises(ValueError, match=r"\$previous_month is only known in a cumulative table"):
        bind("select $previous_month")


def test_layout_and_comments_are_not_part_of_the_statement() -> None:
    assert sql.normal("select a,b -- why\nfrom   t") == sql.normal("select a , b\n\nfrom t /* because */")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("select a", "select b"),
        ("select 'a  b'", "select 'a b'"),
        ("select 'a'", "select a"),
        ('select "a"', "select 'a'"),
        ("select 1", "select 10"),
        ("select a - b", "select a -- b"),
    ],
)
def test_different_statements_differ(one: str, other: str) -> None:
    assert sql.normal(one) != sql.normal(other)


def test_calls() -> None:
    assert sql.called("select phone(x) from a.b") == {"phone"}
    assert sql.called("select PHONE (x)") == {"phone"}
    assert sql.called("select phone, telephone(x), 'phone(x)' -- phone(x)") == {"telephone"}


@pytest.mark.parametrize(
    "text",
    [
        "select 'abc",
        'select "abc',
        "select a /* b",
        "select $$ a",
        "select $b$ a $$",
        "'",
        "select a where x='",
        "select a where x='from/c",
        "select * from\xa0a.b",  # DuckDB would run it
        "select * from \xa0 a.b",
        "select 'a' --c\n'b'",  # one text to DuckDB
        "select a in ('p'\n -- c\n 'q')",
    ],
)
def test_a_text_that_tokens_leave_out_in_part_is_refused(text: str) -> None:
    """DuckDB's tokens end before it, or skip it: what it reads would go unseen."""
    with pytest.raises(ValueError, match="quote or comment that is not closed"):
        sql.relations(text)


def test_which_conditions_judge_a_row_by_itself() -> None:
    assert sql.is_of_one_row("phone_is_valid = false and x not in ('from a.b')")
    assert not sql.is_of_one_row("deal_id not in (select deal_id from funnel.dim_deals)")
    assert not sql.is_of_one_row("x > (select max(x) from this)")
    assert not sql.is_of_one_row("closed_at > $last_month")


@pytest.mark.parametrize(
    ("text", "reads"),
    [
        ("select 'é€', $$ from p.q $$ from a.b", ["a.b"]),  # DuckDB counts bytes
        ('select * from ü."c""d" -- ß', ['ü.c"d']),
        ("select e'it\\'s from p.q' from a.b", ["a.b"]),
        ("select 'one'\n'from p.q' from a.b", ["a.b"]),
        ("/* é */ select*from a.b/* from c.d */join/**/e.f--g\non true", ["a.b", "e.f"]),
        ("select 1-- from a.b", []),
        ("-- only a comment", []),
        ("", []),
    ],
)
def test_quotes_comments_and_letters_beyond_ascii(text: str, reads: list[str]) -> None:
    assert sql.relations(text) == reads
    assert "from c.d" not in sql.normal(text)


def test_a_relation_is_replaced_where_it_stands() -> None:
    text = "/* ü */ select 'é' from a.b where x = '€' and y in (select z from c.d -- ö\n)"
    assert bind(text).replace('(<a.b>) as "b"', "a.b").replace('(<c.d>) as "d"', "c.d") == text


def test_records_are_read_back_as_they_were() -> None:
    columns = {"id": "bigint", "month": "date", "said": "varchar", "good": "boolean"}
    rows = [(2**40, date(2024, 2, 1), 'it\'s "so"\nü {}', True), (None, None, None, False)]
    assert duckdb.execute(sql.records(columns, rows)).fetchall() == rows
    assert duckdb.execute(sql.records(columns, [])).fetchall() == []
    with pytest.raises(duckdb.Error):
        duckdb.execute(sql.records(columns, [("zz", None, None, True)]))


@given(st.text(st.characters(exclude_characters="\x00", exclude_categories=("Cs",))))
def test_a_literal_is_read_back_as_it_was(text: str) -> None:
    assert duckdb.execute(f"select {sql.literal(text)}").fetchall() == [(text,)]


def test_literals() -> None:
    assert [sql.literal(v) for v in (None, True, 3, 0.5, date(2024, 2, 1), "O'Brien")] == [
        "null",
        "true",
        "3",
        "0.5",
        "date '2024-02-01'",
        "'O''Brien'",
    ]
    assert sql.values([(1, "a"), (2, None)]) == "(1, 'a'), (2, null)"


def test_identifiers_are_quoted() -> None:
    assert sql.identifier('a"b') == '"a""b"'
    assert sql.address("room.__new_t") == '"room"."__new_t"'
