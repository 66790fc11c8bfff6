"""Verify a published round offline: the log, the rules, the commitment, and all questions, answers and scores."""

from dataclasses import dataclass
from pathlib import Path

from mathbench.errors import InputError
from mathbench.leaderboard import seal
from mathbench.leaderboard.rounds import answers, log, sealed
from mathbench.leaderboard.rounds.entrants import entrant_lines
from mathbench.leaderboard.rounds.rules import Entry, Round


@dataclass(frozen=True)
class Audit:
    """The result of verifying a round.

    Args:
        entries: the number of entries.
        revealed: whether seed and salt are public; before that, questions and scores cannot be checked and answers
            may be missing.
        problems: one line for each problem.
        unanswered: one line for each entrant with entries that have no answers.
    """

    entries: int
    revealed: bool
    problems: tuple[str, ...]
    unanswered: tuple[str, ...] = ()


def audit(folder: Path, receipt: str | None = None, weights: Path | None = None) -> Audit:
    """Verify the folder of a round.

    Args:
        folder: the folder of the round.
        receipt: the digest of an entrant's line, which must be in the log.
        weights: a weights file that must be registered.

    Raises:
        InputError: when there is no round in the folder.
    """
    if not (folder / log.LOG_FILE).is_file():
        raise InputError(f"'{folder}' is not a round: it contains no {log.LOG_FILE}.")
    try:
        round_ = Round(log.read(folder))
    except InputError as error:
        return Audit(0, False, (str(error),))
    problems = [*_unknown_files(round_, folder), *_missing(round_, receipt, weights)]
    if (
        round_.reveal
        and seal.commitment(round_.reveal["seed"], round_.reveal["salt"]) != round_.opened["commitment"]
    ):
        problems.append("the revealed seed and salt do not match the commitment of the round")
    problems += [line for entry in round_.entries.values() for line in _entry_problems(round_, folder, entry)]
    if round_.reveal and round_.reveal["scores"].keys() != round_.entries.keys():
        problems.append("the revealed scores are not those of the entries of this round")
    unanswered = tuple(entrant_lines(round_)) if round_.reveal else ()
    return Audit(len(round_.entries), round_.reveal is not None, tuple(problems), unanswered)


def _unknown_files(round_: Round, folder: Path) -> list[str]:
    """Files of answers that are not in the log."""
    answered = {
        answers.answers_path(folder, name).name for name, entry in round_.entries.items() if entry.answer
    }
    present = {path.name for path in (folder / answers.FOLDER).glob("*")}
    return [f"{name!a} is not in the log" for name in sorted(present - answered)]


def _missing(round_: Round, receipt: str | None, weights: Path | None) -> list[str]:
    problems = []
    if receipt is not None and receipt not in [event.digest for event in round_.events]:
        problems.append(f"the receipt {receipt[:12]!a}... is not in the log: the log was rewritten")
    if weights is not None and sealed.sha256_of(weights) not in [e.weights for e in round_.entries.values()]:
        problems.append(f"no entry was registered with the weights in '{weights.name}'")
    return problems


def _entry_problems(round_: Round, folder: Path, entry: Entry) -> list[str]:
    """The problems of one entry."""
    if round_.reveal is None and not answers.answers_path(folder, entry.name).is_file():
        return []  # the host may publish answers later
    try:
        given = answers.read(folder, entry)
        if given is not None:
            sealed.check_answers(round_, given)
    except InputError as error:
        return [str(error)]
    if round_.reveal is None:
        return []
    problems, seed = [], round_.reveal["seed"]
    questions = sealed.draw_questions(round_, seed, entry.weights)
    if sealed.questions_digest(questions) != entry.challenge["questions_digest"]:
        problems.append(f"{entry.name}: the questions were not drawn from the revealed seed and the weights")
    if sealed.score_answers(round_, seed, entry.weights, given) != round_.reveal["scores"].get(entry.name):
        problems.append(f"{entry.name}: the revealed scores differ from those of the answers")
    return problems
