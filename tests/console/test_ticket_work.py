"""A ticket in people's hands: claimed once, answered once, given back, resolved, and never over somebody's head."""

import asyncio
import re

import pytest

from service.store.access_schema import idempotency
from service.store.people import Role
from service.store.schema import escalations, messages, outbox, tickets
from tests.console.world import Browser, World


async def ticket_with_case(world: World, text: str = "I want a person.") -> tuple[str, str]:
    """A ticket that waits for people; its id and its case's."""
    ticket = await world.message(text=text)
    return ticket, await world.case(ticket)


def composer(page: str) -> dict[str, str]:
    """The hidden fields of the page's composer."""
    form = page.split('id="composer"')[1].split("</form>")[0]
    return dict(re.findall(r'name="(seen|key)" value="([^"]*)"', form))


async def reply(browser: Browser, ticket: str, text: str, **fields: str) -> tuple[int, str]:
    """Send the composer as the page shows it now; `fields` replace what it holds."""
    hidden = composer((await browser.get(f"/console/tickets/{ticket}")).text)
    answer = await browser.post(f"/console/tickets/{ticket}/messages", **{"kind": "reply", "text": text, **hidden, **fields})
    return answer.status_code, answer.text


async def said(world: World, ticket: str, author: str) -> list[str]:
    """What one kind of author wrote on a ticket."""
    rows = await world.rows(messages, messages.c.ticket_id == ticket, messages.c.author == author)
    return [row.text for row in rows]


async def test_a_claimed_ticket_is_answered_by_its_owner(world: World) -> None:
    ticket, case = await ticket_with_case(world)
    browser = await world.browser(Role.AGENT, "bob")
    claimed = await browser.post(f"/console/escalations/{case}/claim", ticket_id=ticket)
    assert claimed.headers["location"] == f"/console/tickets/{ticket}"
    assert (await reply(browser, ticket, "We are on it."))[0] == 303
    assert await said(world, ticket, "human") == ["We are on it."]
    page = (await browser.get(f"/console/tickets/{ticket}")).text
    assert "We are on it." in page
    assert "bob claimed the ticket" in page


async def test_of_two_who_claim_at_once_one_has_the_ticket_and_the_other_is_told(each_world: World) -> None:
    ticket, case = await ticket_with_case(each_world)
    first, second = await each_world.browser(Role.AGENT, "bob"), await each_world.browser(Role.SUPERVISOR, "ann")
    answers = await asyncio.gather(
        *(browser.post(f"/console/escalations/{case}/claim", ticket_id=ticket) for browser in (first, second))
    )
    assert sorted(answer.status_code for answer in answers) == [303, 409]
    loser = next(answer for answer in answers if answer.status_code == 409)
    assert "Another person has claimed this." in loser.text
    assert 'id="do-claim"' not in loser.text


async def test_whoever_has_not_claimed_cannot_answer_but_can_leave_a_note(world: World) -> None:
    ticket, _ = await ticket_with_case(world)
    browser = await world.browser(Role.AGENT, "bob")
    status, page = await reply(browser, ticket, "A reply over somebody's head")
    assert status == 403
    assert "Take the ticket over before replying" in page
    assert "A reply over somebody&#39;s head" in page, "What was written must not be lost."
    assert (await reply(browser, ticket, "A hint for whoever takes it.", kind="note"))[0] == 303
    assert await said(world, ticket, "human") == []
    assert await said(world, ticket, "note") == ["A hint for whoever takes it."]


async def test_an_answer_to_an_old_page_is_held_back_until_the_new_message_is_read(world: World) -> None:
    ticket, case = await ticket_with_case(world)
    browser = await world.browser(Role.AGENT, "bob")
    await browser.post(f"/console/escalations/{case}/claim", ticket_id=ticket)
    hidden = composer((await browser.get(f"/console/tickets/{ticket}")).text)
    await world.message(text="Wait, I found it myself!")
    status, page = await reply(browser, ticket, "We refund you now.", **hidden)
    assert status == 409
    assert "A new message came in while you were writing." in page
    assert "Wait, I found it myself!" in page
    assert "We refund you now.</textarea>" in page
    assert await said(world, ticket, "human") == []
    assert (await reply(browser, ticket, "Glad to hear it."))[0] == 303


async def test_a_nervous_hand_sends_an_answer_once(each_world: World) -> None:
    ticket, case = await ticket_with_case(each_world)
    browser = await each_world.browser(Role.AGENT, "bob")
    await browser.post(f"/console/escalations/{case}/claim", ticket_id=ticket)
    hidden = composer((await browser.get(f"/console/tickets/{ticket}")).text)
    answers = await asyncio.gather(*(reply(browser, ticket, "Only once, please.", **hidden) for _ in range(4)))
    assert {status for status, _ in answers} == {303}
    assert (await reply(browser, ticket, "Only once, please.", **hidden))[0] == 303
    assert await said(each_world, ticket, "human") == ["Only once, please."]


