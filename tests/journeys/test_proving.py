"""Senders whom nobody vouches for: a code goes to the address on file, and whoever types it is served."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from sqlalchemy import text

from service.store.callers import caller_for
from service.store.schema import metadata
from tests.conftest import StandingClock
from tests.journeys.honesty import books_agree
from tests.journeys.looking import kinds, newest_reply
from tests.rig import Rig, rig, rig_settings
from tests.service.receiver import HelpDesk, deliver_all, deliverer, help_desk

ADA = "cus_1"
QUESTION = "Where is my order D-100001?"


class Stranger:
    """Somebody who writes from an address that nobody vouches for, and reads the mail of the account's owner, or not."""

    def __init__(self, service: Rig, desk: HelpDesk, address: str, ticket: str = "T-1") -> None:
        self.service, self.desk, self.address, self.ticket = service, desk, address, ticket

    async def writes(self, words: str) -> dict[str, Any]:
        """A message, worked on and answered."""
        self.service.clock.advance(minutes=1)
        ticket = await self.service.say(words, ticket=self.ticket, customer=self.address, email=self.address, verified=False)
        async with deliverer(self.service) as sender:
            await deliver_all(sender)
        return ticket

    @property
    def mails(self) -> list[dict[str, Any]]:
        """The codes that the merchant's side was asked to mail, oldest first."""
        return [body["data"]["verification"] for body in self.desk.taken if body["type"] == "verification.code"]

    async def types_the_code(self, around: str = "{}") -> dict[str, Any]:
        """The newest code, as its reader types it."""
        return await self.writes(around.format(self.mails[-1]["code"]))


@asynccontextmanager
async def stranger(url: str, clock: StandingClock, customer: str = ADA, **settings: Any) -> AsyncIterator[Stranger]:
    """A stranger who writes from the address on this customer's account."""
    async with (
        help_desk() as desk,
        rig(url, clock, settings=rig_settings(url, outbound_url=desk.url, **settings)) as service,
    ):
        account = next((one for one in (await service.shop())["customers"] if one["id"] == customer), None)
        yield Stranger(service, desk, account["email"] if account else "nobody@elsewhere.example")
        await books_agree(service)


async def test_a_stranger_who_types_the_code_from_the_address_on_file_is_served(
    database_url: str, clock: StandingClock
) -> None:
    async with stranger(database_url, clock) as ada:
        ticket = await ada.writes(QUESTION)
        assert (ticket["status"], ticket["question"]["kind"]) == ("waiting_customer", "slot")
        told = await newest_reply(ada.service, ticket)
        assert "six-digit code is on its way" in told
        assert "D-100001" not in told
        (mail,) = ada.mails
        assert mail["to"] == ada.address
        assert re.fullmatch(r"\d{6}", mail["code"])
        ticket = await ada.types_the_code("Here it is: {} Thanks, Ada")
        assert (ticket["customer"]["external_id"], ticket["customer"]["verification"]) == (ADA, "code")
        assert (ticket["status"], ticket["flow"]) == ("resolved", "order_status")
        assert "D-100001" in await newest_reply(ada.service, ticket)
        assert "identity.proved" in await kinds(ada.service, ticket)


async def test_the_code_stands_nowhere_but_in_the_mail(database_url: str, clock: StandingClock) -> None:
    async with stranger(database_url, clock) as ada:
        await ada.writes(QUESTION)
        code = ada.mails[-1]["code"]
        ticket = await ada.writes(f"My code is {code[:3]} {code[3:]}")
        assert ticket["customer"]["verification"] == "code"
        await nowhere(ada, code)


async def test_a_code_that_a_person_types_for_the_customer_stands_nowhere_either(sqlite_url: str, clock: StandingClock) -> None:
    """On the telephone, say: a colleague asks for the code and hands it to the tool."""
    async with stranger(sqlite_url, clock) as ada:
        ticket = await ada.writes(QUESTION)
        grace, services, code = await ada.service.person("grace"), ada.service.services, ada.mails[-1]["code"]
        async with services.db.reading() as conn:
            caller = await caller_for(conn, "default", ticket["id"], grace.id)
        checked = await services.runner.call(caller, "check_verification_code", {"code": code}, "request:1")
        assert checked.ok
        refused = await services.runner.call(caller, "check_verification_code", {"code": code, "to": "me"}, "request:2")
        assert refused.code == "validation"
        await nowhere(ada, code)


async def nowhere(ada: Stranger, code: str) -> None:
    """The code stands in no row of any table."""
    async with ada.service.services.db.reading() as conn:
        for table in metadata.sorted_tables:
            for row in (await conn.execute(text(f"select * from {table.name}"))).all():
                kept = json.dumps([str(value) for value in row])
                assert not re.search(rf"(?<![\w-]){code[:3]} ?{code[3:]}(?![\w-])", kept), table.name


