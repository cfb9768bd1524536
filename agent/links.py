"""Finds what a mail client would show as a link, an image or an address, however it is written."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

_SCHEME = re.compile(r"\b[a-z][a-z0-9+.-]{0,20}:(?=[^\s])", re.IGNORECASE)
_URL = re.compile(r"\b[a-z][a-z0-9+.-]{0,20}:/{1,3}[^\s<>\"']{1,2000}|(?<![:/\w])//[^\s<>\"']{1,2000}", re.IGNORECASE)
_BARE = re.compile(
    r"(?<![\w@.-])((?:[\w-]{1,63}[.。｡]){1,6}[a-z]{2,24})(?![\w@])((?:/|:\d|[?#]\w)[^\s<>\"']{0,2000})?", re.IGNORECASE
)
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,6}")
_IMAGE = re.compile(r"!\[|<[a-z!/]", re.IGNORECASE)
_OWN_SCHEMES = {"http", "https"}
# Names that mail clients turn into links without more; a path behind the name or `www.` before it makes any name one.
_TOP = re.compile(
    r"[.。｡](?:com|net|org|info|biz|io|co|uk|de|fr|es|it|nl|eu|us|ca|au|nz|in|cn|jp|ru|br|ch|at|be|dk|se|no|fi|pl|pt|ie|me|tv|cc"
    r"|ly|gl|to|app|dev|ai|xyz|top|site|online|shop|store|live|club|link|click|page|cloud|tech|space|website|fun|icu|vip|work"
    r"|support|help|pro|mobi|name|zip|mov)$",
    re.IGNORECASE,
)
_FOREIGN = {"javascript", "data", "mailto", "tel", "sms", "file", "ftp", "vbscript"}


def images_in(text: str) -> bool:
    """Whether the text holds a Markdown image or any HTML."""
    return _IMAGE.search(text) is not None


def hosts_in(text: str) -> Iterator[str]:
    """The host of everything that could become a link; `?` stands for one that cannot be read or has a foreign scheme."""
    for match in _URL.finditer(text):
        yield _host(match.group())
    rest = _URL.sub(" ", _EMAIL.sub(" ", text))
    if any(match.group()[:-1].lower() in _FOREIGN for match in _SCHEME.finditer(rest)):
        yield "?"
    for match in _BARE.finditer(rest):
        name, path = match.groups()
        if path is not None or name.lower().startswith("www.") or _TOP.search(name):
            yield _host(f"https://{match.group()}")


def addresses_in(text: str) -> Iterator[str]:
    """Every e-mail address, in lower case."""
    for match in _EMAIL.finditer(text):
        yield match.group().rstrip(".-").lower()


def _host(url: str) -> str:
    plain = url.replace("。", ".").replace("｡", ".").rstrip(".,;:!?)]}*_")
    try:
        parts = urlsplit(f"https:{plain}" if plain.startswith("//") else plain)
        host, user = parts.hostname, parts.username
    except ValueError:
        return "?"
    strange = user is not None or "\\" in plain or parts.scheme.lower() not in _OWN_SCHEMES
    return "?" if strange or not host else host.rstrip(".").lower()
