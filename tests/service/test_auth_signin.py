"""Signing in: by password, by a link, and not at all; what a session is worth, and for how long."""

import asyncio
import re

import pytest
from pwdlib.hashers.argon2 import Argon2Hasher

from service import passwords
from service.auth import COOKIE, SECURE_COOKIE
from service.console.signin_routes import local
from service.errors import Invalid, TooFast
from service.signin import ATTEMPTS_PER_ACCOUNT, SignIn, SignInFailed
from service.store import people, sessions
from service.store.access_schema import login_attempts
from service.store.access_schema import sessions as sessions_table
from service.store.people import Person, Role
from service.store.schema import journal
from service.store.sessions import ATTEMPT_WINDOW, IDLE_LIFE, SESSION_LIFE, Purpose
from tests.console.world import HERE, Browser, World

PASSWORD = "four unrelated warm words"


async def member(world: World) -> Person:
    """Bob, who has set a password."""
    bob = await world.person(Role.AGENT, "bob")
    async with world.services.db.begin() as conn:
        await people.set_password_hash(conn, bob, await passwords.hash_password(PASSWORD), world.clock())
    return bob


async def tried_before(world: World, times: int, email: str = "bob@example.com") -> None:
    """Count attempts that were made earlier; hashing a password for each would take the tests seconds."""
    async with world.services.db.begin() as conn:
        for _ in range(times):
            await sessions.count_attempt(conn, f"account:default:{email}", world.clock())


async def sign_in(browser: Browser, password: str = PASSWORD, email: str = "bob@example.com", **fields: str) -> int:
    """Send the sign-in form."""
    answer = await browser.post("/console/login", email=email, password=password, **fields)
    return answer.status_code


async def test_the_right_password_opens_the_page_that_was_wanted(world: World) -> None:
    await member(world)
    browser = world.stranger()
    asked = await browser.get("/console/tickets?status=new")
    assert asked.headers["location"] == "/console/login?next=/console/tickets%3Fstatus%3Dnew"
    answer = await browser.post(
        "/console/login", email="Bob@example.com ", password=PASSWORD, next_page="/console/tickets?status=new"
    )
    assert answer.status_code == 303
    assert answer.headers["location"] == "/console/tickets?status=new"
    assert (await browser.get("/console")).status_code == 200


@pytest.mark.parametrize(
    ("email", "password"),
    [("bob@example.com", "not the password"), ("nobody@example.com", PASSWORD), ("carol@example.com", ""), ("\x01", "x")],
)
async def test_every_wrong_sign_in_gets_the_same_answer(world: World, email: str, password: str) -> None:
    await member(world)
    await world.person(Role.AGENT, "carol")
    answer = await world.stranger().post("/console/login", email=email, password=password or "anything")
    assert answer.status_code == 401
    assert "The e-mail address or the password is wrong." in answer.text
    assert "set-cookie" not in answer.headers


async def test_a_password_of_one_workspace_opens_no_other(world: World) -> None:
    await member(world)
    assert await sign_in(world.stranger(), tenant="acme") == 401


async def test_a_locked_out_person_cannot_sign_in(world: World) -> None:
    bob = await member(world)
    async with world.services.db.begin() as conn:
        await people.set_active(conn, bob, False, "system", world.clock())
    assert await sign_in(world.stranger()) == 401


async def test_guessing_is_stopped_and_the_owner_is_let_in_again_later(each_world: World) -> None:
    await member(each_world)
    await tried_before(each_world, ATTEMPTS_PER_ACCOUNT - 1)
    guesser = each_world.stranger()
    assert [await sign_in(guesser, f"guess number {number}") for number in range(3)] == [401, 429, 429]
    blocked = await guesser.post("/console/login", email="bob@example.com", password=PASSWORD)
    assert blocked.status_code == 429
    assert int(blocked.headers["retry-after"]) == ATTEMPT_WINDOW.total_seconds()
    each_world.clock.advance(seconds=ATTEMPT_WINDOW.total_seconds() + 1)
    assert await sign_in(guesser) == 303


