"""Looks at everything that a running service needs, and says of each what was found and what to do about it."""

import shutil
from pathlib import Path

from agent.llm import ClaudeModel
from agent.model import ModelError, ModelRequest
from classifier.artefact import ArtefactError
from classifier.dataset import MODEL_DIR
from classifier.model import IntentModel
from service.agents import price_table
from service.bootstrap import shop_url
from service.diagnosis import Diagnosis
from service.doctor_database import RESTORE, look_into
from service.settings import Settings
from service.store.outages import is_damage, is_outage
from tools.backends import shop

LEAST_FREE = 1_000_000_000  # bytes

TINY = ModelRequest(
    system=("Answer with one word.",),
    messages=({"role": "user", "content": [{"type": "text", "text": "Say ok."}]},),
    tools=(),
    max_tokens=16,
    timeout=20,
)
"""The one request that an online look makes."""


async def examine(settings: Settings, *, online: bool = False) -> list[Diagnosis]:
    """Look at one thing after the other. Only `online` asks the model anything."""
    inside = await look_into(settings.database_url)
    found = [_session(settings), *inside.diagnoses, _classifier(), await _model(settings, online=online), _replies(settings)]
    for tenant in inside.tenants or ("default",):
        found += [_webhooks(settings, tenant), await _backend(settings, tenant), _backend_events(settings, tenant)]
    if inside.tenants is not None:
        known = {"default", *inside.tenants}
        found += [_no_tenant("webhooks", tenant) for tenant in sorted(set(settings.webhook_keys) - known)]
        found += [_no_tenant("backend events", tenant) for tenant in sorted(set(settings.backend_keys) - known)]
    return [*found, _disk(settings)]


def _no_tenant(what: str, tenant: str) -> Diagnosis:
    return Diagnosis(f"{what} of {tenant}", "broken", "There is a secret, and no such tenant.", f"deskrail tenant add {tenant}")


def _session(settings: Settings) -> Diagnosis:
    if settings.session_secret:
        return Diagnosis("session secret", "ok", "It is set.")
    return Diagnosis("session secret", "broken", "It is not set.", "Set DESKRAIL_SESSION_SECRET to a long random text.")


def _classifier() -> Diagnosis:
    try:
        model = IntentModel.load(MODEL_DIR)
    except ArtefactError as error:
        return Diagnosis("intent model", "broken", f"{error}.", "deskrail train")
    return Diagnosis("intent model", "ok", f"Trained on {model.metadata.rows} messages.")


async def _model(settings: Settings, *, online: bool) -> Diagnosis:
    if settings.model_provider == "scripted":
        return Diagnosis(
            "model", "warning", "The offline model answers.", "For real tickets set DESKRAIL_MODEL_PROVIDER=anthropic."
        )
    key = settings.api_key("default")
    if key is None:
        advice = "Set ANTHROPIC_API_KEY; until then the agent's tickets go to people, and flows run."
        return Diagnosis("model", "warning", "No key is set.", advice)
    prices = price_table(settings).models
    for name in (settings.model, settings.fallback_model):
        if name not in prices:
            advice = "Add it under [prices.models] in deskrail.toml; until then the agent's tickets go to people."
            return Diagnosis("model", "broken", f"{name} has no price.", advice)
    if not online:
        return Diagnosis("model", "ok", f"{settings.model} is configured; --online asks it something.")
    return await _asked(settings.model, ClaudeModel(settings.model, key, settings.anthropic_base_url))


async def _asked(name: str, model: ClaudeModel) -> Diagnosis:
    try:
        reply = await model.complete(TINY)
    except ModelError as error:
        advice = "Check ANTHROPIC_API_KEY, ANTHROPIC_BASE_URL and the way out to the network."
        return Diagnosis("model", "broken", f"{name} does not answer ({error.cause}).", advice)
    finally:
        await model.close()
    return Diagnosis("model", "ok", f"{name} answers; this took {reply.usage.total} tokens.")


