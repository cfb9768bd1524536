"""The floor of a webhook: a route that verifies, validates and does one INSERT and COMMIT on the same kind of pool."""

from contextlib import closing

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from pydantic import ValidationError
from sqlalchemy import Column, LargeBinary, MetaData, String, Table, insert
from standardwebhooks import Webhook, WebhookVerificationError

from benchmarks.environment import SECRET
from benchmarks.load import PATH
from benchmarks.processes import Say
from service import ids, loop
from service.clock import wall_clock
from service.payload import Delivery
from service.serving import address, listen, serving, until_told_to_stop
from service.store.columns import UtcTime
from service.store.database import Database

_metadata = MetaData()

accepted = Table(
    "bare_accepted",
    _metadata,
    Column("id", String(40), primary_key=True),
    Column("webhook_id", String(200), nullable=False),
    Column("ticket", String(200), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("received_at", UtcTime, nullable=False),
)

_INSERT = insert(accepted)


def serve(url: str, say: Say) -> None:
    """Serve the route until told to stop."""
    loop.run(_serve(url, say))


def create_app(db: Database) -> FastAPI:
    """The route, at the same path as the real one."""
    app = FastAPI(openapi_url=None)
    signer = Webhook(SECRET)

    @app.post(PATH)
    async def accept(request: Request) -> JSONResponse:
        body = await request.body()
        try:
            signer.verify(body, dict(request.headers), json_parse=False)
            delivery = Delivery.model_validate_json(body)
        except WebhookVerificationError:
            return JSONResponse({"code": "webhook_unauthenticated"}, 401)
        except ValidationError:
            return JSONResponse({"code": "validation"}, 422)
        row = {
            "id": ids.new("msg"),
            "webhook_id": request.headers["webhook-id"],
            "ticket": delivery.data.ticket.external_id,
            "body": body,
            "received_at": wall_clock(),
        }
        async with db.begin() as conn:
            await conn.execute(_INSERT, row)
        return JSONResponse({"message_id": row["id"], "duplicate": False}, 202)

    return app


async def _serve(url: str, say: Say) -> None:
    db = Database(url)
    try:
        async with db.begin() as conn:
            await conn.run_sync(_metadata.create_all)
        with closing(listen("127.0.0.1", 0)) as listening:
            async with serving(create_app(db), listening):
                say(address(listening))
                await until_told_to_stop()
    finally:
        await db.close()
