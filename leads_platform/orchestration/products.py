"""Products as assets with their checks, and telling Dagster of those that a build has made.

Belongs here: what Dagster is told of a product. Does not: when one is stale, or making it (leads_platform.products).

Whoever builds makes what is stale at its end, and Dagster is told afterwards, by the command line or at the janitor's
next tick. `products_told.json` in DAGSTER_HOME keeps what it was told. The job `products` makes them without a build.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import dagster as dg

from leads_platform.orchestration.contracts import CurrentPlatform
from leads_platform.orchestration.events import asset_key, product_key
from leads_platform.orchestration.resource import at_work
from leads_platform.platform import Platform, open_session
from leads_platform.products.make import fits, places
from leads_platform.products.product import Product
from leads_platform.products.state import Made, read_products
from leads_platform.settings import Settings
from leads_platform.warehouse.build_state import read_build_state
from leads_platform.warehouse.lock import lock_if_free

_SHOWN = 10


def product_assets(platform: Platform) -> dg.AssetsDefinition:
    """All products that this environment has the settings for."""
    current = CurrentPlatform(platform)
    products = given(platform)

    @dg.multi_asset(
        name="make_products",  # a job has the name `products`, and Dagster wants one meaning of it
        specs=[_spec(platform, name, product) for name, product in products.items()],
        check_specs=[
            dg.AssetCheckSpec(check.name, asset=product_key(name), description=check.says, blocking=True)
            for name, product in products.items()
            for check in product.must
        ],
        can_subset=True,
    )
    def make(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
        now = current.now()
        wanted = [name for name in products if product_key(name) in context.selected_asset_keys]
        doing = f"Dagster run {context.run.run_id[:8]} of products"
        with (
            at_work(context.instance, context.run, now.settings.home),
            open_session(now, doing, run_id=context.run.run_id, say=context.log.info) as session,
        ):
            session.publish, session.step = True, context.log.info
            session.anew = lambda place: place.name in wanted
        tried = {outcome.key for outcome in session.products}
        failed = []
        for name in wanted:
            made = {key: known for key, known in _of(now, name).items() if key in tried}
            if not made:
                context.log.warning(f"{name} is not made: a table that it is made of is not built yet.")
                continue
            bad = [known for known in made.values() if known.failed]
            failed += [f"{key}: {known.failed}" for key, known in made.items() if known.failed]
            if not bad:
                yield dg.MaterializeResult(asset_key=product_key(name), metadata=_metadata(now.settings, made))
            for check in products[name].must:
                wrong = [words for known in bad for words in known.wrong.get(check.name, [])]
                if wrong or not bad:
                    yield dg.AssetCheckResult(
                        passed=not wrong,
                        asset_key=product_key(name),
                        check_name=check.name,
                        severity=dg.AssetCheckSeverity.ERROR,
                        metadata=_wrong(wrong),
                    )
        known = _known(now)  # of others that the session has made, the janitor tells
        _note(now.settings, _told(now.settings) | {name: known[name] for name in wanted if name in known})
        if failed:
            raise dg.Failure("\n".join(failed), allow_retries=False)

    return make


def given(platform: Platform) -> dict[str, Product]:
    """The products that this environment has the settings for."""
    secret = platform.settings.secret
    return {name: p for name, p in platform.products.items() if not p.needs or secret(p.needs)}


def _spec(platform: Platform, name: str, product: Product) -> dg.AssetSpec:
    read = [address for address in platform.catalogue.tables if any(fits(address, p) for p in product.reads)]
    return dg.AssetSpec(
        product_key(name),
        deps=[asset_key(address) for address in read],
        description=product.says,
        group_name="products",
        kinds={"file"} if not product.needs else {"database"},
    )


def report_products(instance: dg.DagsterInstance, platform: Platform) -> list[str]:
    """Tells Dagster of the products that were made, or failed, since it was told last; returns their names.

    Does nothing while somebody writes.
    """
    with lock_if_free(platform.settings.home) as free:
        if not free:
            return []
        now, told = _known(platform), _told(platform.settings)
        changed = [name for name in now if now[name] != told.get(name)]
        for name in changed:
            _report(instance, platform, name, was=told.get(name, [0.0, 0.0]), now=now[name])
        if changed:
            _note(platform.settings, now)
        return changed


def _report(instance: dg.DagsterInstance, platform: Platform, name: str, was: list[float], now: list[float]) -> None:
    made = _of(platform, name)
    if now[0] != was[0]:
        metadata = _metadata(platform.settings, made)
        instance.report_runless_asset_event(dg.AssetMaterialization(product_key(name), metadata=metadata))
    bad = [known for known in made.values() if known.failed]
    for check in platform.products[name].must:
        wrong = [words for known in bad for words in known.wrong.get(check.name, [])]
        if wrong or not bad:
            instance.report_runless_asset_event(
                dg.AssetCheckEvaluation(
                    asset_key=product_key(name),
                    check_name=check.name,
                    passed=not wrong,
                    severity=dg.AssetCheckSeverity.ERROR,
                    metadata={key: dg.MetadataValue.text(words) for key, words in _wrong(wrong).items()},
                    blocking=True,
                )
            )


def _wrong(sentences: list[str]) -> dict[str, str]:
    return {f"{number}. wrong": words for number, words in enumerate(sentences[:_SHOWN], 1)}


def _of(platform: Platform, name: str) -> dict[str, Made]:
    """What is known of a product, of each of its months where it has such."""
    settings = platform.settings
    known = read_products(settings.products)
    built = read_build_state(settings.build_state, settings.warehouse)
    keys = [place.key for place in places({name: platform.products[name]}, {month for _, month in built.fingerprints})]
    return {key: known[key] for key in keys if key in known}


def _metadata(settings: Settings, made: dict[str, Made]) -> dict[str, int | float | dg.MetadataValue]:
    found: dict[str, int | float | dg.MetadataValue] = {}
    for known in made.values():
        for name, count in known.counts.items():
            found[name] = count
        found["seconds"] = known.seconds
    files = [key for key, known in made.items() if known.is_file]
    if files:
        found["path"] = dg.MetadataValue.path(str(settings.published.parent / files[-1]))
    return found


def _known(platform: Platform) -> dict[str, list[float]]:
    """When each product was made last, and when its making failed last."""
    found = {}
    for name in given(platform):
        made = _of(platform, name).values()
        times = [max((m.made_at for m in made), default=0.0), max((m.failed_at for m in made), default=0.0)]
        if any(times):
            found[name] = times
    return found


def _file(settings: Settings) -> Path:
    return settings.dagster_home / "products_told.json"


def _told(settings: Settings) -> dict[str, list[float]]:
    path = _file(settings)
    return json.loads(path.read_text()) if path.exists() else {}


def _note(settings: Settings, now: dict[str, list[float]]) -> None:
    path = _file(settings)
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_suffix(f".{os.getpid()}.tmp")
    scratch.write_text(json.dumps(now))
    scratch.replace(path)
