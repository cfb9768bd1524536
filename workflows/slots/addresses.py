"""Reads a postal address from free text, carefully: what it cannot place stays missing, so that the flow asks."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from tools.commerce import Address
from workflows.answer_words import PARTS, Part
from workflows.slots.countries import POSTAL_CODES, US_STATES, country_named, fits, has_telling_code
from workflows.words import tokens


@dataclass(frozen=True, slots=True)
class AddressDraft:
    """What is known of an address so far; `country` is ISO 3166-1 alpha-2."""

    line1: str | None = None
    line2: str | None = None
    city: str | None = None
    region: str | None = None
    postal_code: str | None = None
    country: str | None = None

    @property
    def missing(self) -> tuple[str, ...]:
        """The parts that an address needs and this one lacks, in the order of asking."""
        return tuple(part for part in ("line1", "city", "postal_code", "country") if getattr(self, part) is None)

    def as_json(self) -> dict[str, str]:
        """The known parts, as a slot keeps them."""
        parts = ("line1", "line2", "city", "region", "postal_code", "country")
        return {part: value for part in parts if (value := getattr(self, part)) is not None}

    def in_country(self, default: str) -> "AddressDraft":
        """The draft with this country, if it names none and its postal code has that country's form."""
        placed = self.country is None and self.postal_code is not None and fits(self.postal_code, default)
        return replace(self, country=default) if placed else self

    def address(self) -> Address:
        """The complete address; only a draft without missing parts has one."""
        return Address.model_validate(self.as_json())


_LEAD = re.compile(
    r".*\b(?:address(?: is| should be| to)?|(?:send|ship|deliver|change|move|forward|go) (?:it |this |that |everything )?to"
    r"|(?:live|moved|moving|staying) (?:now )?(?:at|to)|is now|to)\b\s*:?\s*",
    re.IGNORECASE | re.DOTALL,
)
_STREET_WORD = (
    "street|st|road|rd|avenue|ave|lane|ln|drive|dr|boulevard|blvd|court|ct|way|place|pl|square|sq|terrace|close|crescent|row"
    "|highway|hwy|parkway|pkwy|circle|cir|trail|mews|walk|gardens?|grove|hill|quay|wharf|broadway"
)
# A house number and a street; a street in front of its number; or a box.
_STREET = re.compile(
    rf"^(?:\d+[a-z]?(?:[/-]\d+)?\s+(?:[\w.'’-]+\s+){{0,4}}(?:{_STREET_WORD})\b\.?"
    r"|\d+[a-z]?\s*,?\s+(?:rue|via|calle|avenue|boulevard|place|rua)\s+\w"
    r"|(?:rue|via|calle|avenida|rua|ul\.?|unter|am|an)\s[^\d,]*\d+[a-z]?\b"
    r"|[\w.'’ -]{0,40}(?:stra(?:ss|ß)e|str\.?|weg|platz|allee|gasse|straat|gracht|laan|plein|gade|vej|gatan|vägen|katu)"
    r"\s+\d+\s?[a-z]?\b"
    r"|p\.?\s?o\.?\s?box\s+\d+)",
    re.IGNORECASE,
)
_STREET_END = re.compile(rf"\b(?:{_STREET_WORD})\.?$", re.IGNORECASE)
_DIRECTIONS = frozenset({"north", "south", "east", "west", "n", "s", "e", "w", "ne", "nw", "se", "sw"})
_NUMBERED = re.compile(r"^(?:\d+[a-z]?(?:[/-]\d+)?\s+[^\W\d]|[^\W\d][\w.'’ -]{0,60}\s\d+[a-z]?$)", re.IGNORECASE)
_UNIT = re.compile(
    r"^(?:(?:apt|apartment|unit|suite|ste|flat|floor|fl|room|rm|building|bldg|c/o)\b\.?\s*\S|#\s*\d|\d+(?:st|nd|rd|th) floor)",
    re.IGNORECASE,
)
_CARE_OF = re.compile(r"^c/o\b\.?\s*\S", re.IGNORECASE)
_INLINE_UNIT = re.compile(
    rf"\b(?:{_STREET_WORD})\b\.?\s+(?P<unit>(?:apt|apartment|unit|suite|ste|flat)\.?\s*\S+|#\s*\S+)\s*$", re.IGNORECASE
)
_CODES = re.compile(
    "|".join(rf"(?<![A-Z\d-])(?:{form})(?![A-Z\d-])" for form in sorted(set(POSTAL_CODES.values()), key=len, reverse=True))
)
_TAIL = re.compile(
    r"(?:^|\s+)(?:please|pls|thanks|thank you|cheers|asap|instead|from now on|and not|that is|thats)\b.*$", re.IGNORECASE
)
_PART = "(?:street|address|city|town|zip(?: ?code)?|post ?code|postal ?code|country|state|region)"
_LABEL = re.compile(rf"^(?:(?:and |its |it'?s |the |my |in )*{_PART}\s*(?:is|[:=])?\s+|it'?s |in )", re.IGNORECASE)
_BREAKS = re.compile(rf"[,;\n]+|(?<=[^\W\d_]{{3}})\.\s+(?=[A-Z])|\s+in\s+(?=[A-Z])|\s+and\s+(?=(?:the |my )?{_PART}\b)")
_DENIED = re.compile(r"\b(?:not|instead of|rather than|from|was|no longer)\s*$", re.IGNORECASE)
_TWO_STREETS = re.compile(r"\s(?:but|not|was|is|instead|or)\s", re.IGNORECASE)
_NAME_PART = re.compile(r"^[^\W\d_][^\d_@?!:]{1,59}$")


