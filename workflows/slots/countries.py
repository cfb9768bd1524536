"""Country names and postal codes: which country a text names, and which countries a postal code fits."""

import re
from functools import cache

from babel import Locale

from workflows.words import plain

POSTAL_CODES: dict[str, str] = {
    "AT": r"\d{4}",
    "AU": r"\d{4}",
    "BE": r"\d{4}",
    "BR": r"\d{5}-?\d{3}",
    "CA": r"[ABCEGHJ-NPRSTVXY]\d[A-Z][ -]?\d[A-Z]\d",
    "CH": r"\d{4}",
    "CZ": r"\d{3} ?\d{2}",
    "DE": r"\d{5}",
    "DK": r"\d{4}",
    "ES": r"\d{5}",
    "FI": r"\d{5}",
    "FR": r"\d{5}",
    "GB": r"(?:[A-Z]{1,2}\d[A-Z\d]?) ?\d[A-Z]{2}",
    "IE": r"[A-Z]\d[\dW] ?[A-Z\d]{4}",
    "IN": r"\d{3} ?\d{3}",
    "IT": r"\d{5}",
    "JP": r"\d{3}-?\d{4}",
    "MX": r"\d{5}",
    "NL": r"\d{4} ?[A-Z]{2}",
    "NO": r"\d{4}",
    "NZ": r"\d{4}",
    "PL": r"\d{2}-\d{3}",
    "PT": r"\d{4}-\d{3}",
    "SE": r"\d{3} ?\d{2}",
    "US": r"\d{5}(?:-\d{4})?",
}
"""The form of a postal code by ISO 3166-1 alpha-2 country, upper case; a country that is not listed takes any."""

_ANY_CODE = r"[A-Z\d][A-Z\d -]{2,9}"
_ALSO = {
    "usa": "US",
    "u.s.a": "US",
    "u.s": "US",
    "america": "US",
    "united states of america": "US",
    "the netherlands": "NL",
    "holland": "NL",
    "uk": "GB",
    "u.k": "GB",
    "great britain": "GB",
    "england": "GB",
    "scotland": "GB",
    "wales": "GB",
    "northern ireland": "GB",
    "deutschland": "DE",
    "österreich": "AT",
    "schweiz": "CH",
    "españa": "ES",
    "italia": "IT",
    "czech republic": "CZ",
}
_STATES = (
    "AL AK AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK OR PA RI SC "
    "SD TN TX UT VT VA WA WV WI WY DC PR"
)
US_STATES = frozenset(_STATES.split())
"""The postal abbreviations of the United States."""


def country_named(text: str) -> str | None:
    """The code of the country that `text` is the name of, None when it is none; a bare two-letter code counts in capitals."""
    words = text.strip(" .,;")
    if len(words) == 2 and words.isupper() and words in _territories():
        return words
    return _names().get(plain(words).strip())


def country_name(code: str) -> str:
    """The English name of a country."""
    return _territories().get(code, code)


def fits(postal_code: str, country: str) -> bool:
    """Whether a postal code has the form that this country uses."""
    return re.fullmatch(POSTAL_CODES.get(country, _ANY_CODE), postal_code.upper()) is not None


def has_telling_code(postal_code: str, country: str) -> bool:
    """Whether the code's form, by itself, belongs to this country and no other listed one."""
    return fits(postal_code, country) and sum(fits(postal_code, other) for other in POSTAL_CODES) == 1


@cache
def _territories() -> dict[str, str]:
    """Every country's English name by its two-letter code."""
    names = ((str(code), str(name)) for code, name in Locale("en").territories.items())
    return {code: name for code, name in names if len(code) == 2 and code.isalpha()}


@cache
def _names() -> dict[str, str]:
    return {plain(name): code for code, name in _territories().items()} | _ALSO
