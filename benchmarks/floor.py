"""The floor of a whole turn: a route and a worker written by hand, with SKIP LOCKED and a short poll.

It stores the same rows in the same tables and makes the same commits as the service: one for the webhook, one to take jobs, one
to claim the ticket, one for the outcome, one to end the job. It classifies with the same model and reads the same order. It has
no engine, no state machine, no tool layer, no policy and no templates, and it answers one question only.
"""

import asyncio
import hashlib
import json
import re
import secrets
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import psycopg
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from psycopg.types.json import Jsonb
from pydantic import ValidationError
from standardwebhooks import Webhook, WebhookVerificationError

from benchmarks import floor_sql
from benchmarks.environment import SECRET
from benchmarks.hand_connections import Connect, Send, raw_blocking, raw_pool, same_pool
from benchmarks.load import PATH
from benchmarks.processes import Say
from classifier.dataset import MODEL_DIR
from classifier.model import IntentModel
from classifier.prediction import Prediction
from service import loop
from service.payload import Delivery
from service.serving import address, listen, serving, until_told_to_stop

POLL_SECONDS = 0.02
JOBS_AT_ONCE = 8

_ORDER = re.compile(r"D-\d{6}")


def create_jobs(url: str) -> None:
    """Add the queue of the hand-written path to a database that has the service's tables."""
    with psycopg.connect(url) as conn:
        conn.execute(floor_sql.CREATE_JOBS)


@dataclass(frozen=True, slots=True)
class Floor:
    """The hand-written path over one kind of connection; its two methods are the processes."""

    for_web: Connect
    for_worker: Connect

    def web(self, url: str, say: Say) -> None:
        """The route in a web process."""
        loop.run(_serve(self.for_web, url, say))

    def worker(self, url: str, say: Say) -> None:
        """The worker process: take jobs, answer them one after the other, look again after a short while."""
        loop.run(_work(self.for_worker, url, say))


RAW = Floor(raw_pool, raw_blocking)
POOLED = Floor(same_pool, same_pool)


async def _work(connect: Connect, url: str, say: Say) -> None:
    model = IntentModel.load(MODEL_DIR)
    async with connect(url) as send:
        say("")
        told = asyncio.create_task(until_told_to_stop())
        while not told.done():
            jobs = await send(floor_sql.TAKE_JOBS, {"most": JOBS_AT_ONCE})
            for job in jobs:
                await _turn(send, model, job["ticket_id"])
                await send(floor_sql.END_JOB, {"job": job["id"]})
            await asyncio.sleep(0 if jobs else POLL_SECONDS)


async def _turn(send: Send, model: IntentModel, ticket: str) -> None:
    claimed = await send(floor_sql.CLAIM, {"ticket": ticket})
    read = await send(floor_sql.READ, {"ticket": ticket})
    if not claimed or not read:
        return
    claim, asked = claimed[0], read[0]
    said = model.predict(asked["text"], asked["subject"])
    named = _ORDER.search(asked["text"])
    if said.intent != "order_status" or named is None:
        raise AssertionError("The floor answers one question only, and this was another one.")
    found = await send(floor_sql.READ_ORDER, {"order": named[0], "customer": asked["customer"]})
    if not found:
        raise AssertionError("The order that a ticket names is not there.")
    order = json.loads(found[0]["doc"])
    text = _reply(asked["name"], order)
    message = f"msg_{secrets.token_hex(13)}"
    entries = _entries(asked, said, order, text, message)
    values = {
        "ticket": ticket,
        "fence": claim["fence"],
        "seq": asked["seq"],
        "message": message,
        "text": text,
        "slots": Jsonb({"order_id": order["id"]}),
        "intent": said.intent,
        "confidence": said.confidence,
        "now": datetime.now(UTC),
    }
    await send(floor_sql.FINISH, values | _chain(claim["journal_head"], entries))


