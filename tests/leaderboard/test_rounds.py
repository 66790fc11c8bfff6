"""Sealed rounds: an honest round verifies offline, and every way to cheat that leaves a trace is found."""

import json
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mathbench.errors import InputError
from mathbench.families import task as make_task
from mathbench.leaderboard import seal
from mathbench.leaderboard.rounds import answers, host, log, sealed
from mathbench.leaderboard.rounds.audit import audit
from mathbench.leaderboard.rounds.rules import Round

from .test_commands import cli, refused  # noqa: F401

START = datetime(2026, 1, 1, tzinfo=UTC)
SIZES = {"interpolate": 60, "extrapolate": 40}


def after(**passed):
    return START + timedelta(**passed)


def at(**passed):
    """A clock that stands."""
    return lambda: after(**passed)


class Host:
    """A round with a clock of its own."""

    def __init__(self, place, tasks, **options):
        self.place, self.folder, self.secret = place, place / "winter", place / "secret.json"
        host.open_round(self.folder, tasks, SIZES, after(hours=2), 600, START, self.secret, **options)

    def weights(self, name):
        path = self.place / f"{name}.bin"
        path.write_bytes(name.encode() * 100)
        return path

    def challenge(self, name, **passed):
        weights = sealed.sha256_of(self.weights(name))
        return host.challenge(self.folder, name, weights, at(**passed), self.secret)

    def answer(self, entry, name, table, **passed):
        pq.write_table(table, self.place / "answers.parquet")
        weights = sealed.sha256_of(self.weights(name))
        return host.answer(self.folder, entry, weights, self.place / "answers.parquet", at(**passed))

    def play(self):
        """Two entries, one of them half wrong, one that never answers; closed and revealed."""
        for i, name in enumerate(("a", "b")):
            entry, asked = self.challenge(name, minutes=10 * i)
            self.answer(entry.name, name, solved(asked, wrong=i * 50), minutes=10 * i + 5)
        self.challenge("silent", minutes=30)
        host.close(self.folder, at(minutes=40))
        return host.reveal(self.folder, at(minutes=50), self.secret)


def solved(asked, wrong=0):
    """What a program that computes answers hands in, the first few spoilt."""
    tasks = {t.name: t for t in (make_task("addition", digits=2), make_task("gcd", digits=2))}
    said = [
        tasks[row["task"]].oracle(row["question"]) + ("x" if row["row"] < wrong else "")
        for row in asked.to_pylist()
    ]
    return asked.drop_columns("question").append_column("prediction", pa.array(said, pa.string()))


@pytest.fixture
def round_of(tmp_path):
    return Host(tmp_path, [make_task("addition", digits=2), make_task("gcd", digits=2)])


@pytest.fixture
def one(tmp_path):
    return Host(tmp_path, [make_task("addition", digits=2)])


def test_an_honest_round_holds(round_of):
    scores = round_of.play()
    right = {
        name: {split: c["correct"] for split, c in s["addition-base10-digits2"].items()}
        for name, s in scores.items()
    }
    assert right == {
        "e1": {"interpolate": 60, "extrapolate": 40},
        "e2": {"interpolate": 10, "extrapolate": 0},
        "e3": {"interpolate": 0, "extrapolate": 0},
    }
    found = audit(round_of.folder, weights=round_of.weights("a"))
    assert found.problems == () and found.entries == 3 and found.revealed


def test_nothing_published_before_the_end_tells_seed_answers_or_scores(round_of):
    secret = json.loads(round_of.secret.read_text())
    entry, asked = round_of.challenge("a")
    round_of.answer(entry.name, "a", solved(asked, 5), minutes=1)
    host.close(round_of.folder, at(minutes=2))
    published = b"".join(p.read_bytes() for p in round_of.folder.rglob("*") if p.is_file())
    assert asked.column_names == ["split", "row", "question", "task"]
    assert not any(value.encode() in published for value in secret.values())
    assert b"scores" not in published and b"correct" not in published
    assert audit(round_of.folder).problems == () and not audit(round_of.folder).revealed
    assert round_of.secret.stat().st_mode & 0o077 == 0


