"""Pages of a served board: they follow the board, and carry the headers that keep them safe."""

import json
from datetime import timedelta

import pytest
from starlette.testclient import TestClient

from mathbench.leaderboard import times
from mathbench.leaderboard.rounds import host, log, sealed
from mathbench.leaderboard.server.app import ServerLimits, make_app
from mathbench.leaderboard.site import address
from mathbench.leaderboard.store.board import Board
from mathbench.leaderboard.submit import submit_run
from tests.leaderboard.test_rounds import as_earlier

from .test_api import SUBMIT, form


@pytest.fixture
def at(task):
    return "/" + address.of_task(task.name, task.id)


def page(client, path, status=200):
    answer = client.get(path)
    assert answer.status_code == status, (path, answer.status_code, answer.text[:200])
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy and "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    return answer.text


def test_a_submission_is_on_the_pages_at_once(client, run, at):
    assert "The board is empty" in page(client, "/")
    page(client, at, 404)
    digest = client.post(SUBMIT, files=form(run(wrong=3))).json()["digest"]
    model = "/" + address.of_model("lstm-seq2seq", "torch")
    for path, words in (
        ("/", "lstm-seq2seq"),
        (at, "99.00 %"),
        ("/models.html", "lstm-seq2seq"),
        (model, digest),
    ):
        assert words in page(client, path), path


def test_what_another_process_does_is_on_the_pages_at_once(client, run, board, at):
    digest = submit_run(run(baseline="from outside"), board).digest
    assert "from outside" in page(client, at)
    other = Board(board)
    other.set_badge(digest, "reproduced")
    assert 'class="badge reproduced"' in page(client, at)
    other.withdraw(digest, "a mistake of mine")
    ranking, _, withdrawn = page(client, at).partition("<h2 id")[2].partition('<h2 id="withdrawn"')
    assert "from outside" not in ranking and "from outside" in withdrawn
    assert "a mistake of mine" in page(client, "/" + address.of_model("from outside", "torch"))


def test_a_repeated_submission_counts_its_attempts(client, run):
    path = run()
    for _ in range(3):
        client.post(SUBMIT, files=form(path))
    assert "3 times" in page(client, "/" + address.of_model("lstm-seq2seq", "torch"))


