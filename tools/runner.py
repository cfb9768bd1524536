"""The only door to the merchant's world: reads, decides and reserves, sends, acts once, settles; the same for every caller."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from tools.args import Args
from tools.book import ActionBook, Decide
from tools.catalogue import CATALOGUE
from tools.errors import BackendUnavailable, Code, MovedOn, OutcomeUnknown, ToolError
from tools.execution import UNREADABLE, CommerceFor, Crashpoint, Executor, go_on
from tools.explaining import Explanation, explained, explained_at_the_door
from tools.policy import Case, Policy, decide, decide_read
from tools.ports import (
    Action,
    ActionId,
    ActionStatus,
    BookFacts,
    Caller,
    Clock,
    Effect,
    Json,
    Proposal,
    TenantName,
    ToolResult,
    Verdict,
)
from tools.results import refused, result_of
from tools.storable import as_kept
from tools.tool import ToolContext, ToolSpec, Wanted
from tools.verification import Codes, NoCodes

PolicyFor = Callable[[TenantName], Policy]
"""The policy of a tenant, as it is now."""

NOT_GRANTED = "This tool is not available here."
MALFORMED = "The arguments do not have the shape that this tool takes."
NO_ACTION = "There is no such action on this ticket."
OTHER_TOOL = "This request has been used for another tool."
UNAVAILABLE = BackendUnavailable().detail


class ToolRunner:
    """Runs every tool call. Refusals come back as results; `FencedOff` and `RunSuperseded` pass through."""

    def __init__(
        self,
        commerce_for: CommerceFor,
        book: ActionBook,
        policy_for: PolicyFor,
        clock: Clock,
        crashpoint: Crashpoint = go_on,
        codes: Codes | None = None,
    ) -> None:
        self._commerce_for = commerce_for
        self._book = book
        self._policy_for = policy_for
        self._clock = clock
        self._crash = crashpoint
        self._codes = codes or NoCodes()
        self._executor = Executor(commerce_for, book, crashpoint, self._codes)

    async def call(
        self, caller: Caller, tool: str, args: Mapping[str, Json], origin: str, confirmed: bool = False
    ) -> ToolResult:
        """Call a tool. `origin` is unique on the ticket and makes a repeated call meet its action.

        `confirmed` is a person's recorded attestation that the customer said yes; from anybody else it means nothing.
        """
        try:
            spec, parsed, wanted = _parsed(caller, tool, self._sealed(caller, tool, args), origin, confirmed)
        except ToolError as error:
            return await self._refuse(caller, tool, {}, error)
        try:
            if spec.effect is Effect.READ:
                return await self._read(caller, spec, parsed, wanted)
            return await self._act(caller, spec, parsed, wanted)
        except BackendUnavailable:
            return refused(tool, Code.BACKEND_UNAVAILABLE, UNAVAILABLE)
        except ToolError as error:
            return await self._refuse(caller, tool, wanted.args, error)

    async def resume(self, caller: Caller, action_id: ActionId) -> ToolResult:
        """Go on with an action that was confirmed or approved, or learn how it stands; its arguments are the recorded ones."""
        action = await self._book.find(caller, action=action_id)
        if action is None:
            return refused("", Code.NOT_FOUND, NO_ACTION)
        if action.status is ActionStatus.PROPOSED:
            try:
                action = await self._decide_again(caller, action)
            except BackendUnavailable:
                return replace(result_of(action), code=Code.BACKEND_UNAVAILABLE, sentence=UNAVAILABLE)
        return await self._finish(caller, action)

    async def explain(self, caller: Caller, tool: str, args: Mapping[str, Json], confirmed: bool = False) -> Explanation:
        """What would happen to a call now, and which rule says so: the same reading and the same decision, and nothing written.

        Raises `ToolError` for an unknown tool and for malformed arguments, and `BackendUnavailable`.
        """
        spec, parsed, wanted = _parsed(caller, tool, args, "", confirmed)
        policy = self._policy_for(caller.tenant)
        case = self._case(caller, spec, wanted, Wanted())
        # What acts is decided with the whole book below, its switches among it.
        asked = spec.effect is Effect.READ and spec.stoppable
        book = BookFacts(killed=await self._book.switch_for(caller, spec.name) if asked else None)
        verdict = decide_read(case, book, policy)
        if verdict.decision == "deny" or spec.effect is Effect.READ:
            return explained_at_the_door(case, book, policy, verdict)
        try:
            found: Wanted = await self._ask(caller, spec, parsed, policy)
        except BackendUnavailable:
            raise
        except ToolError as error:
            return explained_at_the_door(case, book, policy, Verdict("deny", error.rule, error.code, error.detail))
        proposal = _filled(wanted, found)
        facts, meets = await self._book.look(caller, proposal)
        return explained(self._case(caller, spec, proposal, found), facts, policy, meets)

    async def reconcile(self, action: Action) -> Action:
        """For the sweep: find out what became of a `sent` or `unknown` action that nobody works on, and wake its ticket."""
        return await self._executor.look_up(action, wake=True)

    async def look_only(self, action: Action) -> Action:
        """For a person who is about to settle an `unknown` action: what the merchant's system says comes first."""
        return await self._executor.look_only(action)

    async def follow_up(self, action: Action) -> Action:
        """For the merchant's own events: follow what its books say now about an action that was sent.

        Raises `BackendUnavailable` when they cannot be read now.
        """
        return await self._executor.follow_up(action)

    def _sealed(self, caller: Caller, tool: str, args: Mapping[str, Json]) -> Mapping[str, Json]:
        """The arguments with what must not be kept in clear replaced by its seal."""
        seals = CATALOGUE[tool].seals if tool in CATALOGUE and isinstance(args, Mapping) else frozenset[str]()
        typed = {name: value for name in seals if isinstance(value := args.get(name), str)}
        if not typed:
            return args
        return {**args, **{name: self._codes.seal(caller.tenant, caller.ticket, value) for name, value in typed.items()}}

    async def _read(self, caller: Caller, spec: ToolSpec, parsed: Args, wanted: Proposal) -> ToolResult:
        policy = self._policy_for(caller.tenant)
        look = spec.stoppable and not caller.no_switch
        killed = await self._book.switch_for(caller, spec.name) if look else None
        self._require(decide_read(self._case(caller, spec, wanted, Wanted()), BookFacts(killed=killed), policy))
        data = await self._ask(caller, spec, parsed, policy)
        return ToolResult(spec.name, ok=True, data=data)

    async def _act(self, caller: Caller, spec: ToolSpec, parsed: Args, wanted: Proposal) -> ToolResult:
        known = await self._book.find(caller, origin=wanted.origin)
        if known is not None and known.tool != spec.name:
            raise ToolError(Code.VALIDATION, OTHER_TOOL)
        if known is None:
            policy = self._policy_for(caller.tenant)
            self._require(decide_read(self._case(caller, spec, wanted, Wanted()), BookFacts(), policy))
            found: Wanted = await self._ask(caller, spec, parsed, policy)
            proposal = _filled(wanted, found)
            self._crash("before_decision")
            known = await self._book.propose(
                caller, proposal, self._decision(self._case(caller, spec, proposal, found), policy), policy.version
            )
            self._crash("after_decision")
        return await self._finish(caller, known)

    async def _decide_again(self, caller: Caller, action: Action) -> Action:
        """Read the facts again and decide with the policy of now; what can no longer be done is refused.

        Whoever resumes an action, it is judged as what it is: a wish of the lane, the flow and the intent that had it.
        """
        caller = replace(caller, lane=action.lane or caller.lane, flow=action.flow, intent=action.intent)
        spec, policy = CATALOGUE[action.tool], self._policy_for(caller.tenant)
        proposal = Proposal(
            origin=action.origin,
            tool=action.tool,
            effect=action.effect,
            args=action.args,
            order_id=action.order_id,
            money=action.money,
            legs=action.legs,
            facts=action.facts,
            confirms=spec.confirms,
        )
        try:
            found = await self._ask(caller, spec, _strict(spec, action.args), policy)
        except BackendUnavailable:
            raise
        except ToolError as error:
            decision = _always(Verdict("deny", error.rule, error.code, error.detail))
        else:
            proposal = _filled(proposal, found)
            decision = self._decision(replace(self._case(caller, spec, proposal, found), agreed=action), policy)
        self._crash("before_decision")
        decided = await self._book.resume(caller, action, proposal, decision, policy.version)
        self._crash("after_decision")
        return decided

    async def _finish(self, caller: Caller, action: Action) -> ToolResult:
        """Carry out what is reserved, look up what a dead turn of the same ticket has sent, and say how the action stands."""
        turn = caller.fence is not None and action.fence is not None
        own = turn or (caller.fence is None and action.fence is None)
        try:
            if action.status is ActionStatus.RESERVED and own:
                action = await self._executor.carry_out(caller, action)
            elif action.status in (ActionStatus.SENT, ActionStatus.UNKNOWN) and turn:
                action = await self._executor.look_up(action)
        except MovedOn:
            action = await self._book.find(caller, action=action.id) or action
        return result_of(action)

    async def _ask(self, caller: Caller, spec: ToolSpec, parsed: Args, policy: Policy) -> Any:
        context = ToolContext(self._commerce_for(caller.tenant), caller, self._clock(), policy, self._book)
        try:
            async with asyncio.timeout(spec.timeout):
                return await spec.handler(context, parsed)
        except (OutcomeUnknown, TimeoutError, *UNREADABLE) as lost:
            raise BackendUnavailable from lost

    def _case(self, caller: Caller, spec: ToolSpec, proposal: Proposal, found: Wanted) -> Case:
        return Case(spec, proposal, found.situation, caller, self._clock())

    def _decision(self, case: Case, policy: Policy) -> Decide:
        return lambda book: decide(case, book, policy)

    def _require(self, verdict: Verdict) -> None:
        if verdict.decision == "deny":
            raise ToolError(Code(verdict.code or Code.NOT_GRANTED), verdict.sentence, verdict.rule)

    async def _refuse(self, caller: Caller, tool: str, args: Mapping[str, Json], error: ToolError) -> ToolResult:
        name = tool if tool in CATALOGUE else "unknown"
        await self._book.record_refusal(caller, name, args, error.code, error.rule)
        return refused(tool, error.code, error.detail, error.rule)


