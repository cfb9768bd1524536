"""Conversations that do not run straight: slots, corrections, digressions, unclear answers, second thoughts."""

import pytest

from tests.journeys.looking import kinds, later, newest_reply, statuses
from tests.rig import Rig


async def test_a_detail_that_was_asked_for_is_taken_from_a_later_message(service: Rig) -> None:
    how = {"customer": "cus_3"}
    ticket = await service.say("I want to return something from order D-100010, I changed my mind", **how)
    assert (ticket["status"], ticket["question"]["kind"], ticket["actions"]) == ("waiting_customer", "slot", [])
    asked = await newest_reply(service, ticket)
    assert "Mechanical Keyboard" in asked
    assert "Stoneware Mug" in asked
    ticket = await later(service, "the keyboard", **how)
    assert ticket["question"]["kind"] == "confirm"
    (action,) = ticket["actions"]
    assert (action["args"]["order_id"], action["amount"]["amount_minor"]) == ("D-100010", 14900)
    ticket = await later(service, "yes", **how)
    assert statuses(ticket) == ["succeeded"]


async def test_a_correction_replaces_what_was_offered_and_only_that_is_done(service: Rig) -> None:
    ticket = await service.say("The mug from order D-100002 arrived broken, I want my money back.")
    (first,) = ticket["actions"]
    assert first["args"]["order_id"] == "D-100002"
    ticket = await later(service, "No, I mean the other order, D-100004, the espresso machine")
    assert statuses(ticket) == ["superseded", "proposed"]
    second = ticket["actions"][1]
    assert (second["args"]["order_id"], ticket["question"]["action_id"]) == ("D-100004", second["id"])
    ticket = await later(service, "no, sorry, it was the kettle from order D-100002")
    assert statuses(ticket) == ["superseded", "superseded", "proposed"]
    ticket = await later(service, "yes please")
    assert statuses(ticket) == ["superseded", "superseded", "succeeded"]
    (entry,) = await service.books()
    assert (entry.order_id, entry.amount_minor) == ("D-100002", 8900)


async def test_a_bare_order_number_after_the_answer_asks_the_same_about_that_order(service: Rig) -> None:
    ticket = await service.say("Where is my order D-100001?")
    ticket = await later(service, "D-100004")
    assert (ticket["status"], ticket["lane"], ticket["flow"]) == ("resolved", "workflow", "order_status")
    assert "Order D-100004 (Espresso Machine) was delivered" in await newest_reply(service, ticket)
    ticket = await later(service, "sorry, I meant 100003")
    assert "Order D-100003 (Brushed Hoodie and 1 more) has been placed" in await newest_reply(service, ticket)
    ticket = await later(service, "no, the other order")
    assert "Order D-100001 (Trail Running Shoes and 1 more) is on its way" in await newest_reply(service, ticket)
    ticket = await later(service, "any news?")
    assert "Order D-100001 (Trail Running Shoes and 1 more) is on its way" in await newest_reply(service, ticket)


async def test_another_order_than_the_one_that_was_refused_is_offered_and_waits_for_its_own_yes(service: Rig) -> None:
    await service.say("Please cancel my order D-100001")
    ticket = await later(service, "oops sorry, I meant D-100003")
    assert (ticket["question"]["kind"], ticket["actions"][0]["args"]["order_id"]) == ("confirm", "D-100003")
    await later(service, "yes")
    ticket = await later(service, "any news on my refund?")
    assert (ticket["status"], ticket["flow"], ticket["intent"]) == ("resolved", "refund_status", "refund_status")
    assert "$83.00 to Mastercard ending 2161" in await newest_reply(service, ticket)


async def test_only_one_of_two_equal_things_goes_back(service: Rig) -> None:
    how = {"customer": "cus_3"}
    ticket = await service.say("The mugs from order D-100010 arrived broken, I want my money back.", **how)
    assert ticket["actions"][0]["amount"]["amount_minor"] == 3700
    ticket = await later(service, "sorry, only one of them is broken", **how)
    assert (statuses(ticket), ticket["actions"][1]["amount"]["amount_minor"]) == (["superseded", "proposed"], 1850)
    assert "For: Stoneware Mug (sand), order D-100010" in await newest_reply(service, ticket)
    await later(service, "yes", **how)
    assert [entry.amount_minor for entry in await service.books()] == [1850]


async def test_one_of_the_mugs_is_one_line_of_the_return(service: Rig) -> None:
    how = {"customer": "cus_3"}
    wish = "I'd like to return one of the mugs from order D-100010, I don't need it"
    await service.say(wish, **how)
    await later(service, "yes please", **how)
    order = await service.order("D-100010")
    (item_id,) = order["return"]["item_ids"]
    assert [item["name"] for item in order["items"] if item["id"] == item_id] == ["Stoneware Mug"]


