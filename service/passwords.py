"""Passwords: what is accepted, and argon2id in a small pool of threads so that a flood of sign-ins cannot take all memory."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from service.errors import Invalid

SHORTEST = 12  # characters
LONGEST = 128  # characters; longer input only costs time
FEWEST_DIFFERENT = 5  # characters

NOBODY = "$argon2id$v=19$m=65536,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
"""A hash that no password has; an unknown address is checked against it, so that it takes as long as a known one."""

_HASHER = PasswordHash((Argon2Hasher(memory_cost=65_536, time_cost=1, parallelism=1),))
_THREADS = ThreadPoolExecutor(max_workers=2, thread_name_prefix="argon2")


def accept(password: str, email: str) -> None:
    """Raise `Invalid` with the reason when a new password is too easy to guess; length counts, not its kinds of signs."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise Invalid(f"A password has {SHORTEST} to {LONGEST} characters.")
    if len(set(password)) < FEWEST_DIFFERENT:
        raise Invalid("This password repeats too few different characters.")
    if email.split("@")[0].lower() in password.lower():
        raise Invalid("A password must not contain the name in your e-mail address.")


async def hash_password(password: str) -> str:
    """The argon2id hash of a password."""
    return await asyncio.get_running_loop().run_in_executor(_THREADS, _HASHER.hash, password)


async def verify(password: str, hashed: str | None) -> bool:
    """Whether the password has this hash; the same work is done when there is none."""
    matches = await asyncio.get_running_loop().run_in_executor(_THREADS, _HASHER.verify, password, hashed or NOBODY)
    return matches and hashed is not None
