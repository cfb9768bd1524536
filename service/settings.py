"""The settings, read once: the environment first, then `deskrail.toml`, then defaults. No secret has a default."""

import base64
import hashlib
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

import platformdirs
from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError

from agent.settings import DEFAULT_GRANT
from service.errors import Fatal
from tools.limits import READS, Policy
from tools.ports import Lane

TENANT_NAME = re.compile(r"^[a-z][a-z0-9_]{0,62}$")
"""What a tenant may be called; it stands in paths and in names of environment variables."""


CONFIG = Path("deskrail.toml")
"""The settings file that is read when none is named, if it is there."""

LEAST_SECRET_BYTES = 24
"""How long a secret is at least: what the Standard Webhooks specification asks of a symmetric key, 192 bits."""


class Part(BaseModel):
    """A part of the settings: frozen, and an unknown name is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Price(Part):
    """What a model costs, in USD per million tokens; cache writes and reads are priced apart."""

    input: Decimal
    output: Decimal
    cache_write: Decimal
    cache_read: Decimal


class Prices(Part):
    """Prices that replace or add to the shipped table (`agent/prices.py`), and the day they were looked up."""

    as_of: date | None = None
    models: dict[str, Price] = {}


class Budget(Part):
    """What the agent may spend on one ticket in its life (DESIGN, section 5)."""

    model_config = ConfigDict(strict=True)

    steps: int = DEFAULT_GRANT.steps
    tokens: int = DEFAULT_GRANT.tokens
    microusd: int = DEFAULT_GRANT.microusd
    seconds: int = int(DEFAULT_GRANT.seconds)
    tool_calls: int = DEFAULT_GRANT.tool_calls
    turn_limit: int = 8


class Sla(Part):
    """How soon a person should look at an escalation, in minutes by risk."""

    model_config = ConfigDict(strict=True)

    high: int = 30
    medium: int = 120
    low: int = 480


class EmbeddedShop(Part):
    """How the embedded shop behaves: when the money of a return moves, and which effects it accepts as jobs that take long."""

    returns_pay: Literal["at_request", "on_arrival"] = "on_arrival"
    slow: frozenset[
        Literal["refund", "cancel_order", "return_items", "exchange_items", "change_order_items", "change_order_payment"]
    ] = frozenset()


class TenantSettings(Part):
    """What one tenant tunes in `deskrail.toml`."""

    currency: str = "USD"
    mode: Literal["normal", "workflows_only", "read_only"] = "normal"
    language: str = "en"
    customer_key: Literal["external_id", "email"] = "external_id"
    order_id_pattern: str = r"[A-Z]-\d{6}|#W\d{7}"
    shop_name: str = "the shop"
    own_addresses: tuple[str, ...] = ()
    link_hosts: tuple[str, ...] = ()
    budget: Budget = Budget()
    sla: Sla = Sla()
    policy: Policy = Policy()
    shop: EmbeddedShop = EmbeddedShop()

    @cached_property
    def policy_in_mode(self) -> Policy:
        """The policy that decides: a mode takes tools away from the machine's lanes and from nobody else."""
        granted = self.policy.granted
        match self.mode:
            case "workflows_only":
                granted = {**granted, Lane.AGENT: frozenset()}
            case "read_only":
                left = {lane: granted.get(lane, frozenset()) & READS for lane in (Lane.WORKFLOW, Lane.AGENT)}
                granted = {**granted, **left}
        # Made anew, because a copy would carry the version of the other one.
        return self.policy if granted is self.policy.granted else Policy(**{**dict(self.policy), "granted": granted})


UNTUNED = TenantSettings()
"""What a tenant that the file does not name works with; built once, since every turn asks for it."""


def _tenant_name(name: str) -> str:
    if not TENANT_NAME.match(name):
        raise ValueError("a tenant's name is lower-case letters, digits and underscores")
    return name


TenantKey = Annotated[str, AfterValidator(_tenant_name)]
"""The name of a tenant."""


