"""Seasons with a sealed seed: committed before, revealed after, and every model with rows of its own."""

import json
from datetime import timedelta

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mathbench.errors import InputError
from mathbench.families import from_spec
from mathbench.leaderboard import seal
from mathbench.leaderboard.check import check_submission
from mathbench.leaderboard.ranking.macro import macro_averages
from mathbench.leaderboard.ranking.paired import compare_over_tasks
from mathbench.leaderboard.ranking.rank import season_tables
from mathbench.leaderboard.ranking.render import SEALED_NOTE, notes
from mathbench.leaderboard.ranking.row_moments import independent_moments, row_moments
from mathbench.leaderboard.rounds import answers, entering, host, log, sealed
from mathbench.leaderboard.rounds.audit import audit
from mathbench.leaderboard.rounds.publish import publish, submissions
from mathbench.leaderboard.rounds.rules import Round
from mathbench.leaderboard.rounds.sealed_seasons import SeasonRound, open_season, reveal_in_file
from mathbench.leaderboard.seasons.files import load_season
from mathbench.leaderboard.seasons.references import compute_references
from mathbench.leaderboard.store.any_board import load_ranked
from mathbench.leaderboard.store.board import Board

from .test_commands import cli, refused  # noqa: F401
from .test_rounds import START, after, at, rewritten

SEASON = """
name = "winter-1"
opens = 2026-01-01T00:00:00Z
closes = 2026-01-01T02:00:00Z

[rows]
interpolate = 200
extrapolate = 50

[[tasks]]
task = "addition-v1"
digits = 2

[[tasks]]
task = "gcd-v1"
digits = 2
rows = { interpolate = 100 }
"""
SETTINGS = SeasonRound(answer_seconds=600)


class Winter:
    """The round of a sealed season."""

    def __init__(self, place):
        self.folder, self.file, self.secret = place / "round", place / "winter.toml", place / "secret.json"
        self.place, self.count = place, 0
        self.file.write_text(SEASON)
        self.round = open_season(self.folder, self.file, SETTINGS, START, self.secret)

    def enter(self, model, token, share=None):
        """Register a model; answer that share of its questions right, or none of them."""
        self.count += 1
        weights = f"{self.count:064x}"
        entry, asked, _ = entering.create_entry(self.folder, model, weights, at(), self.secret, token)
        if share is not None:
            path = self.place / "answers.parquet"
            pq.write_table(answered(asked, share), path)
            checked = answers.checked_bytes_in(self.folder, path)
            entering.submit_answers(self.folder, entry.name, weights, checked, at())
        return entry

    def end(self):
        host.close(self.folder, at(hours=1))
        host.reveal(self.folder, at(hours=1), self.secret)
        found = Round(log.read(self.folder))
        reveal_in_file(found, self.file)
        return found


def answered(asked, share):
    """Answers that are right for every row below a share of each split."""
    tasks = {"addition-base10-digits2": "addition-v1", "gcd-base10-digits2": "gcd-v1"}
    made = {name: from_spec(family, {"digits": 2}) for name, family in tasks.items()}
    rows = asked.to_pylist()
    most = {(r["task"], r["split"]): r["row"] + 1 for r in rows}
    said = [
        made[r["task"]].oracle(r["question"])
        + ("" if r["row"] < share * most[r["task"], r["split"]] else "x")
        for r in rows
    ]
    return asked.drop_columns("question").append_column("prediction", pa.array(said, pa.string()))


@pytest.fixture
def winter(tmp_path):
    return Winter(tmp_path)


def add(file, board):
    """Add the season in a file to a board, without floors, which take long."""
    season = load_season(str(file))
    Board(board).add_season(file.read_text(), season, {"season": season.digest, "scores": {}})
    return season


def played(winter, board):
    """Three models of two submitters, one of them with an entry without answers."""
    add(winter.file, board)
    winter.enter("good", "ada", 0.9)
    winter.enter("weak", "bob", 0.5)
    winter.enter("lost", "bob", 0.9)
    winter.enter("lost", "bob")
    found = winter.end()
    add(winter.file, board)
    return found


