"""The floor of a whole turn: a route and a worker written by hand on raw psycopg, SKIP LOCKED and a short poll.

It stores the same rows in the same tables and makes the same commits as the service: one for the webhook, one to take jobs, one
to claim the ticket, one for the outcome, one to end the job. It classifies with the same model and reads the same order. It has
no engine, no state machine, no tool layer, no policy and no templates, and it answers one question only.
"""

import hashlib
import json
import re
import secrets
import signal
import threading
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime
from typing import Any

import psycopg
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from psycopg.rows import DictRow, dict_row
from psycopg.types.json import Jsonb
from psycopg_pool import AsyncConnectionPool
from pydantic import ValidationError
from standardwebhooks import Webhook, WebhookVerificationError

from benchmarks import floor_sql
from benchmarks.environment import SECRET
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
POOL = 20

_ORDER = re.compile(r"D-\d{6}")


def create_jobs(url: str) -> None:
    """Add the queue of the hand-written path to a database that has the service's tables."""
    with psycopg.connect(url) as conn:
        conn.execute(floor_sql.CREATE_JOBS)


def web(url: str, say: Say) -> None:
    """The route in a web process."""
    loop.run(_serve(url, say))


def worker(url: str, say: Say) -> None:
    """The worker process: take jobs, answer them one after the other, look again after a short while."""
    stopped = threading.Event()
    signal.signal(signal.SIGTERM, lambda _number, _frame: stopped.set())
    model = IntentModel.load(MODEL_DIR)
    with psycopg.Connection[DictRow].connect(url, autocommit=True, row_factory=dict_row) as conn:
        say("")
        while not stopped.is_set():
            jobs = conn.execute(floor_sql.TAKE_JOBS, {"most": JOBS_AT_ONCE}).fetchall()
            for job in jobs:
                _turn(conn, model, job["ticket_id"])
                conn.execute(floor_sql.END_JOB, {"job": job["id"]})
            if not jobs:
                stopped.wait(POLL_SECONDS)


def _turn(conn: psycopg.Connection[DictRow], model: IntentModel, ticket: str) -> None:
    claim = conn.execute(floor_sql.CLAIM, {"ticket": ticket}).fetchone()
    asked = conn.execute(floor_sql.READ, {"ticket": ticket}).fetchone()
    if claim is None or asked is None:
        return
    said = model.predict(asked["text"], asked["subject"])
    named = _ORDER.search(asked["text"])
    if said.intent != "order_status" or named is None:
        raise AssertionError("The floor answers one question only, and this was another one.")
    wanted = {"order": named[0], "customer": asked["customer"]}
    found = conn.execute(floor_sql.READ_ORDER, wanted).fetchone()
    if found is None:
        raise AssertionError("The order that a ticket names is not there.")
    order = json.loads(found["doc"])
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
    conn.execute(floor_sql.FINISH, values | _chain(claim["journal_head"], entries))


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


def create_app(url: str) -> FastAPI:
    """The route at the same path as the real one: verify, validate, store the rows and the job in one commit."""
    signer = Webhook(SECRET)
    pool = AsyncConnectionPool(url, min_size=1, max_size=POOL, open=False, kwargs={"autocommit": True})

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with pool:
            yield

    app = FastAPI(openapi_url=None, lifespan=lifespan)

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
        async with pool.connection() as conn:
            await conn.execute(floor_sql.TAKE_IN, row)
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


async def _serve(url: str, say: Say) -> None:
    with closing(listen("127.0.0.1", 0)) as listening:
        async with serving(create_app(url), listening):
            say(address(listening))
            await until_told_to_stop()
