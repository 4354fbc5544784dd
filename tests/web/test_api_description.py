"""The API's description, as generators of clients read it."""

from collections import defaultdict
from typing import Any

import pytest
from ninja.openapi.schema import OpenAPISchema

from anlan.web.api import build


def test_a_name_stands_for_one_type_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    described: dict[str, list[Any]] = defaultdict(list)
    add = OpenAPISchema.add_schema_definitions

    def noted(self: OpenAPISchema, definitions: dict[str, Any]) -> None:
        for name, definition in definitions.items():
            if definition not in described[name]:
                described[name].append(definition)
        add(self, definitions)

    monkeypatch.setattr(OpenAPISchema, "add_schema_definitions", noted)
    build().get_openapi_schema(path_prefix="")
    assert len(described) > 50
    assert {name: len(found) for name, found in described.items() if len(found) > 1} == {}