def _replies(settings: Settings) -> Diagnosis:
    if settings.outbound_url is None:
        return Diagnosis("replies", "ok", "DESKRAIL_OUTBOUND_URL is not set, so replies are read through the API.")
    if not settings.webhook_keys:
        return Diagnosis("replies", "broken", "There is an address and no secret to sign with.", "Set DESKRAIL_WEBHOOK_SECRET.")
    return Diagnosis("replies", "ok", "They go out as signed webhooks.")


def _webhooks(settings: Settings, tenant: str) -> Diagnosis:
    what, keys = f"webhooks of {tenant}", settings.webhook_keys.get(tenant, ())
    variable = "DESKRAIL_WEBHOOK_SECRET" if tenant == "default" else f"DESKRAIL_TENANT_{tenant.upper()}_WEBHOOK_SECRETS"
    if not keys:
        return Diagnosis(what, "broken", "No secret is set, so every webhook is answered 401.", f"Set {variable}.")
    return _keys(what, keys)


def _backend_events(settings: Settings, tenant: str) -> Diagnosis:
    """Whether the merchant's system can tell later how something ended."""
    what, keys = f"backend events of {tenant}", settings.backend_keys.get(tenant, ())
    variable = "DESKRAIL_BACKEND_SECRET" if tenant == "default" else f"DESKRAIL_TENANT_{tenant.upper()}_BACKEND_SECRETS"
    if keys:
        return _keys(what, keys)
    slow = ", ".join(settings.tenant(tenant).shop.slow)
    jobs = f"; effects like {slow} are accepted as jobs, and how they end is found out by asking alone" if slow else ""
    return Diagnosis(
        what, "warning", f"No secret is set, so a refund that comes back later is not heard of{jobs}.", f"Set {variable}."
    )


def _keys(what: str, keys: tuple[bytes, ...]) -> Diagnosis:
    return Diagnosis(what, "ok", f"{len(keys)} secret(s).")


async def _backend(settings: Settings, tenant: str) -> Diagnosis:
    what = f"backend of {tenant}"
    engine = shop.open_engine(shop_url(settings))
    try:
        data = await shop.dump(engine, tenant) if await shop.has_tables(engine) else None
    except shop.UnknownShop:
        data = None
    except Exception as error:  # Drivers name an outage in many ways; what is none of them is raised again.
        if is_damage(error):
            found = "The embedded shop's file is damaged, or is no SQLite database."
            return Diagnosis(what, "broken", found, RESTORE.format("DESKRAIL_SHOP_URL"))
        if not is_outage(error):
            raise
        # Without an address of its own the shop's database stands beside ours, or in it.
        named = "DESKRAIL_SHOP_URL" if settings.shop_url else "DESKRAIL_DATABASE_URL; the shop's database is beside it"
        return Diagnosis(what, "broken", "The embedded shop's database does not answer.", f"Check {named}.")
    finally:
        await engine.dispose()
    if data is None:
        return Diagnosis(what, "warning", "The embedded shop is empty.", f"deskrail shop load FILE --tenant {tenant}")
    return Diagnosis(what, "ok", f"The embedded shop: {len(data['customers'])} customers, {len(data['orders'])} orders.")


def _disk(settings: Settings) -> Diagnosis:
    folder = Path(settings.database_url.removeprefix("sqlite:///")).parent if "sqlite" in settings.database_url else Path.cwd()
    existing = next(place for place in (folder.absolute(), *folder.absolute().parents) if place.is_dir())
    free = shutil.disk_usage(existing).free
    if free < LEAST_FREE:
        return Diagnosis(
            "disk", "warning", f"{free / 1e6:.0f} MB are free at {existing}.", "Make room: a full disk answers 503."
        )
    return Diagnosis("disk", "ok", f"{free / 1e9:.1f} GB are free at {existing}.")
