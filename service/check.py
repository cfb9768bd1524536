"""Checks what an operator or a developer can get wrong: settings, policy, prices, flows, reply templates."""

import inspect
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from babel.numbers import is_currency
from pydantic import ValidationError

from agent import prices
from service.agents import price_table
from service.bootstrap import shop_url
from service.check_flows import check_flows
from service.errors import Fatal
from service.settings import CONFIG, FileSettings, Settings, TenantSettings, load
from service.store.database import parse
from service.store.people import EMAIL
from service.toml_places import line_of, line_of_error
from tools import limits
from tools.catalogue import CATALOGUE
from workflows.catalogue import FLOWS
from workflows.replies import Finding, check_templates

LANGUAGES = ("en",)
"""The languages that there are reply templates for."""

ENVIRONMENT = Path("environment")
"""The place of findings about environment variables."""

_HOST = re.compile(r"^(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$")

Place = Callable[..., int]
"""The line of a setting, by the names that lead to it."""


def check(config: Path | None, today: date) -> list[Finding]:
    """Everything that is wrong. `config` is the settings file; without one it is the usual one, which need not be there."""
    return [*check_settings(config, today), *check_policy(), *check_flows(), *check_templates()]


def check_settings(config: Path | None, today: date) -> Iterator[Finding]:
    """What is wrong with the file, and then with what it and the environment say together."""
    if config is None and CONFIG.is_file():
        config = CONFIG
    wrong = list(check_file(config)) if config else []
    yield from wrong
    if wrong:
        return
    try:
        settings = load(config=config)
        parse(settings.database_url)
        shop_url(settings)
    except Fatal as error:
        yield Finding(ENVIRONMENT, 1, str(error))
        return
    yield from _models(settings)
    if config is None:
        return
    text = config.read_text("utf-8")
    yield from check_prices(config, text, settings.file, today)
    for name, tenant in settings.file.tenants.items():
        yield from check_tenant(tenant, lambda *path, name=name: line_of(text, ("tenants", name, *path)), config)


def check_file(config: Path) -> Iterator[Finding]:
    """Whether the file is TOML and has the settings' shape; each thing that is wrong, with its line."""
    try:
        text = config.read_text("utf-8")
        FileSettings.model_validate(tomllib.loads(text))
    except OSError as error:
        yield Finding(config, 1, f"It cannot be read: {error.strerror}.")
    except UnicodeDecodeError:
        yield Finding(config, 1, "It is not UTF-8 text.")
    except tomllib.TOMLDecodeError as error:
        yield Finding(config, line_of_error(error), f"It is not TOML: {error}.")
    except ValidationError as error:
        for one in error.errors(include_input=False, include_url=False):
            place = ".".join(str(part) for part in one["loc"] if part != "[key]")
            yield Finding(
                config, line_of(config.read_text("utf-8"), one["loc"]), f"{place}: {one['msg'].removeprefix('Value error, ')}."
            )


def check_tenant(tenant: TenantSettings, line: Place, file: Path) -> Iterator[Finding]:
    """What has the right shape and still cannot be meant."""
    for path, message in _tenant_problems(tenant):
        yield Finding(file, line(*path), f"{'.'.join(path)}: {message}")


def check_policy() -> Iterator[Finding]:
    """Whether the policy can speak of every tool and every flow, and of nothing else."""
    known = limits.READS | limits.ACTIONS
    file = Path(inspect.getsourcefile(limits) or "")
    for name in sorted(known ^ set(CATALOGUE)):
        missing = "the policy's lists lack it" if name in CATALOGUE else "there is no such tool"
        yield Finding(file, 1, f"{name}: {missing}.")
    for name in sorted(set(limits.FLOW_ACTIONS) ^ set(FLOWS)):
        missing = "the policy grants it no tools" if name in FLOWS else "there is no such flow"
        yield Finding(file, 1, f"{name}: {missing}.")


def check_prices(file: Path, text: str, settings: FileSettings, today: date) -> Iterator[Finding]:
    """Prices that cannot be."""
    as_of = settings.prices.as_of
    if as_of is not None and as_of > today:
        yield Finding(file, line_of(text, ("prices", "as_of")), "prices.as_of: this day has not come yet.")
    for model, price in settings.prices.models.items():
        for kind, value in price.model_dump().items():
            if value < 0:
                place = ("prices", "models", model, kind)
                yield Finding(file, line_of(text, place), f"{'.'.join(place)}: a price is not below zero.")


def _models(settings: Settings) -> Iterator[Finding]:
    """A model without a price could spend without a budget noticing."""
    known = price_table(settings).models
    shipped = Path(inspect.getsourcefile(prices) or "agent/prices.py")
    line = next(n for n, text in enumerate(shipped.read_text("utf-8").splitlines(), 1) if text.startswith("SHIPPED_PRICES"))
    for name in dict.fromkeys((settings.model, settings.fallback_model, settings.small_model)):
        if name not in known:
            yield Finding(shipped, line, f"The model {name!r} has no price here nor under [prices.models] in the settings.")


def _tenant_problems(tenant: TenantSettings) -> Iterator[tuple[tuple[str, ...], str]]:
    if not is_currency(tenant.currency):
        yield ("currency",), "not an ISO 4217 code."
    if tenant.language not in LANGUAGES:
        yield ("language",), f"there are no reply templates in it; there are some in: {', '.join(LANGUAGES)}."
    yield from _pattern_problems(tenant.order_id_pattern)
    for host in tenant.link_hosts:
        if not _HOST.match(host):
            yield ("link_hosts",), f"{host!r} is not a host's name in lower case, without scheme and path."
    for address in tenant.own_addresses:
        if not EMAIL.match(address):
            yield ("own_addresses",), f"{address!r} is not an e-mail address."
    for flow in tenant.policy.flows:
        if flow not in FLOWS:
            yield ("policy", "flows", flow), f"there is no such flow; there are: {', '.join(sorted(FLOWS))}."
    yield from _number_problems(tenant)


def _pattern_problems(pattern: str) -> Iterator[tuple[tuple[str, ...], str]]:
    try:
        if re.compile(pattern).fullmatch(""):
            yield ("order_id_pattern",), "it matches the empty text, so it finds orders everywhere."
    except re.error as error:
        yield ("order_id_pattern",), f"not a regular expression: {error}."


def _number_problems(tenant: TenantSettings) -> Iterator[tuple[tuple[str, ...], str]]:
    for part in ("budget", "sla"):
        values: Mapping[str, Any] = getattr(tenant, part).model_dump()
        for name, value in values.items():
            if value <= 0:
                yield (part, name), "must be above zero."
    if not tenant.sla.high <= tenant.sla.medium <= tenant.sla.low:
        yield ("sla",), "what is riskier is looked at sooner: high, then medium, then low."
