"""Asking for a person."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from tools.args import Args, LongText
from tools.ports import Effect, Json, Verification
from tools.tool import ToolContext, tool


class EscalateArgs(Args):
    """Why a person is needed, and what that person should know first."""

    reason: Literal[
        "customer_asked",
        "out_of_scope",
        "no_progress",
        "tool_failed",
        "outcome_unknown",
        "policy",
        "identity",
        "low_confidence",
    ]
    summary: Annotated[LongText, Field(description="What the customer wants, what was done, and what is open.")]


@tool(effect=Effect.READ, verification=Verification.NONE, stoppable=False)
async def escalate(ctx: ToolContext, args: EscalateArgs) -> Mapping[str, Json]:
    """Hand the ticket to a person. This states the intent; the ticket is handed over when the run ends."""
    return {"escalate": True, "reason": args.reason, "summary": args.summary}
