"""Which external id a key goes out under, worked out by hand; A moved to B, B moved to C."""

from __future__ import annotations

from leads_platform.actions.exported import Exported

MOVES = {"b": ["a"], "c": ["b"]}
FILE = {"feed": "nv", "sha256": "1"}


def row(key: str, external_id: str, operation: str = "new", form: str = "csv") -> dict[str, str]:
    return {"form": form, "key": key, "external_id": external_id, "hash": "h", "operation": operation, **FILE}


def test_a_lead_goes_out_under_its_own_key_and_keeps_that_id_through_moves() -> None:
    assert Exported("csv", [], MOVES).external_id("a") == "a"
    assert Exported("csv", [row("a", "a")], MOVES).external_id("b") == "a"
    assert Exported("csv", [row("a", "a")], MOVES).external_id("c") == "a", "b never went out"
    assert Exported("csv", [row("a", "a"), row("b", "a")], MOVES).external_id("c") == "a"
    assert Exported("csv", [row("a", "a", form="xlsx")], MOVES).external_id("b") == "a", "one id in every form"


def test_an_id_is_given_to_one_successor_alone() -> None:
    two = {"b": ["a"], "d": ["a"]}
    exported = Exported("csv", [row("a", "a")], two)
    assert [exported.external_id(key) for key in ("b", "d", "b")] == ["a", "d", "a"]
    assert Exported("csv", [row("a", "a"), row("b", "a")], two).external_id("d") == "d"


def test_what_a_successor_took_over_is_superseded() -> None:
    exported = Exported("csv", [row("a", "a"), row("b", "a")], MOVES)
    assert exported.is_superseded("a") and not exported.is_superseded("b")
    assert Exported("csv", [row("c", "c")], MOVES).is_superseded("a"), "though it never went out itself"
    assert not Exported("csv", [row("a", "a")], MOVES).is_superseded("a")


def test_a_lead_that_moved_there_and_back_ends_nowhere_for_ever() -> None:
    assert Exported("csv", [row("b", "b")], {"a": ["b"], "b": ["a"]}).external_id("a") == "b"


def test_what_was_taken_back_counts_as_not_out() -> None:
    exported = Exported("csv", [row("a", "a"), row("a", "a", "withdrawn")], MOVES)
    assert exported.last("a") is None
    assert exported.from_files({("nv", "1")}) == {}
    assert exported.is_known("a") and not Exported("xlsx", [row("a", "a")], MOVES).is_known("a")
    assert exported.external_id("b") == "b", "its record is to be gone: nobody goes on with it"
    assert not Exported("csv", [row("b", "b"), row("b", "b", "withdrawn")], MOVES).is_superseded("a")
