"""A visitor submits a run from the page: a receipt, and a model on the board; or one line that says what is wrong."""

import pytest
from selenium.webdriver.common.keys import Keys

from mathbench.families import task as make_task
from mathbench.leaderboard.site import address
from tests.leaderboard import proofs
from tests.leaderboard.conftest import manifest, replaced, right, write_run
from tests.server.conftest import Served

from .visitor import Visitor

MODEL = "a <b>new</b> model"


@pytest.fixture(scope="module")
def empty_server(tmp_path_factory):
    """A server that begins with an empty board."""
    place = tmp_path_factory.mktemp("empty")
    server = Served(place / "empty.sqlite", place)
    yield server
    server.stop()


@pytest.fixture
def sender(chromium, empty_server):
    return Visitor(chromium, empty_server.url)


@pytest.fixture
def ready(tmp_path):
    """A run directory."""
    task = make_task("addition", digits=2)
    return write_run(tmp_path / "run", manifest(task, baseline=MODEL), replaced(right(task), 30))


def send(sender, run, token):
    """Fill the form and send it; what the page answers, once it is no longer waiting."""
    sender.open("submit.html")
    names = {path.suffix: path for path in run.iterdir()}
    sender.one("input[name=manifest]").send_keys(str(names[".json"]))
    sender.one("input[name=predictions]").send_keys(str(names[".parquet"]))
    if ".safetensors" in names:
        sender.one("input[name=certificate]").send_keys(str(names[".safetensors"]))
    sender.one("[data-token]").send_keys(token)
    sender.one("form.submit button").click()
    sender.until(lambda: sender.one("form.submit button").is_enabled() and sender.seen("[data-answer] p"))
    return sender.texts("[data-answer] p")


def leaked(sender, server, token):
    kept = sender.run("return JSON.stringify([document.cookie, {...localStorage}, {...sessionStorage}])")
    return any(token in place for place in (sender.driver.current_url, server.text(), kept))


def test_the_first_model_of_a_board_is_submitted_in_the_browser(sender, empty_server, ready):
    sender.open("index.html")
    assert sender.seen("p.empty") and not sender.seen("table")
    sender.leaves(sender.link("Submit the first model.").click)
    said = send(sender, ready, empty_server.token)
    assert said[0].startswith(f"{MODEL} on addition-base10-digits2: kept as ")
    assert (
        "interpolate: 270 of 300 right, 90.00 %" in said and "extrapolate: 170 of 200 right, 85.00 %" in said
    )
    assert any(line.startswith("the claimed score does not agree") for line in said)
    assert not sender.all("[data-answer] b") and not leaked(sender, empty_server, empty_server.token)
    assert "POST /api/v1/submissions 201 tester-" in empty_server.text()
    sender.open(address.of_task("addition-base10-digits2", "addition-v1"))  # not in the season
    assert MODEL in sender.texts("a.model")
    again = send(sender, ready, empty_server.token)
    assert "already on the board" in again[0] and "attempt 2" in again[0]


def test_a_proof_is_submitted_in_the_browser(sender, empty_server, tmp_path):
    said = send(sender, proofs.write(tmp_path / "sent", proofs.content()), empty_server.token)
    assert f"proved: {proofs.CLAIM}" in said, said
    sender.open(address.of_task(proofs.THREE.name, proofs.THREE.id))
    assert sender.seen("a.proved") and sender.texts("h2")[0] == "Interpolate, from examples"
    bare = proofs.write(tmp_path / "bare", proofs.content())
    (bare / proofs.NAME).unlink()
    (refusal,) = send(sender, bare, empty_server.token)
    assert refusal.startswith("Refused: the manifest names the certificate weights.safetensors")


def test_a_wrong_token_is_one_clear_line(sender, empty_server, ready):
    token = "mb_" + "0" * 43
    assert send(sender, ready, token) == ["Refused: the token is unknown or was revoked."]
    assert sender.seen("[data-answer] .warning") and not leaked(sender, empty_server, token)


def test_broken_predictions_are_one_clear_line(sender, empty_server, ready):
    (ready / "predictions.parquet").write_bytes(b"PAR1 nothing of the kind")
    said = send(sender, ready, empty_server.token)
    assert len(said) == 1 and said[0].startswith("Refused: ") and "\n" not in said[0]
    assert not leaked(sender, empty_server, empty_server.token)


def test_enter_in_the_token_field_sends_it_in_no_address(sender, empty_server, ready):
    sender.open("submit.html")
    sender.one("input[name=manifest]").send_keys(str(ready / "result.json"))
    sender.one("input[name=predictions]").send_keys(str(ready / "predictions.parquet"))
    sender.one("[data-token]").send_keys("mb_wrong", Keys.ENTER)
    sender.until(lambda: sender.seen("[data-answer] .warning"))
    assert sender.at == "submit.html" and not leaked(sender, empty_server, "mb_wrong")


def test_nothing_is_sent_before_the_form_is_full(sender, empty_server):
    sender.open("submit.html")
    before = empty_server.text().count("POST")
    sender.one("form.submit button").click()
    # other requests do not count: the browser may still be fetching the icon of the page
    assert not sender.seen("[data-answer] p") and empty_server.text().count("POST") == before
    assert sender.run("return document.activeElement.name") == "manifest"
