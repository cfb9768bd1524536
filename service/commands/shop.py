"""`deskrail shop`: load or dump the embedded shop's data."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from service.bootstrap import shop_url
from service.clock import wall_clock
from service.commands import common
from service.commands.common import AlwaysJson, AsJson, Tenant
from service.commands.database import known_tenant, opened, run
from service.errors import Fatal
from service.settings import Settings
from tools.backends import shop

app = common.group("Load or dump the embedded shop's data.")


@app.command()
def load(
    file: Annotated[Path, typer.Argument(help="A JSON file in the shape that `shop dump` prints.", dir_okay=False)],
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """Replace the shop's data with a file's; the shop's books stay."""
    _loaded(tenant, _read(file), as_json)


@app.command()
def seed(tenant: Tenant = "default", as_json: AsJson = False) -> None:
    """Replace the shop's data with the demo's: forty believable customers and their orders."""
    _loaded(tenant, shop.demo_data(wall_clock()), as_json)


def _loaded(tenant: str, data: dict[str, Any], as_json: bool) -> None:
    run(_load(common.settings(), tenant, data))
    counts = {name: len(data.get(name, [])) for name in ("customers", "products", "orders", "articles")}
    if as_json:
        common.print_json({"tenant": tenant, **counts})
    else:
        typer.echo("Loaded " + ", ".join(f"{count} {name}" for name, count in counts.items()) + ".")


@app.command()
def dump(tenant: Tenant = "default", as_json: AlwaysJson = True) -> None:
    """Print the shop's data as JSON, sorted, so that two dumps can be compared."""
    common.print_json(run(_dump(common.settings(), tenant)))


async def _load(settings: Settings, tenant: str, data: dict[str, Any]) -> None:
    async with opened(settings, prepare=True) as db:
        await known_tenant(db, tenant)
    engine = shop.open_engine(shop_url(settings))
    try:
        await shop.create_tables(engine)
        await shop.load(engine, tenant, data)
    except shop.BadShopData as error:
        raise Fatal(_first(str(error))) from None
    finally:
        await engine.dispose()


async def _dump(settings: Settings, tenant: str) -> dict[str, Any]:
    engine = shop.open_engine(shop_url(settings))
    try:
        if not await shop.has_tables(engine):
            raise shop.UnknownShop
        return await shop.dump(engine, tenant)
    except shop.UnknownShop:
        raise Fatal(f"The tenant {tenant!r} has no shop data yet; `deskrail shop load FILE` brings some.") from None
    finally:
        await engine.dispose()


def _read(file: Path) -> dict[str, Any]:
    try:
        data = json.loads(file.read_text("utf-8"))
    except (ValueError, RecursionError):
        raise Fatal(f"{file} is not JSON.") from None
    if not isinstance(data, dict):
        raise Fatal(f"{file} does not hold a shop: the contract's shape is one JSON object.")
    return data


def _first(problems: str) -> str:
    first, *more = problems.splitlines()
    return f"The shop's data was not loaded: {first}" + (f" (and {len(more)} more)" if more else "")