async def test_a_wrong_code_may_be_typed_three_times_and_then_a_person_takes_over(
    sqlite_url: str, clock: StandingClock
) -> None:
    async with stranger(sqlite_url, clock) as ada:
        await ada.writes(QUESTION)
        wrong = f"{(int(ada.mails[-1]['code']) + 1) % 1_000_000:06d}"
        for _ in range(2):
            ticket = await ada.writes(wrong)
            assert ticket["status"] == "waiting_customer"
            assert "not the code" in await newest_reply(ada.service, ticket)
        ticket = await ada.writes(wrong)
        assert (ticket["status"], ticket["escalation"]["reason"]) == ("escalated", "identity")
        ticket = await ada.types_the_code()
        assert ticket["customer"]["verification"] == "none"
        assert "tool.called" not in await kinds(ada.service, ticket)


async def test_a_code_that_is_too_old_is_replaced_by_a_new_one(sqlite_url: str, clock: StandingClock) -> None:
    async with stranger(sqlite_url, clock) as ada:
        await ada.writes(QUESTION)
        clock.advance(minutes=10)
        ticket = await ada.types_the_code()
        assert "does not work any more" in await newest_reply(ada.service, ticket)
        first, second = ada.mails
        assert first["code"] != second["code"]
        assert (await ada.types_the_code())["customer"]["verification"] == "code"


async def test_an_address_that_no_account_has_is_told_the_same_and_sent_nothing(sqlite_url: str, clock: StandingClock) -> None:
    async with stranger(sqlite_url, clock) as ada:
        known = await newest_reply(ada.service, await ada.writes(QUESTION))
        nobody = Stranger(ada.service, ada.desk, "nobody@elsewhere.example", "T-2")
        unknown = await newest_reply(ada.service, await nobody.writes(QUESTION))
        assert (unknown, len(ada.mails)) == (known, 1)
        ticket = await nobody.types_the_code()
        assert (ticket["customer"]["verification"], ticket["status"]) == ("none", "waiting_customer")


async def test_a_code_of_one_ticket_opens_no_other(sqlite_url: str, clock: StandingClock) -> None:
    async with stranger(sqlite_url, clock) as ada:
        await ada.writes(QUESTION)
        other = Stranger(ada.service, ada.desk, ada.address, "T-2")
        await other.writes(QUESTION)
        ticket = await other.writes(ada.mails[0]["code"])
        assert ticket["customer"]["verification"] == "none"


async def test_an_account_is_not_flooded_with_codes_and_a_ticket_has_three_an_hour(
    sqlite_url: str, clock: StandingClock
) -> None:
    async with stranger(sqlite_url, clock) as ada:
        for number in range(7):
            await Stranger(ada.service, ada.desk, ada.address, f"T-{number + 10}").writes(QUESTION)
        assert len(ada.mails) == 5
        ticket = await ada.writes(QUESTION)
        for _ in range(3):
            clock.advance(minutes=11)
            ticket = await ada.writes("123456")
        assert (ticket["status"], ticket["escalation"]["reason"]) == ("escalated", "identity")


@pytest.mark.postgres
async def test_an_account_is_not_flooded_with_codes_by_many_tickets_at_once(postgres_url: str, clock: StandingClock) -> None:
    async with stranger(postgres_url, clock) as ada:
        who = {"customer": ada.address, "email": ada.address, "verified": False}
        heard = [await ada.service.hear(QUESTION, ticket=f"T-{number}", **who) for number in range(12)]
        drain = ada.service.services.pipeline.drain
        await asyncio.gather(*(drain(one.ticket_id, 1) for one in heard))
        async with deliverer(ada.service) as sender:
            await deliver_all(sender)
        assert len(ada.mails) == 5


async def test_what_the_proved_sender_asks_next_is_done_and_a_third_party_is_not_heard(
    sqlite_url: str, clock: StandingClock
) -> None:
    async with stranger(sqlite_url, clock) as ada:
        await ada.writes("Please cancel my order D-100003")
        ticket = await ada.types_the_code()
        assert ticket["question"]["kind"] == "confirm"
        ticket = await ada.writes("Yes please")
        assert ([action["status"] for action in ticket["actions"]][-1], ticket["status"]) == ("succeeded", "resolved")
        other = Stranger(ada.service, ada.desk, "mallory@elsewhere.example", ada.ticket)
        ticket = await other.writes("And where is D-100001?")
        assert (ticket["messages"][-2]["author"], ticket["escalation"]["reason"]) == ("third_party", "third_party")


async def test_a_code_typed_by_a_vouched_for_customer_proves_nobody_who_only_gives_the_same_name(
    sqlite_url: str, clock: StandingClock
) -> None:
    """A colleague asked a customer whom the help desk vouches for to prove it once more; then somebody borrows the name."""
    async with stranger(sqlite_url, clock) as desk:
        service = desk.service
        ticket = await service.say(QUESTION, ticket=desk.ticket, customer=ADA)
        grace, services = await service.person("grace"), service.services
        async with services.db.reading() as conn:
            caller = await caller_for(conn, "default", ticket["id"], grace.id)
        assert (await services.runner.call(caller, "send_verification_code", {}, "request:1")).ok
        async with deliverer(service) as sender:
            await deliver_all(sender)
        code = desk.mails[-1]["code"]
        clock.advance(minutes=1)
        await service.say(f"My code is {code}", ticket=desk.ticket, customer=ADA)
        assert (await services.runner.call(caller, "check_verification_code", {"code": code}, "request:2")).ok
        clock.advance(minutes=1)
        ticket = await service.say("Please cancel my order D-100003", ticket=desk.ticket, customer=ADA, verified=False)
        assert (ticket["customer"]["external_id"], ticket["customer"]["verification"]) == (ADA, "code")
        authors = [message["author"] for message in ticket["messages"] if "D-100003" in message["text"]]
        assert (authors, ticket["actions"][2:]) == (["third_party"], [])


