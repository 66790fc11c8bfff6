"""Who registered the entries of a round: every entry counts, and names belong to who used them first."""

import json

import pyarrow.parquet as pq
import pytest

from mathbench.errors import InputError
from mathbench.families import task as make_task
from mathbench.leaderboard.rounds import answers, entering, host, log
from mathbench.leaderboard.rounds.audit import audit
from mathbench.leaderboard.rounds.entrants import EntryNumber, entry_numbers, model_scores
from mathbench.leaderboard.rounds.publish import publish
from mathbench.leaderboard.rounds.rules import Round
from mathbench.leaderboard.store.board import Board

from .test_commands import cli  # noqa: F401
from .test_rounds import SIZES, START, Host, after, as_earlier, at, one, rewritten, round_of, solved  # noqa: F401


@pytest.fixture
def many(tmp_path):
    """A round that lets a token register 58 entries."""
    return Host(tmp_path, [make_task("addition", digits=2)], entries_per_submitter=58)


def enter(round_, number, model="lucky", token="ada", **passed):
    return entering.create_entry(round_.folder, model, f"{number:064x}", at(**passed), round_.secret, token)


def answer(round_, entry, table):
    path = round_.place / "answers.parquet"
    pq.write_table(table, path)
    checked = answers.checked_bytes_in(round_.folder, path)
    entering.submit_answers(round_.folder, entry.name, entry.weights, checked, at())


def end(round_):
    host.close(round_.folder, at(minutes=40))
    host.reveal(round_.folder, at(minutes=50), round_.secret)
    return Round(log.read(round_.folder))


def attack(round_, models=lambda i: "lucky"):
    """Register 58 weight digests with one token, and answer one of them: 92 % of an 80 % model."""
    for number in range(58):
        entry, asked, _ = enter(round_, number, models(number))
        if number == 36:
            answer(round_, entry, solved(asked, wrong=5))
    return end(round_)


def test_the_luckiest_of_58_draws_is_one_of_58_entries(many, board):
    found = attack(many)
    interpolate = model_scores(found)[0]
    assert (len(interpolate.entries), interpolate.answered_entries) == (58, 1)
    assert interpolate.answered.exact_match == 55 / 60 and interpolate.score.exact_match == 55 / 3480
    assert audit(many.folder).unanswered == ("ada: 1 of 58 entries answered",)
    published = publish(many.folder, board)
    assert len(published) == 58
    records = [put.result.record for put in published]
    assert sum(r.checked.scores["interpolate"].total.correct for r in records) == 55
    own = [r.manifest["round"] for r in records]
    assert {(r["entries"], r["answered"]) for r in own} == {(58, 1)}
    assert [r["number"] for r in own] == list(range(1, 59))
    assert {r.submitter for r in records} == {"ada"}


def test_the_board_says_how_many_entries_were_answered(many, board, cli):  # noqa: F811
    attack(many)
    publish(many.folder, board)
    out = cli("leaderboard", "show", "--open", "--board", board, "--csv")[1]
    shown = json.loads(cli("leaderboard", "show", "--open", "--board", board, "--json")[1])["tables"]
    lines = [line for table in shown if table["split"] == "interpolate" for line in table["lines"]]
    assert len(lines) == 58 and {line["round_entries"] for line in lines} == {"1 of 58 entries answered"}
    assert out.count("lucky") == 116  # two splits


def test_other_names_do_not_hide_the_entries(many):
    found = attack(many, lambda i: f"m{i}")
    assert entry_numbers(found)["e37"] == EntryNumber(37, 58, 1)


def test_by_default_a_token_gets_three_entries_and_the_audit_checks_it(one):  # noqa: F811
    for number in range(3):
        enter(one, number, f"m{number}")
    with pytest.raises(InputError, match="ada has 3 of at most 3 entries in this round"):
        enter(one, 3)
    enter(one, 3, "other", "bob")
    assert audit(one.folder).problems == ()
    rewritten(one.folder, lambda said: said[-1].update(submitter="ada"))
    assert audit(one.folder).problems == ("ada has 3 of at most 3 entries in this round.",)
    rewritten(one.folder, lambda said: said[-1].pop("submitter"))
    assert audit(one.folder).problems == ("challenge: this round names the submitter of every entry.",)


