"""The reference documents every route with examples, and needs nothing from another host."""

import re
from html.parser import HTMLParser
from typing import Any

from service.api import examples
from service.store import shapes
from service.webhooks import router as webhooks
from tests.api.house import House
from tests.api.test_matrix import EXPECTED


class Loads(HTMLParser):
    """What a page makes a browser fetch or run."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.scripts = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.scripts += tag == "script" or any(name.startswith("on") or name == "style" for name, _ in attrs)
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href", "action", "srcset", "data")]


async def test_the_reference_asks_nothing_of_another_host(small_house: House) -> None:
    answer = await small_house.http.get("/docs")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    page = Loads()
    page.feed(answer.text)
    assert page.scripts == 0
    assert all(re.match(r"/(?!/)|#", address) for address in page.addresses), page.addresses
    for address in {one.split("#")[0] for one in page.addresses} - {""}:
        fetched = await small_house.http.get(address)
        assert fetched.status_code == 200, address
    style = (await small_house.http.get("/docs/page.css")).text
    assert "url(" not in style
    assert "@import" not in style


async def test_the_reference_shows_every_route(small_house: House) -> None:
    page = (await small_house.http.get("/docs")).text
    document = (await small_house.http.get("/openapi.json")).json()
    shown = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}
    assert shown >= set(EXPECTED) | {("POST", webhooks.routes[0].path)}  # type: ignore[attr-defined]
    for method, path in shown:
        assert f"<code>{method} {path}</code>" in page


def references(node: Any) -> set[str]:
    """Every reference in a document."""
    if isinstance(node, list):
        return {one for item in node for one in references(item)}
    if not isinstance(node, dict):
        return set()
    found = {node["$ref"]} if isinstance(node.get("$ref"), str) else set()
    return found | {one for value in node.values() for one in references(value)}


async def test_the_document_points_to_nothing_that_is_missing(small_house: House) -> None:
    document = (await small_house.http.get("/openapi.json")).json()
    assert references(document)
    for reference in references(document):
        assert reference.startswith("#/components/schemas/"), reference
        assert reference.rsplit("/", 1)[-1] in document["components"]["schemas"]


async def test_every_body_and_every_answer_has_an_example(small_house: House) -> None:
    document = (await small_house.http.get("/openapi.json")).json()
    for method, path in EXPECTED:
        operation = document["paths"][path][method.lower()]
        if "requestBody" in operation:
            assert operation["requestBody"]["content"]["application/json"]["example"], path
        good = {status: answer for status, answer in operation["responses"].items() if status in ("200", "201")}
        for status, answer in good.items():
            if not path.endswith("/events"):
                assert answer["content"]["application/json"]["example"], (path, status)
        assert "application/problem+json" in operation["responses"]["422"]["content"], path
        assert operation["security"] == [{"HTTPBearer": []}], path


async def test_the_examples_have_the_shapes_that_they_stand_for() -> None:
    shown = {
        shapes.TicketShape: examples.TICKET,
        shapes.ActionShape: examples.ACTION,
        shapes.CallShape: examples.CALL,
        shapes.MessageShape: examples.MESSAGE,
        shapes.ApprovalShape: examples.APPROVAL,
        shapes.EscalationShape: examples.ESCALATION,
        shapes.JournalShape: examples.ENTRY,
        shapes.SwitchShape: examples.SWITCH,
        shapes.ToolShape: examples.TOOL,
    }
    for shape, example in shown.items():
        assert shape.model_validate(example).model_dump(mode="json") == example, shape
