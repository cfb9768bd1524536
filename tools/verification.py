"""Finding out whether a sender is the customer: a code goes to the address on file, and whoever types it has read that mail.

The code itself is never an argument, a fact or an entry: at every door it is replaced by its seal, which only the service that
made the code can compare.
"""

from typing import Annotated, Protocol

from pydantic import Field, StringConstraints

from tools.args import Args, NoArgs
from tools.commerce import Backend, Capabilities, Customer, Failure, Job, Receipt
from tools.errors import BackendRefused, Code
from tools.ports import Action, Effect, TenantName, TicketId, Verification
from tools.tool import ToolContext, Wanted, tool

SEAL = r"\[code:[0-9a-f]{32}\]"
"""What stands in place of a code, in texts and arguments alike."""


class Codes(Backend, Protocol):
    """Makes, sends and checks codes. Effects carry the action's key, and the same key is done once."""

    async def issue(self, action: Action) -> Receipt:
        """Send a new code to the address in the action's facts, in place of an older one; to nobody when there is none.

        Raises `BackendRefused`: `rate_limited`, or `bad_state` where codes cannot be sent.
        """
        ...

    async def check(self, action: Action) -> Receipt:
        """Hold the sealed code of the action against the ticket's newest; the right one proves its message's sender.

        Raises `BackendRefused`: `verification_required` for a wrong code, `bad_state` when there is none to compare with.
        """
        ...

    def seal(self, tenant: TenantName, ticket: TicketId, value: str) -> str:
        """The seal of a code as this ticket knows it; a value that cannot be a code stays as it is."""
        ...


class NoCodes(Codes):
    """Where there is no way to send a code."""

    @property
    def capabilities(self) -> Capabilities:
        """Nothing is ever sent, so nothing is sent twice."""
        return Capabilities(honours_keys=True)

    async def issue(self, action: Action) -> Receipt:
        """Refuse."""
        raise BackendRefused(Code.BAD_STATE, "There is no way to send a code from here.")

    async def check(self, action: Action) -> Receipt:
        """Refuse."""
        raise BackendRefused(Code.BAD_STATE, "No code has been sent.")

    async def find_effect(self, key: str) -> Receipt | Job | Failure | None:
        """There is none."""
        return None

    def seal(self, tenant: TenantName, ticket: TicketId, value: str) -> str:
        """A seal that fits no code."""
        return f"[code:{'0' * 32}]"


class CheckCode(Args):
    """What the customer typed."""

    code: Annotated[str, StringConstraints(pattern=rf"^(\d{{6}}|{SEAL})$"), Field(description="The six digits that were sent.")]


async def _send(codes: Codes, action: Action) -> Receipt:
    return await codes.issue(action)


@tool(effect=Effect.WRITE, act=_send, verification=Verification.NONE, confirms=False, by_codes=True)
async def send_verification_code(ctx: ToolContext, args: NoArgs) -> Wanted:
    """Send a six-digit code to the e-mail address that the merchant has on file, so that the customer can prove who they are.

    It goes to the ticket's own customer, or else to the account of the address that the sender wrote from. Nobody chooses the
    address, and nobody is told whether there is such an account.
    """
    customer = await _account(ctx)
    return Wanted(facts={"account": customer.id, "to": customer.email} if customer else {})


async def _account(ctx: ToolContext) -> Customer | None:
    if ctx.caller.customer is not None:
        return await ctx.shop.get_customer(ctx.caller.customer)
    return await ctx.shop.find_customer_by_email(ctx.caller.claimed) if ctx.caller.claimed else None


async def _check(codes: Codes, action: Action) -> Receipt:
    return await codes.check(action)


@tool(
    effect=Effect.WRITE,
    act=_check,
    verification=Verification.NONE,
    confirms=False,
    by_codes=True,
    seals=frozenset({"code"}),
)
async def check_verification_code(ctx: ToolContext, args: CheckCode) -> Wanted:
    """Check the code that the customer typed; the right one proves that they are the customer whose address it was sent to.

    A code lives only for a while and may be tried only a few times; the merchant sets both.
    """
    return Wanted()
