"""schemathesis reads our OpenAPI document and asks what comes to its mind: never a 5xx."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
import requests
import schemathesis
from fake_orders import FakeOrders
from hypothesis import HealthCheck, Phase, given, settings
from live import make_desk
from starlette.testclient import TestClient

from service.app import create_app

HERE = "http://127.0.0.1:7860"
# of each operation; a longer look: CASTBOOK_EXAMPLES=100 pytest tests/service/security
EXAMPLES = int(os.environ.get("CASTBOOK_EXAMPLES", "2"))


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    app = create_app(make_desk(tmp_path_factory.mktemp("data"), FakeOrders(), rate=0))
    with TestClient(app, HERE, raise_server_exceptions=False) as client:
        yield client


def test_no_request_of_the_document_breaks_us(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    schema = schemathesis.openapi.from_dict(document)
    asked = 0
    for found in schema.get_all_operations():
        operation = found.ok()

        @settings(
            max_examples=EXAMPLES,
            derandomize=True,
            deadline=None,
            database=None,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(operation.as_strategy())
        def ask(case: schemathesis.Case) -> None:
            nonlocal asked
            asked += 1
            told = requests.Request(**case.as_transport_kwargs(base_url=HERE)).prepare()
            body = told.body.encode() if isinstance(told.body, str) else told.body
            answer = client.request(
                str(told.method),
                str(told.url),
                headers={**told.headers, "Host": "127.0.0.1"},
                content=body,
            )
            assert answer.status_code < 500, (told.method, told.url, body, answer.text[:300])

        ask()
    assert asked >= len(document["paths"])
