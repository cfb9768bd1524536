"""Errors have one shape, say nothing of what was sent, and say nothing of what went on inside."""

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Annotated, Any

import httpx
import pytest
import structlog
from fastapi import FastAPI, Form
from fastapi.responses import StreamingResponse

from service import problem
from service.edge import Edge
from service.errors import Forbidden
from tests.api.house import House, reach

CANARY = "kanarienvogel"
KEYS = {"type", "title", "status", "code", "detail", "request_id"}


def client(app: FastAPI, **limits: Any) -> httpx.AsyncClient:
    """A client for a small application behind the edge; an error that gets through fails the test."""
    app.add_middleware(Edge, **limits)
    problem.install(app)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://desk.test")


def is_problem(answer: httpx.Response, status: int, code: str) -> bool:
    """Whether the answer has the one shape."""
    body = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert set(body) - {"rule"} == KEYS
    assert (answer.status_code, body["status"], body["code"]) == (status, status, code)
    assert answer.headers["x-request-id"] == body["request_id"]
    assert CANARY not in answer.text.lower()
    return True


async def test_an_error_of_ours_tells_nothing_but_its_id() -> None:
    app = FastAPI()

    @app.get("/")
    async def fail() -> None:
        raise RuntimeError(f"{CANARY}: the customer's own words")

    async with client(app) as http:
        with structlog.testing.capture_logs(processors=[structlog.contextvars.merge_contextvars]) as logs:
            answer = await http.get("/")
    assert is_problem(answer, 500, "internal")
    assert [line["request_id"] for line in logs if line["event"] == "http.failed"] == [answer.json()["request_id"]]
    assert CANARY not in str(logs)


async def test_a_rule_that_spoke_is_named() -> None:
    app = FastAPI()

    @app.get("/")
    async def refuse() -> None:
        raise Forbidden("No.", rule="refund.per_call_cap")

    async with client(app) as http:
        answer = await http.get("/")
    assert is_problem(answer, 403, "forbidden")
    assert answer.json()["rule"] == "refund.per_call_cap"


async def test_a_stream_that_breaks_is_seen_to_be_broken() -> None:
    app = FastAPI()

    @app.get("/")
    async def broken() -> StreamingResponse:
        async def pieces() -> AsyncIterator[bytes]:
            yield b"one"
            raise RuntimeError(CANARY)

        return StreamingResponse(pieces())

    app.add_middleware(Edge)
    problem.install(app)
    async with reach(app) as http:
        with structlog.testing.capture_logs() as logs, pytest.raises(httpx.RemoteProtocolError):
            await http.get("/")
    assert [line["event"] for line in logs] == ["http.failed"]
    assert CANARY not in str(logs)


async def test_a_body_that_does_not_arrive_is_not_waited_for() -> None:
    app = FastAPI()

    @app.post("/")
    async def read(body: dict[str, int]) -> None:
        raise AssertionError("the body never came")

    async def slowly() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.Event().wait()

    async with client(app, body_seconds=0.05) as http:
        answer = await http.post("/", content=slowly(), headers={"content-type": "application/json"})
    assert is_problem(answer, 408, "timeout")


async def test_a_form_over_the_limit_is_too_large_and_not_malformed() -> None:
    app = FastAPI()

    @app.post("/")
    async def read(text: Annotated[str, Form()]) -> str:
        return text

    async def pieces() -> AsyncIterator[bytes]:
        yield b"text="
        yield b"x" * 2_000

    async with client(app, max_body=1_000) as http:
        answer = await http.post("/", content=pieces(), headers={"content-type": "application/x-www-form-urlencoded"})
    assert is_problem(answer, 413, "too_large")


PLACES: list[tuple[str, str, int, str]] = [
    ("GET", f"/v1/{CANARY}", 404, "not_found"),
    ("GET", f"/{CANARY}", 404, "not_found"),
    ("GET", "/v1/tickets/%00", 404, "not_found"),
    ("GET", f"/v1/tickets?x=%00{CANARY}", 422, "validation"),
    ("GET", f"/v1/tickets/{CANARY}", 404, "not_found"),
    ("GET", f"/v1/tickets/ext:{CANARY}", 404, "not_found"),
    ("GET", f"/v1/tickets/{CANARY}{'x' * 400}", 422, "validation"),
    ("GET", f"/v1/tickets?status={CANARY}", 422, "validation"),
    ("GET", f"/v1/tickets?limit={CANARY}", 422, "validation"),
    ("GET", f"/v1/tickets?cursor={CANARY}", 422, "validation"),
    ("GET", f"/v1/approvals?state={CANARY}", 422, "validation"),
    ("GET", f"/v1/actions/{CANARY}", 404, "not_found"),
    ("DELETE", "/v1/tickets", 405, "method_not_allowed"),
    ("POST", "/v1/tickets", 405, "method_not_allowed"),
    ("PUT", f"/v1/switches/{CANARY}/x", 422, "validation"),
]


@pytest.mark.parametrize(("method", "path", "status", "code"), PLACES, ids=[f"{m} {p[:40]}" for m, p, _, _ in PLACES])
async def test_what_is_not_there_is_said_in_the_one_shape(
    small_house: House, method: str, path: str, status: int, code: str
) -> None:
    key = await small_house.key()
    body = {"on": True} if method == "PUT" else None
    assert is_problem(await small_house.http.request(method, path, headers=key, json=body), status, code)


async def test_every_request_has_an_id_of_its_own(small_house: House) -> None:
    ids = {(await small_house.http.get("/healthz", headers={"X-Request-Id": "mine"})).headers["x-request-id"] for _ in range(5)}
    assert len(ids) == 5
    assert all(re.fullmatch(r"req_[0-9a-f]{26}", one) for one in ids)
