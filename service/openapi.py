"""Describes what the framework does not see by itself, for the generated reference: bodies that a route reads, and refusals."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from tools.ports import Json

PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "code", "detail", "request_id"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string"},
        "detail": {"type": "string"},
        "request_id": {"type": "string"},
        "rule": {"type": "string", "description": "The policy rule that spoke, where one did."},
    },
}


def refusal(description: str) -> dict[str, Any]:
    """One refusal as the reference shows it."""
    return {"description": description, "content": {"application/problem+json": {"schema": PROBLEM}}}


def json_body(model: type[BaseModel], example: Mapping[str, Json]) -> dict[str, Any]:
    """The `openapi_extra` of a route whose body is this model."""
    schema = model.model_json_schema()
    definitions = schema.pop("$defs", {})
    content = {"schema": _inline(schema, definitions), "example": example}
    return {"requestBody": {"required": True, "content": {"application/json": content}}}


def _inline(node: Any, definitions: Mapping[str, Any]) -> Any:
    """The schema with its references replaced: one that points into itself means nothing inside another document."""
    if isinstance(node, list):
        return [_inline(item, definitions) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        return _inline(definitions[node["$ref"].rsplit("/", 1)[-1]], definitions)
    return {key: _inline(value, definitions) for key, value in node.items()}
