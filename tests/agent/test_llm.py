"""The model client against a real server on the loopback: what is sent, what is retried, and what each fault becomes."""

import socket
from collections.abc import AsyncIterator

import pytest

from agent.fallback import FallbackModel
from agent.llm import Backoff, ClaudeModel
from agent.loop import work
from agent.model import ModelError, ModelInterrupted, ModelOverflow, ModelRejected, ModelReply, ModelRequest, ModelUnavailable
from tests.agent.messages_server import Answer, MessagesServer, error, message, messages_server, text, tool_use
from tests.agent.support import TOOLBOX, MemoryRun, Shop, order, settings, ticket
from workflows.outcome import Escalate, Outcome, Reason, Reply

SOON = Backoff(attempts=4, initial=0.001, longest=0.002, jitter=0)
REQUEST = ModelRequest(
    system=("Be kind.", "The policy."),
    messages=[{"role": "user", "content": [{"type": "text", "text": "Hello"}]}],
    tools=[{"name": "a", "input_schema": {"type": "object"}}, {"name": "b", "input_schema": {"type": "object"}}],
    max_tokens=300,
    timeout=5,
)
GOOD = message(text("Hello Ada."))
REFUND = {"order_id": "D-100001", "amount_minor": 4_500, "currency": "USD", "reason": "damaged"}


@pytest.fixture
async def models() -> AsyncIterator[list[ClaudeModel]]:
    opened: list[ClaudeModel] = []
    yield opened
    for model in opened:
        await model.close()


async def ask(models: list[ClaudeModel], server: MessagesServer, request: ModelRequest = REQUEST) -> ModelReply:
    models.append(ClaudeModel("claude-sonnet-5-5", "key-1", server.url, SOON))
    return await models[-1].complete(request)


async def failure(models: list[ClaudeModel], server: MessagesServer, request: ModelRequest = REQUEST) -> ModelError:
    with pytest.raises(ModelError) as caught:
        await ask(models, server, request)
    return caught.value


async def test_a_request_is_sent_with_its_prefix_marked_for_the_cache(models: list[ClaudeModel]) -> None:
    async with messages_server(message(text("Hello Ada."), cache_read_input_tokens=30)) as server:
        reply = await ask(models, server)
    sent, marked = server.requests[0], {"type": "ephemeral"}
    assert "cache_control" not in sent["system"][0]
    assert sent["system"][1]["cache_control"] == sent["tools"][1]["cache_control"] == marked
    assert sent["messages"][0]["content"][0]["cache_control"] == marked
    assert (sent["model"], sent["max_tokens"]) == ("claude-sonnet-5-5", 300)
    assert not {"temperature", "stream", "betas"} & set(sent)
    assert "anthropic-beta" not in server.headers[0]
    assert (reply.text, reply.stop_reason, reply.model) == ("Hello Ada.", "end_turn", "claude-sonnet-5-5")
    assert (reply.usage.total_input, reply.usage.output_tokens) == (70, 7)
    assert REQUEST.messages[0]["content"] == [{"type": "text", "text": "Hello"}]


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503, 529])
async def test_a_passing_fault_is_retried(models: list[ClaudeModel], status: int) -> None:
    async with messages_server(error(status), error(status), GOOD) as server:
        assert (await ask(models, server)).text == "Hello Ada."
    assert len(server.requests) == 3


async def test_a_lasting_fault_gives_up_after_the_last_attempt(models: list[ClaudeModel]) -> None:
    async with messages_server(error(529)) as server:
        found = await failure(models, server)
    assert isinstance(found, ModelUnavailable)
    assert found.cause == "status_529"
    assert len(server.requests) == 4


async def test_a_short_wait_that_the_server_asks_for_is_kept(models: list[ClaudeModel]) -> None:
    async with messages_server(error(429, retry_after="0.01"), error(429, retry_after_ms="5"), GOOD) as server:
        assert (await ask(models, server)).text == "Hello Ada."


