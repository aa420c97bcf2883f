"""Reading phonenumbers' metadata into a table of prefixes."""

from __future__ import annotations

import pytest

from leads_platform.contacts import nanp


def test_a_pattern_becomes_rows_of_digit_sets() -> None:
    one, two_or_three, any_digit = 0b10, 0b1100, 0b11_1111_1111
    assert nanp.digit_rows(r"1[23]") == [(one, two_or_three)]
    assert nanp.digit_rows(r"1(?:[23]|\d{2})") == [(one, two_or_three), (one, any_digit, any_digit)]
    assert nanp.digit_rows(r"(?:1|[2-3]1){2}") == [
        (one, one),
        (one, two_or_three, one),
        (two_or_three, one, one),
        (two_or_three, one, two_or_three, one),
    ]


@pytest.mark.parametrize("pattern", ["1?", "1{1,2}", "1*", "^1", "1|(2)", "1)2", "[^1]"])
def test_a_pattern_it_cannot_read_is_refused_and_leaves_prefixes_undecided(pattern: str) -> None:
    with pytest.raises(nanp.PatternNotUnderstoodError):
        nanp.digit_rows(pattern)
    assert nanp._reaches(pattern)[702] == (0, (1 << 1000) - 1)


def test_only_three_patterns_look_past_the_sixth_digit() -> None:
    """A newer phonenumbers may add to the list: the answers stay right, a few rows get slower."""
    table = nanp.prefix_table()
    assert table.pages.count(nanp.UNDECIDED) == 3
    assert {table.answer(*prefix) for prefix in [(246, 521), (246, 522), (876, 606)]} == {nanp.UNDECIDED}
