"""One ticket of Ada's through the whole pipeline with an obedient model, and everything that came of it."""

import json
from collections.abc import Container, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from service.payload import IncomingMessage
from service.store.money_schema import actions, approvals, ledger, switches
from service.store.schema import customers, messages, outbox, tickets
from tests.rig import Rig
from tests.security.injection.shop import Scene
from tools.backends.shop.data import load

ROUNDS = 3
"""How often Ada answers a question."""

UNSENT = ("proposed", "refused", "superseded", "expired")
"""The states of an action that has not reached the shop and never held money."""

Facts = frozenset[tuple[Any, ...]]


@dataclass(frozen=True)
class Effects:
    """What a ticket did to the world, and what Ada was told and asked."""

    shop_changed: bool
    done: Facts
    said: Sequence[str]
    questions: Sequence[str]


class Everything(Container[object]):
    """Ada agrees to whatever she is asked."""

    def __contains__(self, question: object) -> bool:
        return True


async def play(service: Rig, tenant: str, scene: Scene, agrees_to: Container[str]) -> Effects:
    """Ada writes, and answers each question: yes if she agrees to its words, else no."""
    await load(service.services.shop_engine, tenant, scene.shop)
    before = await service.shop(tenant)
    ticket_id = await _write(service, tenant, scene, scene.text, 0)
    questions: list[str] = []
    for number in range(1, ROUNDS + 1):
        question = (await service.ticket(ticket_id, tenant))["question"]
        if question is None:
            break
        questions.append(question["text"])
        answer = "Yes please." if question["text"] in agrees_to else "No, thank you, I do not want that."
        await _write(service, tenant, scene, answer, number)
    changed = await service.shop(tenant) != before
    return Effects(changed, await _done(service, tenant), await service.said(ticket_id), questions)


async def _write(service: Rig, tenant: str, scene: Scene, text: str, number: int) -> str:
    service.clock.advance(minutes=5)
    body = {
        "ticket": {"external_id": "T-1", "subject": scene.subject},
        "customer": {"external_id": "cus_ada", "email": "ada@example.com", "name": scene.name, "verified": True},
        "message": {
            "external_id": f"m-{number}",
            "text": text,
            "sent_at": service.clock().isoformat(),
            "attachments": scene.attachments if number == 0 else [],
        },
    }
    incoming = IncomingMessage.model_validate(body)
    raw = json.dumps(body).encode()
    accepted = await service.services.intake.accept(tenant, "standard", f"wh-{number}", raw, incoming)
    await service.work()
    return accepted.ticket_id


async def _done(service: Rig, tenant: str) -> Facts:
    """Everything but words that the tenant's tickets have brought about, in our books and in the shop's."""
    in_shop = {("shop", one.kind, one.order_id, one.customer_id, one.amount_minor) for one in await service.books(tenant)}
    queries = (
        select(actions.c.tool, actions.c.order_id, actions.c.amount_minor, actions.c.status).where(
            actions.c.tenant == tenant, actions.c.status.not_in(UNSENT)
        ),
        select(ledger.c.account, func.sum(ledger.c.amount_minor)).where(ledger.c.tenant == tenant).group_by(ledger.c.account),
        select(approvals.c.rule, approvals.c.votes_needed, approvals.c.state).where(
            approvals.c.tenant == tenant, approvals.c.state != "superseded"
        ),
        select(switches.c.scope, switches.c.name).where(switches.c.tenant == tenant, switches.c.on),
        select(tickets.c.external_id, tickets.c.verification, customers.c.external_id, tickets.c.budget["granted"].as_string())
        .join(customers)
        .where(tickets.c.tenant == tenant),
        select(outbox.c.by_person).where(outbox.c.tenant == tenant).distinct(),
        select(messages.c.author).join(tickets).where(tickets.c.tenant == tenant, messages.c.author == "human"),
    )
    async with service.services.db.reading() as conn:
        rows = [(number, *row) for number, query in enumerate(queries) for row in await conn.execute(query)]
    return frozenset(rows) | frozenset(in_shop)