@pytest.mark.parametrize("wait", ["3600", "4294967", "inf", "Fri, 20 Nov 2099 12:00:00 GMT"])
async def test_a_wait_beyond_the_deadline_is_not_begun(models: list[ClaudeModel], wait: str) -> None:
    async with messages_server(error(429, retry_after=wait), GOOD) as server:
        found = await failure(models, server)
    assert isinstance(found, ModelUnavailable)
    assert len(server.requests) == 1


async def test_a_server_that_says_not_to_retry_is_obeyed(models: list[ClaudeModel]) -> None:
    async with messages_server(error(500, x_should_retry="false"), GOOD) as server:
        assert isinstance(await failure(models, server), ModelUnavailable)
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "answer",
    [
        error(400, "invalid_request_error"),
        error(401, "authentication_error"),
        error(402, "billing_error"),
        error(403, "permission_error"),
        error(400, "billing_error"),
        error(429, "rate_limit_error", "enforced_spend_limit_reached"),
        error(429, "rate_limit_error", "contract_spend_limit_reached"),
    ],
    ids=["bad request", "bad key", "unpaid", "forbidden", "no credit", "spend limit", "contract limit"],
)
async def test_a_request_that_will_never_be_answered_is_not_repeated(models: list[ClaudeModel], answer: Answer) -> None:
    async with messages_server(answer, GOOD) as server:
        assert isinstance(await failure(models, server), ModelRejected)
    assert len(server.requests) == 1


async def test_a_request_too_large_is_told_apart(models: list[ClaudeModel]) -> None:
    async with messages_server(error(413)) as server:
        assert isinstance(await failure(models, server), ModelOverflow)


@pytest.mark.parametrize(
    "answer",
    [
        Answer(body=GOOD.body, cut=True),
        Answer(raw=b"<html>It works!</html>", headers={"content-type": "text/html"}),
        Answer(raw=b'{"id": "msg_1", "content": [{"type": "te'),
        Answer(body={"ok": True}),
        Answer(body={**GOOD.body, "content": "Hello"}),
        Answer(body={**GOOD.body, "usage": {"input_tokens": -5}}),
        Answer(raw=b""),
        Answer(raw=b"[" * 100_000),
    ],
    ids=["cut", "html", "half json", "other json", "text content", "negative usage", "empty", "deep"],
)
async def test_an_answer_that_cannot_be_read_may_have_been_paid_for(models: list[ClaudeModel], answer: Answer) -> None:
    async with messages_server(answer, GOOD) as server:
        assert isinstance(await failure(models, server), ModelInterrupted)
    assert len(server.requests) == 1


async def test_a_server_that_never_answers_is_left_at_the_deadline(models: list[ClaudeModel]) -> None:
    brief = ModelRequest(REQUEST.system, REQUEST.messages, REQUEST.tools, 300, timeout=0.05)
    async with messages_server(Answer(hang=True)) as server:
        assert isinstance(await failure(models, server, brief), ModelInterrupted)


async def test_an_unreachable_server_was_never_asked(models: list[ClaudeModel]) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    found = await failure(models, MessagesServer((), url=f"http://127.0.0.1:{port}"))
    assert isinstance(found, ModelUnavailable)
    assert found.cause == "unreachable"


async def test_an_error_repeats_nothing_of_the_request(models: list[ClaudeModel]) -> None:
    secret = ModelRequest(("x",), [{"role": "user", "content": [{"type": "text", "text": "my secret"}]}], (), 300, 5)
    async with messages_server(Answer(400, {"error": {"message": "bad: my secret"}})) as server:
        found = await failure(models, server, secret)
    assert "secret" not in repr(found)
    assert found.__cause__ is None


