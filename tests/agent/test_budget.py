"""What a ticket may spend: priced in whole micro-USD, reserved before it is spent, never above the grant."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.budget import OVERHEAD_TOKENS, Measured, Reservation, StepLimits, first_over, most_tokens, reserve
from agent.loop import work
from agent.model import ModelReply, ModelRequest, Usage
from agent.prices import SHIPPED_PRICES, ModelPrice, PriceTable, UnknownPrice
from agent.run import Stop
from agent.scripted import call, say
from tests.agent.support import TOOLBOX, MemoryRun, Shop, order, settings, ticket
from workflows.outcome import Escalate, Reason
from workflows.ticket import Spending

GRANT = Spending(steps=12, tokens=60_000, microusd=250_000, seconds=180, tool_calls=20)
SONNET = ("claude-sonnet-5-5",)
PAIR = ("claude-sonnet-5-5", "claude-opus-5-5")
counts = st.integers(0, 200_000)


def test_each_kind_of_token_has_its_price() -> None:
    usage = Usage(input_tokens=1_000, output_tokens=100, cache_creation_input_tokens=400, cache_read_input_tokens=2_000)
    assert SHIPPED_PRICES.cost("claude-sonnet-5-5", usage) == 2_000 + 1_000 + 1_000 + 400


def test_a_part_of_a_micro_dollar_is_rounded_up() -> None:
    assert SHIPPED_PRICES.cost("claude-haiku-5-5", Usage(input_tokens=1)) == 1


def test_a_model_without_a_price_is_an_error() -> None:
    with pytest.raises(UnknownPrice):
        SHIPPED_PRICES.cost("a-model-from-tomorrow", Usage())


def test_the_worst_case_is_that_of_the_dearest_model() -> None:
    assert SHIPPED_PRICES.worst(PAIR, 1_000, 100) == SHIPPED_PRICES.worst(PAIR[1:], 1_000, 100) == 7_000


def test_output_that_costs_nothing_is_not_limited_by_cost() -> None:
    free = PriceTable(date(2026, 1, 1), {"free": ModelPrice(*[Decimal(0)] * 4)})
    assert isinstance(reserve(GRANT, Spending(), 100, ("free",), free, StepLimits()), Reservation)


@given(counts, counts, counts, st.integers(0, 2_000))
def test_no_usage_within_the_bounds_costs_more_than_the_worst_case(plain: int, written: int, read: int, output: int) -> None:
    usage = Usage(input_tokens=plain, cache_creation_input_tokens=written, cache_read_input_tokens=read, output_tokens=output)
    worst = SHIPPED_PRICES.worst(PAIR, usage.total_input, output)
    assert all(SHIPPED_PRICES.cost(model, usage) <= worst for model in PAIR)


spent_amounts = st.builds(
    Spending,
    steps=st.integers(0, 12),
    tokens=st.integers(0, 60_000),
    microusd=st.integers(0, 250_000),
    seconds=st.floats(0, 180),
    tool_calls=st.integers(0, 20),
)


@given(spent_amounts, st.integers(0, 70_000), st.sampled_from([SONNET, PAIR, ("scripted",)]))
def test_a_reservation_never_passes_the_grant(spent: Spending, input_tokens: int, models: tuple[str, ...]) -> None:
    share = reserve(GRANT, spent, input_tokens, models, SHIPPED_PRICES, StepLimits())
    if isinstance(share, Reservation):
        assert first_over(GRANT, spent, share.worst) is None
        assert share.worst.microusd == SHIPPED_PRICES.worst(models, input_tokens, share.max_tokens)
        assert 200 <= share.max_tokens <= 1_500
    else:
        assert share in {Stop.MAX_STEPS, Stop.TIME, Stop.TOKEN_CAP, Stop.COST_CAP}


def test_a_reply_is_shortened_to_what_is_left_before_it_is_refused() -> None:
    share = reserve(GRANT, Spending(tokens=58_600), 1_000, SONNET, SHIPPED_PRICES, StepLimits())
    assert isinstance(share, Reservation)
    assert share.max_tokens == 400
    assert reserve(GRANT, Spending(tokens=58_900), 1_000, SONNET, SHIPPED_PRICES, StepLimits()) is Stop.TOKEN_CAP
    assert reserve(GRANT, Spending(microusd=249_000), 100, SONNET, SHIPPED_PRICES, StepLimits()) is Stop.COST_CAP
    assert reserve(GRANT, Spending(seconds=179.5), 100, SONNET, SHIPPED_PRICES, StepLimits()) is Stop.TIME
    assert reserve(GRANT, Spending(steps=12), 100, SONNET, SHIPPED_PRICES, StepLimits()) is Stop.MAX_STEPS


def test_a_growing_request_is_bounded_by_what_was_counted_before() -> None:
    before = Measured(size=40_000, tokens=9_000, model="claude-sonnet-5-5")
    assert most_tokens(41_000, None, SONNET) == 41_000 + OVERHEAD_TOKENS
    assert most_tokens(41_000, before, SONNET) == 10_000 + OVERHEAD_TOKENS
    assert most_tokens(41_000, before, PAIR) == 19_000 + OVERHEAD_TOKENS
    assert most_tokens(30_000, before, SONNET) == 30_000 + OVERHEAD_TOKENS


class Greedy:
    """A model that reads one token a byte, writes all that it may, and never finishes."""

    names = SONNET

    async def complete(self, request: ModelRequest) -> ModelReply:
        size = len(str(request.messages).encode())
        look = call(("get_order", {"order_id": f"D-{size}"}), seed=str(size))
        usage = Usage(cache_creation_input_tokens=size, output_tokens=request.max_tokens)
        return look.model_copy(update={"usage": usage, "model": self.names[0]})


@pytest.mark.parametrize(
    "granted",
    [
        GRANT,
        Spending(steps=100, tokens=25_000, microusd=10**9, seconds=180, tool_calls=100),
        Spending(steps=100, tokens=10**9, microusd=60_000, seconds=180, tool_calls=100),
        Spending(steps=2, tokens=10**9, microusd=10**9, seconds=180, tool_calls=100),
    ],
    ids=["default", "tokens", "cost", "steps"],
)
async def test_the_greediest_model_spends_no_more_than_was_granted(granted: Spending) -> None:
    run = MemoryRun(Shop(), granted=granted)
    outcome = await work(ticket("x" * 3_000), run, Greedy(), TOOLBOX, settings(granted=granted))
    assert isinstance(outcome, Escalate)
    spent = run.journal.spent.plus(run.journal.reserved)
    assert spent.tokens <= granted.tokens
    assert spent.microusd <= granted.microusd
    assert spent.steps <= granted.steps
    assert spent.tool_calls <= granted.tool_calls


async def test_the_time_that_tools_take_counts_too() -> None:
    seconds = iter(range(0, 10_000, 25))
    run = MemoryRun(Shop(orders={"D-100001": order()}))
    looks = [call(("get_order", {"order_id": "D-100001"}), seed=str(n)) for n in range(20)]

    class Slow:
        names = ("scripted",)

        async def complete(self, request: ModelRequest) -> ModelReply:
            return looks.pop()

    outcome = await work(ticket(), run, Slow(), TOOLBOX, settings(), clock=lambda: next(seconds))
    assert isinstance(outcome, Escalate)
    assert outcome.reason in {Reason.BUDGET_EXHAUSTED, Reason.NO_PROGRESS}
    assert 0 < run.journal.spent.seconds <= GRANT.seconds


async def test_a_ticket_that_spent_all_before_is_not_asked_about() -> None:
    run = MemoryRun(Shop())
    run.journal.spent = Spending(steps=12)

    class Untouched:
        names = ("scripted",)

        async def complete(self, request: ModelRequest) -> ModelReply:
            raise AssertionError("Nothing is left to ask with.")

    outcome = await work(ticket(), run, Untouched(), TOOLBOX, settings())
    assert isinstance(outcome, Escalate)
    assert outcome.reason is Reason.BUDGET_EXHAUSTED
    assert say("x").usage.total > 0
