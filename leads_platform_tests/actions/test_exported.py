"""Which external id a key goes out under, worked out by hand; A moved to B, B moved to C."""

from __future__ import annotations

from leads_platform.actions.exported import Exported

MOVES = {"b": ["a"], "c": ["b"]}
FILE = {"feed": "nv", "sha256": "1"}


def row(key: str, external_id: str, operation: str = "new", form: str = "csv", **file: str) -> dict[str, str]:
    return {"form": form, "key": key, "external_id": external_id, "hash": "h", "operation": operation, **FILE, **file}


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


def test_of_one_external_id_the_last_key_alone_is_out() -> None:
    """By key, a counted as out, and its withdrawn file as a reason to take out what b is by now."""
    exported = Exported("csv", [row("a", "a"), row("b", "a", sha256="2")], MOVES)
    assert exported.last("a") is None and exported.last("b") is not None
    assert exported.under("a") == ["b", "a"]
    told = exported.from_files({("nv", "1")})
    assert {key: (before.operation, before.file) for key, before in told.items()} == {"a": ("kept", ("nv", "2"))}
    both = exported.from_files({("nv", "1"), ("nv", "2")})
    assert {key: before.operation for key, before in both.items()} == {"a": "new", "b": "new"}, (
        "for the caller to judge"
    )


def test_what_is_another_one_s_record_is_left_to_it_while_it_stands() -> None:
    """Nothing says any more that b was a before: a would go out over b."""
    rows = [row("a", "a"), row("b", "a")]
    assert Exported("csv", rows, {}, {"b"}).external_id("a") == "a-2"
    assert Exported("csv", rows, {}, {"a"}).external_id("a") == "a", "b is gone"
    assert Exported("csv", rows, MOVES, {"b"}).external_id("a") == "a", "they are one lead"
    assert Exported("csv", [*rows, row("a", "a-2")], {}, {"a", "b"}).external_id("a") == "a-2"
