"""Certificates on boards: what is proved, what is refused, and that it stays so."""

import json
import sqlite3
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mathbench.certificates import answering, document, limited
from mathbench.certificates.column_linear import SumClaim
from mathbench.certificates.second_order import NETWORK, ResidueClaim, claim_texts, residue_texts, true_labels
from mathbench.errors import CheckFailed, InputError
from mathbench.families import task as make_task
from mathbench.leaderboard.check import check_submission
from mathbench.leaderboard.proof import Proof
from mathbench.leaderboard.ranking import render
from mathbench.leaderboard.ranking.rank import open_tables
from mathbench.leaderboard.reproduce import recipe_of
from mathbench.leaderboard.store import folder
from mathbench.leaderboard.store.board import Board
from mathbench.leaderboard.store.packed_record import unpack
from mathbench.leaderboard.submission import open_submission
from mathbench.leaderboard.submit import dry_run, submit_run
from mathbench.leaderboard.verify import verify, verify_folder
from mathbench.numbers.text import to_text

from . import proofs
from .conftest import right
from .test_commands import cli, refused  # noqa: F401

CONTENT = proofs.content()
PROOF = Proof(proofs.CLAIM, True, proofs.sha256(CONTENT))


@pytest.fixture
def sent(tmp_path):
    return proofs.write(tmp_path / "sent", CONTENT)


def test_a_proved_submission(sent, board):
    receipt = submit_run(sent, board)
    assert receipt.proof == PROOF and receipt.badge == "proved" and receipt.new
    opened = Board(board)
    (kept,) = opened.records()
    assert kept.proof == PROOF and kept.badge == "proved" and kept.summary.supervision == "examples"
    assert kept.checked.scores["interpolate"].total.exact_match == 1
    assert opened.certificate(kept.digest) == CONTENT
    assert verify(opened) == (1, []) and not submit_run(sent, board).new


def test_a_certified_run(tmp_path, board):
    run = proofs.write_certified_run(tmp_path / "run", CONTENT)
    assert submit_run(run, board).proof == PROOF
    (kept,) = Board(board).records()
    with pytest.raises(InputError, match="is certified: its recipe trains the run before that"):
        recipe_of(kept)


def test_a_claim_of_a_run_that_its_certificate_does_not_prove(tmp_path):
    run = proofs.write_certified_run(tmp_path / "run", CONTENT, "everything")
    with pytest.raises(InputError, match=r"Received the claim: everything"):
        submit_run(run, tmp_path / "b.sqlite")


def test_a_dry_run_checks_the_certificate(cli, sent, tmp_path):  # noqa: F811
    found = dry_run(sent)
    assert found.proof == PROOF and found.sent["certificate_bytes"] == len(CONTENT)
    code, _, err = cli("submit", sent, "--dry-run")
    assert code == 0 and f"proved: {proofs.CLAIM}" in " ".join(err.split())
    assert "would be sent: the manifest, a certificate of 7,852 bytes and 500 predictions" in " ".join(
        err.split()
    )
    other = proofs.write(tmp_path / "other", CONTENT, table=proofs.one_wrong())
    refused(cli("submit", other, "--dry-run"), "the weights of the certificate give other answers")


