"""The one place where things are built and handed to each other."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from importlib.resources import files
from pathlib import Path

from classifier.model import IntentModel
from service.agents import Agents
from service.backend_news import BackendNews
from service.clock import wall_clock
from service.codes import CodeDesk
from service.conductor import Conductor
from service.confirmations import Confirmations
from service.desk import Desk
from service.engine import Engine, EngineSettings
from service.hearing import Hearing
from service.intake import Intake
from service.outcomes import Outcomes
from service.pipeline import Pipeline
from service.settings import Settings
from service.settling import Settling
from service.store import migrate, tenancy
from service.store.actions import SqlActionBook
from service.store.approvals import Approvals
from service.store.autonomy import Autonomy
from service.store.database import Database, parse
from service.store.switches import Switches
from service.store.tenants import ensure_tenant
from service.store.wakeups import Wakeups
from service.waking import Waking
from tools.backends.shop.backend import Shop
from tools.backends.shop.engine import ShopEngine, open_engine
from tools.backends.shop.schema import create_tables
from tools.backends.shop.slow import SlowShop
from tools.commerce import Commerce
from tools.execution import Crashpoint, go_on
from tools.limits import Policy
from tools.ports import Clock
from tools.runner import ToolRunner

CommerceFor = Callable[[str], Commerce]


@dataclass(frozen=True, slots=True)
class Services:
    """Everything that routes, commands and workers use; `close` when done."""

    settings: Settings
    db: Database
    shop_engine: ShopEngine
    clock: Clock
    engine: Engine
    wakeups: Wakeups
    commerce_for: CommerceFor
    policy_for: Callable[[str], Policy]
    book: SqlActionBook
    runner: ToolRunner
    approvals: Approvals
    switches: Switches
    autonomy: Autonomy
    confirmations: Confirmations
    settling: Settling
    desk: Desk
    intake: Intake
    codes: CodeDesk
    backend_news: BackendNews
    outcomes: Outcomes
    agents: Agents
    model: IntentModel
    pipeline: Pipeline

    async def close(self) -> None:
        """Give all connections back."""
        await self.agents.close()
        await self.db.close()
        await self.shop_engine.dispose()


def build(
    settings: Settings,
    *,
    clock: Clock = wall_clock,
    crashpoint: Crashpoint = go_on,
    commerce_for: CommerceFor | None = None,
    engine_settings: EngineSettings | None = None,
) -> Services:
    """Wire the service; nothing connects yet. `commerce_for` replaces the configured backends."""
    db = Database(settings.database_url)
    engine = Engine(db, engine_settings)
    wakeups = Wakeups(engine.enqueue, clock)
    shop_engine = open_engine(shop_url(settings))
    commerce_for = commerce_for or _backends(settings, shop_engine, clock)
    delivers = settings.outbound_url is not None

    def policy_for(tenant: str) -> Policy:
        return settings.tenant(tenant).policy_in_mode

    book = SqlActionBook(db, wakeups, policy_for, clock)
    codes = CodeDesk(db, clock, policy_for, partial(settings.secret_of, "codes"), delivers=delivers)
    runner = ToolRunner(commerce_for, book, policy_for, clock, crashpoint, codes)
    outcomes = Outcomes(db, clock, engine.enqueue, settings.tenant, delivers=delivers, crashpoint=crashpoint)
    agents = Agents(settings, db, clock, runner, policy_for)
    model = _shipped_model()
    conductor = Conductor(db, runner, outcomes, agents, settings.tenant)
    waking = Waking(db, clock, conductor)
    hearing = Hearing(db, clock, conductor, waking, model, settings.tenant, crashpoint, verifies=delivers)
    return Services(
        settings=settings,
        db=db,
        shop_engine=shop_engine,
        clock=clock,
        engine=engine,
        wakeups=wakeups,
        commerce_for=commerce_for,
        policy_for=policy_for,
        book=book,
        runner=runner,
        approvals=Approvals(db, wakeups, clock),
        switches=Switches(db, clock),
        autonomy=Autonomy(db, clock),
        confirmations=Confirmations(db, wakeups, clock),
        settling=Settling(db, runner, wakeups, clock),
        desk=Desk(db, wakeups, clock, settings.tenant, delivers=delivers),
        intake=Intake(db, wakeups, clock, commerce_for, settings.tenant, codes),
        codes=codes,
        backend_news=BackendNews(db, runner, clock),
        outcomes=outcomes,
        agents=agents,
        model=model,
        pipeline=Pipeline(db, clock, outcomes, hearing, waking, crashpoint),
    )


async def prepare(services: Services) -> None:
    """Bring every database to head and make the default tenant; safe twice and concurrently.

    A role that does not own the tables only looks whether they are at head. Raises `Fatal`.
    """
    role = services.settings.app_role
    if migrate.upgrade(services.settings.database_url, role):
        services.engine.migrate(role)
        await create_tables(services.shop_engine, used_by=role)
    with tenancy.within("default"):
        async with services.db.begin() as conn:
            await ensure_tenant(conn, "default", services.clock())


def shop_url(settings: Settings) -> str:
    """The embedded shop's own database: as told, else a file or a schema beside the main one. Raises `Fatal`."""
    if settings.shop_url:
        parse(settings.shop_url, "DESKRAIL_SHOP_URL")
        return settings.shop_url
    url = parse(settings.database_url)
    if url.get_backend_name() != "sqlite":
        return settings.database_url
    main = Path(url.database or "")
    return f"sqlite:///{main.with_name(f'{main.stem}-shop{main.suffix}')}"


def _backends(settings: Settings, shop_engine: ShopEngine, clock: Clock) -> CommerceFor:
    return cache(partial(embedded_shop, settings, shop_engine, clock))


def embedded_shop(settings: Settings, engine: ShopEngine, clock: Clock, tenant: str) -> SlowShop:
    """The tenant's embedded shop, as its settings say that it behaves."""
    chosen = settings.tenant(tenant).shop
    shop = Shop(engine, tenant, clock, returns_pay=chosen.returns_pay)
    return SlowShop(shop, engine, tenant, clock, chosen.slow)


@cache
def _shipped_model() -> IntentModel:
    return IntentModel.load(Path(str(files("classifier") / "data" / "model")))
