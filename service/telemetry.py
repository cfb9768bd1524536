"""The metrics: facts from the database and figures of this process, in Prometheus' text format."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from prometheus_client import GC_COLLECTOR, PLATFORM_COLLECTOR, PROCESS_COLLECTOR, CollectorRegistry, Metric, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, SummaryMetricFamily
from prometheus_client.registry import Collector

from service.store.durations import QUANTILES, Durations
from service.store.facts import Facts
from service.store.stats import Tally, WorkerBeat

CONTENT_TYPE = "text/plain; version=1.0.0; charset=utf-8; escaping=underscores"

COUNTERS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "deskrail_tickets_received": ("Tickets that came in, by their status now.", ("status",)),
    "deskrail_webhooks_received": ("Webhooks that were accepted.", ("source",)),
    "deskrail_escalations": ("Cases that were opened for people.", ("reason",)),
    "deskrail_actions": ("Wanted calls of tools that write or move money.", ("tool", "status")),
    "deskrail_refusals": ("Calls that were refused, by the rule that spoke.", ("rule",)),
    "deskrail_approvals_asked": ("Approvals that people were asked for, by the rule that asked.", ("rule",)),
    "deskrail_money_back_minor": ("Money that went back, in minor units.", ("currency",)),
}

GAUGES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "deskrail_tickets_by_lane": ("Tickets, by who works them.", ("lane",)),
    "deskrail_cases": ("Cases, by state and risk.", ("state", "risk")),
    "deskrail_approvals": ("Approvals, by state.", ("state",)),
    "deskrail_outbox": ("Webhooks that we send, by state.", ("state",)),
    "deskrail_waiting_tickets": ("Tickets with events that no worker has handled.", ("queue",)),
}

DURATIONS = {
    "deskrail_first_reply_seconds": "From a ticket's first message to the first answer, newest tickets.",
    "deskrail_resolution_seconds": "From a ticket's first message to its end, newest tickets.",
    "deskrail_turn_seconds": "From an event's arrival to the commit of what came of it, newest tickets.",
}


class _Families(Collector):
    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = list(families)

    def collect(self) -> Iterable[Metric]:
        return self._families


def exposition(facts: Sequence[Facts], workers: Sequence[WorkerBeat]) -> bytes:
    """All metrics as text. A registry of its own for each call, because the facts are as old as their reading."""
    registry = CollectorRegistry()
    registry.register(_Families([*_facts(facts), *_workers(workers)]))
    for process in (PROCESS_COLLECTOR, PLATFORM_COLLECTOR, GC_COLLECTOR):
        registry.register(process)
    return generate_latest(registry)


def _facts(facts: Sequence[Facts]) -> Iterator[Metric]:
    for name, (about, labels) in COUNTERS.items():
        yield _tallied(CounterMetricFamily(name, about, labels=["tenant", *labels]), name, facts)
    for name, (about, labels) in GAUGES.items():
        yield _tallied(GaugeMetricFamily(name, about, labels=["tenant", *labels]), name, facts)
    cost = CounterMetricFamily("deskrail_model_cost_microusd", "What the model cost, in micro-USD.", labels=["tenant"])
    thrown = GaugeMetricFamily("deskrail_switches_thrown", "Kill switches that are on.", labels=["tenant"])
    oldest = GaugeMetricFamily("deskrail_oldest_seconds", "Age of the oldest that waits.", labels=["tenant", "what"])
    for one in facts:
        tenant = one.scope.tenant
        cost.add_metric([tenant], one.cost_microusd)
        thrown.add_metric([tenant], len(one.thrown))
        for what, age in oldest_waiting(one).items():
            oldest.add_metric([tenant, what], age)
    yield from (cost, thrown, oldest)
    for name, about in DURATIONS.items():
        yield _summary(name, about, facts)


def oldest_waiting(facts: Facts) -> dict[str, float]:
    """The age in seconds of the oldest open case, pending approval, unsent webhook and unhandled event; zero for none."""
    waiting = {
        "case": [tally for tally in facts.cases_now if tally.labels[0] == "open"],
        "approval": [tally for tally in facts.approvals_now if tally.labels[0] == "pending"],
        "outbox": [tally for tally in facts.outbox if tally.labels[0] in ("pending", "sending")],
        "event": facts.waiting,
    }
    return {what: _age(tallies, facts.at) for what, tallies in waiting.items()}


def _age(tallies: Sequence[Tally], at: datetime) -> float:
    oldest = [tally.oldest for tally in tallies if tally.oldest is not None]
    return max(0.0, (at - min(oldest)).total_seconds()) if oldest else 0.0


def _tallied(
    family: CounterMetricFamily | GaugeMetricFamily, name: str, facts: Sequence[Facts]
) -> CounterMetricFamily | GaugeMetricFamily:
    for one in facts:
        tallies = {
            "deskrail_tickets_received": one.by_status,
            "deskrail_webhooks_received": one.deliveries,
            "deskrail_escalations": one.escalations,
            "deskrail_actions": one.actions,
            "deskrail_refusals": one.refusals,
            "deskrail_approvals_asked": one.approvals_by_rule,
            "deskrail_money_back_minor": one.money_back,
            "deskrail_tickets_by_lane": one.by_lane,
            "deskrail_cases": one.cases_now,
            "deskrail_approvals": one.approvals_now,
            "deskrail_outbox": one.outbox,
            "deskrail_waiting_tickets": one.waiting,
        }[name]
        for tally in tallies:
            family.add_metric([one.scope.tenant, *tally.labels], tally.count)
    return family


def _summary(name: str, about: str, facts: Sequence[Facts]) -> Metric:
    family = SummaryMetricFamily(name, about, labels=["tenant"])
    for one in facts:
        measured: Durations = {
            "deskrail_first_reply_seconds": one.first_reply,
            "deskrail_resolution_seconds": one.resolution,
            "deskrail_turn_seconds": one.turns,
        }[name]
        family.add_metric([one.scope.tenant], measured.count, measured.total)
        for quantile, value in zip(QUANTILES, measured.quantiles, strict=True):
            if value is not None:
                family.add_sample(name, {"tenant": one.scope.tenant, "quantile": str(quantile)}, value)
    return family


def _workers(workers: Sequence[WorkerBeat]) -> Iterator[Metric]:
    alive = [worker for worker in workers if not worker.gone]
    yield GaugeMetricFamily("deskrail_workers", "Worker processes that live.", value=len(alive))
    ages = GaugeMetricFamily("deskrail_worker_heartbeat_age_seconds", "Age of a worker's last heartbeat.", labels=["worker"])
    for worker in alive:
        ages.add_metric([worker.id], max(0.0, worker.age_seconds))
    yield ages
