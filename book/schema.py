"""The schema of ``project.yaml`` for editors: ``configs/project.schema.json``.

``python -m book.schema > configs/project.schema.json`` writes it anew; a test says when it
is stale. What a library can supply is not required here, because an editor sees one file.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from book.project import Book

_REQUIRED = ("version", "title", "manuscript")  # the rest may come from the library


def project_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of a project file."""
    schema = Book.model_json_schema()
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "castbook project, version 1"
    schema["required"] = list(_REQUIRED)
    return schema


def schema_text() -> str:
    """``project_schema`` as the file holds it."""
    return json.dumps(project_schema(), ensure_ascii=False, indent=1, sort_keys=True) + "\n"


if __name__ == "__main__":
    sys.stdout.write(schema_text())