def read_address(text: str, known: Mapping[str, str] | None = None) -> AddressDraft:
    """Read what the text says of an address, on top of what is `known` from earlier messages."""
    draft = AddressDraft(**(known or {}))
    segments = _segments(text, opened=draft.line1 is not None)
    if segments is None:
        return draft
    draft = _take_street(draft, segments)
    draft = _take_country(draft, segments)
    draft = _take_place(draft, segments)
    return _with_country(draft)


def _segments(text: str, *, opened: bool) -> list[str] | None:
    """The pieces of the address from the street on; None when the text holds no street and none is known yet."""
    pieces = [piece.strip(" .!\t") for piece in _BREAKS.split(text)]
    for pattern in (_STREET, _NUMBERED):
        for place, piece in enumerate(pieces):
            for start in _starts(piece):
                street = None if _DENIED.search(piece[:start]) else pattern.search(piece[start:])
                if street and (pattern is _STREET or _followed_by_code(pieces[place + 1 :])):
                    before = [_LEAD.sub("", part) for part in pieces[max(0, place - 1) : place]]
                    unit = [part for part in before if _UNIT.match(part)]
                    first = _split_street(piece[start:], street.end())
                    return _tidy([first[0], *unit, *first[1:], *pieces[place + 1 :]])
    return ["", *_tidy(pieces)] if opened else None


def _tidy(pieces: Sequence[str]) -> list[str]:
    """The pieces without labels ("city: ..."), closing words and what is left empty."""
    bare = (_LABEL.sub("", _TAIL.sub("", piece)).strip(" .\t") for piece in pieces)
    return [piece for piece in bare if piece]


def _split_street(piece: str, end: int) -> list[str]:
    """A street that is written in one piece with its town and code, cut in two; `end` is where the street's own form ends."""
    code = _CODES.search(piece.upper(), end)
    if code is None:
        # "12 Harbour St Boston": what stands behind the word for a street can only be the town.
        town = piece[end:].strip(" .")
        apart = _STREET_END.search(piece[:end]) and _is_name(town) and town.casefold() not in _DIRECTIONS
        return [piece[:end], town] if apart else [piece]
    cut = end if piece[end : end + 1].isspace() else code.start()
    return [piece[:cut], piece[cut:]]


def _starts(piece: str) -> Sequence[int]:
    """Where a street may begin in a piece: behind a lead ("please send it to"), at its start, or at a house number."""
    lead = _LEAD.match(piece)
    number = re.search(r"(?<![\w#-])\d", piece)
    places = [lead.end() if lead else None, 0, number.start() if number else None]
    return [place for place in places if place is not None]


def _followed_by_code(pieces: Sequence[str]) -> bool:
    return any(_CODES.search(piece.upper()) for piece in pieces[:4])