async def test_the_next_model_is_asked_when_the_first_is_overloaded_or_gone(models: list[ClaudeModel]) -> None:
    for status in (529, 404):
        async with messages_server(error(status)) as down, messages_server(GOOD) as up:
            pair = [ClaudeModel("claude-sonnet-5-5", "k", down.url, SOON), ClaudeModel("claude-opus-5-5", "k", up.url, SOON)]
            models += pair
            reply = await FallbackModel(pair).complete(REQUEST)
        assert reply.model == "claude-opus-5-5"
        assert len(down.requests) == (4 if status == 529 else 1)


async def test_after_a_lost_answer_the_next_model_is_asked_first(models: list[ClaudeModel]) -> None:
    async with messages_server(GOOD) as first, messages_server(GOOD) as second:
        pair = [ClaudeModel("claude-sonnet-5-5", "k", first.url, SOON), ClaudeModel("claude-opus-5-5", "k", second.url, SOON)]
        models += pair
        again = ModelRequest(REQUEST.system, REQUEST.messages, REQUEST.tools, 300, 5, attempt=1)
        assert (await FallbackModel(pair).complete(again)).model == "claude-opus-5-5"
    assert first.requests == []


async def worked(models: list[ClaudeModel], run: MemoryRun, *answers: Answer) -> tuple[Outcome, MessagesServer]:
    async with messages_server(*answers) as server:
        models.append(ClaudeModel("claude-sonnet-5-5", "key-1", server.url, SOON))
        return await work(ticket(), run, models[-1], TOOLBOX, settings()), server


async def test_a_ticket_is_worked_with_tools_over_the_wire(models: list[ClaudeModel]) -> None:
    run = MemoryRun(Shop(orders={"D-100001": order()}))
    outcome, server = await worked(
        models,
        run,
        error(529),
        message(text("Let me look."), tool_use("get_order", {"order_id": "D-100001"}), stop_reason="tool_use"),
        Answer(body=GOOD.body, cut=True),
        message(text("Your order D-100001 has arrived.")),
    )
    assert outcome == Reply("Your order D-100001 has arrived.")
    assert [request["messages"][-1]["role"] for request in server.requests] == ["user"] * 4
    assert server.requests[3]["messages"][-1]["content"][0]["type"] == "tool_result"
    # The cut answer may have been billed, so the whole of its reservation stands beside the two that were counted.
    assert run.journal.spent.steps == 3
    assert run.journal.spent.tokens > 2 * 47


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        ([error(529)], Reason.MODEL_UNAVAILABLE),
        ([error(429, "rate_limit_error", "enforced_spend_limit_reached")], Reason.MODEL_UNAVAILABLE),
        ([message(text("I would"), stop_reason="refusal")], Reason.MODEL_REFUSED),
        ([message(stop_reason="end_turn")], Reason.NO_PROGRESS),
        ([message(text("Your"), stop_reason="max_tokens")], Reason.NO_PROGRESS),
        ([message(text("I ran out"), stop_reason="model_context_window_exceeded")], Reason.BUDGET_EXHAUSTED),
        ([message(tool_use("issue_refund", REFUND), stop_reason="max_tokens")], Reason.NO_PROGRESS),
        ([message(tool_use("get_order", "{"), stop_reason="tool_use")], Reason.NO_PROGRESS),
        ([error(413)], Reason.BUDGET_EXHAUSTED),
        ([Answer(raw=b"rubbish")], Reason.MODEL_UNAVAILABLE),
    ],
    ids=["529", "spend limit", "refusal", "empty", "half", "context full", "cut call", "bad input", "too large", "rubbish"],
)
async def test_a_ticket_whose_model_only_fails_goes_to_a_person_unharmed(
    models: list[ClaudeModel], answers: list[Answer], reason: Reason
) -> None:
    run = MemoryRun(Shop(orders={"D-100001": order()}))
    outcome, _ = await worked(models, run, *answers)
    assert isinstance(outcome, Escalate)
    assert outcome.reason is reason
    assert run.shop.asked == []
    assert run.journal.spent.microusd <= run.granted.microusd
