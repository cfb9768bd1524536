"""New identifiers: a readable prefix and 100 random bits."""

import secrets


def new(prefix: str) -> str:
    """A fresh id such as `tkt_9f3c…`; nobody can guess one."""
    return f"{prefix}_{secrets.token_hex(13)}"
