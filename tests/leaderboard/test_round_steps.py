"""The steps of a round one by one: entries with tokens, secrets, questions and answers, and what each refuses."""

import gzip
import json
from datetime import timedelta

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mathbench.errors import InputError
from mathbench.families import task as make_task
from mathbench.leaderboard import seal
from mathbench.leaderboard.rounds import answers, entering, host, log, private, sealed
from mathbench.leaderboard.rounds.audit import Audit, audit
from mathbench.leaderboard.rounds.rules import Round
from mathbench.storage import atomic

from .test_rounds import START, Host, as_earlier, at, by_kind, rewritten, solved

A, B = "a" * 64, "b" * 64
DEADLINE = 600


@pytest.fixture
def one(tmp_path):
    return Host(tmp_path, [make_task("addition", digits=2)])


def refused(words, action, *arguments, error=InputError):
    with pytest.raises(error) as caught:
        action(*arguments)
    assert str(caught.value) == words


def enter(one, weights=A, model="m", token="t", **passed):
    return entering.create_entry(one.folder, model, weights, at(**passed), one.secret, token)


def packed(one, asked, wrong=0):
    path = one.place / "answers.parquet"
    pq.write_table(solved(asked, wrong), path)
    return answers.checked_bytes_in(one.folder, path)


def state(folder):
    return Round(log.read(folder))


DRAWN = "the questions for these weights were already drawn."


def test_an_entry_that_is_asked_for_again_gets_its_questions_again(one):
    entry, asked, new = enter(one)
    again, same, other = enter(one, seconds=DEADLINE)
    assert (new, other) == (True, False) and again.name == entry.name == "e1" and same.equals(asked)
    assert len(state(one.folder).entries) == 1
    # but not after its deadline, nor for another model or token
    refused(DRAWN, lambda: enter(one, seconds=DEADLINE + 1))
    refused(DRAWN, lambda: enter(one, model="other"))
    refused(DRAWN, lambda: enter(one, token="other"))
    assert enter(one, weights=B)[2] and [e.name for e in state(one.folder).entries.values()] == ["e1", "e2"]


def test_an_entry_that_has_answered_gets_no_questions_again(one):
    _, asked, _ = enter(one)
    entering.submit_answers(one.folder, "e1", A, packed(one, asked), at(minutes=1))
    refused(DRAWN, lambda: enter(one, minutes=2))


def test_a_closed_round_gives_no_questions_again(one):
    enter(one)
    host.close(one.folder, at(minutes=1))
    refused("challenge: the round is closed.", lambda: enter(one, minutes=2))


def test_a_token_makes_at_most_a_hundred_entries(one, monkeypatch):
    assert entering.MAX_ENTRIES == 100
    as_earlier(one.folder)  # today's logs state a limit
    monkeypatch.setattr(entering, "MAX_ENTRIES", 2)
    enter(one), enter(one, B)
    words = "a token may register at most 2 entries in a round."
    refused(words, lambda: enter(one, "c" * 64))
    assert enter(one, "c" * 64, token="other")[0].name == "e3"
    # what it has is still sent again
    assert not enter(one)[2]


def test_a_round_without_its_secret_says_so(one):
    one.secret.unlink()
    words = f"the seed and salt of this round are not in '{one.secret}'. Give --secret FILE."
    refused(words, lambda: enter(one), error=private.SecretMissing)


def test_answers_need_the_token_of_their_entry(one):
    enter(one)
    found = state(one.folder)
    entering.check_token(found, "e1", one.secret, "t")
    words = "e1 was not registered with this token. Answers require the token that registered the entry."
    refused(words, entering.check_token, found, "e1", one.secret, "other", error=entering.WrongToken)


def test_answers_may_be_sent_again_if_they_are_the_same(one):
    _, asked, _ = enter(one)
    first, second = packed(one, asked), packed(one, asked, wrong=1)
    entry, new = entering.submit_answers(one.folder, "e1", A, first, at(minutes=1))
    assert (entry, new) == (state(one.folder).entry("e1"), True)
    entry, new = entering.submit_answers(one.folder, "e1", A, first, at(hours=9))
    assert (entry.name, new) == ("e1", False)
    late = "answer: too late, the deadline was 2026-01-01 00:10:00 UTC."
    refused(late, entering.submit_answers, one.folder, "e1", A, second, at(hours=9))
    refused("e1 has already answered.", entering.submit_answers, one.folder, "e1", B, first, at(minutes=2))
    assert answers.answers_path(one.folder, "e1").read_bytes() == first
    enter(one, B, minutes=3)
    refused(late.replace("10", "13"), entering.submit_answers, one.folder, "e2", B, first, at(hours=9))


