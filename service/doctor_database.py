"""What the doctor finds in the database: whether it answers, its version and clock, and who works on it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from service.clock import wall_clock
from service.diagnosis import Diagnosis
from service.store import readiness, stats, tenancy
from service.store.database import Database
from service.store.database_time import database_time
from service.store.outages import is_damage, is_outage
from service.store.roles import Standing, standing
from service.store.stats import Scope
from service.store.tenants import tenant_names

SKEW_SECONDS = 5.0
"""How far our clock may be from the database's; from 300 seconds on webhooks would be refused."""

WAITING_SECONDS = 60.0
"""How long a ticket may wait for a worker before that is worth a word."""

RESTORE = "Put the last good copy in its place, or name the right file in {}."
"""What to do about a file that is damaged, and which variable names it."""

_MIGRATE = "deskrail migrate"


@dataclass(frozen=True, slots=True)
class Inside:
    """What was found, and the tenants that are there; None when the database did not say."""

    diagnoses: list[Diagnosis]
    tenants: Sequence[str] | None = None


async def look_into(url: str) -> Inside:
    """Look at the database and at what only it can tell."""
    db = Database(url)
    name = db.url.render_as_string(hide_password=True)
    try:
        if db.is_sqlite and (missing := _missing(Path(db.url.database or ""))):
            return Inside([missing])
        with tenancy.across_tenants():
            return await _look(db, name)
    except Exception as error:  # Drivers name an outage in many ways; what is none of them is raised again.
        if is_damage(error):
            found = f"{name} is damaged, or is no SQLite database."
            return Inside([Diagnosis("database", "broken", found, RESTORE.format("DESKRAIL_DATABASE_URL"))])
        if not is_outage(error):
            raise
        advice = "Check DESKRAIL_DATABASE_URL, and that the database runs, has room and lets this machine in."
        return Inside([Diagnosis("database", "broken", f"{name} does not answer ({type(error).__name__}).", advice)])
    finally:
        await db.close()


async def _look(db: Database, name: str) -> Inside:
    async with db.reading() as conn:
        before, theirs, after = wall_clock(), await database_time(conn), wall_clock()
        ready = await readiness.read(conn)
        diagnoses = [Diagnosis("database", "ok", f"{name} answers."), _clock(before, theirs, after)]
        if not db.is_sqlite:
            diagnoses.append(_role(await conn.run_sync(standing)))
        if not ready.migrated:
            behind = Diagnosis("migrations", "broken", "The tables are not at this release's version.", _MIGRATE)
            return Inside([*diagnoses, behind])
        tenants = await tenant_names(conn)
        diagnoses += [Diagnosis("migrations", "ok", "The tables are at this release's version."), _engine(ready.workers)]
        waiting = [tally for tenant in tenants for tally in await stats.waiting_tickets(conn, Scope(tenant))]
        dead = [tally for tenant in tenants for tally in await stats.outbox_by_state(conn, Scope(tenant))]
    diagnoses.append(
        _waiting(sum(tally.count for tally in waiting), min((t.oldest for t in waiting if t.oldest), default=None))
    )
    diagnoses.append(_outbox(sum(tally.count for tally in dead if tally.labels == ("dead",))))
    return Inside(diagnoses, tenants)


def _missing(path: Path) -> Diagnosis | None:
    if path.is_dir():
        return Diagnosis("database", "broken", f"{path} is a folder.", "Name a file in it in DESKRAIL_DATABASE_URL.")
    return None if path.exists() else Diagnosis("database", "broken", f"There is none at {path} yet.", _MIGRATE)


def _clock(before: datetime, theirs: datetime, after: datetime) -> Diagnosis:
    # The database read its clock somewhere between our two looks, so only what lies outside them is certain.
    skew = max((before - theirs).total_seconds(), (theirs - after).total_seconds(), 0.0)
    if skew <= SKEW_SECONDS:
        return Diagnosis(
            "clock", "ok", f"Ours and the database's agree within {max(skew, (after - before).total_seconds()):.1f} s."
        )
    advice = "Set both clocks by NTP: webhooks are signed with a time, and timers ring by it."
    return Diagnosis("clock", "broken", f"Ours and the database's differ by {skew:.0f} s.", advice)


def _role(ours: Standing) -> Diagnosis:
    if not (ours.owns or ours.escapes):
        return Diagnosis("database role", "ok", f"{ours.role} works with the tables and does not own them.")
    what = "owns the tables" if ours.owns else "escapes every grant"
    found = f"{ours.role} {what}: only triggers protect what was written, and it sees all tenants."
    return Diagnosis("database role", "warning", found, "Give the service a role of its own: docs/postgresql.md")


def _engine(workers: int) -> Diagnosis:
    if workers:
        return Diagnosis("engine", "ok", f"{workers} worker(s) have beaten in the last {readiness.FRESH_SECONDS} s.")
    return Diagnosis("engine", "broken", "No worker beats, so tickets wait.", "deskrail serve, or deskrail worker")


def _waiting(count: int, oldest: datetime | None) -> Diagnosis:
    age = (wall_clock() - oldest).total_seconds() if oldest else 0.0
    if age <= WAITING_SECONDS:
        return Diagnosis("queue", "ok", f"{count} tickets wait for a worker.")
    advice = "Start more workers (PostgreSQL), or look at the workers' logs."
    return Diagnosis("queue", "warning", f"{count} tickets wait for a worker, one for {age:.0f} s.", advice)


def _outbox(dead: int) -> Diagnosis:
    if not dead:
        return Diagnosis("outbox", "ok", "Nothing that we sent was given up.")
    advice = "Check DESKRAIL_OUTBOUND_URL and what answers there; the tickets show which replies did not arrive."
    return Diagnosis("outbox", "warning", f"{dead} webhooks could not be delivered and were given up.", advice)
