"""Votes through the API: who may vote, on which facts, and that a decision is made once."""

import asyncio
from typing import Any

from service.store.people import Role
from tests.api.house import House
from tests.api.test_actions import act, refund
from tests.api.test_desk import post
from tests.conftest import StandingClock


async def waiting(house: House, amount_minor: int = 60_000, order: str = "D-100003") -> dict[str, Any]:
    """An approval that waits, for a refund that an agent asked for."""
    ticket = await house.ticket()
    await act(house, ticket, refund(order_id=order, amount_minor=amount_minor), 202)
    listed = await house.http.get("/v1/approvals?state=pending", headers=await house.key())
    return listed.json()["items"][0]


async def supervisor(house: House, name: str = "sue") -> dict[str, str]:
    """The key of a supervisor of this name."""
    await house.person(Role.SUPERVISOR, email=f"{name}@default.example")
    return await house.key(email=f"{name}@default.example")


def vote(approval: dict[str, Any], decision: str = "approve", **changed: str) -> dict[str, str]:
    """A vote on the facts that were shown."""
    return {"decision": decision, "reason": "The photo shows it.", "digest": approval["digest"]} | changed


async def test_a_supervisor_approves_and_the_ticket_is_woken(house: House) -> None:
    approval = await waiting(house)
    assert set(approval) == {"id", "action", "facts", "rule", "votes_needed", "votes", "digest", "expires_at", "state"}
    before = await house.rows()
    decided = await post(house, f"/v1/approvals/{approval['id']}/decision", await supervisor(house), vote(approval))
    assert decided["state"] == "approved"
    assert [(one["decision"], one["reason"]) for one in decided["votes"]] == [("approve", "The photo shows it.")]
    after = await house.rows()
    assert after["events"] == before["events"] + 1


async def test_a_no_is_a_no(small_house: House) -> None:
    approval = await waiting(small_house)
    path = f"/v1/approvals/{approval['id']}/decision"
    assert (await post(small_house, path, await supervisor(small_house), vote(approval, "deny")))["state"] == "denied"
    late = await post(small_house, path, await supervisor(small_house, "tom"), vote(approval), 409)
    assert late["code"] == "already_decided"


async def test_a_no_without_its_reason_is_not_taken(small_house: House) -> None:
    approval = await waiting(small_house)
    path = f"/v1/approvals/{approval['id']}/decision"
    boss, before = await supervisor(small_house), await small_house.rows()
    for silent in ("", "  \n"):
        refused = await post(small_house, path, boss, vote(approval, "deny", reason=silent), 422)
        assert (refused["code"], refused["detail"][:7]) == ("validation", "Say why")
    assert await small_house.rows() == before


async def test_two_votes_are_two_people(house: House) -> None:
    approval = await waiting(house, 510_000, "D-100004")
    assert approval["votes_needed"] == 2
    path = f"/v1/approvals/{approval['id']}/decision"
    first = await supervisor(house)
    assert (await post(house, path, first, vote(approval)))["state"] == "pending"
    assert (await post(house, path, first, vote(approval), 409))["code"] == "already_decided"
    assert (await post(house, path, await supervisor(house, "tom"), vote(approval)))["state"] == "approved"


async def test_two_supervisors_at_once_and_one_decides(house: House) -> None:
    approval = await waiting(house)
    keys = [await supervisor(house, f"s{n}") for n in range(6)]
    path = f"/v1/approvals/{approval['id']}/decision"
    choices = ["approve", "deny"] * 3
    answers = await asyncio.gather(
        *(house.http.post(path, headers=key, json=vote(approval, choice)) for key, choice in zip(keys, choices, strict=True))
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409, 409, 409]
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"already_decided"}


async def test_who_may_not_decide_decides_nothing(small_house: House) -> None:
    approval = await waiting(small_house)
    path = f"/v1/approvals/{approval['id']}/decision"
    before = await small_house.rows()
    for role in (Role.VIEWER, Role.AGENT, Role.ADMIN, Role.AUDITOR):
        assert (await post(small_house, path, await small_house.key(role=role), vote(approval), 403))["code"] == "forbidden"
    assert (await post(small_house, path, await small_house.key(role=None), vote(approval), 403))["code"] == "forbidden"
    assert (await small_house.rows())["votes"] == before["votes"]


async def test_nobody_approves_their_own_request(small_house: House) -> None:
    ticket = await small_house.ticket()
    key = await supervisor(small_house)
    await post(small_house, f"/v1/tickets/{ticket}/actions", key, refund(order_id="D-100003", amount_minor=60_000), 202)
    approval = (await small_house.http.get("/v1/approvals?state=pending", headers=key)).json()["items"][0]
    refused = await post(small_house, f"/v1/approvals/{approval['id']}/decision", key, vote(approval), 403)
    assert refused["code"] == "forbidden"


async def test_a_vote_on_other_facts_does_not_count(small_house: House) -> None:
    approval = await waiting(small_house)
    path = f"/v1/approvals/{approval['id']}/decision"
    other = vote(approval, digest="0" * 64)
    assert (await post(small_house, path, await supervisor(small_house), other, 409))["code"] == "digest_mismatch"


async def test_a_vote_that_comes_too_late_does_not_count(small_house: House, clock: StandingClock) -> None:
    approval = await waiting(small_house)
    key = await supervisor(small_house)
    clock.advance(hours=73)
    refused = await post(small_house, f"/v1/approvals/{approval['id']}/decision", key, vote(approval), 409)
    assert refused["code"] == "expired"


async def test_a_vote_of_another_shape_is_refused(small_house: House) -> None:
    approval = await waiting(small_house)
    key = await supervisor(small_house)
    path = f"/v1/approvals/{approval['id']}/decision"
    for body in (
        vote(approval, "maybe"),
        {"decision": "approve"},
        vote(approval, digest=""),
        vote(approval, reason="x" * 2_001),
    ):
        assert (await post(small_house, path, key, body, 422))["code"] == "validation"
