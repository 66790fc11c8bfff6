"""The page that describes the API: complete, and without anything from another host."""

import re
from html.parser import HTMLParser

import pytest

from mathbench.leaderboard.server import api_page
from mathbench.leaderboard.server.app import ServerLimits, make_app
from mathbench.leaderboard.store.board import Board

LOADED = {"script": "src", "img": "src", "iframe": "src", "link": "href", "source": "src", "object": "data"}


class Loaded(HTMLParser):
    """What a browser loads for a page, by itself; and the links."""

    def __init__(self, text):
        super().__init__()
        self.found, self.links, self.ids = [], [], set()
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.ids.add(given.get("id"))
        if tag in LOADED and LOADED[tag] in given:
            self.found.append(given[LOADED[tag]])
        if tag == "a":
            self.links.append(given["href"])
        assert "style" not in given and not any(name.startswith("on") for name in given)


@pytest.fixture
def document(board, tmp_path):
    (tmp_path / "rounds").mkdir()
    return make_app(Board(board), ServerLimits(), tmp_path / "rounds").openapi()


def test_nothing_comes_from_another_host(client):
    reply = client.get("/docs")
    assert reply.status_code == 200 and reply.headers["content-type"].startswith("text/html")
    policy = reply.headers["content-security-policy"]
    assert policy == client.get("/about.html").headers["content-security-policy"]
    assert "default-src 'none'" in policy and "http" not in policy
    page = Loaded(reply.text)
    assert page.found and not [at for at in page.found if re.match(r"(\w+:)?//|data:", at)]
    for at in page.found:
        assert client.get(f"/{at}").status_code == 200
    assert {at[1:] for at in page.links if at.startswith("#")} <= page.ids
    assert client.get(f"/{'openapi.json'}").json()["paths"]


def test_every_address_of_the_document_is_described(document):
    found = list(api_page.operations(document, "http://h"))
    described = {(one.method.lower(), one.path) for one in found}
    assert described == {(method, path) for path, all_of in document["paths"].items() for method in all_of}
    assert len({one.anchor for one in found}) == len(found) >= 11
    for one in found:
        codes = set(document["paths"][one.path][one.method.lower()]["responses"])
        assert {reply.status for reply in one.responses} | {code for code, _ in one.errors} == codes
        assert one.curl.startswith("curl ") and f"http://h{one.path}" in one.curl


def test_bodies_parameters_and_responses_are_shown(document):
    by_path = {(one.method, one.path): one for one in api_page.operations(document, "http://h")}
    submit = by_path["POST", "/api/v1/submissions"]
    assert submit.token and submit.body_kind == "multipart/form-data"
    assert {field.name: field.required for field in submit.body} == {
        "manifest": True,
        "predictions": True,
        "certificate": False,
    }
    assert "-F manifest=@FILE -F predictions=@FILE" in submit.curl and "Bearer" in submit.curl
    attempts = by_path["GET", "/api/v1/attempts"]
    assert [(field.name, field.kind) for field in attempts.parameters] == [
        ("digest", "string or null"),
        ("before", "integer or null"),
        ("limit", "integer"),
    ]
    (ok, same) = attempts.responses
    assert same.status == "304" and "attempts[].outcome" in [field.name for field in ok.fields]
    assert '"outcome": "kept"' in ok.example and not attempts.token
    challenge = by_path["POST", "/api/v1/rounds/{name}/challenge"]
    assert """-d '{"model": "...", "weights_sha256": "..."}' 'http://h""" in challenge.curl