async def test_guesses_sent_at_once_are_counted_one_by_one(each_world: World) -> None:
    await member(each_world)
    ways_in = SignIn(each_world.services.db, each_world.clock, "secret")

    async def guess(number: int) -> str:
        try:
            await ways_in.with_password("default", "bob@example.com", f"guess number {number}", "10.0.0.9")
        except TooFast:
            return "stopped"
        except SignInFailed:
            return "tried"
        return "in"

    await tried_before(each_world, ATTEMPTS_PER_ACCOUNT - 3)
    outcomes = await asyncio.gather(*(guess(number) for number in range(9)))
    assert sorted(outcomes) == ["stopped"] * 6 + ["tried"] * 3


async def test_unknown_addresses_are_counted_like_known_ones(world: World) -> None:
    guesser = world.stranger()
    assert await sign_in(guesser, email="Ghost@example.com") == 401
    await tried_before(world, ATTEMPTS_PER_ACCOUNT - 1, "ghost@example.com")
    assert await sign_in(guesser, email="ghost@example.com") == 429


async def test_a_right_password_forgives_earlier_slips(world: World) -> None:
    await member(world)
    browser = world.stranger()
    for _ in range(2):
        await tried_before(world, ATTEMPTS_PER_ACCOUNT - 1)
        assert await sign_in(browser) == 303


async def test_attempts_are_kept_without_the_address_that_was_tried(world: World) -> None:
    await sign_in(world.stranger(), email="private.person@example.com")
    rows = await world.rows(login_attempts)
    assert rows
    assert all("private" not in row.subject for row in rows)


async def test_an_unknown_person_costs_as_much_work_as_a_known_one() -> None:
    settings = await passwords.hash_password(PASSWORD)
    assert settings.split("$")[1:4] == passwords.NOBODY.split("$")[1:4]
    assert Argon2Hasher.identify(passwords.NOBODY)
    assert not await passwords.verify(PASSWORD, None)


async def test_a_link_signs_in_once(world: World) -> None:
    path = await world.link(await world.person(Role.SUPERVISOR))
    first, second = world.stranger(), world.stranger()
    assert (await first.get(path)).headers["location"] == "/console"
    assert (await first.get("/console")).status_code == 200
    assert (await second.get(path)).status_code == 410
    assert (await second.get("/console")).status_code == 303


