"""Only the holder of a tenant's secret can post; everybody else gets one answer, whatever they tried."""

import base64
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook
from standardwebhooks.webhooks import hmac_data
from starlette.datastructures import Headers

from service.errors import WebhookUnauthenticated
from service.settings import load
from service.webhooks import authenticate

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
SECONDS = str(int(NOW.timestamp()))
KEY = b"s" * 24
OLDER = b"o" * 24
BODY = b'{"type": "ticket.message"}'


def headers(**changed: str) -> Headers:
    """What a stock sender sends; `changed` replaces values, with `_` for `-`."""
    sent = {
        "webhook-id": "msg_1",
        "webhook-timestamp": SECONDS,
        "webhook-signature": Webhook(KEY).sign("msg_1", NOW, BODY.decode()),
    }
    return Headers(sent | {name.replace("_", "-"): value for name, value in changed.items()})


@given(
    st.from_regex(r"[A-Za-z0-9_-]{1,64}", fullmatch=True),
    st.text(st.characters(exclude_categories=["Cs"])),
    st.binary(min_size=24),
)
def test_what_the_stock_signer_signs_is_taken(webhook_id: str, text: str, key: bytes) -> None:
    secret = "whsec_" + base64.b64encode(key).decode()
    (read,) = load({"DESKRAIL_WEBHOOK_SECRET": secret}).webhook_keys["default"]
    signature = Webhook(secret).sign(webhook_id, NOW, text)
    sent = Headers({"webhook-id": webhook_id, "webhook-timestamp": SECONDS, "webhook-signature": signature})
    assert authenticate([read], sent, text.encode(), NOW) == webhook_id


def test_while_secrets_are_rotated_both_are_good() -> None:
    assert authenticate([OLDER, KEY], headers(), BODY, NOW) == "msg_1"
    both = f"{Webhook(OLDER).sign('msg_1', NOW, BODY.decode())} {Webhook(KEY).sign('msg_1', NOW, BODY.decode())}"
    assert authenticate([KEY], headers(webhook_signature=both), BODY, NOW) == "msg_1"


def test_bytes_that_are_no_text_can_be_signed_too() -> None:
    body = b"\xff\xfe"
    signature = base64.b64encode(hmac_data(KEY, b".".join((b"msg_1", SECONDS.encode(), body)))).decode()
    assert authenticate([KEY], headers(webhook_signature=f"v1,{signature}"), body, NOW) == "msg_1"


@pytest.mark.parametrize("seconds", [-300, 0, 300])
def test_a_clock_that_is_a_little_off_is_forgiven(seconds: int) -> None:
    at = NOW + timedelta(seconds=seconds)
    sent = headers(webhook_timestamp=str(int(at.timestamp())), webhook_signature=Webhook(KEY).sign("msg_1", at, BODY.decode()))
    assert authenticate([KEY], sent, BODY, NOW) == "msg_1"


@pytest.mark.parametrize("seconds", [-301, 301, -86_400])
def test_an_old_or_early_message_is_refused(seconds: int) -> None:
    at = NOW + timedelta(seconds=seconds)
    sent = headers(webhook_timestamp=str(int(at.timestamp())), webhook_signature=Webhook(KEY).sign("msg_1", at, BODY.decode()))
    with pytest.raises(WebhookUnauthenticated):
        authenticate([KEY], sent, BODY, NOW)


@pytest.mark.parametrize("keys", [[], [OLDER]])
def test_without_the_right_key_nothing_is_taken(keys: list[bytes]) -> None:
    with pytest.raises(WebhookUnauthenticated):
        authenticate(keys, headers(), BODY, NOW)


def test_a_signature_with_an_empty_key_opens_nothing() -> None:
    empty = base64.b64encode(hmac_data(b"", b"msg_1." + SECONDS.encode() + b"." + BODY)).decode()
    with pytest.raises(WebhookUnauthenticated):
        authenticate([], headers(webhook_signature=f"v1,{empty}"), BODY, NOW)


def test_the_key_of_a_tenant_without_secrets_cannot_be_guessed_from_the_source() -> None:
    guessed = base64.b64encode(hmac_data(b"\0" * 32, b"msg_1." + SECONDS.encode() + b"." + BODY)).decode()
    with pytest.raises(WebhookUnauthenticated):
        authenticate([], headers(webhook_signature=f"v1,{guessed}"), BODY, NOW)


@given(st.integers(0, len(BODY) - 1), st.integers(1, 255))
def test_a_body_with_one_byte_changed_is_refused(place: int, change: int) -> None:
    body = bytearray(BODY)
    body[place] ^= change
    with pytest.raises(WebhookUnauthenticated):
        authenticate([KEY], headers(), bytes(body), NOW)