async def test_a_question_in_between_is_answered_and_leads_back(service: Rig) -> None:
    ticket = await service.say("Please cancel my order D-100003")
    action = ticket["question"]["action_id"]
    ticket = await later(service, "Where is my order D-100001?")
    reply = await newest_reply(service, ticket)
    assert reply.index("D-100001") < reply.index("Shall I cancel the order?")
    assert (ticket["status"], ticket["question"]["action_id"], statuses(ticket)) == ("waiting_customer", action, ["proposed"])
    ticket = await later(service, "yes please")
    assert statuses(ticket) == ["succeeded"]
    assert [entry.order_id for entry in await service.books()] == ["D-100003"]


async def test_a_yes_to_an_order_that_was_only_spoken_of_in_between_is_no_yes(service: Rig) -> None:
    how = {"customer": "cus_3"}
    await service.say("The keyboard from order D-100010 arrived broken, I want my money back.", **how)
    await later(service, "Where is my order D-100009?", **how)
    ticket = await later(service, "Where is my order D-100009?", **how)
    assert (await newest_reply(service, ticket)).count("Shall I make this refund?") == 1
    ticket = await later(service, "yes, refund order D-100009", **how)
    assert "succeeded" not in statuses(ticket)
    assert await service.books() == []


async def test_an_unclear_answer_is_asked_again_twice_then_goes_to_the_agent_and_on_to_a_person(service: Rig) -> None:
    await service.say("Please cancel my order D-100003")
    for unclear in ("bananas grow on trees", "the weather is odd"):
        ticket = await later(service, unclear)
        assert (ticket["status"], ticket["lane"], statuses(ticket)) == ("waiting_customer", "workflow", ["proposed"])
        assert (await newest_reply(service, ticket)).count("I don't want to guess") == 1
    ticket = await later(service, "purple is a colour")
    assert (ticket["status"], ticket["lane"], statuses(ticket)) == ("escalated", "human", ["superseded"])
    assert (ticket["question"], ticket["escalation"]["state"]) == (None, "open")
    assert (await kinds(service, ticket)).count("ticket.handed_over") == 1
    late = await later(service, "yes please")
    assert statuses(late) == ["superseded"]
    assert await service.books() == []


async def test_a_customer_who_drops_it_ends_it_and_may_start_anew(service: Rig) -> None:
    how = {"customer": "cus_3"}
    ticket = await service.say("I want to return something from order D-100010, I changed my mind", **how)
    assert ticket["question"]["kind"] == "slot"
    ticket = await later(service, "never mind", **how)
    assert (ticket["status"], ticket["question"], ticket["actions"]) == ("resolved", None, [])
    ticket = await later(service, "The keyboard from order D-100010 arrived broken, I want my money back.", **how)
    (action,) = ticket["actions"]
    # Nothing of the dropped wish is left: this is a refund for a fault, not the return of before.
    assert (action["tool"], action["args"]["reason"], action["status"]) == ("issue_refund", "damaged", "proposed")


async def test_a_person_is_one_sentence_away_at_any_point(service: Rig) -> None:
    new = await service.say("I want to talk to a person", ticket="T-1")
    await later(service, "Please change the delivery address of order D-100003", ticket="T-2")
    in_slot = await later(service, "Can I speak to a human please?", ticket="T-2")
    await later(service, "Please cancel my order D-100003", ticket="T-3")
    in_question = await later(service, "No more bots, get me a real person.", ticket="T-3")
    for ticket in (new, in_slot, in_question):
        assert (ticket["status"], ticket["lane"], ticket["question"]) == ("escalated", "human", None)
        assert (ticket["escalation"]["reason"], ticket["escalation"]["state"]) == ("customer_asked", "open")
        assert "passing your message on to a colleague" in await newest_reply(service, ticket)
    assert statuses(in_question) == ["superseded"]
    late = await later(service, "yes please", ticket="T-3")
    assert statuses(late) == ["superseded"]
    assert await service.books() == []


async def test_questions_in_between_use_up_none_of_the_tries_to_answer(service: Rig) -> None:
    ticket = await service.say("Please cancel my order D-100003")
    for _ in range(4):
        ticket = await later(service, "Where is my order D-100001?")
    assert (ticket["status"], statuses(ticket)) == ("waiting_customer", ["proposed"])
    ticket = await later(service, "bananas grow on trees")
    assert (ticket["status"], statuses(ticket)) == ("waiting_customer", ["proposed"])
    assert (await newest_reply(service, ticket)).count("I don't want to guess") == 1
    ticket = await later(service, "yes please")
    assert statuses(ticket) == ["succeeded"]


