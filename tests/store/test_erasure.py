"""A person is erased: nothing of theirs is left anywhere, and what must stay still verifies."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, event, insert, select, text, update

from service.errors import ApprovalSuperseded, NotFound
from service.explain import lines
from service.replies import Deliverer
from service.store import journal, outbox, story, turns
from service.store.access_schema import idempotency
from service.store.database import Database
from service.store.erasure import ERASED, Erased, InFlight, erase
from service.store.invariants.checking import broken, recomputed
from service.store.loading import load_ticket, take_ticket
from service.store.money_schema import actions, verifications
from service.store.schema import customers, journal_payloads
from service.store.tenancy import within
from service.store.verification import Verified, verify_tenant
from tests.conftest import StandingClock
from tests.journeys.honesty import books_agree
from tests.rig import Rig, rig, rig_settings
from tests.tampering import tables_of
from tools.errors import FencedOff
from tools.ports import TenantName

TENANT = TenantName("default")
HERS = ("Ada Byron", "cus_1@example.com", "Harbour Street", "02110", "my neighbour Zebulon", "purple elephant", "frightfully")
"""What only this customer's data hold: name, e-mail, address, and words of theirs and about them."""


@pytest.fixture
async def service(database_url: str, clock: StandingClock, tmp_path: Path) -> AsyncIterator[Rig]:
    """Ada (cus_1) has written on several tickets, one of them Bob's (cus_2)."""
    settings = rig_settings(database_url, shop_url=f"sqlite:///{tmp_path}/shop.db", outbound_url="http://127.0.0.1:9/")
    async with rig(database_url, clock, settings=settings) as made:
        yield made


async def tells(service: Rig) -> None:
    """A refund that needs an approval, a case for people, an address change, an unverified message, and one on Bob's ticket."""
    name = (await service.order("D-100004"))["items"][0]["name"]
    await service.say(
        f"The {name} from order D-100004 arrived broken like a purple elephant, I want my money back.", ticket="T-1"
    )
    await delivered(service)
    (asked,) = (await service.say("yes please", ticket="T-1"))["approvals"]
    boss = await service.person("boss")
    await service.services.approvals.decide(boss, asked["id"], "approve", "Ada Byron asked", asked["digest"])
    await service.work()
    await service.say("Please change the delivery address of order D-100003", ticket="T-2")
    await delivered(service)
    await service.say("12 Harbour Street, Boston, MA 02110, United States", ticket="T-2")
    await delivered(service)
    await service.say("yes, please", ticket="T-2")
    case = await service.say("Let me talk to a person about my neighbour Zebulon.", ticket="T-3")
    await service.services.desk.write(boss, case["id"], "Ada Byron rang, frightfully cross.", note=True)
    await service.say("Where is my purple elephant?", ticket="T-4", verified=False)
    await service.say("Where is my order D-100008?", ticket="B-1", customer="cus_2")
    await service.say("I am not Bob; frightfully sorry.", ticket="B-1")
    bobs = await service.ticket_called("B-1")
    async with service.services.db.begin() as conn:
        for ticket, said in ((case["id"], "my neighbour Zebulon"), (bobs["id"], "frightfully sorry")):
            kept = {"status": 200, "body": {"id": ticket, "text": said}, "created_at": service.clock()}
            names = {"tenant": TENANT, "credential": "c", "idempotency_key": ticket, "request_sha256": "0"}
            await conn.execute(insert(idempotency).values(**names, **kept))
        await conn.execute(update(customers).where(customers.c.external_id == "cus_2").values(name="Bob"))


async def delivered(service: Rig) -> None:
    """What waits is tried, so that questions count as asked; nothing answers there."""
    services, key = service.services, service.services.settings.webhook_keys[TENANT][0]
    deliverer = Deliverer(services.db, service.clock, services.settings.outbound_url or "", lambda _: key, services.codes)
    await deliverer.deliver_due()
    await deliverer.close()


async def everything(service: Rig) -> dict[str, str]:
    """Every row of every table, the engine's too, as text by table."""
    found: dict[str, str] = {}
    async with service.services.db.reading() as conn:
        for table in await tables_of(conn):
            found[table] = "\n".join(repr(tuple(row)) for row in await conn.execute(text(f"select * from {table}")))
    return found


async def erased(service: Rig, customer: str = "cus_1") -> Erased:
    async with service.services.db.begin() as conn:
        return await erase(conn, TENANT, customer, "operator", service.clock())


async def verified(service: Rig) -> Verified:
    """The journal's verdict; every other promise holds."""
    async with service.services.db.reading() as conn:
        policy = service.services.policy_for(TENANT)
        assert [*await broken(conn, TENANT, policy), *await recomputed(conn, TENANT)] == []
        return await verify_tenant(conn, TENANT)


async def test_nothing_of_an_erased_person_is_left_and_chain_and_books_verify(service: Rig) -> None:
    await tells(service)
    before = await everything(service)
    assert all(any(word in rows for rows in before.values()) for word in HERS), "the search is for what can be found"
    assert (await verified(service)).findings == ()
    assert await erased(service) == Erased(tickets=4, messages_elsewhere=1)
    after = await everything(service)
    assert {table: [word for word in HERS if word in rows] for table, rows in after.items()} == {table: [] for table in after}
    told = await verified(service)
    assert told.findings == ()
    assert told.erased > 10
    await books_agree(service)
    assert "'amount_minor': 74900" in str([action["amount"] for action in (await service.ticket_called("T-1"))["actions"]])


