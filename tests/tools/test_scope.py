"""Two merchants with the same ids never meet in the tool layer; of other customers, `tests/security` tries everything."""

from typing import Any

from tests.tools.goods import SHOP
from tests.tools.world import World

REFUND = {"order_id": "D-100001", "amount_minor": 100, "currency": "USD", "reason": "late"}


async def test_two_tenants_with_the_same_ids_never_meet(world: World) -> None:
    await world.add_tenant("other", _renamed())
    here, there = await world.ticket(), await world.ticket(tenant="other")
    for caller, name in ((here, "Ada"), (there, "Eve")):
        result = await world.runner.call(caller, "get_customer", {}, "o-1")
        assert result.data["customer"]["name"]["first"] == name
    asked = await world.runner.call(there, "issue_refund", REFUND, "o-2")
    assert asked.action is not None
    await world.says_yes(asked.action)
    assert (await world.runner.resume(here, asked.action.id)).code == "not_found"
    assert (await world.runner.resume(there, asked.action.id)).ok
    assert (len(await world.books("default")), len(await world.books("other"))) == (0, 1)


def _renamed() -> dict[str, Any]:
    """The same ids in another merchant's shop, where cus_ada is called Eve."""
    customers = [{**one, "name": {"first": "Eve", "last": "Other"}} for one in SHOP["customers"]]
    return {**SHOP, "customers": customers}