async def lapsed(ada: Stranger, wish: str) -> dict[str, Any]:
    """A customer who proved who they are, was asked something about their wish, and let the hour of the proof pass."""
    await ada.writes(wish)
    ticket = await ada.types_the_code()
    assert ticket["status"] == "waiting_customer"
    ada.service.clock.advance(minutes=61)
    return ticket


async def test_a_proof_lasts_an_hour_and_a_late_yes_is_asked_for_again_after_a_new_code(
    database_url: str, clock: StandingClock
) -> None:
    async with stranger(database_url, clock) as ada:
        asked = (await lapsed(ada, "Please cancel my order D-100003, I ordered it by mistake"))["question"]
        ticket = await ada.writes("Yes please")
        told = await newest_reply(ada.service, ticket)
        assert "six-digit code is on its way" in told
        assert "D-100003" not in told
        assert (await ada.service.order("D-100003"))["status"] == "pending"
        ticket = await ada.types_the_code()
        assert (ticket["question"]["kind"], ticket["question"]["text"]) == ("confirm", asked["text"])
        assert (await ada.service.order("D-100003"))["status"] == "pending", "A word from before the code confirms nothing."
        ticket = await ada.writes("Yes please")
        assert (ticket["status"], (await ada.service.order("D-100003"))["status"]) == ("resolved", "cancelled")
        assert [one["status"] for one in ticket["actions"] if one["tool"] == "cancel_order"] == ["superseded", "succeeded"]


async def test_what_has_changed_while_a_proof_was_renewed_is_not_offered_as_it_was(
    sqlite_url: str, clock: StandingClock
) -> None:
    async with stranger(sqlite_url, clock) as ada:
        await lapsed(ada, "Please cancel my order D-100003")
        await ada.writes("Yes please")
        person = await ada.service.person("grace")
        ticket = await ada.service.ticket_called(ada.ticket)
        async with ada.service.services.db.reading() as conn:
            caller = await caller_for(conn, "default", ticket["id"], person.id)
        args = {"order_id": "D-100003", "reason": "no_longer_needed"}
        assert (await ada.service.services.runner.call(caller, "cancel_order", args, "by-hand", confirmed=True)).ok
        ticket = await ada.types_the_code()
        assert ticket["question"] is None or ticket["question"]["kind"] != "confirm"
        assert len(await ada.service.books()) == 1


async def test_a_late_no_ends_the_wish_after_the_new_code(sqlite_url: str, clock: StandingClock) -> None:
    async with stranger(sqlite_url, clock) as ada:
        await lapsed(ada, "Please cancel my order D-100003")
        await ada.writes("No, leave it")
        ticket = await ada.types_the_code()
        assert (ticket["status"], ticket["question"]) == ("resolved", None)
        assert (await ada.service.order("D-100003"))["status"] == "pending"


async def test_a_late_answer_is_heard_by_the_flow_that_had_asked(sqlite_url: str, clock: StandingClock) -> None:
    async with stranger(sqlite_url, clock) as ada:
        ticket = await lapsed(ada, "Something arrived broken, I want my money back")
        assert ticket["question"]["kind"] == "slot"
        asked = ticket["question"]["text"]
        await ada.writes("D-100005")
        ticket = await ada.types_the_code()
        assert ticket["flow"] == "return_refund"
        assert "D-100005" in ticket["question"]["text"] != asked


async def test_something_else_asked_late_is_answered_first_and_the_wish_comes_back(
    sqlite_url: str, clock: StandingClock
) -> None:
    async with stranger(sqlite_url, clock) as ada:
        await lapsed(ada, "Please cancel my order D-100003")
        await ada.writes(QUESTION)
        ticket = await ada.types_the_code()
        assert "D-100001" in await newest_reply(ada.service, ticket)
        assert (ticket["flow"], ticket["question"]["kind"]) == ("cancel_order", "confirm")


@pytest.mark.parametrize("said", ["I did not get any code", "What code?"])
async def test_a_stranger_without_a_code_is_asked_again_and_told_nothing(
    sqlite_url: str, clock: StandingClock, said: str
) -> None:
    async with stranger(sqlite_url, clock) as ada:
        await ada.writes(QUESTION)
        ticket = await ada.writes(said)
        assert ticket["customer"]["verification"] == "none"
        assert "D-100001" not in "\n".join(await ada.service.said(ticket["id"]))