async def test_the_tickets_of_an_erased_person_are_closed_and_can_still_be_looked_at(service: Rig) -> None:
    await tells(service)
    await erased(service)
    for name in ("T-1", "T-2", "T-3", "T-4"):
        ticket = await service.ticket_called(name)
        assert (ticket["status"], ticket["subject"], ticket["question"]) == ("closed", "", None)
        assert {message["text"] for message in ticket["messages"]} == {ERASED}
        async with service.services.db.reading() as conn:
            told = await story.read(conn, TENANT, ticket["id"])
        assert told is not None
        assert list(lines(told))
    bob = await service.ticket_called("B-1")
    assert "Where is my order D-100008?" in {message["text"] for message in bob["messages"]}


async def test_a_customer_who_writes_again_after_being_erased_is_heard(service: Rig) -> None:
    await tells(service)
    await erased(service)
    again = await service.say("Where is my order D-100001?", ticket="T-1")
    assert (again["status"], again["flow"]) == ("resolved", "order_status")
    assert (await verified(service)).findings == ()


async def test_whoever_works_on_an_erased_ticket_writes_nothing_more(service: Rig) -> None:
    heard = await service.hear("Where is my order D-100001?")
    async with service.services.db.reading() as conn:
        taken = await take_ticket(conn, heard.ticket_id, 1)
    assert taken is not None
    await erased(service)
    async with service.services.db.begin() as conn:
        with pytest.raises(FencedOff):
            await turns.lock(conn, heard.ticket_id, taken[0].fence)
    await service.work()
    assert (await service.ticket(heard.ticket_id))["status"] == "closed"


async def test_nobody_is_erased_while_their_money_is_on_its_way(service: Rig) -> None:
    await tells(service)
    async with service.services.db.begin() as conn:
        await conn.execute(update(actions).where(actions.c.tool == "issue_refund").values(status="unknown"))
    before = await everything(service)
    with pytest.raises(InFlight):
        await erased(service)
    assert await everything(service) == before


async def proves_herself(service: Rig) -> str:
    """Ada writes without anybody vouching for her, and types the code that her account was sent; returns her address."""
    (account,) = [one for one in (await service.shop())["customers"] if one["id"] == "cus_1"]
    how = {"ticket": "T-9", "customer": account["email"], "email": account["email"], "verified": False}
    await service.say("Where is my order D-100001?", **how)
    async with service.services.db.reading() as conn:
        (sent,) = (await conn.execute(select(verifications.c.id))).scalars()
    await delivered(service)
    proved = await service.say(f"It is {service.services.codes.code(TENANT, sent)}", **how)
    assert proved["customer"]["external_id"] == "cus_1"
    return account["email"]


async def test_who_proved_themselves_by_a_code_is_named_nowhere_either(service: Rig) -> None:
    address = await proves_herself(service)
    assert any(address in rows for table, rows in (await everything(service)).items() if "verifications" in table)
    await erased(service)
    assert {table for table, rows in (await everything(service)).items() if address in rows} == set()


async def test_the_address_that_somebody_wrote_from_before_their_proof_goes_with_them(service: Rig) -> None:
    """The help desk knows her by another address than the one she wrote from."""
    await service.say("Where is my order D-100001?", email="ada@work.example")
    address = await proves_herself(service)
    await erased(service)
    words = (address, "ada@work.example", "Ada Byron")
    assert {table for table, rows in (await everything(service)).items() if any(word in rows for word in words)} == set()


async def test_what_waited_for_votes_and_what_was_not_yet_sent_ends_with_the_person(service: Rig) -> None:
    name = (await service.order("D-100004"))["items"][0]["name"]
    await service.say(f"The {name} from order D-100004 arrived broken, I want my money back.")
    await delivered(service)
    (waiting,) = (await service.say("yes please"))["approvals"]
    boss = await service.person("boss")
    await erased(service)
    (action,) = (await service.ticket_called("T-1"))["actions"]
    assert action["status"] == "superseded"
    with pytest.raises(ApprovalSuperseded):
        await service.services.approvals.decide(boss, waiting["id"], "approve", "", waiting["digest"])
    async with service.services.db.reading() as conn:
        written = await journal.read(conn, action["ticket_id"])
        assert [entry.actor for entry in written if entry.kind == "action.superseded"] == ["operator"], "she took nothing back"
        assert await outbox.due(conn, service.clock() + timedelta(days=30), 100) == []


async def test_who_shares_the_address_and_was_vouched_for_is_somebody_else(service: Rig) -> None:
    await service.say("Where is my order D-100001?")
    await service.say("Where is my order D-100008?", ticket="H-1", customer="cus_2", email="CUS_1@example.com")
    assert await erased(service) == Erased(tickets=1, messages_elsewhere=0)
    his = await service.ticket_called("H-1")
    assert his["messages"][0]["text"] == "Where is my order D-100008?"
    assert any("CUS_1@example.com" in rows for table, rows in (await everything(service)).items() if "customers" in table)