@pytest.mark.parametrize(
    ("made", "content"),
    [
        (make_task("divisible", k=7), proofs.content("divisible-7-seed1")),
        (make_task("divisible", k=2, base=3, digits=12), proofs.content("divisible-2-base3-seed0")),
        (make_task("divisible", k=29, answer="residue", digits=6), proofs.content("residue-29-seed0")),
        (make_task("divisible-v1", k=9), proofs.content("divisible-9-seed2")),
        (make_task("addition", more=0, digits=9), proofs.sums()),
        (make_task("addition", more=0, operands=3, base=2, digits=8, written="a + b"), proofs.sums(2, 3)),
        (make_task("correct-addition"), proofs.sums(answer="label")),
        (make_task("correct-addition-v1", base=7), proofs.sums(7, answer="label")),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_every_kind_of_claim(made, content, tmp_path):
    path = proofs.write(tmp_path / "sent", content, made)
    found = check_submission(open_submission(path))
    assert found.proof.sha256 == proofs.sha256(content)
    assert all(score.total.exact_match == 1 for score in found.scores.values())


# certificates that are refused

ABOUT = "the certificate is not about the task"
WEIGHTS = "the weights of the certificate give other answers than the predictions to"
GIGANTIC = {"k": 1 << 16, "base": 10, "answers": true_labels(1 << 16)}


def many_boxes():
    """A certificate below 4 MiB whose check would take hours."""
    boxes, base = 20_000, 10
    numbers = {
        "matrices": np.zeros((base, 1, 1), np.float32),
        "bias": np.zeros((base, 1), np.float32),
        "start": np.zeros(1, np.float32),
        "weight": np.zeros((2, 1), np.float32),
        "offset": np.zeros(2, np.float32),
        "centres": np.zeros((boxes, 1), np.float32),
        "radius": np.ones(1, np.float32),
        "first": np.zeros(base, np.int64),
        "table": np.zeros((boxes, base), np.int64),
        "outputs": np.zeros(boxes, np.int64),
    }
    claim = ResidueClaim(60_000, base, true_labels(60_000))
    return document.write(NETWORK, numbers, claim_texts(claim, ("true", "false")))


LONG = proofs.with_header(lambda header: header["__metadata__"].update(more="x" * (2 << 20)))
HOSTILE = {
    "nothing": (lambda: b"", "the file is damaged"),
    "cut": (lambda: CONTENT[:-1], "the file is damaged"),
    "longer": (lambda: CONTENT + b"\0", "the file is damaged"),
    "NaN": (lambda: proofs.changed("bias", (3, 2), np.nan), "must be finite"),
    "a changed weight": (lambda: proofs.changed("matrices", (3, 2, 2), 9), "may leave box"),
    "a changed table": (lambda: proofs.changed("table", (1, 1), 1), "gives a wrong answer to the number"),
    "another k": (
        lambda: proofs.content("divisible-7-seed0"),
        f"{ABOUT} divisible-3-base10: it proves whether",
    ),
    "another base": (lambda: proofs.content("divisible-2-base3-seed0"), ABOUT),
    "another kind of answer": (lambda: proofs.content("residue-29-seed0"), ABOUT),
    "gigantic k": (
        lambda: proofs.with_header(lambda h: h["__metadata__"].update(claim=json.dumps(GIGANTIC))),
        "gives a wrong answer to the number",
    ),
    "more gigantic k": (
        lambda: proofs.with_header(
            lambda h: h["__metadata__"].update(claim='{"k": 1e99, "base": 10, "answers": []}')
        ),
        "the claim is not one of",
    ),
    "many boxes": (many_boxes, "its check takes 60,0"),
    "a long header": (lambda: LONG, None),
    "a header of many arrays": (
        lambda: proofs.with_header(lambda h: h.update({f"a{i}": h["start"] for i in range(20_000)})),
        "the file is damaged",
    ),
    "a header that ends beyond the file": (
        lambda: struct.pack("<Q", 1 << 63) + CONTENT[8:],
        "the file is damaged",
    ),
    "an endless size": (
        lambda: proofs.with_header(lambda h: h["start"].update(shape=[10**30])),
        "the file is damaged",
    ),
    "an infinite size": (
        lambda: proofs.with_header(lambda h: h["start"].update(shape=[float("inf")])),
        "the file is damaged",
    ),
    "sums of another base": (lambda: proofs.sums(7), ABOUT),
    "sums that are wrong": (
        lambda: proofs.sums(shift=[1, np.pi / 2]),
        "the digit said after box 0 and the digits 0,0",
    ),
    "too many columns": (
        lambda: proofs.sums(about=SumClaim(36, 6, "sum", 1)),
        "the claim is not one of sums",
    ),
    "deep": (lambda: struct.pack("<Q", 1 << 20) + b"[" * (1 << 20), "the file is damaged"),
    "too large": (lambda: CONTENT + b"\0" * (4 << 20), "is larger than 4,194,304 bytes"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_certificates_are_refused_in_one_line(name, tmp_path, board):
    make, message = HOSTILE[name]
    path = proofs.write(tmp_path / "sent", make())
    if message is None:  # padding does no harm
        assert submit_run(path, board).proof.claim == proofs.CLAIM
        return
    with pytest.raises(InputError) as error:
        submit_run(path, board)
    assert message in str(error.value) and str(error.value).isprintable()
    assert Board(board).records() == [] and Board(board).attempts() == {"refused": 1}


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from([CONTENT, proofs.content("divisible-2-base3-seed0"), proofs.sums(3)]),
    st.lists(st.tuples(st.integers(0, 1500), st.integers(0, 255)), min_size=1, max_size=4),
    st.integers(0, 9000),
)
def test_no_damage_to_a_certificate_causes_a_traceback(content, edits, end):
    """The start of the file holds the header; each edit changes a byte."""
    damaged = bytearray(content)
    for at, byte in edits:
        damaged[at % len(damaged)] = byte
    try:
        certificate = document.parse(bytes(damaged[:end] if end < len(content) // 2 else damaged))
        if certificate.steps <= 1_000_000:
            certificate.check()
    except (InputError, CheckFailed) as error:
        assert "\n" not in str(error)


def test_one_other_prediction_is_refused(tmp_path, board):
    with pytest.raises(
        InputError, match=rf"{WEIGHTS} 1 rows of interpolate; the first is row 0: '\w+'. Received: '\w+x'"
    ):
        submit_run(proofs.write(tmp_path / "sent", CONTENT, table=proofs.one_wrong()), board)


def test_a_missing_prediction_is_refused(tmp_path, board):
    table = right(proofs.THREE).drop_columns("task").slice(1)
    with pytest.raises(
        InputError, match=rf"{WEIGHTS} 1 rows of interpolate; the first is row 0: '\w+'. Received: none"
    ):
        submit_run(proofs.write(tmp_path / "sent", CONTENT, table=table), board)


@pytest.mark.parametrize(
    "made", [make_task("addition", digits=2), make_task("divisible", k=3, format="reversed-all")]
)
def test_right_predictions_for_a_task_that_the_claim_is_not_about(made, tmp_path, board):
    with pytest.raises(InputError, match=ABOUT):
        submit_run(proofs.write(tmp_path / "sent", CONTENT, made), board)


def test_another_file_than_the_manifest_names(sent, board):
    (sent / proofs.NAME).write_bytes(proofs.content("divisible-3-seed1"))
    with pytest.raises(InputError, match=r"weights\.safetensors does not match the manifest: its SHA-256 is"):
        submit_run(sent, board)
    (sent / proofs.NAME).unlink()
    with pytest.raises(InputError, match=r"it must contain submission\.json and weights\.safetensors"):
        submit_run(sent, board)


@pytest.mark.parametrize("name", ["../weights.safetensors", "/etc/passwd", "weights.pt", ".safetensors"])
def test_names_of_certificates_are_plain(name, tmp_path, board):
    entry = {"file": name, "sha256": "0" * 64}
    with pytest.raises(InputError, match=r"submission\.json\.certificate"):
        submit_run(proofs.write(tmp_path / "sent", CONTENT, certificate=entry), board)


def test_limits_of_answers(monkeypatch):
    monkeypatch.setattr(answering, "MAX_PRODUCTS", 2_144)
    certificate = document.parse(CONTENT)
    assert answering.answers(certificate, ["9"]) == ["true"] and answering.answers(certificate, []) == []
    with pytest.raises(InputError, match=r"takes 4,288 products of weights\. Allowed: 2,144"):
        answering.answers(certificate, ["10"])


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("MAX_SECONDS", 0, "ended without a verdict; it has 0 seconds and 1,024 MiB"),
        ("MAX_MEMORY", 1 << 20, "ended without a verdict; it has 60 seconds and 1 MiB"),
        ("MAX_STEPS", 64_025, r"its check takes 64,026 steps\. Allowed: 64,025"),
    ],
)
def test_a_check_that_reaches_its_limits_has_no_verdict(name, value, message, monkeypatch):
    monkeypatch.setattr(limited, name, value)
    with pytest.raises(InputError, match=message):
        limited.check(LONG)


def test_questions_that_are_no_numbers_of_the_base():
    certificate = document.parse(proofs.content("divisible-2-base3-seed0"))
    assert answering.answers(certificate, ["2", "11", "1022"]) == ["true", "true", "false"]
    for question in ("", "3", "1x", "-1", "1²", "\ud800"):
        with pytest.raises(InputError, match="must have numbers in base 3"):
            answering.answers(certificate, ["1" * max(1, len(question)), question])


def test_answers_do_not_depend_on_the_other_questions():
    certificate = document.parse(proofs.content("residue-29-seed1"))
    source = np.random.default_rng(0)
    questions = ["".join(map(str, source.integers(0, 10, n))) for n in source.integers(1, 60, 500)]
    expected = [str(int(question) % 29) for question in questions]
    assert answering.answers(certificate, questions) == expected
    assert [answering.answers(certificate, [question])[0] for question in questions[:50]] == expected[:50]


def test_many_questions_come_in_batches(monkeypatch):
    monkeypatch.setattr(answering, "BATCH", 30)  # two states of twelve units
    certificate = document.parse(CONTENT)
    assert answering.answers(certificate, ["3", "4", "6", "11", "5"]) == [
        "true",
        "false",
        "true",
        "false",
        "false",
    ]


@pytest.mark.parametrize(
    "parameters",
    [
        {"k": 3},
        {"k": 4, "base": 3},
        {"k": 5, "answer": "residue"},
        {"k": 2, "base": 2, "answer": "residue", "digits": 9},
    ],
)
def test_the_claim_about_a_task_says_what_its_solver_says(parameters):
    made = make_task("divisible", **parameters)
    labels = residue_texts if made.answer == "residue" else lambda k, base: true_labels(k)
    claim = ResidueClaim(made.k, made.base, labels(made.k, made.base))
    assert claim.is_about(made.family, made.parameters)
    assert all(claim.answers[n % made.k] == made.oracle(to_text(n, made.base)) for n in range(30))
    for other in (
        ResidueClaim(made.k + 1, made.base, labels(made.k + 1, made.base)),
        ResidueClaim(made.k, made.base + 1, labels(made.k, made.base + 1)),
    ):
        assert not other.is_about(made.family, made.parameters)
    assert not claim.is_about("prime", made.parameters)
    spaced = make_task("divisible", **parameters, format="reversed-all")
    assert not claim.is_about(spaced.family, spaced.parameters)
    negative = make_task("divisible", **{"digits": 3, **parameters, "smallest": -5})
    assert not claim.is_about(negative.family, negative.parameters)


@pytest.mark.parametrize(
    ("family", "parameters", "covered"),
    [
        ("addition", {"more": 0}, "sum"),
        ("addition", {}, ""),  # it has sums of three numbers too
        ("addition", {"more": 0, "operands": 3}, ""),
        ("addition", {"more": 0, "base": 11}, ""),
        ("addition", {"more": 0, "format": "reversed"}, ""),
        ("correct-addition", {}, "label"),
        ("correct-addition", {"base": 2}, ""),
        ("addition", {"more": 0, "smallest": -5}, ""),
        ("addition", {"more": 0, "smallest": 5, "largest": 50}, "sum"),
        ("addition", {"more": 0, "places": 1}, ""),
        ("addition", {"more": 0, "carries": "uniform"}, "sum"),
        ("correct-addition", {"smallest": -5}, ""),
        ("correct-multiplication", {}, ""),
        ("subtraction", {}, ""),
        ("gcd", {}, ""),
    ],
)
def test_what_claims_of_sums_are_about(family, parameters, covered):
    made = make_task(family, **parameters)
    for answer in ("sum", "label"):
        claim = document.parse(proofs.sums(answer=answer)).claim
        assert claim.is_about(made.family, made.parameters) == (answer == covered)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(2, 36),
    st.integers(2, 3),
    st.lists(st.lists(st.integers(0, 10**40), min_size=4, max_size=4), max_size=5),
)
def test_sums_of_any_length_are_written_and_judged(base, operands, rows):
    writer, judge = (document.parse(proofs.sums(base, operands, answer)) for answer in ("sum", "label"))
    sums = [" + ".join(to_text(number, base) for number in row[:operands]) for row in rows]
    true = [to_text(sum(row[:operands]), base) for row in rows]
    assert answering.answers(writer, sums) == true
    claimed = [
        text if row[3] % 2 else to_text(sum(row[:operands]) + 1, base)
        for row, text in zip(rows, true, strict=True)
    ]
    statements = [f"{one}={other}".replace(" ", "") for one, other in zip(sums, claimed, strict=True)]
    expected = ["true" if one == other else "false" for one, other in zip(true, claimed, strict=True)]
    assert answering.answers(judge, statements) == expected


@pytest.mark.parametrize(
    ("answer", "question"),
    [
        ("sum", "12"),
        ("sum", "1+2+3"),
        ("sum", "1+"),
        ("sum", "1+2=3"),
        ("sum", "1-2"),
        ("label", "1+2"),
        ("label", "1+2="),
        ("label", "1=2+3"),
        ("label", "1+2=-3"),
        ("label", "1+2=3=3"),
    ],
)
def test_questions_that_are_no_sums(answer, question):
    with pytest.raises(InputError, match=r"the questions must (be|have)"):
        answering.answers(document.parse(proofs.sums(answer=answer)), [question])


# boards


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        (
            "UPDATE submissions SET certificate = NULL",
            "cannot be recomputed: the manifest names the certificate",
        ),
        (
            "UPDATE submissions SET certificate = x'00'",
            "cannot be recomputed: weights.safetensors does not match",
        ),
        ("UPDATE submissions SET proof = NULL", "the proof differs"),
        (
            "UPDATE submissions SET proof = replace(proof, 'multiple of 3', 'multiple of 4')",
            "the proof differs",
        ),
        ("UPDATE submissions SET proof = replace(proof, 'true', 'false')", "the proof differs"),
    ],
)
def test_verify_finds_changed_proofs(sent, board, statement, problem):
    submit_run(sent, board)
    with sqlite3.connect(board) as connection:
        connection.execute(statement)
    _, (finding,) = verify(Board(board))
    assert finding.problem.startswith(problem)


