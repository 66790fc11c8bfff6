"""The addresses: what they answer, and what they answer to nonsense."""

import json

import pytest

from mathbench.leaderboard.server import responses
from mathbench.leaderboard.store import tokens
from mathbench.leaderboard.store.board import Board
from mathbench.leaderboard.submit import submit_run
from mathbench.leaderboard.verify import verify

SUBMIT = "/api/v1/submissions"


def form(run):
    """The files of a run as a form."""
    return {
        "manifest": ("result.json", (run / "result.json").read_bytes()),
        "predictions": ("predictions.parquet", (run / "predictions.parquet").read_bytes()),
    }


def refused(response, status, *words):
    """One line of JSON with nothing but the reason."""
    assert response.status_code == status, (response.status_code, response.text)
    document = response.json()
    assert list(document) == ["error"] and "\n" not in document["error"], document
    assert all(word in document["error"] for word in words), document
    responses.ErrorReply.model_validate(document)


def test_a_submission_is_scored_before_the_answer_comes(client, run):
    response = client.post(SUBMIT, files=form(run(wrong=3)))
    receipt = response.json()
    responses.ReceiptReply.model_validate(receipt)
    assert response.status_code == 201 and receipt["new"] and receipt["attempts"] == 1
    assert receipt["scores"]["interpolate"]["correct"] == 297
    assert any("claimed 100.0000%" in said for said in receipt["differences"])
    assert verify(client.board) == (1, [])


def test_it_is_what_the_command_line_would_have_kept(client, run, tmp_path):
    path = run(wrong=3)
    local = submit_run(path, tmp_path / "local.sqlite")
    sent = client.post(SUBMIT, files=form(path)).json()
    assert sent["digest"] == local.digest
    assert sent["scores"] == json.loads(json.dumps(local.to_json()))["scores"]
    (kept,), (other,) = client.board.records(), Board(tmp_path / "local.sqlite").records()
    assert (kept.digest, kept.checked, kept.manifest) == (other.digest, other.checked, other.manifest)