def test_the_commitment_stands_in_the_file_before_and_the_seed_after(winter):
    before = load_season(str(winter.file))
    secret = json.loads(winter.secret.read_text())
    assert before.sealed.commitment == seal.commitment(**secret) and before.sealed.seed is None
    assert not any(value in winter.file.read_text() for value in secret.values())
    assert winter.round.opened["season"] == {"name": "winter-1", "digest": before.digest}
    winter.enter("good", "ada", 1)
    winter.end()
    after_ = load_season(str(winter.file))
    assert after_.sealed.seed == secret["seed"] and after_.digest == before.digest


def test_the_round_asks_the_rows_of_the_season(winter):
    entry = winter.enter("good", "ada")
    asked = sealed.draw_questions(
        winter.round, json.loads(winter.secret.read_text())["seed"], entry.weights
    ).to_pylist()
    sizes = {}
    for row in asked:
        sizes[row["task"], row["split"]] = sizes.get((row["task"], row["split"]), 0) + 1
    assert sizes == {
        ("addition-base10-digits2", "interpolate"): 200,
        ("addition-base10-digits2", "extrapolate"): 50,
        ("gcd-base10-digits2", "interpolate"): 100,
        ("gcd-base10-digits2", "extrapolate"): 50,
    }
    assert winter.round.closes == after(hours=2)


def test_a_revealed_season_is_ranked_with_every_entry(winter, board):
    played(winter, board)
    assert audit(winter.folder).problems == ()
    assert [put.result.new for put in publish(winter.folder, board)] == [True] * 8
    _, ranked = load_ranked(board, "winter-1")
    tables = {(t.title, t.split): t for t in season_tables(ranked)}
    table = tables["addition-base10-digits2", "interpolate"]
    assert [(line.rank, line.model, line.submitter, line.exact_match) for line in table.lines] == [
        (1, "good", "ada", 0.9),
        (2, "weak", "bob", 0.5),
        (2, "lost", "bob", 0.45),
    ]
    assert table.lines[2].round_entries == "2 of 3 entries answered" and table.independent
    assert SEALED_NOTE in notes([table])
    averages = macro_averages(ranked, "interpolate")
    assert [(a.model, a.tasks, a.rank is not None) for a in averages] == [
        ("good", 2, True),
        ("weak", 2, True),
        ("lost", 2, True),
    ]
    assert ranked.open == []


def test_nothing_is_ranked_before_the_reveal(winter, board):
    add(winter.file, board)
    winter.enter("good", "ada", 0.9)
    _, ranked = load_ranked(board, "winter-1")
    assert season_tables(ranked)[0].lines == () and ranked.entries == []
    host.close(winter.folder, at(hours=1))
    host.reveal(winter.folder, at(hours=1), winter.secret)
    with pytest.raises(InputError, match=r"the season winter-1 is sealed on the board\. Add its file"):
        publish(winter.folder, board)


def test_publishing_needs_the_season_on_the_board(winter, board):
    winter.enter("good", "ada", 0.9)
    winter.end()
    with pytest.raises(InputError, match="the board has no season winter-1"):
        publish(winter.folder, board)


def test_answers_that_were_made_after_the_reveal_do_not_count(winter, board):
    found = played(winter, board)
    publish(winter.folder, board)
    ((_, honest), *_) = submissions(winter.folder, found)
    document = dict(honest.manifest.document)
    weights = "ab" * 32
    late = {
        **document,
        "model": {**document["model"], "name": "late", "weights_sha256": weights},
        "data": {**document["data"], "seed": seal.entry_seed(found.reveal["seed"], weights)},
    }
    without = {name: value for name, value in late.items() if name != "round"}
    for forged, words in (
        (late, "round publish"),
        (without, "the season winter-1 is sealed: enter its round"),
    ):
        submission = type(honest)(type(honest.manifest)(forged), honest.predictions)
        with pytest.raises(InputError, match=words):
            Board(board).keep(submission, check_submission(submission), token="eve")
    _, ranked = load_ranked(board, "winter-1")
    assert {entry.first.summary.model for entry in ranked.entries} == {"good", "weak", "lost"}


def test_rows_of_other_weights_do_not_count(winter, board):
    found = played(winter, board)
    ((_, honest), *_) = submissions(winter.folder, found)
    document = dict(honest.manifest.document)
    document["data"] = {
        **document["data"],
        "seed": seal.entry_seed(found.reveal["seed"], found.entry("e2").weights),
    }
    submission = type(honest)(type(honest.manifest)(document), honest.predictions)
    with pytest.raises(InputError, match="has no rows of addition-base10-digits2 with the data seed"):
        Board(board).keep(submission, check_submission(submission), from_round=True)


