"""Fixtures of the warehouse's tests."""

import pytest

from leads_platform import standards


@pytest.fixture(autouse=True)
def _no_cleaning_functions(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Leaves the cleaning functions out, which no table here uses: they are most of the cost of opening (0.1 s)."""
    if request.module.__name__.endswith(".test_connection"):
        return
    monkeypatch.setattr(standards, "install_phones", lambda con: None)
    monkeypatch.setattr(standards, "install_addresses", lambda con: None)
