"""Deciding about money: who may, on which facts, with which reason, and only once."""

import asyncio
import re
from typing import Any

from service import passwords
from service.console import approval_routes
from service.store import people
from service.store.money_schema import actions, approvals, votes
from service.store.people import Role
from service.store.schema import tickets
from tests.console.world import E_BIKE, ESPRESSO, Browser, World

PASSWORD = "four unrelated warm words"


async def asked(world: World, args: dict[str, Any] = ESPRESSO, by: Role = Role.AGENT) -> tuple[str, Any]:
    """A refund that waits for approval; its ticket's id and the approval's row."""
    customer = "cus_1" if args is ESPRESSO else "cus_2"
    ticket = await world.message(external_id_of(args), external_id=customer)
    result = await world.wanted(ticket, args, customer, await world.person(by, "asker"))
    assert result.needs_approval, result
    (row,) = await world.rows(approvals, approvals.c.ticket_id == ticket)
    return ticket, row


def external_id_of(args: dict[str, Any]) -> str:
    """A ticket's name for each refund."""
    return f"T-{args['order_id']}"


async def decide(browser: Browser, row: Any, decision: str, reason: str = "", **fields: str) -> tuple[int, str]:
    """Send the card's form."""
    form = {"decision": decision, "reason": reason, "digest": row.digest, "ticket_id": row.ticket_id, **fields}
    answer = await browser.post(f"/console/approvals/{row.id}/decision", **form)
    return answer.status_code, answer.text


async def state_of(world: World, row: Any) -> str:
    """How the approval stands now."""
    (now,) = await world.rows(approvals, approvals.c.id == row.id)
    return now.state


async def with_password(world: World, name: str) -> Browser:
    """A supervisor who has a password."""
    person = await world.person(Role.SUPERVISOR, name)
    async with world.services.db.begin() as conn:
        await people.set_password_hash(conn, person, await passwords.hash_password(PASSWORD), world.clock())
    return await world.browser(Role.SUPERVISOR, name)


async def test_a_supervisor_approves_and_the_ticket_goes_on(world: World) -> None:
    ticket, row = await asked(world)
    (before,) = await world.rows(tickets, tickets.c.id == ticket)
    browser = await world.browser(Role.SUPERVISOR, "ann")
    assert (await decide(browser, row, "approve", "Photo shows the damage."))[0] == 303
    assert await state_of(world, row) == "approved"
    (vote,) = await world.rows(votes)
    assert (vote.decision, vote.reason) == ("approve", "Photo shows the damage.")
    (after,) = await world.rows(tickets, tickets.c.id == ticket)
    assert after.pending == before.pending + 1, "The decision must wake the ticket."


async def test_a_denial_needs_its_reason(world: World) -> None:
    _, row = await asked(world)
    browser = await world.browser(Role.SUPERVISOR, "ann")
    status, page = await decide(browser, row, "deny", "  ")
    assert status == 422
    assert "Say why you deny it" in page
    assert await state_of(world, row) == "pending"
    assert (await decide(browser, row, "deny", "The order was never damaged."))[0] == 303
    assert await state_of(world, row) == "denied"
    text = (await browser.get(f"/console/tickets/{row.ticket_id}")).text
    assert "The order was never damaged." in text


async def test_nobody_decides_on_what_they_asked_for(world: World) -> None:
    _, row = await asked(world, by=Role.SUPERVISOR)
    browser = await world.browser(Role.SUPERVISOR, "asker")
    page = (await browser.get(f"/console/tickets/{row.ticket_id}")).text
    assert "You asked for this yourself, so somebody else decides." in page
    assert 'value="approve"' not in page
    assert (await decide(browser, row, "approve"))[0] == 403
    assert await state_of(world, row) == "pending"


async def test_an_agent_sees_the_facts_and_who_decides(world: World) -> None:
    _, row = await asked(world)
    page = (await (await world.browser(Role.AGENT, "bob")).get(f"/console/tickets/{row.ticket_id}")).text
    assert "Supervisors decide this." in page
    assert row.digest in page
    assert 'value="approve"' not in page