def test_a_board_does_not_forget_the_seed(winter, board):
    text = winter.file.read_text()
    winter.enter("good", "ada", 1)
    winter.end()
    add(winter.file, board)
    winter.file.write_text(text)
    with pytest.raises(InputError, match="the board has the season winter-1 with its seed"):
        add(winter.file, board)


def test_floors_are_those_of_one_more_draw_and_come_with_the_seed(winter):
    assert compute_references(load_season(str(winter.file)))["scores"] == {}
    winter.enter("good", "ada", 1)
    found = winter.end()
    season = load_season(str(winter.file))
    scores = compute_references(season)["scores"]["gcd-base10-digits2"]["interpolate"]
    assert scores["exact-solver"] == {"n": 100, "correct": 100} and len(scores) > 1
    from mathbench.rows import open_rows

    rows = open_rows(
        season.tasks[1].task, "interpolate", seal.entry_seed(found.reveal["seed"], "00" * 32)
    ).batch(range(100))
    answers_ = rows["answer"].to_pylist()
    assert scores["constant"]["correct"] in {answers_.count(answer) for answer in answers_}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda t: t.replace("digits = 2\n\n", 'digits = 2\nseed = "mine"\n\n'), "no seed beside"),
        (
            lambda t: t + '\n[[tasks]]\ntask = "gcd-v1"\nname = "again"\ndigits = 2\n',
            "two tasks have one task and seed",
        ),
        (lambda t: t + "\n[rules]\nexternal_data = false\n", "must allow external data"),
        (lambda t: t.replace("closes = 2026-01-01T02:00:00Z\n", ""), "no closing time. Give --closes"),
    ],
)
def test_what_cannot_be_sealed_is_refused_and_nothing_is_written(tmp_path, change, words):
    file = tmp_path / "winter.toml"
    file.write_text(change(SEASON))
    with pytest.raises(InputError, match=words):
        open_season(tmp_path / "round", file, SETTINGS, START, tmp_path / "secret.json")
    assert file.read_text() == change(SEASON)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["winter.toml"]


def test_a_seed_that_does_not_match_the_commitment_is_refused(winter):
    text = winter.file.read_text()
    winter.file.write_text(f'{text}seed = "{"00" * 32}"\nsalt = "{"00" * 32}"\n')
    with pytest.raises(InputError, match="do not match the commitment of the season"):
        load_season(str(winter.file))


def test_a_season_that_was_sealed_before_is_opened_with_its_secret(winter, tmp_path):
    sealed_text = winter.file.read_text()
    again = open_season(tmp_path / "other", winter.file, SETTINGS, START, winter.secret)
    assert winter.file.read_text() == sealed_text
    assert again.opened["commitment"] == winter.round.opened["commitment"]
    with pytest.raises(InputError, match="Give --secret FILE"):
        open_season(tmp_path / "third", winter.file, SETTINGS, START, tmp_path / "none.json")


def test_the_seed_of_another_season_is_not_written_into_a_file(winter):
    winter.enter("good", "ada", 1)
    text = winter.file.read_text()
    winter.file.write_text(text.replace("winter-1", "winter-2"))
    host.close(winter.folder, at(hours=1))
    host.reveal(winter.folder, at(hours=1), winter.secret)
    with pytest.raises(InputError, match="is that of the season winter-1"):
        reveal_in_file(Round(log.read(winter.folder)), winter.file)


def test_a_round_waits_for_the_opening_time_of_its_season(tmp_path):
    file = tmp_path / "winter.toml"
    file.write_text(SEASON)
    early = START - timedelta(hours=1)
    found = open_season(tmp_path / "round", file, SETTINGS, early, tmp_path / "secret.json")
    assert found.state(early) == "waiting" and found.state(START) == "open"
    with pytest.raises(InputError, match="the round opens at 2026-01-01 00:00:00 UTC"):
        host.challenge(tmp_path / "round", "a", "11" * 32, lambda: early, tmp_path / "secret.json")
    host.challenge(tmp_path / "round", "a", "11" * 32, at(), tmp_path / "secret.json")
    rewritten(tmp_path / "round", lambda said: said[0].update(opens="2026-01-01T00:00:01Z"))
    assert audit(tmp_path / "round").problems == (
        "the round opens at 2026-01-01 00:00:00 UTC.".replace("00:00 UTC", "00:01 UTC"),
    )