def test_every_model_gets_its_own_questions_and_the_same_weights_no_others(one):
    (_, first), (_, second) = one.challenge("a"), one.challenge("b")
    shared = set(first["question"].to_pylist()) & set(second["question"].to_pylist())
    assert len(shared) < 30
    with pytest.raises(InputError, match="questions for these weights were already drawn"):
        one.challenge("a")


def test_questions_are_those_of_mathbench(one):
    from mathbench.rows import Rows

    entry, asked = one.challenge("a")
    seed = seal.entry_seed(json.loads(one.secret.read_text())["seed"], entry.weights)
    rows = Rows(make_task("addition", digits=2), "interpolate", seed).batch(range(60))
    assert asked["question"].to_pylist()[:60] == rows["question"].to_pylist()


def test_late_answers_and_entries_are_refused(one):
    entry, asked = one.challenge("a")
    with pytest.raises(InputError, match="too late, the deadline was 2026-01-01 00:10:00"):
        one.answer(entry.name, "a", solved(asked), minutes=10, seconds=1)
    with pytest.raises(InputError, match="too late"):
        one.challenge("b", hours=2, seconds=1)
    late, asked = one.challenge("c", hours=1, minutes=55)
    with pytest.raises(InputError, match="too late, the deadline was 2026-01-01 02:00:00"):
        one.answer(late.name, "c", solved(asked), hours=2, seconds=1)
    host.close(one.folder, at(hours=3))
    with pytest.raises(InputError, match="the round is closed"):
        one.challenge("d", hours=3, minutes=1)
    assert not (one.folder / answers.FOLDER).exists()


def test_other_weights_and_second_answers_are_refused(one):
    entry, asked = one.challenge("a")
    with pytest.raises(InputError, match="e1 was registered with weights"):
        one.answer(entry.name, "other", solved(asked))
    one.answer(entry.name, "a", solved(asked, 9))
    with pytest.raises(InputError, match="has already answered"):
        one.answer(entry.name, "a", solved(asked))
    with pytest.raises(InputError, match="no entry 'e7'"):
        one.answer("e7", "a", solved(asked))


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("row", 60, "1 unknown, the first: 60"),
        ("row", 1, "1 repeated, the first: 1"),
        ("split", "train", "no split 'train'"),
        ("task", "gcd", "1 answers are for tasks outside the round; the first: 'gcd'"),
        ("prediction", "9" * 10_001, "more than 10,000 bytes"),
    ],
)
def test_foreign_answers_are_refused(one, column, value, words):
    entry, asked = one.challenge("a")
    table = solved(asked)
    values = [value, *table[column].to_pylist()[1:]]
    at, kind = table.column_names.index(column), table.schema.field(column).type
    with pytest.raises(InputError, match=words):
        one.answer(entry.name, "a", table.set_column(at, column, pa.array(values, kind)))
    assert audit(one.folder).problems == () and len(log.read(one.folder)) == 2


def rewritten(folder, change):
    """What a host can do who writes the log anew: change events and mend the chain behind them."""
    said = [dict(event.fields) for event in log.read(folder)]
    change(said)
    events = []
    for one in said:
        one["previous"] = events[-1].digest if events else log.GENESIS_DIGEST
        events.append(log.Event(one))
    log.write(folder, events)


def as_earlier(folder):
    """Rewrite a log as earlier versions wrote it: without submitters and a limit of entries."""

    def change(said):
        for event in said:
            event.pop("entries_per_submitter", None)
            event.pop("submitter", None)

    rewritten(folder, change)


def by_kind(said, kind):
    return next(event for event in said if event["event"] == kind)


def other_seed(said):
    by_kind(said, "reveal")["seed"] = "ab" * 32


def other_commitment(said):
    reveal = by_kind(said, "reveal")
    reveal["seed"] = "ab" * 32
    by_kind(said, "open")["commitment"] = seal.commitment(reveal["seed"], reveal["salt"])


def better_score(said):
    by_kind(said, "reveal")["scores"]["e2"]["gcd-base10-digits2"]["interpolate"]["correct"] = 60


def other_weights(said):
    for event in said[1:]:
        if event.get("entry") == "e1":
            event["weights_sha256"] = "cd" * 32


def late_answer(said):
    by_kind(said, "answer")["at"] = "2026-01-01T00:10:01Z"


