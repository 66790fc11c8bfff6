"""Schemathesis makes requests from the OpenAPI document, right and wrong ones: the answers are as it says."""

from datetime import timedelta

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

from mathbench.leaderboard import times
from mathbench.leaderboard.rounds import host
from mathbench.leaderboard.server.app import ServerLimits, make_app
from mathbench.leaderboard.store import tokens
from mathbench.leaderboard.store.board import Board
from mathbench.leaderboard.submit import submit_run

CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
OPEN = ServerLimits(
    max_body=200_000,
    requests_per_minute=1_000_000,
    submissions_per_minute=1_000_000,
    submissions_per_token=1_000_000,
)


@pytest.fixture
def document(board, run, tmp_path, task):
    """What the document of a board with one submission and one round says; `document.secret` is a token."""
    submit_run(run(wrong=3), board)
    opened, now = Board(board), times.now()
    secret = tmp_path / "secrets" / "winter.json"
    round_ = tmp_path / "rounds" / "winter"
    host.open_round(round_, [task], {"interpolate": 5}, now + timedelta(hours=1), 3600, now, secret)
    app = make_app(opened, OPEN, round_.parent, secret.parent)
    made = schemathesis.openapi.from_asgi("/openapi.json", app)
    made.secret = tokens.create(opened, "ada")
    made.digest = opened.records()[0].digest
    return made


def ask(document, case, extra):
    """Send a request as it was made, or with a token, and also a digest or an ETag that the server knows."""
    if extra == "digest" and "digest" in case.path_parameters:
        case.path_parameters["digest"] = document.digest
    if extra != "nothing" and "name" in case.path_parameters:
        case.path_parameters["name"] = "winter"
    headers = {"Authorization": f"Bearer {document.secret}"} if extra != "nothing" else {}
    headers |= {"If-None-Match": "*"} if extra == "tag" else {}
    case.call_and_validate(headers=headers, checks=CHECKS)


@pytest.mark.parametrize("examples", [25, pytest.param(800, marks=pytest.mark.slow)])
def test_answers_are_as_the_document_says(document, examples):
    operations = [found.ok() for found in document.get_all_operations()]
    for operation in operations:
        right, wrong = (operation.as_strategy(generation_mode=mode) for mode in GenerationMode)

        @settings(max_examples=examples, suppress_health_check=list(HealthCheck))
        @given(right | wrong, st.sampled_from(["digest", "token", "tag", "nothing"]))
        def asked(case, extra):
            ask(document, case, extra)

        asked()
    assert len(operations) >= 11