class FileSettings(Part):
    """The whole of `deskrail.toml`."""

    prices: Prices = Prices()
    tenants: dict[TenantKey, TenantSettings] = {}


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that the service is told from outside."""

    database_url: str
    app_role: str | None
    webhook_keys: Mapping[str, tuple[bytes, ...]]
    backend_keys: Mapping[str, tuple[bytes, ...]]
    session_secret: str | None
    shop_url: str | None
    backend: Literal["shop"]
    outbound_url: str | None
    model_provider: Literal["anthropic", "scripted"]
    model: str
    fallback_model: str
    small_model: str
    anthropic_api_key: str | None
    tenant_api_keys: Mapping[str, str]
    anthropic_base_url: str | None
    log_format: Literal["console", "json"] | None
    metrics_token: str | None
    mcp_key: str | None
    config_path: Path | None
    file: FileSettings

    def tenant(self, name: str) -> TenantSettings:
        """What the file says of this tenant, or the defaults: the file only tunes tenants."""
        return self.file.tenants.get(name, UNTUNED)

    def secret_of(self, purpose: str, tenant: str) -> bytes:
        """A secret for one purpose of one tenant: known to nobody outside, and the same on every worker."""
        texts = (purpose, tenant, self.session_secret or "", *(key.hex() for key in self.webhook_keys.get(tenant, ())))
        return hashlib.sha256("\x1f".join(texts).encode()).digest()

    def api_key(self, tenant: str) -> str | None:
        """The model key of this tenant."""
        return self.tenant_api_keys.get(tenant, self.anthropic_api_key)


def load(environment: Mapping[str, str] | None = None, config: Path | None = None) -> Settings:
    """Read the settings, from another file than the environment names if told so. Raises `Fatal` with one clear line."""
    env = os.environ if environment is None else environment
    path = config or _config_path(env)
    provider = env.get("DESKRAIL_MODEL_PROVIDER") or "anthropic"
    if provider not in ("anthropic", "scripted"):
        raise Fatal("DESKRAIL_MODEL_PROVIDER must be anthropic or scripted.")
    log_format = env.get("DESKRAIL_LOG_FORMAT") or None
    if log_format not in (None, "console", "json"):
        raise Fatal("DESKRAIL_LOG_FORMAT must be console or json.")
    if (env.get("DESKRAIL_BACKEND") or "shop") != "shop":
        raise Fatal("DESKRAIL_BACKEND must be shop, the embedded one; this release knows no other.")
    return Settings(
        database_url=env.get("DESKRAIL_DATABASE_URL") or f"sqlite:///{platformdirs.user_data_path('deskrail') / 'deskrail.db'}",
        app_role=env.get("DESKRAIL_APP_ROLE") or None,
        webhook_keys=_keys(env, "WEBHOOK"),
        backend_keys=_keys(env, "BACKEND"),
        session_secret=_session_secret(env),
        shop_url=env.get("DESKRAIL_SHOP_URL") or None,
        backend="shop",
        outbound_url=_web_address(env, "DESKRAIL_OUTBOUND_URL"),
        model_provider="scripted" if provider == "scripted" else "anthropic",
        model=env.get("DESKRAIL_MODEL") or "claude-sonnet-5-5",
        fallback_model=env.get("DESKRAIL_FALLBACK_MODEL") or "claude-opus-5-5",
        small_model=env.get("DESKRAIL_SMALL_MODEL") or "claude-haiku-5-5",
        anthropic_api_key=env.get("ANTHROPIC_API_KEY") or None,
        tenant_api_keys=_by_tenant(env, "ANTHROPIC_API_KEY"),
        anthropic_base_url=env.get("ANTHROPIC_BASE_URL") or None,
        log_format="json" if log_format == "json" else "console" if log_format == "console" else None,
        metrics_token=env.get("DESKRAIL_METRICS_TOKEN") or None,
        mcp_key=env.get("DESKRAIL_MCP_KEY") or None,
        config_path=path,
        file=_file(path),
    )


def describe(error: ValidationError) -> str:
    """The first thing that is wrong, as a place and a sentence; values are not repeated."""
    first = error.errors(include_input=False, include_url=False)[0]
    return f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}"


def _config_path(env: Mapping[str, str]) -> Path | None:
    if named := env.get("DESKRAIL_CONFIG"):
        return Path(named)
    return CONFIG if CONFIG.is_file() else None


def _file(path: Path | None) -> FileSettings:
    if path is None:
        return FileSettings()
    try:
        data = tomllib.loads(path.read_text("utf-8"))
        settings = FileSettings.model_validate(data)
    except OSError as error:
        raise Fatal(f"{path} cannot be read: {error.strerror}.") from error
    except tomllib.TOMLDecodeError as error:
        raise Fatal(f"{path} is not TOML: {error}.") from error
    except ValidationError as error:
        raise Fatal(f"{path}: {describe(error)}.") from error
    return settings


def _by_tenant(env: Mapping[str, str], suffix: str) -> dict[str, str]:
    return {tenant: env[name] for tenant, name in _names_by_tenant(env, suffix).items()}


def _names_by_tenant(env: Mapping[str, str], suffix: str) -> dict[str, str]:
    """The name of each tenant's own variable that is set."""
    pattern = re.compile(rf"^DESKRAIL_TENANT_([A-Z][A-Z0-9_]*)_{suffix}$")
    return {match[1].lower(): name for name, value in env.items() if value and (match := pattern.match(name))}


def _keys(env: Mapping[str, str], of: str) -> dict[str, tuple[bytes, ...]]:
    """Each tenant's signing keys, newest first: those of its help desk (`WEBHOOK`) or of its own system (`BACKEND`)."""
    names = _names_by_tenant(env, f"{of}_SECRETS")
    if env.get(f"DESKRAIL_{of}_SECRET"):
        names.setdefault("default", f"DESKRAIL_{of}_SECRET")
    return {tenant: _signing_keys(name, env[name]) for tenant, name in names.items()}


def _signing_keys(variable: str, listed: str) -> tuple[bytes, ...]:
    secrets = [stripped for secret in listed.split(",") if (stripped := secret.strip())]
    keys = tuple(key for secret in secrets if len(key := _decoded(secret)) >= LEAST_SECRET_BYTES)
    if bad := len(secrets) - len(keys):
        raise Fatal(
            f"{variable}: {bad} of {len(secrets)} secrets are not base64 of at least {LEAST_SECRET_BYTES} bytes, "
            "perhaps after whsec_; `openssl rand -base64 32` makes one."
        )
    return keys


def _decoded(secret: str) -> bytes:
    """The bytes that a secret stands for, padded or not; none for what is not base64, so that a password is no key."""
    digits = secret.removeprefix("whsec_").rstrip("=")
    try:
        return base64.b64decode(digits + "=" * (-len(digits) % 4), validate=True)
    except ValueError:
        return b""


def _web_address(env: Mapping[str, str], variable: str) -> str | None:
    address = env.get(variable) or None
    if address is None:
        return None
    try:
        parts = urlsplit(address)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        # The address may hold a token, so it is not repeated.
        raise Fatal(f"{variable} is not an address on the web; write it as https://…")
    return address


def _session_secret(env: Mapping[str, str]) -> str | None:
    secret = env.get("DESKRAIL_SESSION_SECRET") or None
    if secret is not None and len(secret.encode()) < LEAST_SECRET_BYTES:
        raise Fatal(f"DESKRAIL_SESSION_SECRET has under {LEAST_SECRET_BYTES} bytes; `openssl rand -hex 32` makes one.")
    return secret
