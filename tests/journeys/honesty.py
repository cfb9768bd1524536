"""Money honesty: what the shop did, what our actions say, and what our ledger sums to are one and the same."""

from collections import Counter

from sqlalchemy import func, select

from service.store.invariants.checking import broken, recomputed
from service.store.ledger import Account
from service.store.money_schema import actions, ledger
from service.store.tenancy import within
from service.store.verification import verify_tenant
from tests.rig import Rig
from tools.catalogue import CATALOGUE


async def books_agree(service: Rig, tenant: str = "default") -> None:
    """Every effect in the shop's books is one succeeded action with its key and amount, the ledger sums to them, and the
    journal verifies."""
    books = await service.books(tenant)
    with within(tenant):
        async with service.services.db.reading() as conn:
            rows = (await conn.execute(select(actions).where(actions.c.tenant == tenant))).all()
            sums = select(ledger.c.account, func.sum(ledger.c.amount_minor).label("total")).where(ledger.c.tenant == tenant)
            stand = Counter({row.account: row.total for row in await conn.execute(sums.group_by(ledger.c.account))})
            verified = await verify_tenant(conn, tenant)
            promises = await broken(conn, tenant, service.services.policy_for(tenant)), await recomputed(conn, tenant)
    # Codes are sent and checked by the service itself, so the shop knows nothing of them.
    in_shop = [row for row in rows if not CATALOGUE[row.tool].by_codes]
    done = {row.key: row.amount_minor or 0 for row in in_shop if row.status == "succeeded"}
    assert {entry.key: entry.amount_minor for entry in books} == done
    assert len(books) == len(done)
    assert stand[Account.PAID] + stand[Account.ACCEPTED] == sum(done.values())
    held = sum(row.amount_minor or 0 for row in rows if row.status in ("reserved", "sent", "unknown"))
    assert stand[Account.RESERVED] == held
    assert sum(stand.values()) == 0
    assert verified.findings == ()
    assert promises == ((), ()), promises
    await service.verify_journals()
