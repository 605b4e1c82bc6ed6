"""What a setting of the plan may be, in words, read off its schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def allowed(schema: Mapping[str, Any]) -> str:
    """What the JSON schema of a setting allows: 'a whole number from 1 to 1000'."""
    choices = [each for each in schema.get("anyOf", []) if each.get("type") != "null"]
    if choices:
        return allowed(choices[0])
    if "enum" in schema:
        return f"one of {', '.join(map(repr, schema['enum']))}"
    kind = schema.get("type")
    if kind in ("integer", "number"):
        return f"a {'whole ' if kind == 'integer' else ''}number{_bounds(schema)}"
    if kind == "array":
        pairs = "prefixItems" in schema.get("items", {})
        return (
            'a list of pairs of names, such as [["gender", "region"]]' if pairs else 'a list of names, such as ["ndcg"]'
        )
    if kind == "object":
        return f"a table of numbers{_bounds(schema['additionalProperties'])} by measure, such as {{ndcg = 0.01}}"
    return "true or false" if kind == "boolean" else "text on one line"


def _bounds(schema: Mapping[str, Any]) -> str:
    """The bounds of a number: ' from 1 to 1000', ' above 0 and below 1'."""
    words = {"minimum": "from", "maximum": "to", "exclusiveMinimum": "above", "exclusiveMaximum": "below"}
    told = [f"{word} {schema[name]:g}" for name, word in words.items() if name in schema]
    return f" {(' and ' if 'exclusiveMinimum' in schema else ' ').join(told)}" if told else ""