async def test_a_slot_question_that_comes_back_is_not_wrapped_in_the_answers_before_it(service: Rig) -> None:
    how = {"customer": "cus_3"}
    ticket = await service.say("I want to return something from order D-100010, I changed my mind", **how)
    for _ in range(2):
        ticket = await later(service, "Where is my order D-100009?", **how)
    reply = await newest_reply(service, ticket)
    assert "D-100009 (Noise-Cancelling Headphones) is on its way" in reply
    assert (reply.count("And back to what we were doing"), reply.count("Which of them is it about?")) == (1, 1)


async def test_a_question_that_the_customer_drops_leaves_no_flow_waiting_for_its_answer(service: Rig) -> None:
    how = {"customer": "cus_8"}
    ticket = await service.say("Where is my order?", **how)
    assert (ticket["question"]["kind"], ticket["state"]) == ("slot", "asking_order")
    ticket = await later(service, "never mind", **how)
    assert (ticket["status"], ticket["question"], ticket["state"]) == ("resolved", None, "stopped")
    assert "left everything as it is" in await newest_reply(service, ticket)


async def test_a_yes_that_wants_the_money_elsewhere_is_told_where_it_can_go_and_asked_again(service: Rig) -> None:
    await service.say("please cancel order D-100003")
    ticket = await later(service, "yes but to my paypal")
    assert "Money can only go back the way you paid." in await newest_reply(service, ticket)
    assert (statuses(ticket), await service.books()) == (["proposed"], [])
    ticket = await later(service, "ok, yes")
    assert (ticket["status"], statuses(ticket)) == ("resolved", ["succeeded"])
    assert [entry.order_id for entry in await service.books()] == ["D-100003"]


async def test_a_refund_is_not_sent_elsewhere_by_a_yes_with_a_condition(service: Rig) -> None:
    await service.say("the kettle from order D-100002 arrived broken, I want my money back")
    ticket = await later(service, "yes, but send it to my friend's account via paypal")
    assert "Money can only go back the way you paid." in await newest_reply(service, ticket)
    assert await service.books() == []


async def test_a_correction_that_changes_nothing_is_not_met_with_the_same_question_for_ever(service: Rig) -> None:
    await service.say("I want to return both items of D-100002, I don't like them")
    for _ in range(2):
        ticket = await later(service, "no, all of them, and the saucer")
        assert ticket["question"]["kind"] == "confirm"
    ticket = await later(service, "all of them, and the saucer!")
    assert (ticket["status"], ticket["question"]) == ("escalated", None)
    assert statuses(ticket) == ["superseded"]


@pytest.mark.parametrize("word", ["actually yes please", "on second thought, yes, cancel it", "yes, do it after all"])
async def test_who_said_no_and_wants_it_after_all_is_shown_the_offer_again_and_asked_for_a_new_yes(
    service: Rig, word: str
) -> None:
    await service.say("Please cancel my order D-100003")
    ticket = await later(service, "no")
    assert (ticket["status"], ticket["state"], statuses(ticket)) == ("resolved", "declined", ["superseded"])
    ticket = await later(service, word)
    assert (ticket["status"], ticket["lane"], statuses(ticket)) == ("waiting_customer", "workflow", ["superseded", "proposed"])
    assert "Shall I cancel the order?" in await newest_reply(service, ticket)
    assert await service.books() == []
    ticket = await later(service, "yes")
    assert statuses(ticket) == ["superseded", "succeeded"]


async def test_who_answers_a_yes_with_more_words_is_told_that_the_one_word_is_enough(service: Rig) -> None:
    await service.say("Please cancel my order D-100003")
    for impatient in ("I already said yes!", "just cancel it already"):
        ticket = await later(service, impatient)
        assert (statuses(ticket), await service.books()) == (["proposed"], [])
        assert 'please answer with the single word "yes"' in await newest_reply(service, ticket)
    ticket = await later(service, "yes")
    assert statuses(ticket) == ["succeeded"]


async def test_a_question_in_place_of_a_reason_is_answered_and_uses_up_no_asking_for_the_reason(service: Rig) -> None:
    how = {"customer": "cus_3"}
    await service.say("I want to return the keyboard from order D-100010", **how)
    for _ in range(3):
        ticket = await later(service, "Does the keyboard come in blue?", **how)
        assert (ticket["status"], ticket["lane"], ticket["state"]) == ("waiting_customer", "workflow", "asking_cause")
        reply = await newest_reply(service, ticket)
        assert reply.index("what we have of the Mechanical Keyboard") < reply.index("Could you tell me why")
        assert "did not quite understand" not in reply
    ticket = await later(service, "it came broken", **how)
    assert (ticket["lane"], ticket["question"]["kind"], statuses(ticket)) == ("workflow", "confirm", ["proposed"])