def revealed_before_the_close(said):
    said[-1], said[-2] = said[-2], said[-1]


def earlier_close(said):
    by_kind(said, "close")["at"] = "2026-01-01T00:29:59Z"


def lost_entry(said):
    del said[3:5]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (other_seed, "seed and salt do not match the commitment"),
        (other_commitment, "the questions were not drawn from the revealed seed"),
        (better_score, "e2: the revealed scores differ from those of the answers"),
        (other_weights, "e1: the questions were not drawn from the revealed seed and the weights"),
        (late_answer, "answer: too late"),
        (revealed_before_the_close, "must be closed before it is revealed"),
        (earlier_close, "times must not decrease"),
        (lost_entry, "the next entry must be e2"),
    ],
)
def test_a_log_written_anew_is_found_out(round_of, change, problem):
    round_of.play()
    assert audit(round_of.folder).problems == ()
    rewritten(round_of.folder, change)
    assert any(problem in line for line in audit(round_of.folder).problems), audit(round_of.folder).problems


def test_a_line_cannot_be_changed_alone(round_of):
    round_of.play()
    path = round_of.folder / log.LOG_FILE
    lines = path.read_text().splitlines()
    for number in range(len(lines) - 1):
        changed = [
            line.replace("2026-01-01", "2026-01-02") if i == number else line for i, line in enumerate(lines)
        ]
        path.write_text("\n".join(changed))
        assert f"line {number + 2}: the previous line was changed" in audit(round_of.folder).problems[0]


def test_a_receipt_shows_a_log_that_was_written_anew_without_a_fault(one):
    """A host can move the clock of a whole log; who holds a receipt sees it."""
    entry, _ = one.challenge("a", minutes=5)
    receipt = entry.challenge.digest
    assert audit(one.folder, receipt).problems == ()
    rewritten(one.folder, lambda said: said[1].update(at="2026-01-01T00:01:00Z"))
    assert audit(one.folder).problems == ()
    assert "is not in the log" in audit(one.folder, receipt).problems[0]


def test_edited_missing_and_smuggled_answers_are_found(round_of):
    round_of.play()
    first, second = (answers.answers_path(round_of.folder, name) for name in ("e1", "e2"))
    kept = second.read_bytes()
    second.write_bytes(first.read_bytes())
    assert audit(round_of.folder).problems == ("e2: the answers differ from the submitted ones.",)
    second.unlink()
    assert audit(round_of.folder).problems == ("e2: the answers are missing.",)
    second.write_bytes(kept)
    second.with_name("e3.parquet").write_bytes(kept)
    assert audit(round_of.folder).problems == ("'e3.parquet' is not in the log",)


def test_weights_that_were_not_registered_are_found(round_of):
    round_of.play()
    assert "no entry was registered" in audit(round_of.folder, weights=round_of.weights("z")).problems[0]


def test_what_a_host_may_not_do(one, tmp_path):
    task = [make_task("addition", digits=2)]
    with pytest.raises(InputError, match="must be closed before"):
        host.reveal(one.folder, at(minutes=1), one.secret)
    with pytest.raises(InputError, match="already contains a round"):
        host.open_round(one.folder, task, SIZES, after(hours=1), 60, START, tmp_path / "s2")
    with pytest.raises(InputError, match="must not be in the folder"):
        host.open_round(tmp_path / "x", task, SIZES, after(hours=1), 60, START, tmp_path / "x" / "s")
    with pytest.raises(InputError, match="never overwritten"):
        host.open_round(tmp_path / "x", task, SIZES, after(hours=1), 60, START, one.secret)
    with pytest.raises(InputError, match="must close after it opens"):
        host.open_round(tmp_path / "x", task, SIZES, START, 60, START, tmp_path / "s2")
    with pytest.raises(InputError, match=r"at most 1,000,000 questions. Received: 1,200,000"):
        many = {"interpolate": 600_000, "extrapolate": 600_000}
        host.open_round(tmp_path / "x", task, many, after(hours=1), 60, START, tmp_path / "s2")
    with pytest.raises(InputError, match="holds"):
        small = [make_task("addition", digits=1)]
        host.open_round(
            tmp_path / "x", small, {"interpolate": 9999}, after(hours=1), 60, START, tmp_path / "s3"
        )
    host.open_round(tmp_path / "y", task, SIZES, after(hours=1), 60, START, tmp_path / "s4")
    with pytest.raises(InputError, match="secret of another round"):
        host.challenge(tmp_path / "y", "a", "0" * 64, at(), one.secret)


