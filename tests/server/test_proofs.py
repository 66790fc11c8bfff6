"""Certificates over HTTP: checked before the answer comes, kept, and served."""

import pytest

from mathbench.certificates import limited
from mathbench.errors import InputError
from mathbench.leaderboard.server import responses
from mathbench.leaderboard.store.board import Board
from mathbench.leaderboard.verify import verify
from tests.leaderboard import proofs

from .test_api import SUBMIT, refused

CONTENT = proofs.content()


def form(folder):
    """The files of a submission with a certificate as a form."""
    names = {"manifest": "submission.json", "predictions": "predictions.parquet", "certificate": proofs.NAME}
    return {part: (name, (folder / name).read_bytes()) for part, name in names.items()}


@pytest.fixture
def sent(tmp_path):
    return proofs.write(tmp_path / "sent", CONTENT)


def test_a_proof_is_checked_kept_and_served(client, sent):
    response = client.post(SUBMIT, files=form(sent))
    assert response.status_code == 201, response.text
    receipt = responses.ReceiptReply.model_validate(response.json())
    assert receipt.proof == {"claim": proofs.CLAIM, "covers_float32": True, "sha256": proofs.sha256(CONTENT)}
    kept = responses.SubmissionReply.model_validate(client.get(f"{SUBMIT}/{receipt.digest}").json()).root
    assert kept["proof"] == receipt.proof
    responses.TablesReply.model_validate(client.get("/api/v1/board").json())
    served = client.get(f"/certificates/{receipt.digest[:12]}.safetensors")
    assert served.content == CONTENT and served.headers["content-type"] == "application/octet-stream"
    assert client.get(f"/certificates/{'0' * 12}.safetensors").status_code == 404
    cached = [key[0] for key in client.app.state.pages._made]
    assert not [path for path in cached if path.startswith("certificates")]  # they would fill the memory
    assert verify(client.board) == (1, [])


def test_a_submission_without_a_proof_has_no_certificate(client, run):
    from .test_api import form as plain

    response = client.post(SUBMIT, files=plain(run()))
    assert response.json()["proof"] is None
    assert client.get(f"/certificates/{response.json()['digest'][:12]}.safetensors").status_code == 404


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        (lambda files: files.pop("certificate"), 422, "the manifest names the certificate weights.safetensors. Rec"),
        (lambda files: files.update(certificate=("x", CONTENT[:-1])), 422, "does not match the manifest"),
        (lambda files: files.update(certificate=("x", b"0" * (5 << 20))), 413, "larger than"),
        (lambda files: files.update(weights=files.pop("certificate")), 400, "must contain the files manifest and"),
        (lambda files: files.update(more=("x", b"")), 400, "Too many files"),
    ],
    ids=range(5),
)  # fmt: skip
def test_forms_with_other_files(client, sent, change, status, words):
    files = form(sent)
    change(files)
    refused(client.post(SUBMIT, files=files), status, words)
    assert client.board.records() == []


def test_a_certificate_that_no_manifest_names(client, tmp_path):
    bare = proofs.write(tmp_path / "bare", None)
    (bare / proofs.NAME).write_bytes(CONTENT)
    refused(
        client.post(SUBMIT, files=form(bare)),
        422,
        "the manifest names no certificate. Received: one of 7,852",
    )


@pytest.mark.parametrize(
    ("certificate", "table", "words"),
    [
        (proofs.changed("matrices", (3, 2, 2), 9), None, "may leave box"),
        (proofs.content("divisible-7-seed0"), None, "is not about the task"),
        (CONTENT, proofs.one_wrong(), "give other answers than the predictions"),
    ],
    ids=["weight", "k", "prediction"],
)
def test_a_wrong_proof_is_never_kept_as_if_it_was_none(client, tmp_path, certificate, table, words):
    path = proofs.write(tmp_path / "sent", certificate, table=table)
    refused(client.post(SUBMIT, files=form(path)), 422, words)
    assert client.board.records() == [] and client.board.attempts() == {"refused": 1}


def test_a_run_with_a_proof_goes_to_a_real_server(serve, board, sent, monkeypatch):
    server = serve(board)
    receipt = server.submit(sent)
    assert receipt.new and receipt.proof.claim == proofs.CLAIM
    assert verify(Board(board)) == (1, [])
    (sent / proofs.NAME).write_bytes(CONTENT + b"\0")
    with pytest.raises(InputError, match=r"refused with 422: weights\.safetensors does not match"):
        server.submit(sent)


def test_the_limit_of_a_check_is_below_that_of_a_submission(client):
    limits = client.get("/api/v1/health").json()["limits"]
    assert limits["scoring_seconds"] >= limited.MAX_SECONDS