@pytest.fixture
def results(sent, board, tmp_path, cli):  # noqa: F811
    """The same board as a folder; the paths of the two files of its submission."""
    submit_run(sent, board)
    place = tmp_path / "results"
    assert cli("leaderboard", "export", "--board", board, "--format", "json", "--out", place)[0] == 0
    (path,) = place.rglob("*.json")
    return path, path.with_suffix(".safetensors")


def test_a_folder_has_the_certificate_and_is_verified(results, board, tmp_path, cli):  # noqa: F811
    path, certificate = results
    assert certificate.read_bytes() == CONTENT
    assert folder.read_folder(path.parent) == Board(board).records()
    assert verify_folder(path.parent).recomputed == (path.name,)
    again = tmp_path / "again"
    assert cli("leaderboard", "export", "--board", path.parent, "--format", "json", "--out", again)[0] == 0
    assert {p.name: p.read_bytes() for p in (again / path.parent.name).iterdir()} == {
        p.name: p.read_bytes() for p in path.parent.iterdir()
    }


def without_answers(document):
    document.pop("wrong_answers_sha256")


def edited(path, change):
    found = unpack(json.loads(path.read_text()))
    change(found)
    path.write_text(json.dumps(found))


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda path, other: other.unlink(), "the certificate cannot be checked: the manifest names the certificate"),
        (lambda path, other: other.write_bytes(CONTENT[:-1]), "the certificate cannot be checked: weights.safetensors"),
        (lambda path, other: other.write_bytes(b"0" * (5 << 20)), "the certificate cannot be checked"),
        (lambda path, other: edited(path, lambda d: d.pop("proof")), "the proof differs"),
        (lambda path, other: edited(path, lambda d: d["proof"].update(claim="all")), "the proof differs"),
        (lambda path, other: edited(path, lambda d: d["proof"].update(covers_float32=False)), "the proof differs"),
        (
            lambda path, other: edited(path, lambda d: d.update(predictions_digest="0" * 64)),
            "cannot be recomputed: the answers in",
        ),
        (
            lambda path, other: edited(path, lambda d: (d.update(predictions_digest="0" * 64), without_answers(d))),
            "cannot be recomputed: the weights of the certificate give other predictions",
        ),
        (
            lambda path, other: (edited(path, lambda d: (d.pop("proof"), without_answers(d))), other.unlink()),
            "the certificate cannot be checked: the manifest names the certificate",
        ),
    ],
    ids=range(9),
)  # fmt: skip
def test_verify_finds_what_was_changed_in_a_folder(results, change, problem):
    change(*results)
    findings = verify_folder(results[0].parent).findings
    assert [finding for finding in findings if finding.problem.startswith(problem)], findings