def _reply(name: str, order: Mapping[str, Any]) -> str:
    parcels = "".join(f"\n{one['carrier']} parcel {one['tracking_id']}: {one['status']}." for one in order["shipments"])
    about = f"Order {order['id']} ({order['items'][0]['name']}) is {order['status']}.{parcels}"
    return f"Hi {name.split()[0]},\n\n{about}\n\nIf there is anything else, just reply."


def _entries(
    asked: Mapping[str, Any], said: Prediction, order: Mapping[str, Any], text: str, message: str
) -> list[tuple[str, dict[str, Any]]]:
    """As many journal entries as the service writes for the same turn, of about the same size."""
    called = {"tool": "find_orders", "args": {}, "ok": True, "code": None, "rule": None}
    alternatives = [{"intent": other.intent, "probability": other.probability} for other in said.alternatives]
    routed = {"intent": said.intent, "confidence": said.confidence, "lane": "workflow", "alternatives": alternatives}
    tracked = [
        ("tool.called", {**called, "tool": "track_shipment", "args": {"tracking_id": one["tracking_id"]}})
        for one in order["shipments"]
    ]
    return [
        ("message.received", {"text": asked["text"]}),
        ("ticket.routed", routed),
        ("tool.called", called),
        *tracked,
        ("ticket.moved", {"from": "new", "to": "working"}),
        ("flow.moved", {"flow": "order_status", "from": None, "to": "answered"}),
        ("reply.written", {"message_id": message, "text": text, "note": False}),
        ("ticket.moved", {"from": "working", "to": "resolved"}),
    ]


def _chain(head: str, entries: list[tuple[str, dict[str, Any]]]) -> dict[str, Any]:
    """The columns of the journal's rows: each hash covers the one before it."""
    payloads = [json.dumps(data) for _, data in entries]
    salts = [secrets.token_hex(16) for _ in entries]
    hashes: list[str] = []
    for salt, payload in zip(salts, payloads, strict=True):
        head = hashlib.sha256(f"{head}{salt}{payload}".encode()).hexdigest()
        hashes.append(head)
    return {"kinds": [kind for kind, _ in entries], "hashes": hashes, "salts": salts, "payloads": payloads, "head": head}


def create_app(send: Send) -> FastAPI:
    """The route at the same path as the real one: verify, validate, store the rows and the job in one commit."""
    signer = Webhook(SECRET)
    app = FastAPI(openapi_url=None)

    @app.post(PATH)
    async def take_in(request: Request) -> JSONResponse:
        body = await request.body()
        try:
            signer.verify(body, dict(request.headers), json_parse=False)
            delivery = Delivery.model_validate_json(body)
        except WebhookVerificationError:
            return JSONResponse({"code": "webhook_unauthenticated"}, 401)
        except ValidationError:
            return JSONResponse({"code": "validation"}, 422)
        row = _row(request.headers["webhook-id"], body, delivery)
        await send(floor_sql.TAKE_IN, row)
        return JSONResponse({"ticket_id": row["ticket"], "message_id": row["message"], "duplicate": False}, 202)

    return app


def _row(webhook_id: str, body: bytes, delivery: Delivery) -> dict[str, Any]:
    ticket, customer, message = delivery.data.ticket, delivery.data.customer, delivery.data.message
    return {
        "customer": f"cst_{secrets.token_hex(13)}",
        "customer_external": customer.external_id,
        "email": customer.email,
        "name": customer.name,
        "ticket": f"tkt_{secrets.token_hex(13)}",
        "ticket_external": ticket.external_id,
        "subject": ticket.subject,
        "channel": ticket.channel,
        "message": f"msg_{secrets.token_hex(13)}",
        "message_external": message.external_id,
        "text": message.text,
        "sent_at": message.sent_at,
        "webhook_id": webhook_id,
        "body_sha256": hashlib.sha256(body).digest(),
        "now": datetime.now(UTC),
    }


async def _serve(connect: Connect, url: str, say: Say) -> None:
    async with connect(url) as send:
        with closing(listen("127.0.0.1", 0)) as listening:
            async with serving(create_app(send), listening):
                say(address(listening))
                await until_told_to_stop()