async def test_an_answer_whose_confirmation_got_lost_reaches_the_customer_once(each_world: World) -> None:
    ticket, case = await ticket_with_case(each_world)
    browser = await each_world.browser(Role.AGENT, "bob")
    await browser.post(f"/console/escalations/{case}/claim", ticket_id=ticket)
    hidden = composer((await browser.get(f"/console/tickets/{ticket}")).text)
    await reply(browser, ticket, "Only once, please.", **hidden)
    # The process that wrote the answer died before it remembered anything else about the form.
    async with each_world.services.db.begin() as conn:
        await conn.execute(idempotency.delete())
    each_world.clock.advance(minutes=2)
    await each_world.message(text="Hello?")
    assert (await reply(browser, ticket, "Only once, please.", **hidden))[0] == 303
    assert await said(each_world, ticket, "human") == ["Only once, please."]


async def test_a_refused_answer_keeps_the_key_of_its_form(world: World) -> None:
    ticket, _ = await ticket_with_case(world)
    browser = await world.browser(Role.AGENT, "bob")
    hidden = composer((await browser.get(f"/console/tickets/{ticket}")).text)
    _, page = await reply(browser, ticket, "Not mine to say.", **hidden)
    assert composer(page)["key"] == hidden["key"]


async def test_the_same_words_on_a_new_page_are_a_new_answer(world: World) -> None:
    ticket, case = await ticket_with_case(world)
    browser = await world.browser(Role.AGENT, "bob")
    await browser.post(f"/console/escalations/{case}/claim", ticket_id=ticket)
    for _ in range(2):
        assert (await reply(browser, ticket, "Done."))[0] == 303
    assert await said(world, ticket, "human") == ["Done.", "Done."]


@pytest.mark.parametrize("text", ["", "   \n "])
async def test_an_empty_answer_is_not_sent(world: World, text: str) -> None:
    ticket, case = await ticket_with_case(world)
    browser = await world.browser(Role.AGENT, "bob")
    await browser.post(f"/console/escalations/{case}/claim", ticket_id=ticket)
    assert (await reply(browser, ticket, text))[0] == 422
    assert await said(world, ticket, "human") == []


async def test_taking_over_stops_the_rails_and_handing_back_wakes_them(world: World) -> None:
    ticket = await world.message()
    browser = await world.browser(Role.AGENT, "bob")
    assert (await browser.post(f"/console/tickets/{ticket}/take-over")).status_code == 303
    (row,) = await world.rows(tickets, tickets.c.id == ticket)
    assert (row.lane, row.status) == ("human", "escalated")
    assert 'id="do-hand-back"' in (await browser.get(f"/console/tickets/{ticket}")).text
    assert (await browser.post(f"/console/tickets/{ticket}/hand-back")).status_code == 303
    (row,) = await world.rows(tickets, tickets.c.id == ticket)
    assert (row.lane, row.status, row.owner) == ("workflow", "working", None)
    assert row.pending > 0
    page = (await browser.get(f"/console/tickets/{ticket}")).text
    assert "bob took the ticket over" in page
    assert "bob handed the ticket back to the rails" in page


async def test_a_colleague_cannot_hand_back_release_or_resolve_what_is_not_theirs(world: World) -> None:
    ticket, case = await ticket_with_case(world)
    owner, colleague = await world.browser(Role.AGENT, "bob"), await world.browser(Role.SUPERVISOR, "ann")
    await owner.post(f"/console/escalations/{case}/claim", ticket_id=ticket)
    for path in (
        f"/console/tickets/{ticket}/hand-back",
        *(f"/console/escalations/{case}/{deed}" for deed in ("release", "resolve")),
    ):
        assert (await colleague.post(path, ticket_id=ticket)).status_code == 409
    page = (await colleague.get(f"/console/tickets/{ticket}")).text
    assert "bob has this ticket and answers the customer." in page
    for button in ("do-claim", "do-release", "do-resolve", "do-hand-back", "do-take-over", "kind-reply"):
        assert f'id="{button}"' not in page


async def test_a_released_ticket_is_back_in_the_queue(world: World) -> None:
    ticket, case = await ticket_with_case(world)
    browser = await world.browser(Role.AGENT, "bob")
    await browser.post(f"/console/escalations/{case}/claim", ticket_id=ticket)
    assert ticket not in (await browser.get("/console?show=open")).text
    assert ticket in (await browser.get("/console?show=mine")).text
    await browser.post(f"/console/escalations/{case}/release", ticket_id=ticket)
    assert ticket in (await browser.get("/console?show=open")).text