def _take_country(draft: AddressDraft, segments: list[str]) -> AddressDraft:
    for place in range(len(segments) - 1, -1, -1):
        piece = segments[place]
        behind = _CODES.search(piece.upper())
        named = country_named(piece[behind.end() :]) if behind else None
        if behind and named:
            segments[place] = piece[: behind.end()]
            return replace(draft, country=named)
        # "CA" is a state behind a city and in front of a ZIP code far more often than Canada.
        code = None if piece.strip() in US_STATES else country_named(piece)
        if code is not None:
            del segments[place]
            return replace(draft, country=code)
    return draft


def _take_street(draft: AddressDraft, segments: list[str]) -> AddressDraft:
    street = segments.pop(0)
    if not street or _TWO_STREETS.search(street):
        return draft
    # A new street is a new address: parts of an earlier one must not be mixed into it.
    draft = AddressDraft(line1=street)
    inline = _INLINE_UNIT.search(street)
    if inline:
        return replace(draft, line1=street[: inline.start("unit")].strip(" ,"), line2=inline["unit"].strip())
    if segments and (_UNIT.match(segments[0]) or _STREET.match(segments[0])):
        return replace(draft, line2=segments.pop(0))
    receiver = next((piece for piece in segments if _CARE_OF.match(piece)), None)
    if receiver is not None:
        segments.remove(receiver)
    return replace(draft, line2=receiver)


def _take_place(draft: AddressDraft, segments: list[str]) -> AddressDraft:
    """Take postal code, state and city; what stands between the street and the city belongs to the street."""
    draft = _take_state(draft, segments)
    place, code = _find_code(draft, segments)
    if code is None:
        names = [piece for piece in segments if _is_name(piece)]
        return replace(draft, city=names[-1]) if names and draft.city is None else draft
    before, after = segments[place][: code.start()].strip(" -"), segments[place][code.end() :].strip(" -")
    state = before.split()[-1].upper() if before else ""
    if state in US_STATES and code[0][:5].isdigit():
        draft, before = replace(draft, region=state), before[: -len(state)].strip()
    draft = replace(draft, postal_code=code[0])
    # The city is beside its code, or in the piece in front of it, or in the one behind.
    beside = [part for part in (before, after) if _is_name(part)]
    front = segments[place - 1] if place and not beside else ""
    behind = segments[place + 1] if place + 1 < len(segments) else ""
    city = next((part for part in (*beside, front, behind) if _is_name(part)), None)
    extra = segments[: place - 1 if city == front else place]
    if extra and draft.line2 is None and draft.city is None and all(len(part.split()) <= 4 for part in extra):
        draft = replace(draft, line2=", ".join(extra))
    return replace(draft, city=city or draft.city)


def _take_state(draft: AddressDraft, segments: list[str]) -> AddressDraft:
    """Take a piece that is nothing but the abbreviation of a state."""
    state = next((piece for piece in segments if piece.upper() in US_STATES), None)
    if state is None:
        return draft
    segments.remove(state)
    return replace(draft, region=state.upper())


def _find_code(draft: AddressDraft, segments: list[str]) -> tuple[int, re.Match[str] | None]:
    """The first piece with a postal code of the named country, or of any country when none is named, and its last code."""
    for place, piece in enumerate(segments):
        found = [code for code in _CODES.finditer(piece.upper()) if draft.country is None or fits(code[0], draft.country)]
        if found:
            return place, found[-1]
    return 0, None


def _is_name(piece: str) -> bool:
    """Whether a piece can be the name of a town; "yes" and "thanks" are none, and Nice is."""
    answers = PARTS.get(tokens(piece), Part.PRAISE) is not Part.PRAISE
    return _NAME_PART.match(piece) is not None and len(piece.split()) <= 4 and not answers


def _with_country(draft: AddressDraft) -> AddressDraft:
    """The draft with the country that its state or the form of its postal code gives away."""
    if draft.country is not None or draft.postal_code is None:
        return draft
    code = draft.postal_code
    if draft.region in US_STATES and fits(code, "US"):
        return replace(draft, country="US")
    told = next((country for country in POSTAL_CODES if has_telling_code(code, country)), None)
    return replace(draft, country=told) if told else draft