def test_the_host_registers_models_of_others_each_with_a_count_of_its_own(one):  # noqa: F811
    for number in range(3):
        enter(one, number, "theirs", None)
    enter(one, 3, "others", None)
    with pytest.raises(InputError, match="the model 'THEIRS' has 3 of at most 3 entries"):
        enter(one, 4, "THEIRS", None)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Lucky", "the name 'Lucky' belongs to ada in this round, as 'lucky'"),
        ("lu\u0441ky", "the name of a model must be up to 100 letters"),
        ("two words", "the name of a model must be up to 100 letters"),
        ("exact-solver", "is reserved"),
    ],
)
def test_names_belong_to_who_used_them_first(one, name, words):  # noqa: F811
    enter(one, 0)
    with pytest.raises(InputError, match=words):
        enter(one, 1, name, "bob")
    assert enter(one, 1, "lucky", "ada")[2]


def test_a_log_of_an_earlier_version_is_read_and_published_as_before(one, board):  # noqa: F811
    as_earlier(one.folder)
    for number in range(5):
        entry, asked, _ = enter(one, number, "two words", f"t{number}")
        if number:
            answer(one, entry, solved(asked))
    found = end(one)
    assert not any("submitter" in event.fields for event in found.events)
    assert entry_numbers(found)["e5"] == EntryNumber(5, 5, 4)
    records = [put.result.record for put in publish(one.folder, board)]
    assert [r.manifest["schema_version"] for r in records] == [1] * 5
    assert records[1].manifest["environment"] == {
        "round": "winter",
        "entry": "e2",
        "receipt": found.entry("e2").challenge.digest,
    }


def test_a_name_of_somebody_else_on_the_board_is_one_line(one, board, cli):  # noqa: F811
    for number, (model, token) in enumerate((("mine", "ada"), ("his", "bob"))):
        entry, asked, _ = enter(one, number, model, token)
        answer(one, entry, solved(asked))
    end(one)
    with Board(board).transaction() as session:
        from mathbench.leaderboard.store.tables import NameRow

        session.add(NameRow(key="mine", name="Mine", submitter="eve", since="2026-01-01T00:00:00Z"))
    code, _, err = cli("leaderboard", "round", "publish", one.folder, "--board", board)
    assert code == 1 and "Traceback" not in err
    assert "1 submissions of" in err and "e1: the name 'mine' belongs to eve" in err
    assert [r.summary.model for r in Board(board).records()] == ["his"]


def test_an_entry_of_a_round_comes_from_a_round_only(one, board):  # noqa: F811
    from mathbench.leaderboard.check import check_submission
    from mathbench.leaderboard.rounds.publish import submissions

    entry, asked, _ = enter(one, 0)
    answer(one, entry, solved(asked))
    ((_, submission),) = submissions(one.folder, end(one))
    with pytest.raises(InputError, match="are put on a board by `mathbench leaderboard round publish`"):
        Board(board).keep(submission, check_submission(submission), token="ada")


def test_show_lists_unanswered_entries_and_the_score_over_all(one, cli):  # noqa: F811
    entry, asked, _ = enter(one, 0)
    answer(one, entry, solved(asked))
    enter(one, 1)
    end(one)
    shown = json.loads(cli("leaderboard", "round", "show", one.folder, "--json")[1])
    assert [(e["number"], e["answered"] == "no") for e in shown["entries"]] == [
        ("1 of 2", False),
        ("1 of 2", False),
        ("2 of 2", True),
        ("2 of 2", True),
    ]
    (line, _) = shown["models"]
    assert (line["answered"], line["entries"], line["right"], line["of"]) == (1, 2, 60, 120)
    code, out, err = cli("leaderboard", "round", "show", one.folder)
    assert code == 0 and "50.00%" in out and "over all its entries" in err
    assert "ada: 1 of 2 entries answered" in cli("leaderboard", "round", "verify", one.folder)[2]