async def test_a_resolved_ticket_leaves_the_queue_and_keeps_its_story(world: World) -> None:
    ticket, case = await ticket_with_case(world)
    browser = await world.browser(Role.AGENT, "bob")
    await browser.post(f"/console/escalations/{case}/claim", ticket_id=ticket)
    done = await browser.post(f"/console/escalations/{case}/resolve", ticket_id=ticket, text="All done, bye.")
    assert done.status_code == 303
    assert ticket not in (await browser.get("/console?show=all")).text
    page = (await browser.get(f"/console/tickets/{ticket}")).text
    assert "All done, bye." in page
    assert "Resolved" in page
    again = await browser.post(f"/console/escalations/{case}/claim", ticket_id=ticket)
    assert again.status_code == 409


async def test_a_ticket_is_not_resolved_over_a_message_that_nobody_has_read(world: World) -> None:
    ticket, case = await ticket_with_case(world)
    browser = await world.browser(Role.AGENT, "bob")
    await browser.post(f"/console/escalations/{case}/claim", ticket_id=ticket)
    page = (await browser.get(f"/console/tickets/{ticket}")).text
    form = page.split('id="do-resolve"')[0].split("<form")[-1]
    (seen,) = re.findall(r'name="seen" value="(\d+)"', form)
    await world.message(text="Wait, it is broken again!")
    refused = await browser.post(f"/console/escalations/{case}/resolve", ticket_id=ticket, seen=seen)
    assert refused.status_code == 409
    assert "A new message has come in; read it before you resolve the ticket." in refused.text
    (row,) = await world.rows(tickets, tickets.c.id == ticket)
    assert row.status == "escalated"


@pytest.mark.parametrize("deed", ["reply", "resolve"])
async def test_what_a_third_party_wrote_meanwhile_is_not_passed_over(world: World, deed: str) -> None:
    ticket, case = await ticket_with_case(world)
    browser = await world.browser(Role.AGENT, "bob")
    await browser.post(f"/console/escalations/{case}/claim", ticket_id=ticket)
    hidden = composer((await browser.get(f"/console/tickets/{ticket}")).text)
    await world.message(text="I am her lawyer.", external_id="cus_9", email="law@example.com", name="Lex")
    assert await said(world, ticket, "third_party") == ["I am her lawyer."]
    if deed == "reply":
        status, page = await reply(browser, ticket, "We refund you now.", **hidden)
    else:
        answer = await browser.post(f"/console/escalations/{case}/resolve", ticket_id=ticket, seen=hidden["seen"])
        status, page = answer.status_code, answer.text
    assert status == 409
    assert "A new message" in page
    assert "I am her lawyer." in page
    assert await said(world, ticket, "human") == []


async def test_a_card_number_in_the_last_word_of_a_case_is_not_kept(world: World) -> None:
    ticket, case = await ticket_with_case(world)
    browser = await world.browser(Role.AGENT, "bob")
    await browser.post(f"/console/escalations/{case}/claim", ticket_id=ticket)
    last = "Refunded to 4242 4242 4242 4242.\x0b Bye."
    done = await browser.post(f"/console/escalations/{case}/resolve", ticket_id=ticket, text=last)
    assert done.status_code == 303
    assert await said(world, ticket, "human") == ["Refunded to [card ending 4242]. Bye."]


async def test_a_reply_that_could_not_be_delivered_says_so(world: World) -> None:
    ticket, case = await ticket_with_case(world)
    bob = await world.person(Role.AGENT, "bob")
    await world.services.desk.claim(bob, case)
    message = await world.services.desk.write(bob, ticket, "Hello?", note=False)
    async with world.services.db.begin() as conn:
        values = {"id": "out_1", "tenant": "default", "ticket_id": ticket, "kind": "ticket.reply", "message_id": message}
        await conn.execute(
            outbox.insert().values(**values, body={}, state="dead", next_at=world.clock(), created_at=world.clock())
        )
    page = (await (await world.browser(Role.AGENT, "bob")).get(f"/console/tickets/{ticket}")).text
    assert "Could not be delivered" in page


async def test_a_case_of_another_ticket_is_shown_on_its_own_page(world: World) -> None:
    ticket, case = await ticket_with_case(world)
    (row,) = await world.rows(escalations, escalations.c.id == case)
    assert row.ticket_id == ticket
    browser = await world.browser(Role.AGENT, "bob")
    answer = await browser.post("/console/escalations/esc_nothing/claim", ticket_id=ticket)
    assert answer.status_code == 404
