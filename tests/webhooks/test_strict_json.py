"""The reader of webhook bodies takes a text that has one meaning, and nothing else."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service import strict_json
from service.errors import MalformedJson

AMBIGUOUS = {
    "a key twice": b'{"amount": 1, "amount": 2}',
    "a key twice, once escaped": b'{"amount": 1, "\\u0061mount": 2}',
    "a key twice, deep inside": b'{"a": [{"b": {"c": 1, "c": 1}}]}',
    "not a number": b"[NaN]",
    "infinity": b"[Infinity]",
    "minus infinity": b"[-Infinity]",
    "a number that no float holds": b"[1E400]",
    "a negative number that no float holds": b"[-1e400]",
    "half a surrogate pair": b'["\\ud83d"]',
    "half a surrogate pair in upper case": b'["\\uDEAD"]',
    "half a surrogate pair as a key": b'{"\\udc00": 1}',
    "a surrogate in the bytes": b'["\xed\xa0\x80"]',
    "a byte order mark": b"\xef\xbb\xbf{}",
    "words after the value": b"{} {}",
    "a comma after the value": b"{},",
    "NUL after the value": b"{}\x00",
    "a comma at the end of a list": b"[1,]",
    "bytes that are not UTF-8": b'["\xff\xfe"]',
    "UTF-16": '{"a": 1}'.encode("utf-16"),
    "a control character in text": b'["\x01"]',
    "a line break in text": b'["\n"]',
    "single quotes": b"{'a': 1}",
    "a comment": b"{} // note",
    "a leading zero": b"[01]",
    "a plus sign": b"[+1]",
    "a bare point": b"[.5]",
    "full-width digits": "[１]".encode(),
    "a number of a thousand digits": b"[" + b"9" * 1_000 + b"]",
    "nothing": b"",
    "only spaces": b"  \n",
    "a deep list": b"[" * 100 + b"]" * 100,
    "a very deep list": b"[" * 100_000,
    "a very deep object": b'{"a":' * 50_000,
}


@pytest.mark.parametrize("body", AMBIGUOUS.values(), ids=AMBIGUOUS.keys())
def test_a_body_that_two_readers_could_read_differently_is_refused(body: bytes) -> None:
    with pytest.raises(MalformedJson) as refused:
        strict_json.loads(body)
    assert refused.value.status == 400
    assert refused.value.__cause__ is None, "the parser's own message quotes the input"


@pytest.mark.parametrize(
    "body", [b' {"a": [1, -2.5e3, true, false, null, "\\ud83d\\ude00", "\\u0000"]}\r\n', b"[" * 64 + b"]" * 64]
)
def test_an_ordinary_body_is_read_as_it_stands(body: bytes) -> None:
    assert strict_json.loads(body) == json.loads(body)


def test_keys_that_differ_only_in_case_are_two_keys() -> None:
    assert strict_json.loads(b'{"Verified": false, "verified": true}') == {"Verified": False, "verified": True}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(), inner, max_size=5),
    max_leaves=20,
)


@given(json_values, st.booleans())
def test_whatever_was_written_as_json_is_read_back(value: object, escaped: bool) -> None:
    text = json.dumps(value, ensure_ascii=escaped)
    assert strict_json.loads(text.encode("utf-8")) == value


@given(st.binary(max_size=200))
def test_no_bytes_make_the_reader_fail_in_another_way(body: bytes) -> None:
    try:
        value = strict_json.loads(body)
    except MalformedJson:
        return
    assert json.loads(body) == value
