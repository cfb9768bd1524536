"""Sets the agent up for a tenant, and runs it on a turn."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache

from agent.fallback import FallbackModel
from agent.llm import ClaudeModel
from agent.loop import work
from agent.model import Model
from agent.prices import SHIPPED_PRICES, ModelPrice, PriceTable
from agent.scripted import ScriptedModel
from agent.settings import AgentSettings
from agent.toolbox import Toolbox
from service.agent_run import JournalRun
from service.settings import Settings
from service.store.database import Database
from service.turn import Turn
from tools.catalogue import granted
from tools.limits import Policy
from tools.policy import describe_rules
from tools.ports import Action, Clock, Effect, Lane, ToolResult
from tools.runner import ToolRunner
from workflows.outcome import Outcome, Reason
from workflows.ticket import Spending


class Agents:
    """The agent lane: one model per tenant's key, one toolbox per tenant's grant."""

    def __init__(
        self, settings: Settings, db: Database, clock: Clock, runner: ToolRunner, policy_for: Callable[[str], Policy]
    ) -> None:
        self._settings = settings
        self._db = db
        self._clock = clock
        self._runner = runner
        self._policy_for = policy_for
        self._open: list[ClaudeModel] = []
        self.model_for = cache(self._model_for)
        self._toolbox_for = cache(self._build_toolbox)
        self._settings_for = cache(self._build_settings)

    async def close(self) -> None:
        """Close the models' connections."""
        for model in self._open:
            await model.close()

    def run_for(self, turn: Turn) -> JournalRun:
        """The durable run of this turn in the agent's lane."""
        spends = self._settings_for(turn.ticket.tenant).granted
        return JournalRun(turn, self._runner, turn.caller(Lane.AGENT), self._db, self._clock, spends)

    async def work(
        self,
        turn: Turn,
        run: JournalRun,
        *,
        actions: Sequence[Action] = (),
        confirmed: ToolResult | None = None,
        reason: Reason | None = None,
    ) -> Outcome:
        """Let the agent work the ticket until an outcome. Raises `RunSuperseded` and `FencedOff`."""
        tenant = turn.ticket.tenant
        return await work(
            turn.ticket,
            run,
            self.model_for(tenant),
            self._toolbox_for(tenant),
            self._settings_for(tenant),
            actions=actions,
            confirmed=confirmed,
            reason=reason,
        )

    def _model_for(self, tenant: str) -> Model | None:
        settings = self._settings
        if settings.model_provider == "scripted":
            return ScriptedModel()
        key = settings.api_key(tenant)
        names = dict.fromkeys((settings.model, settings.fallback_model))
        # No budget could hold a model without a price, so it is no more configured than one without a key.
        if key is None or not names.keys() <= price_table(settings).models.keys():
            return None
        models = [ClaudeModel(name, key, settings.anthropic_base_url) for name in names]
        self._open += models
        return FallbackModel(models)

    def _build_toolbox(self, tenant: str) -> Toolbox:
        return Toolbox.of(granted(self._policy_for(tenant), Lane.AGENT))

    def _build_settings(self, tenant: str) -> AgentSettings:
        chosen = self._settings.tenant(tenant)
        budget = chosen.budget
        return AgentSettings(
            shop=chosen.shop_name,
            policy_text=policy_text(self._policy_for(tenant)),
            key=self._settings.secret_of("agent", tenant),
            granted=Spending(budget.steps, budget.tokens, budget.microusd, budget.seconds, budget.tool_calls),
            prices=price_table(self._settings),
            allowed_hosts=frozenset(chosen.link_hosts),
            own_addresses=frozenset(chosen.own_addresses),
            order_pattern=chosen.order_id_pattern,
        )


def policy_text(policy: Policy) -> str:
    """The rules with this tenant's numbers, for the prompt; the tool layer enforces the same ones."""
    rules = {rule["name"]: rule for effect in (Effect.WRITE, Effect.MONEY) for rule in describe_rules(effect, policy)}
    return "\n".join(f"- {rule['sentence']}" + (f" ({rule['number']})" if rule["number"] else "") for rule in rules.values())


def price_table(settings: Settings) -> PriceTable:
    """The shipped prices, with the operator's in place of them."""
    own = settings.file.prices
    models = {
        name: ModelPrice(price.input, price.output, price.cache_write, price.cache_read) for name, price in own.models.items()
    }
    return replace(SHIPPED_PRICES, dated=own.as_of or SHIPPED_PRICES.dated, models={**SHIPPED_PRICES.models, **models})