async def test_whose_id_differs_in_case_is_somebody_else_and_whose_address_does_is_not(
    service: Rig,
) -> None:
    await service.say("Where is my order D-100001?", email="ada@example.net")
    await service.say("Where is my order D-100008?", ticket="B-1", customer="cus_2")
    for who, said in (("CUS_1", "I am the other one."), ("cus_1", "I am she."), ("Ada@Example.net", "I am she too.")):
        await service.say(said, ticket="B-1", customer=who, email="ada@example.net")
    assert await erased(service) == Erased(tickets=1, messages_elsewhere=2)
    texts = {message["text"] for message in (await service.ticket_called("B-1"))["messages"]}
    assert "I am the other one." in texts
    assert not texts & {"I am she.", "I am she too."}


async def test_a_stranger_who_writes_on_a_strangers_ticket_does_not_become_its_customer(service: Rig) -> None:
    """Ada writes from her own address and nobody vouches for her; Bob, whom the shop knows by another ticket, answers too."""
    hers, his = {"customer": "ada@example.net", "email": "ada@example.net"}, {"email": "bob@example.net"}
    await service.say("Where is my order D-100001?", **hers, verified=False)
    await service.say("Let me in on this.", customer="bob@example.net", **his, verified=False)
    await service.say("Where is my order D-100008?", ticket="B-1", customer="cus_2", **his)
    async with service.services.db.reading() as conn:
        ticket, _ = await load_ticket(conn, (await service.ticket_called("T-1"))["id"])
    assert ticket.customer.claimed == "ada@example.net"
    assert await erased(service, "cus_2") == Erased(tickets=1, messages_elsewhere=1)
    kept = {message["text"] for message in (await service.ticket_called("T-1"))["messages"] if message["author"] == "customer"}
    assert kept == {"Where is my order D-100001?"}
    await service.say("Where is my order D-100003?", ticket="A-1", customer="cus_3", email="ada@example.net")
    assert await erased(service, "cus_3") == Erased(tickets=2, messages_elsewhere=0)


async def test_a_namesake_at_another_merchant_keeps_everything(database_url: str, clock: StandingClock, tmp_path: Path) -> None:
    """The same id, the same address, and an unverified message on somebody's ticket, all at two merchants."""
    settings = rig_settings(database_url, shop_url=f"sqlite:///{tmp_path}/shop.db")
    async with rig(database_url, clock, settings=settings, tenants=("default", "acme")) as service:
        for tenant in ("default", "acme"):
            await service.say("Where is my order D-100001?", tenant=tenant)
            await service.say("Where is my parcel?", ticket="T-2", verified=False, tenant=tenant)
            await service.say("Where is my order D-100008?", ticket="B-1", customer="cus_2", tenant=tenant)
            await service.say("I am not Bob.", ticket="B-1", tenant=tenant)
        assert await erased(service) == Erased(tickets=2, messages_elsewhere=1)
        for name in ("T-1", "T-2", "B-1"):
            for tenant, gone in (("default", True), ("acme", False)):
                texts = {message["text"] for message in (await service.ticket_called(name, tenant))["messages"]}
                assert (ERASED in texts) is gone, (name, tenant)


async def test_a_payload_that_somebody_took_away_is_found(service: Rig) -> None:
    await service.say("Where is my order D-100001?")
    async with service.services.db.begin() as conn:
        await conn.execute(delete(journal_payloads).where(journal_payloads.c.seq == 1))
    (finding,) = (await verified(service)).findings
    assert "the payload of entry 1 is gone, and no erasure says so" in finding


async def test_an_erasure_in_the_midst_of_an_audit_is_no_tampering(service: Rig) -> None:
    """Before whichever of the audit's statements it commits."""
    url, done, place = service.services.settings.database_url, False, 0
    while not done:
        await service.say("Where is my order D-100001?")
        place += 1
        db = Database(url)
        due = iter([False] * (place - 1) + [True])

        def erase_once(*_: Any, due: Iterator[bool] = due) -> None:
            if next(due, False):
                with ThreadPoolExecutor(1) as elsewhere:
                    elsewhere.submit(asyncio.run, erased_from_elsewhere(url, service.clock())).result()

        event.listen(db.engine.sync_engine, "before_cursor_execute", erase_once)
        async with db.reading() as conn:
            assert (await verify_tenant(conn, TENANT)).findings == (), place
        await db.close()
        done = next(due, False)
    assert place > 5


async def erased_from_elsewhere(url: str, now: datetime) -> None:
    """Another process erases the customer."""
    db = Database(url)
    with within(TENANT):
        async with db.begin() as conn:
            await erase(conn, TENANT, "cus_1", "operator", now)
    await db.close()


async def test_nobody_is_erased_by_a_name_that_is_not_theirs(service: Rig) -> None:
    await service.say("Where is my order D-100001?")
    with pytest.raises(NotFound):
        await erased(service, "cus_1' or '1'='1")
    assert "Ada Byron" in str(await everything(service))
