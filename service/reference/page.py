"""Serves the reference: the page, its style, and nothing from another host."""

import json
from importlib.resources import files
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from jinja2 import Environment, PackageLoader, StrictUndefined

from tools.ports import Json

POLICY = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

router = APIRouter(include_in_schema=False)
_pages = Environment(
    loader=PackageLoader("service.reference", "."),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_style = files("service.reference").joinpath("page.css").read_text("utf-8")


@router.get("/docs")
async def reference(request: Request) -> HTMLResponse:
    """The reference as a page."""
    document = request.app.openapi()
    page = _pages.get_template("page.html").render(info=document["info"], groups=groups(document), pretty=_pretty)
    return HTMLResponse(page, headers={"Content-Security-Policy": POLICY})


@router.get("/docs/page.css")
async def style() -> Response:
    """The page's style."""
    return Response(_style, media_type="text/css", headers={"Cache-Control": "max-age=3600"})


def groups(document: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """The operations of an OpenAPI document by their tag, in the order of the document."""
    found: dict[str, list[dict[str, Any]]] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            entry = {
                "id": f"{method}-{path}".replace("/", "-").replace("{", "").replace("}", ""),
                "method": method.upper(),
                "path": path,
                "summary": operation.get("summary", ""),
                "description": operation.get("description", ""),
                "parameters": operation.get("parameters", []),
                "body": _content(operation.get("requestBody", {})),
                "answers": _answers(operation),
            }
            found.setdefault(operation.get("tags", ["other"])[0], []).append(entry)
    return found


def _answers(operation: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {"status": status, "description": answer.get("description", ""), "example": _content(answer).get("example")}
        for status, answer in sorted(operation["responses"].items())
    ]


def _content(holder: dict[str, Any]) -> dict[str, Any]:
    return holder.get("content", {}).get("application/json", {})


def _pretty(value: Json) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)