def test_tokens_and_secret_are_for_the_host_alone(one):
    as_earlier(one.folder)  # today's logs name the submitters
    enter(one), enter(one, B), enter(one, "c" * 64, token="other")
    path = one.secret.with_name("secret.tokens.json")
    assert [file.stat().st_mode & 0o777 for file in (path, one.secret)] == [0o600, 0o600]
    receipts = [entry.challenge.digest for entry in state(one.folder).entries.values()]
    assert json.loads(path.read_text()) == dict(zip(receipts, ["t", "t", "other"], strict=True))
    assert [private.entry_token(one.secret, receipt) for receipt in [*receipts, "?"]] == [
        "t",
        "t",
        "other",
        None,
    ]
    assert [private.count_entries(one.secret, token) for token in ("t", "other", "none")] == [2, 1, 0]


def test_an_entry_without_a_token_has_none(one):
    one.challenge("a")
    assert [path.name for path in one.place.glob("*.json")] == ["secret.json"]


def test_who_is_refused_gets_no_questions_drawn(one, monkeypatch):
    one.challenge("a")
    monkeypatch.setattr(sealed, "draw_questions", None)  # would be a TypeError
    with pytest.raises(InputError, match="already drawn"):
        one.challenge("a")


def test_a_secret_lies_beside_the_board_under_its_commitment(one, tmp_path, monkeypatch):
    monkeypatch.setattr(private, "default_path", lambda: tmp_path / "new home" / "board.sqlite")
    opened = host.open_round(
        tmp_path / "round", [make_task("gcd")], {"interpolate": 1}, START + timedelta(1), 1, START
    )
    path = private.secret_path(opened, None)
    assert path == tmp_path / "new home" / "rounds" / f"{opened.opened['commitment'][:16]}.json"
    seed, salt = private.read_secret(opened)
    assert json.loads(path.read_text()) == {"seed": seed, "salt": salt}
    assert seal.commitment(seed, salt) == opened.opened["commitment"]
    assert len(seed) == len(salt) == 64 and seed != salt


def test_a_secret_that_is_none_is_refused(one):
    found = state(one.folder)
    one.secret.write_text(json.dumps({"seed": "0" * 64}))
    refused("secret.json is missing the key 'salt'.", private.read_secret, found, one.secret)
    one.secret.write_text(" " * 10_001)
    refused("secret.json is larger than 10,000 bytes.", private.read_secret, found, one.secret)
    one.secret.write_text(json.dumps({"seed": "0" * 64, "salt": "0" * 64}) + " " * (10_000 - 152))
    words = f"'{one.secret}' is the secret of another round."
    assert one.secret.stat().st_size == 10_000
    refused(words, private.read_secret, found, one.secret)


def test_a_round_has_tasks_that_are_all_different(tmp_path):
    gcd = make_task("gcd")
    for tasks in ([], [gcd, gcd]):
        arguments = (
            tmp_path / "r",
            tasks,
            {"interpolate": 1},
            START + timedelta(1),
            1,
            START,
            tmp_path / "s",
        )
        refused("a round requires at least one task, each only once.", host.open_round, *arguments)
    assert not (tmp_path / "s").exists()


