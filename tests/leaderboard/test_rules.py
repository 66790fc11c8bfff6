"""The rules of a round at their edges: to the second, and to the question."""

from datetime import UTC, datetime, timedelta

import pytest

from mathbench.errors import InputError
from mathbench.families import task as make_task
from mathbench.leaderboard.rounds import log
from mathbench.leaderboard.rounds.rules import Round
from mathbench.leaderboard.times import TIME_FORMAT

START = datetime(2026, 1, 1, tzinfo=UTC)
A, B = "a" * 64, "b" * 64


def after(seconds):
    return START + timedelta(seconds=seconds)


def opened(sizes=None, tasks=1, closes=1000):
    made = make_task("addition", digits=2)
    said = {"id": made.id, "name": made.name, "parameters": made.parameters}
    event = log.next_event(
        [],
        "open",
        START,
        name="winter",
        commitment="0" * 64,
        tasks=[said] * tasks,
        sizes=sizes or {"interpolate": 60},
        closes=after(closes).strftime(TIME_FORMAT),
        answer_seconds=600,
    )
    return Round([event])


def happen(found, kind, seconds, **said):
    found.apply(log.next_event(found.events, kind, after(seconds), **said))


def challenge(found, seconds, entry="e1", weights=A):
    said = {"entry": entry, "model": "m", "weights_sha256": weights, "questions_digest": "0" * 64}
    happen(found, "challenge", seconds, **said)


def answer(found, seconds, entry="e1", weights=A):
    happen(found, "answer", seconds, entry=entry, weights_sha256=weights, answers_sha256="0" * 64)


def reveal(found, seconds):
    happen(found, "reveal", seconds, seed="0" * 64, salt="0" * 64, scores={})


def test_a_round_is_open_until_it_closes_to_the_second():
    found = opened()
    assert [found.state(after(s)) for s in (0, 1000, 1001)] == ["open", "open", "closed"]
    happen(found, "close", 10)
    assert found.state(after(11)) == "closed"
    reveal(found, 12)
    assert found.state(after(13)) == "revealed"


def test_challenges_are_taken_until_the_round_closes():
    found = opened()
    challenge(found, 1000)
    with pytest.raises(InputError, match="challenge: too late, the deadline was 2026-01-01 00:16:40 UTC"):
        challenge(found, 1001, "e2", B)


@pytest.mark.parametrize(("begun", "deadline"), [(0, 600), (400, 1000), (401, 1000), (900, 1000)])
def test_an_entry_may_answer_for_ten_minutes_or_until_the_round_closes(begun, deadline):
    for late in (0, 1):
        found = opened()
        challenge(found, begun)
        assert found.entries["e1"].deadline == after(deadline)
        if late:
            with pytest.raises(InputError, match="answer: too late"):
                answer(found, deadline + 1)
        else:
            answer(found, deadline)
            assert found.entries["e1"].answer is not None


def test_time_may_stand_but_not_run_backwards():
    found = opened()
    challenge(found, 5)
    challenge(found, 5, "e2", B)
    with pytest.raises(InputError, match="times must not decrease"):
        answer(found, 4)


def test_entries_are_numbered_and_weights_come_once():
    found = opened()
    assert found.next_name() == "e1"
    with pytest.raises(InputError, match=r"the next entry must be e1\. Received: e2"):
        challenge(found, 1, "e2")
    challenge(found, 1)
    assert found.next_name() == "e2"
    with pytest.raises(InputError, match="questions for these weights were already drawn"):
        challenge(found, 2, "e2", A)
    challenge(found, 2, "e2", B)
    assert {name: (e.name, e.weights) for name, e in found.entries.items()} == {
        "e1": ("e1", A),
        "e2": ("e2", B),
    }


def test_an_entry_answers_once_and_with_its_weights():
    found = opened()
    challenge(found, 1)
    with pytest.raises(InputError, match=r"no entry 'e2'\. Allowed: e1"):
        answer(found, 2, "e2")
    with pytest.raises(InputError, match=r"with weights a{12}\.{4} Received: b{12}\.{4}$"):
        answer(found, 2, weights=B)
    answer(found, 2)
    with pytest.raises(InputError, match="e1 has already answered"):
        answer(found, 3)


def test_a_round_is_closed_once_then_revealed_once():
    found = opened()
    with pytest.raises(InputError, match="must be closed before it is revealed"):
        reveal(found, 1)
    happen(found, "close", 1)
    for action in (lambda: challenge(found, 2), lambda: happen(found, "close", 2)):
        with pytest.raises(InputError, match="closed"):
            action()
    reveal(found, 3)
    with pytest.raises(InputError, match="no event may follow"):
        reveal(found, 4)


def test_a_million_questions_are_allowed_and_no_more():
    found = opened({"interpolate": 200_000, "extrapolate": 300_000}, tasks=2)
    assert (
        found.rows(found.tasks[0]) == {"interpolate": 200_000, "extrapolate": 300_000}
        and len(found.tasks) == 2
    )
    with pytest.raises(InputError, match=r"at most 1,000,000 questions\. Received: 1,000,002"):
        opened({"interpolate": 200_001, "extrapolate": 300_000}, tasks=2)


def test_the_first_line_opens_and_no_other_does():
    found = opened()
    for events in ([], [log.next_event([], "close", START)]):
        with pytest.raises(InputError, match="first event of a round must be open"):
            Round(events)
    with pytest.raises(InputError, match="opened only once"):
        found.apply(found.opened)


def test_a_round_is_what_its_lines_say_from_the_second_on():
    found = opened()
    challenge(found, 1)
    answer(found, 2)
    lines = [found.opened, found.entries["e1"].challenge, found.entries["e1"].answer]
    again = Round(lines)
    assert list(again.entries) == ["e1"] and again.entries["e1"].answer == lines[2]
    assert again.tasks == [make_task("addition", digits=2)]


def test_a_task_has_the_name_of_its_parameters():
    fields = dict(opened().opened.fields)
    wrong = fields | {"tasks": [fields["tasks"][0] | {"name": "gcd-base10"}]}
    with pytest.raises(InputError, match=r"of the task 'addition-base10-digits2'\. Received: 'gcd-base10'"):
        Round([log.Event(wrong)])