def test_scores_of_a_proved_submission_are_recomputed_without_predictions(results):
    """The weights of the certificate answer again where the wrong answers are not there."""
    from mathbench.scores.results import Score

    def change(found):
        split = found["scores"]["interpolate"]
        name = next(iter(split["strata"]))
        n = split["strata"][name]["n"]
        split["strata"][name] = Score(n, n - 1).to_json()
        split |= Score(split["n"], split["n"] - 1).to_json()

    edited(results[0], without_answers)
    results[0].with_suffix(".parquet").unlink()
    assert verify_folder(results[0].parent).recomputed == (results[0].name,)
    assert folder.read_file(results[0]).badge == "proved"
    edited(results[0], change)
    (finding,) = verify_folder(results[0].parent).findings
    assert finding.problem == "the scores differ from those of the answers"


def test_without_its_certificate_a_file_is_not_proved(results):
    path, certificate = results
    assert folder.read_file(path).badge == "proved"
    for change in (lambda: certificate.write_bytes(proofs.content("divisible-3-seed1")), certificate.unlink):
        change()
        shown = folder.read_file(path)
        assert shown.badge == "re-scored" and shown.proof is None
    path.with_suffix(".parquet").unlink()
    assert folder.read_file(path).badge == "claimed"


def test_tables_say_what_is_proved(sent, board, tmp_path, cli):  # noqa: F811
    submit_run(sent, board)
    submit_run(proofs.write(tmp_path / "bare", None), board)
    tables = open_tables(Board(board).records())
    lines = [line for line in tables[0].lines if line.kind == "model"]
    assert sorted(line.proof for line in lines) == ["", proofs.CLAIM]  # weights of their own: another entry
    shown = render.markdown(tables)
    assert "| proved |" in shown and "*proved*: a certificate was checked" in shown
    assert proofs.CLAIM in render.tables_csv(tables)
    show = ("leaderboard", "show", "--open", "--board", board)
    assert f"somebody's model, proved: {proofs.CLAIM}" in " ".join(cli(*show)[2].split())
    for name, count in (("proved", 1), ("re-scored", 1)):
        shown = json.loads(cli(*show, "--badge", name, "--json")[1])["tables"][0]["lines"]
        assert sum(line["kind"] == "model" for line in shown) == count
    refused(cli(*show, "--badge", "prooved"), "Did you mean 'proved'")


def test_an_entry_is_proved_if_all_its_seeds_are(board, tmp_path):
    for seed in (0, 1):
        training = {"seeds": [seed], "data_digest": None, "budget": None, "external_data": False}
        submit_run(
            proofs.write(tmp_path / f"{seed}", proofs.content(f"divisible-3-seed{seed}"), training=training),
            board,
        )
    (line,) = [line for line in open_tables(Board(board).records())[0].lines if line.kind == "model"]
    assert line.seeds == 2 and line.proof == proofs.CLAIM