async def test_a_link_opened_by_two_at_once_signs_one_in(each_world: World) -> None:
    path = await each_world.link(await each_world.person(Role.SUPERVISOR))
    answers = await asyncio.gather(*(each_world.stranger().get(path) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [303, 410, 410, 410, 410]


async def test_a_link_that_was_not_used_in_time_is_dead(world: World) -> None:
    path = await world.link(await world.person(Role.SUPERVISOR))
    world.clock.advance(seconds=Purpose.LOGIN.life.total_seconds())
    assert (await world.stranger().get(path)).status_code == 410


async def test_a_browser_that_only_guesses_ahead_does_not_use_the_link_up(world: World) -> None:
    path = await world.link(await world.person(Role.SUPERVISOR))
    guessed = await world.stranger().get(path, **{"sec-purpose": "prefetch;prerender"})
    assert guessed.status_code == 503
    assert (await world.stranger().get(path)).status_code == 303


async def test_a_new_person_sets_a_password_through_their_link_and_the_link_is_gone(world: World) -> None:
    bob = await world.person(Role.AGENT, "bob")
    path, browser = await world.link(bob, Purpose.SET_PASSWORD), world.stranger()
    assert "Set your password" in (await browser.get(path)).text
    refused = await browser.post(path, password="short", again="short")
    assert refused.status_code == 422
    assert (await browser.post(path, password=PASSWORD, again=PASSWORD + "!")).status_code == 422
    assert (await browser.post(path, password=PASSWORD, again=PASSWORD)).status_code == 303
    assert (await browser.get("/console")).status_code == 200
    assert (await browser.get(path)).status_code == 410
    assert await sign_in(world.stranger()) == 303


async def test_a_sign_in_link_sets_no_password(world: World) -> None:
    path = await world.link(await world.person(Role.AGENT, "bob"))
    assert (await world.stranger().post(path, password=PASSWORD, again=PASSWORD)).status_code == 410


async def test_a_new_password_ends_the_sessions_that_the_old_one_opened(world: World) -> None:
    bob = await member(world)
    old = world.stranger()
    await sign_in(old)
    path, new = await world.link(bob, Purpose.SET_PASSWORD), world.stranger()
    await new.post(path, password="another set of warm words", again="another set of warm words")
    assert (await old.get("/console")).status_code == 303
    assert (await new.get("/console")).status_code == 200


async def test_a_link_that_went_to_somebody_else_is_dead_once_its_owner_has_set_a_password(world: World) -> None:
    bob = await world.person(Role.AGENT, "bob")
    astray = [await world.link(bob, purpose) for purpose in Purpose]
    await world.stranger().post(await world.link(bob, Purpose.SET_PASSWORD), password=PASSWORD, again=PASSWORD)
    finder = world.stranger()
    assert [(await finder.get(path)).status_code for path in astray] == [410, 410]
    taking_over = await finder.post(astray[1], password="a finder's own warm words", again="a finder's own warm words")
    assert taking_over.status_code == 410
    assert await sign_in(world.stranger()) == 303


async def test_a_lost_link_to_set_a_password_is_dead_once_there_is_a_new_one(world: World) -> None:
    admin, bob = await world.browser(Role.ADMIN), await world.person(Role.AGENT, "bob")
    carol = await world.link(await world.person(Role.AGENT, "carol"), Purpose.SET_PASSWORD)
    lost, sign_ins = await world.link(bob, Purpose.SET_PASSWORD), [await world.link(bob), await world.link(bob)]
    page = await admin.post(f"/console/people/{bob.id}/link")
    (new,) = re.findall(r"/console/link/[\w-]+", page.text)
    finder = world.stranger()
    assert (await finder.post(lost, password="a finder's own warm words", again="a finder's own warm words")).status_code == 410
    assert [(await world.stranger().get(path)).status_code for path in (new, carol, *sign_ins)] == [200, 200, 303, 303]
    assert (await world.stranger().post(new, password=PASSWORD, again=PASSWORD)).status_code == 303


async def test_who_was_locked_out_comes_back_by_no_older_link(world: World) -> None:
    bob = await world.person(Role.AGENT, "bob")
    path = await world.link(bob)
    for active in (False, True):
        async with world.services.db.begin() as conn:
            await people.set_active(conn, bob, active, "system", world.clock())
    assert (await world.stranger().get(path)).status_code == 410


@pytest.mark.parametrize("password", ["eleven char", "aaaaaaaaaaaaaaaa", "bob is my own name", "x" * 129])
async def test_a_guessable_password_is_refused(password: str) -> None:
    with pytest.raises(Invalid):
        passwords.accept(password, "bob@example.com")
    passwords.accept(PASSWORD, "bob@example.com")


async def test_a_token_planted_before_sign_in_is_worth_nothing_after_it(world: World) -> None:
    await member(world)
    browser = world.stranger()
    browser.http.cookies.set(COOKIE, "planted-by-somebody-else", domain="desk.test", path="/")
    await sign_in(browser)
    cookies = [cookie.value for cookie in browser.http.cookies.jar]
    assert "planted-by-somebody-else" not in cookies
    planted = world.stranger()
    planted.http.cookies.set(COOKIE, "planted-by-somebody-else", domain="desk.test", path="/")
    assert (await planted.get("/console")).status_code == 303


async def test_signing_in_again_gives_a_new_token_and_ends_the_old_session(world: World) -> None:
    bob = await member(world)
    browser = world.stranger()
    await sign_in(browser)
    before = browser.http.cookies[COOKIE]
    await browser.get(await world.link(bob))
    assert browser.http.cookies[COOKIE] != before
    assert len(await world.rows(sessions_table)) == 1


async def test_signing_out_ends_the_session_in_the_database_too(world: World) -> None:
    browser = await world.browser(Role.AGENT, "bob")
    stolen = world.stranger()
    stolen.http.cookies.set(COOKIE, browser.http.cookies[COOKIE], domain="desk.test", path="/")
    assert (await stolen.get("/console")).status_code == 200
    assert (await browser.post("/console/logout")).headers["location"] == "/console/login"
    assert (await stolen.get("/console")).status_code == 303
    assert await world.rows(sessions_table) == []


async def test_a_session_ends_when_nobody_uses_it_and_after_a_day_in_any_case(world: World) -> None:
    idle = await world.browser(Role.AGENT, "bob")
    world.clock.advance(seconds=IDLE_LIFE.total_seconds())
    assert (await idle.get("/console")).status_code == 303
    busy = await world.browser(Role.AGENT, "carol")
    for _ in range(int(SESSION_LIFE / IDLE_LIFE) + 1):
        assert (await busy.get("/console")).status_code == 200
        world.clock.advance(hours=6)
    assert (await busy.get("/console")).status_code == 303


async def test_a_page_that_refreshes_itself_keeps_nobody_signed_in(world: World) -> None:
    left = await world.browser(Role.AGENT, "bob")
    statuses: list[int] = []
    for _ in range(3):
        world.clock.advance(hours=3)
        statuses.append((await left.get("/console", **{"hx-request": "true"})).status_code)
    assert statuses == [200, 200, 401]


async def test_the_cookie_is_out_of_reach_of_scripts_and_of_other_sites(world: World) -> None:
    answer = await world.stranger().get(await world.link(await world.person(Role.AGENT)))
    cookie = answer.headers["set-cookie"].lower()
    assert cookie.startswith(f"{COOKIE}=")
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "path=/" in cookie
    assert "secure" not in cookie


async def test_over_https_the_cookie_is_bound_to_the_host_and_only_that_one_counts(world: World) -> None:
    bob, browser = await world.person(Role.AGENT, "bob"), world.stranger("https")
    answer = await browser.get(await world.link(bob))
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(f"{SECURE_COOKIE}=")
    assert "; Secure" in cookie
    assert "Domain" not in cookie
    assert (await browser.get("/console")).status_code == 200
    downgraded = world.stranger("https")
    downgraded.http.cookies.set(COOKIE, browser.http.cookies[SECURE_COOKIE], domain="desk.test", path="/")
    assert (await downgraded.get("/console")).status_code == 303


async def test_a_token_has_256_random_bits_and_is_kept_hashed_with_the_secret(world: World) -> None:
    browser = await world.browser(Role.AGENT, "bob")
    token = browser.http.cookies[COOKIE]
    (row,) = await world.rows(sessions_table)
    assert len(token) == 43
    assert row.token_hash == sessions.hashed(token, "a session secret of the tests")
    assert row.token_hash != sessions.hashed(token, "")


async def test_signing_in_and_out_stands_in_the_audit(world: World) -> None:
    browser = await world.browser(Role.AGENT, "bob")
    await browser.post("/console/logout")
    kinds = [row.kind for row in await world.rows(journal, journal.c.stream == "tenant:default")]
    assert kinds[-3:] == ["person.created", "person.signed_in", "person.signed_out"]


@pytest.mark.parametrize(
    "path",
    [
        "//evil.example",
        "https://evil.example",
        "/\\evil.example",
        "/console/\\evil",
        "javascript:alert(1)",
        "/v1/tickets",
        "/console\n",
    ],
)
def test_signing_in_leads_nowhere_but_to_the_console(path: str) -> None:
    assert local(path) == "/console"
    assert local("/console/tickets/tkt_1") == "/console/tickets/tkt_1"
    assert local("/ops") == "/ops"


async def test_a_sign_in_form_from_another_site_is_refused(world: World) -> None:
    await member(world)
    form = {"email": "bob@example.com", "password": PASSWORD}
    forged = await world.stranger().http.post("/console/login", data=form, headers={"sec-fetch-site": "cross-site"})
    assert forged.status_code == 403
    silent = await world.stranger().http.post("/console/login", data=form)
    assert silent.status_code == 403
    own = await world.stranger().http.post("/console/login", data=form, headers=HERE)
    assert own.status_code == 303
