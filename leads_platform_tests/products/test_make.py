"""Products: when one is stale, what it is made with, and what stands when one fails."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from leads_platform.products.product import Check, Making, Product, ProductFailed
from leads_platform_tests.products.toy_products import Shop
from leads_platform_tests.warehouse.toy_warehouse import FEB, JAN, MAR, total


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    shop = Shop(tmp_path)
    shop.build()
    return shop


class Page:
    """A product that writes the total of all it reads, and keeps what it was made with."""

    def __init__(self) -> None:
        self.makings: list[Making] = []
        self.fails: Exception | None = None
        self.wrong: list[str] = []

    def make(self, making: Making) -> dict[str, int]:
        self.makings.append(making)
        month = f"where month = date '{making.month}'" if making.month else ""
        ((amount,),) = making.con.execute(f"select sum(amount) from shop.fct_total {month}").fetchall()
        making.scratch.write_text(str(amount))
        if self.fails:
            raise self.fails
        return {"amount": int(amount)}

    def product(self, **more: object) -> Product:
        check = Check("is_right", "It is right.", lambda making: self.wrong)
        declared: dict[str, object] = {"says": "A page.", "reads": ("shop.fct_*",), "make": self.make, "must": (check,)}
        return Product(**{**declared, **more})  # type: ignore[arg-type]  # the test's own words


def test_a_product_is_made_once_and_again_when_what_it_reads_has_changed(shop: Shop) -> None:
    page = Page()
    for _ in range(2):
        shop.publish({"page.txt": page.product()})
    assert (shop.published / "page.txt").read_text() == "15" and len(page.makings) == 1
    assert page.makings[0].changed == {"shop.fct_total": [JAN]} and page.makings[0].former is None
    shop.deliver(FEB, (3, 20, 2))
    shop.build()
    shop.publish({"page.txt": page.product()})
    assert (shop.published / "page.txt").read_text() == "35"
    assert page.makings[1].changed == {"shop.fct_total": [FEB]}
    assert page.makings[1].former == shop.published / "page.txt"
    made = shop.made()["page.txt"]
    assert made.counts == {"amount": 35} and not made.failed


def test_what_a_product_does_not_read_makes_it_not_stale(shop: Shop) -> None:
    page, people = Page(), Page()
    products = {"page.txt": page.product(), "people.txt": people.product(reads=("shop.dim_people",))}
    shop.publish(products)
    shop.tables["fct_total"] = replace(total(), select=total().select.replace("sum(amount)", "sum(amount + 0)"))
    shop.build()
    shop.publish(products)
    assert (len(page.makings), len(people.makings)) == (2, 1)


@pytest.mark.parametrize("change", [{"says": "Another page."}, {"reads": ("shop.*",)}, {"version": "2"}])
def test_another_declaration_makes_it_anew(shop: Shop, change: dict[str, object]) -> None:
    page = Page()
    shop.publish({"page.txt": page.product()})
    shop.publish({"page.txt": page.product(**change)})
    assert len(page.makings) == 2


def spoil(path: Path) -> None:
    path.write_text("99")


@pytest.mark.parametrize(("harm", "says"), [(spoil, 1), (Path.unlink, 0)])
def test_a_file_that_was_written_to_or_is_gone_is_made_anew(
    shop: Shop, harm: Callable[[Path], None], says: int
) -> None:
    page = Page()
    shop.publish({"page.txt": page.product()})
    harm(shop.published / "page.txt")
    shop.publish({"page.txt": page.product()})
    assert (shop.published / "page.txt").read_text() == "15" and page.makings[1].former is None
    assert len(shop.said) == says and all("was not what had been published" in said for said in shop.said)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ProductFailed("the printer is out of ink"), "the printer is out of ink"),
        (OSError(28, "No space left on device"), "disk"),
        (ValueError("Ann Lee"), "ValueError at "),
    ],
)
def test_one_that_fails_leaves_the_former_standing_and_stops_no_other(shop: Shop, error: Exception, said: str) -> None:
    page, other = Page(), Page()
    products = {"page.txt": page.product(), "other.txt": other.product()}
    shop.publish(products)
    shop.deliver(FEB, (3, 20, 2))
    shop.build()
    page.fails = error
    outcomes = shop.publish(products)
    assert [(outcome.key, bool(outcome.failed)) for outcome in outcomes] == [("page.txt", True), ("other.txt", False)]
    assert (shop.published / "page.txt").read_text() == "15" and (shop.published / "other.txt").read_text() == "35"
    made = shop.made()["page.txt"]
    assert said in made.failed and "Ann" not in made.failed and made.counts == {"amount": 15}
    assert {path.name for path in shop.published.iterdir() if path.suffix == ".new"} == set()
    page.fails = None
    shop.publish(products)  # tried again, though nothing has changed since
    assert (shop.published / "page.txt").read_text() == "35" and not shop.made()["page.txt"].failed


def test_one_that_fails_its_check_never_takes_the_place_of_the_former(shop: Shop) -> None:
    page = Page()
    shop.publish({"page.txt": page.product()})
    shop.deliver(FEB, (3, 20, 2))
    shop.build()
    page.wrong = ["the total is odd", "and ugly"]
    (outcome,) = shop.publish({"page.txt": page.product()})
    assert outcome.failed == "is_right: the total is odd"
    assert (shop.published / "page.txt").read_text() == "15"
    assert shop.made()["page.txt"].wrong == {"is_right": ["the total is odd", "and ugly"]}


def test_one_file_for_each_month_and_none_for_months_that_are_gone(shop: Shop) -> None:
    page = Page()
    products = {"page.txt": page.product(per="month")}
    shop.deliver(FEB, (3, 20, 2))
    shop.deliver(MAR, (4, 1, 2))
    shop.build()
    shop.publish(products)
    assert {path.name: path.read_text() for path in shop.published.glob("page*")} == {
        "page-2024-01.txt": "15", "page-2024-02.txt": "20", "page-2024-03.txt": "1",
    }  # fmt: skip
    shop.deliver(FEB, (3, 30, 2))
    shop.build()
    shop.publish(products)
    assert [making.month for making in page.makings] == [JAN, FEB, MAR, FEB], "the month that changed alone"
    shop.feeds.rows["sales"].pop(MAR)
    shop.build()
    with duckdb.connect(shop.folder / "warehouse.duckdb") as con:  # as when the first month with data has moved
        con.execute(f"delete from warehouse.warehouse.builds where month = date '{MAR}'")
    shop.publish(products)
    assert sorted(path.name for path in shop.published.glob("page*")) == ["page-2024-01.txt", "page-2024-02.txt"]
    assert set(shop.made()) == {"page-2024-01.txt", "page-2024-02.txt"}


def test_a_product_of_what_is_built_waits_for_no_table(shop: Shop) -> None:
    """Found in use: a new table that a check refused ended the copy in a database for ever, without a word."""
    page = Page()
    reads = ("shop.fct_total", "shop.fct_not_built_yet")
    assert shop.publish({"page.txt": page.product(reads=reads)}) == []
    shop.publish({"page.txt": page.product(reads=reads, of_what_is_built=True)})
    assert (shop.published / "page.txt").read_text() == "15"


def test_a_product_whose_setting_is_missing_is_none(shop: Shop) -> None:
    page = Page()
    product = page.product(needs="LEADS_PLATFORM_POSTGRES")
    assert shop.publish({"page.txt": product}) == []
    shop.publish({"page.txt": product}, secret={"LEADS_PLATFORM_POSTGRES": "a secret"}.get)
    assert page.makings[0].secret == "a secret" and "secret'" not in repr(page.makings[0])


def test_a_product_that_is_declared_no_more_goes_with_its_file(shop: Shop) -> None:
    shop.publish({"page.txt": Page().product(), "other.txt": Page().product()})
    shop.publish({"other.txt": Page().product()})
    assert {path.name for path in shop.published.iterdir()} == {"other.txt", ".other.txt.left"}
    assert set(shop.made()) == {"other.txt"}
