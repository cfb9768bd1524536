"""Every bad webhook gets the contract's code, and changes nothing."""

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from standardwebhooks import Webhook

from tests.api.house import SECRETS, House, message, signed
from tests.conftest import StandingClock

RAW = json.dumps(message()).encode()
CANARY = "kanarienvogel"


def good(clock: StandingClock) -> dict[str, str]:
    return signed(RAW, "default", "msg_1", clock())


def variant(clock: StandingClock, **changed: str | None) -> list[tuple[str, str]]:
    """The good headers with some replaced, or taken away for None."""
    kept = good(clock) | {name.replace("_", "-"): value for name, value in changed.items()}
    return [(name, value) for name, value in kept.items() if value is not None]


def forms(clock: StandingClock) -> dict[str, list[tuple[str, str]]]:
    """Header forms that prove nothing, each wrong in its own way."""
    signature = good(clock)["webhook-signature"]
    stale = signed(RAW, "default", "msg_1", clock.now.replace(hour=11))
    early = signed(RAW, "default", "msg_1", clock.now.replace(hour=13))
    dotted = {"webhook_id": "msg.1", "webhook_signature": Webhook(SECRETS["default"]).sign("msg.1", clock(), RAW.decode())}
    long_id = "m" * 201
    long = {"webhook_id": long_id, "webhook_signature": Webhook(SECRETS["default"]).sign(long_id, clock(), RAW.decode())}
    spaced = {"webhook_id": "msg 1", "webhook_signature": Webhook(SECRETS["default"]).sign("msg 1", clock(), RAW.decode())}
    return {
        "no headers": [],
        "no id": variant(clock, webhook_id=None),
        "no timestamp": variant(clock, webhook_timestamp=None),
        "no signature": variant(clock, webhook_signature=None),
        "an empty id": variant(clock, webhook_id=""),
        "an empty timestamp": variant(clock, webhook_timestamp=""),
        "an empty signature": variant(clock, webhook_signature=""),
        "another id": variant(clock, webhook_id="msg_2"),
        "another timestamp": variant(clock, webhook_timestamp=str(int(clock().timestamp()) + 1)),
        "a timestamp with a fraction": variant(clock, webhook_timestamp=good(clock)["webhook-timestamp"] + ".0"),
        "a timestamp in milliseconds": variant(clock, webhook_timestamp=good(clock)["webhook-timestamp"] + "000"),
        "a timestamp that is no number": variant(clock, webhook_timestamp="nan"),
        "a negative timestamp": variant(clock, webhook_timestamp="-1"),
        "an enormous timestamp": variant(clock, webhook_timestamp="9" * 400),
        "a message from an hour ago": list(stale.items()),
        "a message from the next hour": list(early.items()),
        "the signature of another tenant": list(signed(RAW, "acme", "msg_1", clock()).items()),
        "a signature without its version": variant(clock, webhook_signature=signature.removeprefix("v1,")),
        "an asymmetric label on the signature": variant(clock, webhook_signature=signature.replace("v1,", "v1a,")),
        "an unknown version": variant(clock, webhook_signature=signature.replace("v1,", "v2,")),
        "half a signature": variant(clock, webhook_signature=signature[:20]),
        "a signature with more behind it": variant(clock, webhook_signature=signature + "x"),
        "only commas": variant(clock, webhook_signature=",,,"),
        "a thousand signatures": variant(clock, webhook_signature=" ".join(["v1,AAAA"] * 1_000)),
        "two ids": [*variant(clock), ("webhook-id", "msg_2")],
        "two timestamps": [*variant(clock), ("webhook-timestamp", "1")],
        "two signature headers": [*variant(clock), ("webhook-signature", signature)],
        "an id with a full stop": variant(clock, **dotted),
        "an id with a space": variant(clock, **spaced),
        "an id that is too long": variant(clock, **long),
    }


async def answered(house: House, tenant: str, headers: list[tuple[str, str]]) -> tuple[int, dict[str, Any], dict[str, str]]:
    """Status, body and headers, without what tells one request from another."""
    answer = await house.http.post(f"/v1/webhooks/{tenant}/standard", content=RAW, headers=headers)
    body = answer.json()
    assert body.pop("request_id") == answer.headers["x-request-id"]
    kept = {name: value for name, value in answer.headers.items() if name not in ("x-request-id", "date")}
    return answer.status_code, body, kept