def test_the_same_content_again_is_the_same_submission(client, run):
    path = run()
    first, second = (client.post(SUBMIT, files=form(path)) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json()["digest"] == second.json()["digest"] and second.json()["attempts"] == 2
    assert not second.json()["new"] and len(client.board.records()) == 1


def test_all_answers_keep_to_what_openapi_says(client, run):
    digest = client.post(SUBMIT, files=form(run())).json()["digest"]
    client.post(SUBMIT, files=form(run(baseline="")))
    health = responses.HealthReply.model_validate(client.get("/api/v1/health").json())
    assert health.submissions == 1 and health.limits.largest_body == 200_000
    tables = responses.TablesReply.model_validate(client.get("/api/v1/board?open=true").json())
    assert {line.model for line in tables.tables[0].lines} == {"lstm-seq2seq"}
    tables = responses.TablesReply.model_validate(client.get("/api/v1/board").json())
    assert {line.model for line in tables.tables[0].lines} >= {"constant", "exact-solver"}
    one = responses.SubmissionReply.model_validate(client.get(f"{SUBMIT}/{digest}").json()).root
    assert one["digest"] == digest and one["attempts"] == 1
    attempts = responses.AttemptsReply.model_validate(client.get("/api/v1/attempts").json())
    assert [a.outcome for a in attempts.attempts] == ["refused", "kept"]
    assert attempts.counts == {"refused": 1, "kept": 1} and "ada" not in client.get("/api/v1/attempts").text


def test_a_run_of_the_season_is_ranked(client, core_run):
    for path in (core_run(wrong=100), core_run(baseline="mlp", wrong=900)):
        assert client.post(SUBMIT, files=form(path)).status_code == 201
    reply = client.get("/api/v1/board?task=sums&split=interpolate").json()
    (table,) = responses.TablesReply.model_validate(reply).tables
    assert (table.season, table.task, table.split) == ("core-1", "addition-base10", "interpolate")
    lines = [line for line in table.lines if line.kind == "model"]
    assert [(line.model, line.rank, line.n) for line in lines] == [
        ("lstm-seq2seq", 1, 2000),
        ("mlp", 2, 2000),
    ]
    assert [(line.submitter, line.attempt, line.attempts) for line in lines] == [("ada", 1, 1)] * 2
    assert {line.model for line in table.lines if line.kind != "model"} > {"exact-solver"}
    assert client.get("/api/v1/board?open=true").json()["tables"] == []


def test_openapi_describes_every_error(client):
    document = client.get("/openapi.json").json()
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            for status, response in operation["responses"].items():
                if int(status) >= 400:
                    schema = response["content"]["application/json"]["schema"]
                    assert schema["$ref"].endswith("/ErrorReply"), (path, method, status)
                    assert ("Retry-After" in response.get("headers", {})) == (status in ("429", "503"))
    submit = document["paths"][SUBMIT]["post"]
    refusals = ("400", "401", "408", "413", "415", "422", "429", "503")
    assert set(submit["responses"]) == {"200", "201", *refusals}
    assert submit["security"] and "multipart/form-data" in submit["requestBody"]["content"]
    assert client.get("/docs").status_code == 200


@pytest.mark.parametrize("open_only", [False, True])
def test_filters(client, run, core_run, open_only):
    made = run if open_only else core_run
    client.post(SUBMIT, files=form(made()))
    client.post(SUBMIT, files=form(made(framework="keras", wrong=2)))

    def models(query):
        query += f"&open={open_only}"
        tables = client.get(f"/api/v1/board?{query}").json()["tables"]
        return {(t["split"], line["framework"]) for t in tables for line in t["lines"] if line["submissions"]}

    assert models("framework=keras&split=interpolate") == {("interpolate", "keras")}
    assert models("task=addition") == {
        (s, f) for s in ("interpolate", "extrapolate") for f in ("keras", "torch")
    }
    refused(client.get("/api/v1/board?task=aditon"), 422, "Did you mean 'addition'")
    refused(client.get("/api/v1/board?sort=x"), 422, "unknown order")
    refused(client.get(f"/api/v1/board?task={'x' * 300}"), 422, "task")


def test_a_page_of_attempts(client, run):
    paths = [run(wrong=i) for i in range(3)]
    digests = [client.post(SUBMIT, files=form(path)).json()["digest"] for path in [*paths, paths[0]]]
    first = client.get("/api/v1/attempts?limit=3").json()["attempts"]
    assert [a["digest"] for a in first] == digests[:0:-1] and first[0]["outcome"] == "repeated"
    rest = client.get(f"/api/v1/attempts?before={first[-1]['id']}").json()["attempts"]
    assert [a["digest"] for a in rest] == digests[:1]
    own = client.get(f"/api/v1/attempts?digest={digests[0]}").json()["attempts"]
    assert [a["outcome"] for a in own] == ["repeated", "kept"]


@pytest.mark.parametrize("change", ["submit", "withdraw"])
def test_an_etag_holds_until_the_board_changes(client, core_run, change):
    digest = client.post(SUBMIT, files=form(core_run())).json()["digest"]
    first = client.get("/api/v1/board")
    tag = {"If-None-Match": f'"other", W/{first.headers["etag"]}'}
    again = client.get("/api/v1/board", headers=tag)
    assert (
        again.status_code == 304 and again.content == b"" and again.headers["etag"] == first.headers["etag"]
    )
    if change == "submit":  # by another process, behind the server's back
        submit_run(core_run(wrong=5, baseline="mlp"), client.board.name)
    else:
        client.board.withdraw(digest, "a bug")
    changed = client.get("/api/v1/board", headers=tag)
    assert changed.status_code == 200 and changed.headers["etag"] != first.headers["etag"]


def test_what_is_refused_leaves_a_trace_and_one_line(client, run):
    refused(client.post(SUBMIT, files=form(run(baseline="[/red]\u202e"))), 422, "baseline")
    broken = form(run()) | {"predictions": ("predictions.parquet", b"PAR1" * 10)}
    refused(client.post(SUBMIT, files=broken), 422, "predictions.parquet")
    refused(client.post(SUBMIT, files=form(run()) | {"manifest": ("result.json", b"[")}), 422, "JSON")
    assert client.board.attempts() == {"refused": 3} and client.board.records() == []


@pytest.mark.parametrize(
    ("change", "status", "word"),
    [
        (lambda f: {"manifest": f["manifest"]}, 400, "manifest and predictions"),
        (lambda f: f | {"more": f["manifest"]}, 400, "each once; the file certificate is optional"),
        (lambda f: f | {"more": f["manifest"], "again": f["manifest"]}, 400, "Too many files"),
        (lambda f: f | {"predictions": ("predictions.parquet", b"0" * 300_000)}, 413, "200,000 bytes"),
    ],
)
def test_other_forms_are_refused(client, run, change, status, word):
    refused(client.post(SUBMIT, files=change(form(run()))), status, word)
    assert client.board.attempts() == {}


def test_other_bodies_are_refused(client):
    refused(client.post(SUBMIT, json={}), 415, "multipart/form-data")
    refused(
        client.post(SUBMIT, content=b"x", headers={"Content-Type": "multipart/form-data"}), 400, "boundary"
    )
    refused(client.post(SUBMIT, data={"manifest": "{}", "predictions": "x"}), 415, "multipart/form-data")
    odd = {"Content-Type": "multipart/form-data; boundary=b"}
    refused(client.post(SUBMIT, content=b"no form", headers=odd), 400)
    refused(client.post(SUBMIT, content=b"x" * 300_000, headers=odd), 413, "200,000")
    refused(client.post(SUBMIT, content=iter([b"--b\r\n"] * 60_000), headers=odd), 413, "200,000")


def test_addresses_that_are_not_there(client):
    refused(client.get("/api/v1/nothing"), 404, "/docs")
    refused(client.get(f"{SUBMIT}/{'0' * 64}"), 404, "no submission")
    refused(client.get(f"{SUBMIT}/../../etc"), 404)
    refused(client.get(f"{SUBMIT}/{'g' * 64}"), 422, "digest")
    refused(client.get("/api/v1/attempts?limit=0"), 422, "limit")
    refused(client.delete("/api/v1/board"), 405, "Method Not Allowed")


def test_hostile_names_come_back_escaped(client, run):
    name = "<script>alert(1)</script>\"'{{7*7}}"
    digest = client.post(SUBMIT, files=form(run(baseline=name))).json()["digest"]
    for address in ("/api/v1/board?open=true", f"{SUBMIT}/{digest}"):
        response = client.get(address)
        assert response.headers["content-type"] == "application/json"
        assert response.headers["x-content-type-options"] == "nosniff"
        assert name in json.dumps(response.json(), ensure_ascii=False).replace('\\"', '"')
        assert response.text.isascii() and "<script>" not in response.text


def test_a_token_ends_when_it_is_revoked(client, run):
    assert client.post(SUBMIT, files=form(run())).status_code == 201
    tokens.revoke(client.board, "ada")
    refused(client.post(SUBMIT, files=form(run())), 401, "revoked")


def test_without_a_good_token_nothing_is_read(client, run):
    for words in ("", "Bearer", "Basic abc", "Bearer mb_wrong", "Bearer \xff", f"Bearer {client.secret}x"):
        response = client.post(SUBMIT, files=form(run()), headers={"Authorization": words.encode("latin-1")})
        refused(response, 401, "token")
        assert response.headers["www-authenticate"] == "Bearer"
    assert client.board.attempts() == {}


def test_names_of_files_do_not_matter(client, run):
    sent = form(run())
    odd = {part: ("../../etc/passwd", data) for part, (_, data) in sent.items()}
    assert client.post(SUBMIT, files=odd).status_code == 201