async def test_a_large_amount_needs_a_second_person_and_each_ones_password(world: World) -> None:
    _, row = await asked(world, E_BIKE)
    ann, eve = await with_password(world, "ann"), await with_password(world, "eve")
    world.clock.advance(minutes=11)
    status, page = await decide(ann, row, "approve")
    assert (status, "The password is wrong." in page) == (401, True)
    assert (await decide(ann, row, "approve", password=PASSWORD))[0] == 303
    assert await state_of(world, row) == "pending"
    page = (await ann.get(f"/console/tickets/{row.ticket_id}")).text
    assert "You have voted. It needs another person." in page
    assert "1 of 2, by different people" in page
    assert (await decide(ann, row, "approve", password=PASSWORD))[0] == 409
    assert (await decide(eve, row, "approve", password=PASSWORD))[0] == 303
    assert await state_of(world, row) == "approved"


async def test_a_supervisor_without_a_password_is_told_to_set_one(world: World) -> None:
    _, row = await asked(world, E_BIKE)
    ann = await world.browser(Role.SUPERVISOR, "ann")
    world.clock.advance(minutes=11)
    status, page = await decide(ann, row, "approve")
    assert (status, "Set a password first" in page) == (422, True)
    assert await state_of(world, row) == "pending"


async def test_whoever_just_signed_in_votes_on_a_large_amount_without_a_password(world: World) -> None:
    ticket, row = await asked(world, E_BIKE)
    ann = await world.browser(Role.SUPERVISOR, "ann")
    assert "Your password again" not in (await ann.get(f"/console/tickets/{ticket}")).text
    assert (await decide(ann, row, "approve"))[0] == 303


async def test_of_two_who_decide_at_once_the_first_wins(each_world: World) -> None:
    _, row = await asked(each_world)
    ann, eve = await each_world.browser(Role.SUPERVISOR, "ann"), await each_world.browser(Role.SUPERVISOR, "eve")
    answers = await asyncio.gather(decide(ann, row, "approve"), decide(eve, row, "deny", "Too much."))
    assert sorted(status for status, _ in answers) == [303, 409]
    assert "This approval has been decided already." in next(page for status, page in answers if status == 409)
    assert len(await each_world.rows(votes)) == 1


async def test_an_approver_is_told_that_a_switch_would_stop_it(world: World) -> None:
    ticket, _ = await asked(world)
    ann = await world.browser(Role.SUPERVISOR, "ann")
    page = (await ann.get(f"/console/tickets/{ticket}")).text
    assert "nothing would happen on a yes" not in page
    await ann.post("/console/switches", scope="lane", name="agent", on="on", reason="It talks nonsense.")
    assert "nothing would happen on a yes" not in (await ann.get(f"/console/tickets/{ticket}")).text
    await ann.post("/console/switches", scope="effect", name="MONEY", on="on", reason="Two banks answer.")
    page = (await ann.get(f"/console/tickets/{ticket}")).text
    assert "Everything that moves money is switched off, so nothing would happen on a yes" in page


async def test_a_vote_on_other_facts_than_those_shown_is_refused(world: World) -> None:
    _, row = await asked(world)
    status, page = await decide(await world.browser(Role.SUPERVISOR, "ann"), row, "approve", digest="0" * 64)
    assert status == 409
    assert "shown with other facts" in page
    assert await world.rows(votes) == []


async def test_a_vote_that_comes_too_late_is_refused(world: World) -> None:
    _, row = await asked(world)
    browser = await world.browser(Role.SUPERVISOR, "ann")
    world.clock.now = row.expires_at
    late = await world.browser(Role.SUPERVISOR, "ann")
    assert (await decide(late, row, "approve"))[0] == 409
    assert "This has expired." in (await late.get(f"/console/tickets/{row.ticket_id}")).text
    assert browser is not late
    assert await world.rows(votes) == []


