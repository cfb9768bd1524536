"""Turns an HTML mail into the text that its reader saw, without what it quotes."""

import html
import re

import nh3

_LOOKS_LIKE_HTML = re.compile(r"<(?:!doctype|html|body|div|p|br|table|span|td|ul|ol|blockquote)\b[^<>]{0,400}>", re.IGNORECASE)
_LINE_ENDS = re.compile(r"<(?:br|/p|/div|/tr|/li|/ul|/ol|/table|/h[1-6]|hr)\b[^<>]{0,400}>", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]{0,400}>")
_MAX_PARSED_TAGS = 2_000
_DROPPED_WITH_CONTENT = {"script", "style", "title", "blockquote"}


def as_text(text: str) -> str:
    """Return the text of an HTML document; any other text is returned unchanged."""
    if not _LOOKS_LIKE_HTML.search(text):
        return text
    with_lines = _LINE_ENDS.sub("\n", text)
    # Parsing deeply nested tags takes quadratic time, so a document of many tags only loses them.
    if with_lines.count("<") > _MAX_PARSED_TAGS:
        return html.unescape(_TAG.sub(" ", with_lines))
    words = nh3.clean(with_lines, tags=set(), attributes={}, clean_content_tags=_DROPPED_WITH_CONTENT)
    return html.unescape(words)