def test_a_step_waits_for_another_one(one, monkeypatch):
    monkeypatch.setattr(host, "LOCK_TIMEOUT", 0.01)
    with atomic.folder_lock(one.folder):
        for step in (lambda: one.challenge("a"), lambda: host.close(one.folder, at())):
            with pytest.raises(InputError):
                step()
    assert host.LOCK_TIMEOUT == 0.01 and one.challenge("a")[0].name == "e1"


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("x.parquet", lambda table, path: pq.write_table(table, path)),
        ("x.jsonl", lambda table, path: path.write_bytes(lines(table))),
        ("x.jsonl.gz", lambda table, path: path.write_bytes(gzip.compress(lines(table)))),
    ],
)
def test_files_of_answers_are_read_by_their_content(one, name, write):
    _, asked = one.challenge("a")
    write(solved(asked), one.place / name)
    assert answers.name_by_content((one.place / name).read_bytes()) == name.replace("x", "answers")
    # whatever the suffix says
    upload = (one.place / name).rename(one.place / ("a.jsonl" if name == "x.parquet" else "a.parquet"))
    checked = answers.checked_bytes_in(one.folder, upload)
    found = pq.read_table(pa.BufferReader(checked))
    assert sorted(found.to_pylist(), key=str) == sorted(solved(asked).to_pylist(), key=str)


def test_the_first_bytes_of_a_file_tell_its_format():
    names = {
        b"PAR1 and more": "answers.parquet",
        b"\x1f\x8b more": "answers.jsonl.gz",
        b" PAR1": "answers.jsonl",
    }
    assert {data: answers.name_by_content(data) for data in names} == names


def lines(table):
    return b"".join(json.dumps(row).encode() + b"\n" for row in table.to_pylist())


def test_a_file_that_is_not_there_is_named(one):
    for action in (answers.read_file, sealed.sha256_of):
        refused(f"there is no file '{one.place / 'none'}'.", action, one.place / "none")


def test_the_first_three_of_foreign_tasks_are_named(one):
    _, asked = one.challenge("a")
    table = solved(asked).slice(0, 4)
    for names, told in ((["d", "c", "b"], "'d', 'c', 'b'"), (["d", "c", "b", "a"], "'d', 'c', 'b'")):
        foreign = table.slice(0, len(names)).set_column(
            table.column_names.index("task"), "task", pa.array(names)
        )
        words = f"{len(names)} answers are for tasks outside the round; the first: {told}."
        refused(words, sealed.check_answers, state(one.folder), foreign)


def test_before_the_reveal_answers_are_checked_but_not_scored(one):
    _, asked = one.challenge("a")
    one.answer("e1", "a", solved(asked), minutes=1)
    assert audit(one.folder).problems == ()
    path = answers.answers_path(one.folder, "e1")
    path.write_bytes(path.read_bytes()[:-1])
    assert audit(one.folder).problems == ("e1: the answers differ from the submitted ones.",)
    # a host who takes answers to other questions is found out
    pq.write_table(solved(asked).set_column(1, "row", pa.array(range(100, 200))), path)
    digest = sealed.sha256_of(path)
    rewritten(one.folder, lambda said: by_kind(said, "answer").update(answers_sha256=digest))
    (problem,) = audit(one.folder).problems
    assert "40 unknown, the first: 160, 161, 162" in problem


def test_what_is_no_round_is_refused_and_a_broken_one_has_a_problem(one, tmp_path):
    refused(f"'{tmp_path}' is not a round: it contains no log.jsonl.", audit, tmp_path)
    rewritten(one.folder, lambda said: said[0].update(closes="2026-02-29T00:00:00Z"))
    problem = "a time must be like 2026-01-31T18:00:00Z. Received: '2026-02-29T00:00:00Z'."
    assert audit(one.folder) == Audit(0, False, (problem,))


def test_a_receipt_and_weights_that_the_log_lacks_are_named(one):
    one.challenge("a")
    assert audit(one.folder, "0123456789abcdef", one.weights("b")) == Audit(
        1,
        False,
        (
            "the receipt '0123456789ab'... is not in the log: the log was rewritten",
            "no entry was registered with the weights in 'b.bin'",
        ),
    )


def test_scores_of_other_entries_are_found(one):
    one.challenge("a")
    host.close(one.folder, at(minutes=1))
    host.reveal(one.folder, at(minutes=2), one.secret)
    rewritten(one.folder, lambda said: by_kind(said, "reveal")["scores"].update(e2={}))
    assert audit(one.folder).problems == ("the revealed scores are not those of the entries of this round",)
    rewritten(one.folder, lambda said: by_kind(said, "reveal")["scores"].clear())
    assert audit(one.folder).problems == (
        "e1: the revealed scores differ from those of the answers",
        "the revealed scores are not those of the entries of this round",
    )