async def test_a_link_to_an_approval_leads_to_its_card(world: World) -> None:
    _, row = await asked(world)
    answer = await (await world.browser(Role.VIEWER)).get(f"/console/approvals/{row.id}")
    assert answer.headers["location"] == f"/console/tickets/{row.ticket_id}#{row.id}"


async def test_what_waits_and_what_was_decided_is_listed_with_facts_and_votes(world: World) -> None:
    _, small = await asked(world)
    world.clock.advance(seconds=1)
    _, large = await asked(world, E_BIKE)
    ann = await world.browser(Role.SUPERVISOR, "ann")
    page = (await ann.get("/console/approvals")).text
    assert page.index(small.id) < page.index(large.id), "What has waited longest comes first."
    card = page.split(f'id="a-{small.id}"')[1].split("</article>")[0]
    for told in ("$749.00", "D-100004", "refund.per_call_cap", " ending ", "0 of 1", "asker", "Read and decide"):
        assert told in card
    assert "damaged" not in card, "The reason is the requester's word and no fact."
    await decide(ann, small, "deny", "It was never damaged.")
    assert small.id not in (await ann.get("/console/approvals")).text
    denied = (await ann.get("/console/approvals?show=denied")).text
    assert "ann: deny, “It was never damaged.”" in denied.split(small.id)[-1]
    viewer = await world.browser(Role.VIEWER)
    assert "Read and decide" not in (await viewer.get("/console/approvals")).text
    assert (await viewer.get("/console/approvals?after=nonsense")).status_code == 422
    world.clock.now = large.expires_at
    assert await world.services.approvals.expire() == 1
    expired = await (await world.browser(Role.VIEWER, "late")).get("/console/approvals?show=expired")
    assert large.id in expired.text


async def test_a_yes_that_somebody_attests_is_told_as_their_word(world: World) -> None:
    _, row = await asked(world)
    ann = await world.browser(Role.SUPERVISOR, "ann")
    for page in (f"/console/tickets/{row.ticket_id}", "/console/approvals"):
        assert "; asker says that the customer said yes</dd>" in (await ann.get(page)).text
    await world.change(actions, actions.c.id == row.action_id, confirmed_by="message:msg_1")
    for page in (f"/console/tickets/{row.ticket_id}", "/console/approvals"):
        text = (await ann.get(page)).text
        assert "; the customer said yes</dd>" in text
        assert "says that" not in text


async def test_the_list_goes_on_where_a_page_ends(world: World, monkeypatch: Any) -> None:
    monkeypatch.setattr(approval_routes, "PAGE", 1)
    _, first = await asked(world)
    world.clock.advance(minutes=1)
    _, second = await asked(world, E_BIKE)
    browser = await world.browser(Role.VIEWER)
    page = (await browser.get("/console/approvals")).text
    assert (first.id in page, second.id in page) == (True, False)
    more = re.search(r'href="(/console/approvals\?show=waiting&amp;after=[^"]+)"', page)
    assert more
    page = (await browser.get(more[1].replace("&amp;", "&"))).text
    assert (first.id in page, second.id in page) == (False, True)


async def test_what_was_decided_last_stands_first_and_the_list_goes_on_from_there(world: World, monkeypatch: Any) -> None:
    monkeypatch.setattr(approval_routes, "PAGE", 1)
    _, first = await asked(world)
    world.clock.advance(minutes=1)
    _, second = await asked(world, E_BIKE)
    ann = await world.browser(Role.SUPERVISOR, "ann")
    for row in (second, first):
        world.clock.advance(minutes=1)
        assert (await decide(ann, row, "deny", "It was never damaged."))[0] == 303
    page = (await ann.get("/console/approvals?show=denied")).text
    assert (first.id in page, second.id in page) == (True, False)
    more = re.search(r'href="(/console/approvals\?show=denied&amp;after=[^"]+)"', page)
    assert more
    page = (await ann.get(more[1].replace("&amp;", "&"))).text
    assert (first.id in page, second.id in page) == (False, True)
