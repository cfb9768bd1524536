"""What the loop saw of a tool call: a JSON value that is journalled, shown to the model, and read again on resume."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict

from tools.commerce import Receipt
from tools.ports import Action, ActionStatus, Json, ToolResult


class Observed(BaseModel):
    """One answered call. `receipt` is the proof of an effect; `status` is the action's, None for a read."""

    model_config = ConfigDict(frozen=True)

    tool: str
    ok: bool
    data: dict[str, Any] = {}
    code: str | None = None
    rule: str | None = None
    sentence: str = ""
    action_id: str | None = None
    order_id: str | None = None
    status: ActionStatus | None = None
    receipt: Receipt | None = None

    @classmethod
    def of(cls, result: ToolResult) -> "Observed":
        """The result as the loop keeps it."""
        action = result.action
        return cls(
            tool=result.tool,
            ok=result.ok,
            data=dict(result.data),
            code=str(result.code) if result.code else None,
            rule=result.rule,
            sentence=result.sentence,
            action_id=action.id if action else None,
            order_id=action.order_id if action else None,
            status=action.status if action else None,
            receipt=action.receipt if action else None,
        )

    @classmethod
    def refused(cls, tool: str, code: str, sentence: str) -> "Observed":
        """A call that the loop itself did not let through."""
        return cls(tool=tool, ok=False, code=code, sentence=sentence)

    def as_json(self) -> Json:
        """The journal's form."""
        return self.model_dump(mode="json", by_alias=True, exclude_defaults=True, exclude_none=True)

    def for_model(self) -> Json:
        """What the model is shown: no ids of ours, and the receipt whole."""
        shown: dict[str, Json] = {"ok": self.ok}
        if self.data:
            shown["data"] = self.data
        if self.code:
            shown["code"] = self.code
        if self.rule:
            shown["rule"] = self.rule
        if self.sentence:
            shown["message"] = self.sentence
        if self.receipt is not None:
            shown["receipt"] = receipt_json(self.receipt)
        return shown


@dataclass(frozen=True, slots=True)
class Proof:
    """An effect of this ticket that a draft may claim."""

    tool: str
    receipt: Receipt
    order_id: str | None = None


def proofs_of(actions: Iterable[Action]) -> tuple[Proof, ...]:
    """The proofs among a ticket's actions."""
    done = [action for action in actions if action.status is ActionStatus.SUCCEEDED]
    return tuple(Proof(action.tool, action.receipt, action.order_id) for action in done if action.receipt is not None)


def receipt_json(receipt: Receipt) -> dict[str, Json]:
    """A receipt in the form that is shown to the model, unabridged."""
    return receipt.model_dump(mode="json", exclude_none=True)