@pytest.mark.parametrize(
    "text", ["", "{", "[]\n", '{"event":"open"}\n', '{"event":["x"]}\n', "\xff\n", "1" * 5000]
)
def test_a_broken_log_is_a_finding(one, text):
    (one.folder / log.LOG_FILE).write_bytes(text.encode("latin-1"))
    (problem,) = audit(one.folder).problems
    assert problem.isprintable()


def test_a_clock_that_was_set_back_writes_nothing(one):
    one.challenge("a", minutes=5)
    with pytest.raises(InputError, match="times must not decrease"):
        one.challenge("b", minutes=4)
    assert audit(one.folder).problems == () and len(log.read(one.folder)) == 2


def test_the_state_is_what_the_log_says(round_of):
    round_of.play()
    found = Round(log.read(round_of.folder))
    assert (
        found.closed
        and found.reveal
        and [e.answer is not None for e in found.entries.values()] == [True, True, False]
    )


def test_the_commands(cli, tmp_path, monkeypatch):  # noqa: F811
    monkeypatch.chdir(tmp_path)
    (tmp_path / "w.bin").write_bytes(b"weights")
    sealed_round, secret = ("leaderboard", "round"), ("--secret", "secret.json")
    sizes = ("--interpolate", "30", "--extrapolate", "0", "--closes", "1h")
    assert cli(*sealed_round, "open", "r", "--task", "addition:digits=2", *sizes, *secret)[0] == 0
    challenge = (*sealed_round, "challenge", "r", "--weights", "w.bin", "--model", "mine", *secret)
    marked = tuple("[red]mine" if word == "mine" else word for word in challenge)
    refused(cli(*marked, "--out", "q.jsonl"), "the name of a model must be up to 100 letters")
    code, _, err = cli(*challenge, "--out", "q.jsonl")
    assert code == 0 and "e1: 30 questions" in err
    receipt = err.split("receipt: ")[1].strip()
    rows = [json.loads(line) for line in (tmp_path / "q.jsonl").read_text().splitlines()]
    task = make_task("addition", digits=2)
    answers = [
        {"split": r["split"], "row": r["row"], "prediction": task.oracle(r["question"]), "task": r["task"]}
        for r in rows
    ]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(a) + "\n" for a in answers))
    assert cli(*sealed_round, "answer", "r", "e1", "a.jsonl", "--weights", "w.bin")[0] == 0
    [entry] = json.loads(cli(*sealed_round, "show", "r", "--json")[1])["entries"]
    assert entry["answered"] != "no" and entry["right"] is None and entry["of"] is None
    assert cli(*sealed_round, "close", "r")[0] == 0
    code, out, _ = cli(*sealed_round, "reveal", "r", *secret, "--json")
    assert code == 0 and [row["right"] for row in json.loads(out)["entries"]] == [30]
    assert "mine" in cli(*sealed_round, "show", "r")[1]
    assert cli(*sealed_round, "verify", "r", "--receipt", receipt, "--weights", "w.bin")[0] == 0
    code, out, _ = cli(*sealed_round, "verify", "r", "--receipt", "0" * 64, "--json")
    assert code == 1 and "not in the log" in json.loads(out)["problems"][0]
    refused(cli(*challenge, "--out", "q.jsonl"), "already exists")
    refused(cli(*challenge, "--out", "q.csv"), "must end in")
    refused(cli(*sealed_round, "verify", tmp_path / "none"), "is not a round")
    refused(cli(*sealed_round, "close", tmp_path / "none"), "none")
    refused(cli(*sealed_round, "close", "r"), "already revealed")
    refused(cli(*sealed_round, "open", "s", "--task", "addition:digits", *sizes, *secret), "NAME:key=value")
    refused(cli(*sealed_round, "open", "s", "--task", "aditon", *sizes, *secret), "Did you mean 'addition'")
