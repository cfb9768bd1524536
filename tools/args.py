"""The argument types of tools: strict, bounded, and without anything that hides from the eye of a database."""

import unicodedata
from typing import Annotated

from babel import Locale
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from tools.commerce import Address

MAX_AMOUNT = 2**53
"""The largest amount in minor units: what every JSON reader keeps exact."""

MAX_ITEMS = 100
"""The most lines that one call may name."""


class Args(BaseModel):
    """The base of every tool's arguments: unknown names, floats, booleans and numbers in text are refused."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class NoArgs(Args):
    """A tool that needs nothing but its caller."""


def _printable(text: str) -> str:
    """Refuse control characters other than line breaks and tabs, and halves of characters."""
    if any(unicodedata.category(sign) in ("Cc", "Cs") and sign not in "\n\r\t" for sign in text):
        raise ValueError("The text holds a control character.")
    return text


def _one_line(text: str) -> str:
    if any(unicodedata.category(sign) in ("Cc", "Cs", "Zl", "Zp") for sign in text):
        raise ValueError("The text holds a line break or a control character.")
    return text


_COUNTRIES = frozenset(Locale("en").territories) - {"EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"}
"""The codes that goods can be sent to; the others in the list are unions, and codes that were set aside for tests."""


def _clean_address(address: Address) -> Address:
    if address.country not in _COUNTRIES:
        raise ValueError("There is no country with this code.")
    for value in address.model_dump().values():
        if value is not None:
            _one_line(value)
    if not all(_shows(line) for line in (address.line1, address.city, address.postal_code)):
        raise ValueError("A line of the address is blank.")
    return address


def _shows(text: str) -> bool:
    """Whether anything of a text would be seen on a label: spaces and signs without a shape would not."""
    return any(unicodedata.category(sign)[0] not in "ZC" for sign in text)


Identifier = Annotated[str, StringConstraints(pattern=r"^[#A-Za-z0-9][A-Za-z0-9_.:/#@~+=-]{0,63}$")]
"""An id of the merchant's system: ASCII only, so that no look-alike letter passes for another."""

AmountMinor = Annotated[int, Field(gt=0, le=MAX_AMOUNT)]
"""A positive amount in minor units of the currency beside it."""

CurrencyCode = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
"""An ISO 4217 code."""

Identifiers = Annotated[list[Identifier], Field(min_length=1, max_length=MAX_ITEMS)]
"""At least one id; the order matters where two lists are matched."""

ShortText = Annotated[str, StringConstraints(min_length=1, max_length=400), AfterValidator(_printable)]
"""A phrase."""

LongText = Annotated[str, StringConstraints(min_length=1, max_length=4000), AfterValidator(_printable)]
"""A note or a summary."""

PostalAddress = Annotated[Address, AfterValidator(_clean_address)]
"""A postal address without line breaks inside its lines."""