def test_models_with_rows_of_their_own_are_compared_without_pairs():
    one, two = np.arange(400) < 300, np.arange(400) < 260
    p = compare_over_tasks([independent_moments([one, two])]).p[0, 1]
    # the test of two proportions without pairs, pooled: z = 3.09
    assert p == pytest.approx(0.002, abs=0.001)
    paired = compare_over_tasks([row_moments([one, two])]).p[0, 1]
    assert paired < 1e-9 < p


@pytest.mark.parametrize(
    ("share", "n", "models", "seeds"),
    [(0.5, 200, 2, 1), (0.9, 200, 6, 1), (0.98, 1000, 4, 1), (0.9, 200, 3, 3)],
)
def test_equal_models_are_told_apart_at_most_at_the_stated_rate(share, n, models, seeds):
    rng = np.random.default_rng(0)
    draws, level = 600, 0.05
    wrong = sum(
        compare_over_tasks([independent_moments(list(rng.random((models, seeds, n)) < share))]).better().any()
        for _ in range(draws)
    )
    # three standard deviations above the level
    assert wrong <= draws * level + 3 * (draws * level * (1 - level)) ** 0.5


def test_a_true_difference_is_found():
    rng = np.random.default_rng(1)
    shares = np.array([0.9, 0.8])[:, None, None]
    found = sum(
        compare_over_tasks([independent_moments(list(rng.random((2, 1, 400)) < shares))]).better()[0, 1]
        for _ in range(200)
    )
    assert found > 180


def test_the_commands(cli, board, tmp_path, monkeypatch):  # noqa: F811
    monkeypatch.chdir(tmp_path)
    text = SEASON.replace("opens = 2026-01-01T00:00:00Z\ncloses = 2026-01-01T02:00:00Z\n", "")
    (tmp_path / "winter.toml").write_text(text)
    of, secret = ("leaderboard", "round"), ("--secret", "secret.json")
    opening = (*of, "open", "r", "--season", "winter.toml")
    refused(cli(*of, "open", "r", "--closes", "1h"), "give --task, or --season FILE")
    refused(cli(*opening, "--task", "gcd", "--closes", "1h"), "give --task, or --season FILE")
    refused(cli(*opening, "--interpolate", "5", "--closes", "1h"), "leave out --interpolate")
    refused(cli(*of, "open", "r", "--task", "gcd"), "give --closes")
    refused(cli(*opening, *secret), "no closing time")
    assert cli(*opening, *secret, "--closes", "1h", "--entries-per-submitter", "2")[0] == 0
    assert cli("leaderboard", "season", "add", "winter.toml", "--board", board)[0] == 0
    for number in range(3):
        (tmp_path / "w.bin").write_bytes(b"weights" * (number + 1))
        challenge = (*of, "challenge", "r", "--weights", "w.bin", "--model", "mine", *secret)
        outcome = cli(*challenge, "--out", f"q{number}.jsonl")
        assert outcome[0] == (2 if number == 2 else 0)
    refused(outcome, "the model 'mine' has 2 of at most 2 entries in this round")
    assert cli(*of, "close", "r")[0] == 0
    refused(cli(*of, "reveal", "r", *secret, "--season", "none.toml"), "does not exist")
    assert cli(*of, "reveal", "r", *secret, "--season", "winter.toml")[0] == 0
    assert cli(*of, "reveal", "r", *secret, "--season", "winter.toml")[0] == 0  # once more changes nothing
    assert cli("leaderboard", "season", "add", "winter.toml", "--board", board)[0] == 0
    assert cli(*of, "publish", "r", "--board", board)[0] == 0
    code, out, err = cli("leaderboard", "show", "--season", "winter-1", "--board", board)
    assert code == 0 and "mine" in out and "exact-solver" in out and "tests are unpaired" in err
    code, out, err = cli("leaderboard", "show", "--season", "winter-1", "--macro", "--board", board)
    assert code == 0 and "unpaired in a sealed season" in err
