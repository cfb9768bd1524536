"""Signing in and out: by password with counted attempts, or by a one-time link; each sign-in gets a token of its own."""

from dataclasses import dataclass

import structlog

from service import passwords
from service.errors import Invalid, Refused, TooFast
from service.store import people, sessions, tenancy
from service.store.database import Database
from service.store.journal import Entry, append_to_tenant
from service.store.people import Person
from service.store.sessions import ATTEMPT_WINDOW, Purpose, SessionToken
from tools.ports import Clock

ATTEMPTS_PER_ACCOUNT = 10  # per window
ATTEMPTS_PER_ADDRESS = 50  # per window; an office may share one address

log = structlog.get_logger()


class SignInFailed(Refused):
    """The e-mail address or the password is wrong."""

    status = 401
    code = "sign_in_failed"


class LinkDead(Refused):
    """This link was used, has ended, or never existed. Ask an admin for a new one."""

    status = 410
    code = "link_dead"


@dataclass(frozen=True, slots=True)
class SignIn:
    """The ways in. `secret` keys the hashes of session tokens, so a copy of the database opens no session."""

    db: Database
    clock: Clock
    secret: str

    async def with_password(self, tenant: str, email: str, password: str, address: str) -> SessionToken:
        """A new session. Raises `SignInFailed`, the same for every cause, or `TooFast`."""
        tenancy.enter(tenant)
        account = f"account:{tenant}:{email.strip().lower()}"
        await self._count(account, address)
        async with self.db.reading() as conn:
            person = await people.find_by_email(conn, tenant, email)
            known = None if person is None or not person.active else await people.password_hash(conn, person.id)
        if not await passwords.verify(password, known) or person is None:
            log.warning("signin.failed", tenant=tenant, person=person and person.id)
            raise SignInFailed
        return await self._enter(person, "password", account)

    async def with_link(self, token: str) -> SessionToken:
        """A new session for the one use of a sign-in link. Raises `LinkDead`."""
        with tenancy.across_tenants():
            async with self.db.begin() as conn:
                person = await sessions.use_link(conn, token, Purpose.LOGIN, self.clock())
        if person is None:
            raise LinkDead
        tenancy.enter(person.tenant)
        return await self._enter(person, "link", None)

    async def set_password(self, token: str, password: str) -> SessionToken:
        """Set the password behind a link, which is used up, and sign in. Raises `LinkDead` or `Invalid` (the link stays)."""
        with tenancy.across_tenants():
            async with self.db.reading() as conn:
                peeked = await sessions.peek_link(conn, token, self.clock())
        if peeked is None or peeked[1] is not Purpose.SET_PASSWORD:
            raise LinkDead
        tenancy.enter(peeked[0].tenant)
        passwords.accept(password, peeked[0].email)
        hashed = await passwords.hash_password(password)
        async with self.db.begin() as conn:
            person = await sessions.use_link(conn, token, Purpose.SET_PASSWORD, self.clock())
            if person is None:
                raise LinkDead
            await people.set_password_hash(conn, person, hashed, self.clock())
        return await self._enter(person, "new_password", None)

    async def prove(self, person: Person, password: str, address: str) -> None:
        """Check that it is still this person at the keyboard. Raises `SignInFailed`, `TooFast`, or `Invalid`."""
        account = f"account:{person.tenant}:{person.email}"
        await self._count(account, address)
        async with self.db.reading() as conn:
            known = await people.password_hash(conn, person.id)
        if known is None:
            raise Invalid("Set a password first; this decision asks for it.")
        if not await passwords.verify(password, known):
            raise SignInFailed("The password is wrong.")
        async with self.db.begin() as conn:
            await sessions.forget_attempts(conn, account)

    async def leave(self, token: str, person: Person) -> None:
        """End the session."""
        async with self.db.begin() as conn:
            await sessions.end(conn, token, self.secret)
            entry = Entry("person.signed_out", f"person:{person.id}", {"person": person.id})
            await append_to_tenant(conn, person.tenant, [entry], self.clock())

    async def _count(self, account: str, address: str) -> None:
        # Raising rolls the count back, so somebody who keeps trying is let in again when the window has passed.
        async with self.db.begin() as conn:
            tries = await sessions.count_attempt(conn, account, self.clock())
            from_address = await sessions.count_attempt(conn, f"address:{address}", self.clock())
            if tries > ATTEMPTS_PER_ACCOUNT or from_address > ATTEMPTS_PER_ADDRESS:
                wait = str(int(ATTEMPT_WINDOW.total_seconds()))
                raise TooFast("Too many attempts; wait a quarter of an hour.", headers={"Retry-After": wait})

    async def _enter(self, person: Person, how: str, account: str | None) -> SessionToken:
        now = self.clock()
        async with self.db.begin() as conn:
            token = await sessions.start(conn, person, self.secret, now)
            if account is not None:
                await sessions.forget_attempts(conn, account)
            entry = Entry("person.signed_in", f"person:{person.id}", {"person": person.id, "how": how})
            await append_to_tenant(conn, person.tenant, [entry], now)
        return token