def _parsed(
    caller: Caller, tool: str, args: Mapping[str, Json], origin: str, confirmed: bool
) -> tuple[ToolSpec, Args, Proposal]:
    """The tool, its strict arguments, and what is wanted before anything was read. Raises `ToolError`."""
    spec = CATALOGUE.get(tool)
    if spec is None:
        raise ToolError(Code.NOT_GRANTED, NOT_GRANTED, "tool.granted")
    parsed = _strict(spec, args)
    wanted = Proposal(
        origin=origin,
        tool=tool,
        effect=spec.effect,
        args=parsed.model_dump(mode="json"),
        confirms=spec.confirms,
        attested_by=caller.person if confirmed else None,
    )
    return spec, parsed, wanted


def _strict(spec: ToolSpec, args: Mapping[str, Json]) -> Args:
    """The arguments as the tool takes them now; those of an older release may have become malformed. Raises `ToolError`."""
    try:
        return spec.args_model.model_validate(dict(args) if isinstance(args, Mapping) else args)
    except ValidationError as error:
        raise ToolError(Code.VALIDATION, MALFORMED) from error


def _filled(wanted: Proposal, found: Wanted) -> Proposal:
    return replace(wanted, order_id=found.order_id, money=found.money, legs=found.legs, facts=as_kept(found.facts))


def _always(verdict: Verdict) -> Decide:
    return lambda _book: verdict