async def test_whoever_cannot_prove_anything_learns_nothing(wire: House, clock: StandingClock) -> None:
    before = await wire.rows()
    answers = {cause: await answered(wire, "default", headers) for cause, headers in forms(clock).items()}
    for tenant in ("acme", "nobody", "ghost", "Default", "default%20"):
        answers[f"sent to {tenant}"] = await answered(wire, tenant, list(good(clock).items()))
    first = answers["no headers"]
    assert first[0] == 401
    assert first[1]["code"] == "webhook_unauthenticated"
    for cause, answer in answers.items():
        assert answer == first, cause
    assert await wire.rows() == before


async def test_the_answer_is_the_same_to_the_byte(wire: House, clock: StandingClock) -> None:
    lengths = set()
    for headers in forms(clock).values():
        answer = await wire.http.post("/v1/webhooks/default/standard", content=RAW, headers=headers)
        lengths.add(answer.content.replace(answer.headers["x-request-id"].encode(), b"*"))
    assert len(lengths) == 1


BAD: dict[str, tuple[bytes, int, str]] = {
    "a key twice": (b'{"type": "ticket.message", "type": "x"}', 400, "malformed_json"),
    "NaN": (b'{"type": NaN}', 400, "malformed_json"),
    "half a surrogate pair": (b'{"type": "\\ud800"}', 400, "malformed_json"),
    "words behind the body": (RAW + b" x", 400, "malformed_json"),
    "no body": (b"", 400, "malformed_json"),
    "not JSON": (CANARY.encode(), 400, "malformed_json"),
    "an unknown type": (json.dumps(message() | {"type": CANARY}).encode(), 422, "validation"),
    "a list": (b"[]", 422, "validation"),
    "a ticket id with NUL": (json.dumps(message(CANARY + "\0")).encode(), 422, "validation"),
    "a customer id that is too long": (json.dumps(message(customer=CANARY * 20)).encode(), 422, "validation"),
    "a verified that is a word": (json.dumps(message(verified=CANARY)).encode(), 422, "validation"),
}


@pytest.mark.parametrize(("raw", "status", "code"), BAD.values(), ids=BAD.keys())
async def test_a_signed_body_that_cannot_be_read_changes_nothing(
    small_house: House, raw: bytes, status: int, code: str
) -> None:
    before = await small_house.rows()
    answer = await small_house.deliver(raw)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert CANARY not in answer.text
    assert await small_house.rows() == before


async def test_an_unsigned_body_is_not_even_read(small_house: House) -> None:
    answer = await small_house.deliver(b"{", **{"webhook-signature": "v1,AAAA"})
    assert answer.json()["code"] == "webhook_unauthenticated"


async def test_a_body_over_the_limit_is_refused_however_it_arrives(wire: House, clock: StandingClock) -> None:
    before = await wire.rows()
    large = b" " * (256 * 1024 + 1)

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(large), 10_000):
            yield large[start : start + 10_000]

    for content in (large, pieces()):
        answer = await wire.http.post("/v1/webhooks/default/standard", content=content, headers=good(clock))
        assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert await wire.rows() == before


async def test_a_body_of_exactly_the_limit_is_read(wire: House) -> None:
    raw = RAW + b" " * (256 * 1024 - len(RAW))
    assert (await wire.deliver(raw)).status_code == 202


@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate", "GZIP", "identity, gzip", "zstd"])
async def test_a_packed_body_is_not_unpacked(wire: House, encoding: str) -> None:
    before = await wire.rows()
    answer = await wire.deliver(message(), **{"content-encoding": encoding})
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_encoding")
    assert await wire.rows() == before


async def test_a_source_that_is_not_there_is_not_found(wire: House, clock: StandingClock) -> None:
    for path in (
        "/v1/webhooks/default/zendesk",
        "/v1/webhooks/default",
        "/v1/webhooks/default/standard/x",
        "/v1/webhooks//standard",
    ):
        answer = await wire.http.post(path, content=RAW, headers=good(clock))
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), path


async def test_a_webhook_is_posted_and_not_fetched(wire: House) -> None:
    answer: httpx.Response = await wire.http.get("/v1/webhooks/default/standard")
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert answer.headers["allow"] == "POST"