def test_who_has_a_page_is_told_so(client, run, at):
    client.post(SUBMIT, files=form(run()))
    first = client.get(at)
    again = client.get(at, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    client.post(SUBMIT, files=form(run(wrong=5)))
    assert client.get(at, headers={"If-None-Match": first.headers["etag"]}).status_code == 200


def test_files_whose_address_changes_with_them_are_kept_for_long(client):
    text = page(client, "/")
    style = text.partition('stylesheet" href="')[2].partition('"')[0]
    answer = client.get("/" + style)
    assert "immutable" in answer.headers["cache-control"] and answer.headers["content-type"].startswith(
        "text/css"
    )
    assert client.get("/static/site.css").headers["cache-control"] == "no-cache"
    assert client.get("/static/nothing.js").status_code == client.get("/static/../app.py").status_code == 404


def test_pages_travel_packed(client, run, at):
    client.post(SUBMIT, files=form(run()))
    assert client.get(at, headers={"Accept-Encoding": "gzip"}).headers["content-encoding"] == "gzip"


def test_comparing_leads_to_the_pair(client, run):
    ids = [client.post(SUBMIT, files=form(run(wrong=n))).json()["digest"] for n in (1, 9)]
    answer = client.get("/compare.html", params={"id": [i[:8] for i in ids]}, follow_redirects=False)
    assert answer.status_code == 303 and answer.headers["location"] == address.of_pair(*ids)
    assert "McNemar" in page(client, "/" + answer.headers["location"])
    assert client.get("/" + address.of_pair(*ids).replace(".html", ".csv")).text.startswith(
        "split,stratum,both"
    )


@pytest.mark.parametrize("wrong", ["", "zz", "0" * 64, "<script>alert(1)</script>"])
def test_ids_that_are_not_there(client, run, wrong):
    digest = client.post(SUBMIT, files=form(run())).json()["digest"]
    answer = client.get("/compare.html", params={"id": [digest, wrong]})
    assert answer.status_code == 404 and 'role="alert"' in answer.text and "<script>alert" not in answer.text


def test_other_rows_are_not_compared(client, run, task):
    from ..leaderboard.conftest import right

    sizes = {"train": 1, "interpolate": 300, "extrapolate": 200}
    other = run(data={"seed": 5, "sizes": sizes, "digest": None}, predictions=right(task, sizes, seed=5))
    ids = [client.post(SUBMIT, files=form(path)).json()["digest"] for path in (run(), other)]
    assert "did not answer the same rows" in page(client, "/" + address.of_pair(*ids), 422)


def test_addresses_that_are_no_pages(client):
    for path in (
        "/nothing",
        "/tasks/nothing.html",
        "/tasks/..%2f..%2fetc",
        "/models.99.html",
        "/rounds/winter.html",
    ):
        assert "There is no page at this address" in page(client, path, 404)
    assert client.post("/index.html").status_code == 405


def test_too_many_requests_are_a_page_too(board):
    with TestClient(make_app(Board(board), ServerLimits(requests_per_minute=3))) as client:
        answers = [client.get("/about.html") for _ in range(6)]
    assert answers[-1].status_code == 429 and int(answers[-1].headers["retry-after"]) > 0
    assert "Too many requests" in answers[-1].text


def test_a_board_that_is_gone_is_a_page_too(client, board):
    page(client, "/")
    board.unlink()
    assert "temporarily unavailable" in page(client, "/", 503)


def test_many_filters_stay_small(client, run, at):
    client.post(SUBMIT, files=form(run()))
    assert "0 of 1 model" in page(client, at + "?q=" + "x" * 5000)
    assert ">1 model<" in page(client, at + "?sort=nonsense&badge=&framework=")


@pytest.fixture
def winter(tmp_path, task):
    """A round with one entry that answered; `winter.client` shows it."""
    now, folder, secret = times.now(), tmp_path / "rounds" / "winter", tmp_path / "secret.json"
    host.open_round(folder, [task], {"interpolate": 40}, now + timedelta(hours=1), 3600, now, secret)
    as_earlier(folder)  # whose log allows any name
    weights = tmp_path / "weights"
    weights.write_bytes(b"weights")
    entry, asked = host.challenge(folder, "<b>bold</b> model", sealed.sha256_of(weights), times.now, secret)
    answers = tmp_path / "answers.jsonl"
    rows = ({k: r[k] for k in ("split", "row", "task")} | {"prediction": "1"} for r in asked.to_pylist())
    answers.write_text("".join(json.dumps(row) + "\n" for row in rows))
    host.answer(folder, entry.name, sealed.sha256_of(weights), answers, times.now)
    with TestClient(make_app(Board(tmp_path / "board.sqlite"), rounds=folder.parent)) as client:
        client.folder, client.secret = folder, secret
        yield client


def test_a_round_shows_no_score_before_it_is_revealed(winter):
    text = page(winter, "/rounds/winter.html")
    assert (
        "&lt;b&gt;bold&lt;/b&gt; model" in text and "Scores are computed when the round is revealed" in text
    )
    assert "exact match" not in text and winter.get("/rounds/winter.results.csv").text.count("\n") == 1
    assert winter.get("/rounds/winter", follow_redirects=False).headers["location"] == "winter.html"
    host.close(winter.folder, times.now)
    assert 'class="badge closed"' in page(winter, "/rounds/winter.html")
    host.reveal(winter.folder, times.now, winter.secret)
    text = page(winter, "/rounds/winter.html")
    assert "exact match" in text and json.loads(winter.secret.read_text())["seed"] in text
    assert winter.get("/rounds/winter.results.csv").text.count("\n") == 2
    assert "winter" in page(winter, "/rounds.html")


def test_a_round_shows_every_entry_and_who_registered_it(tmp_path, task):
    now, folder, secret = times.now(), tmp_path / "rounds" / "winter", tmp_path / "secret.json"
    host.open_round(folder, [task], {"interpolate": 40}, now + timedelta(hours=1), 3600, now, secret)
    for weights in ("11" * 32, "22" * 32):
        host.challenge(folder, "mine", weights, times.now, secret, "ada")
    host.challenge(folder, "theirs", "33" * 32, times.now, secret)
    host.close(folder, times.now)
    host.reveal(folder, times.now, secret)
    with TestClient(make_app(Board(tmp_path / "board.sqlite"), rounds=folder.parent)) as client:
        text = " ".join(page(client, "/rounds/winter.html").split())
        rows = client.get("/rounds/winter.results.csv").text.splitlines()
    assert "e1, e2<br><small" in text and "0 of 2 answered" in text and "0.00 %" in text
    assert "<td>ada</td><td>2 of 2</td>" in text and "<td>host</td><td>1 of 1</td>" in text
    assert text.count("unanswered") == 3
    assert rows[0].startswith("entry,model,submitter,number,entries,answered")
    assert rows[2].startswith("e2,mine,ada,2,2,no")


def test_a_damaged_round_is_passed_over(winter):
    (winter.folder / log.LOG_FILE).write_text("nonsense\n")
    page(winter, "/rounds/winter.html", 404)
    assert "No rounds yet" in page(winter, "/rounds.html")


def test_the_head_of_a_page_alone(client):
    answer = client.head("/about.html")
    assert (answer.status_code, answer.content) == (200, b"") and int(answer.headers["content-length"]) > 500
