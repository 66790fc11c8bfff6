"""Verify a published round offline: the log, the rules, the commitment, every question, answer and score."""

from dataclasses import dataclass
from pathlib import Path

from mathbench.errors import InputError
from mathbench.leaderboard.rounds import answers, log, sealed
from mathbench.leaderboard.rounds.rules import Entry, Round


@dataclass(frozen=True)
class Audit:
    """What was found.

    Args:
        entries: how many entries the round has.
        revealed: whether seed and salt are public; until then neither questions nor scores can be checked, and
            answers may be missing.
        problems: one line for each thing that does not hold.
    """

    entries: int
    revealed: bool
    problems: tuple[str, ...]


def audit(folder: Path, receipt: str | None = None, weights: Path | None = None) -> Audit:
    """Check everything that the folder of a round says.

    Args:
        folder: of the round.
        receipt: a line's digest that an entrant was given; it must still be in the log.
        weights: a file that one of the entries must have been registered with.

    Raises:
        InputError: when there is no round in the folder.
    """
    if not (folder / log.LOG_FILE).is_file():
        raise InputError(f"'{folder}' is no round: it has no {log.LOG_FILE}.")
    try:
        found = Round(log.read(folder))
    except InputError as error:
        return Audit(0, False, (str(error),))
    problems = [*_outside(found, folder), *_statements(found, receipt, weights)]
    if (
        found.reveal
        and sealed.commitment(found.reveal["seed"], found.reveal["salt"]) != found.opened["commitment"]
    ):
        problems.append("the revealed seed and salt are not those that the round was opened with")
    problems += [line for entry in found.entries.values() for line in _of_entry(found, folder, entry)]
    if found.reveal and found.reveal["scores"].keys() != found.entries.keys():
        problems.append("the revealed scores are not of the entries of this round")
    return Audit(len(found.entries), found.reveal is not None, tuple(problems))


def _outside(found: Round, folder: Path) -> list[str]:
    """Files of answers that the log knows nothing of."""
    answered = {
        answers.answers_path(folder, name).name for name, entry in found.entries.items() if entry.answer
    }
    there = {path.name for path in (folder / answers.FOLDER).glob("*")}
    return [f"{name!a} is not in the log" for name in sorted(there - answered)]


def _statements(found: Round, receipt: str | None, weights: Path | None) -> list[str]:
    problems = []
    if receipt is not None and receipt not in [event.digest for event in found.events]:
        problems.append(f"the receipt {receipt[:12]!a}... is not in the log: lines were written anew")
    if weights is not None and sealed.sha256_of(weights) not in [e.weights for e in found.entries.values()]:
        problems.append(f"no entry was registered with the weights in '{weights.name}'")
    return problems


def _of_entry(found: Round, folder: Path, entry: Entry) -> list[str]:
    """What does not hold about one entry."""
    if found.reveal is None and not answers.answers_path(folder, entry.name).is_file():
        return []  # until then a host may hold answers back
    try:
        given = answers.read(folder, entry)
        if given is not None:
            sealed.check_answers(found, given)
    except InputError as error:
        return [str(error)]
    if found.reveal is None:
        return []
    problems, seed = [], found.reveal["seed"]
    if (
        sealed.questions_digest(sealed.draw_questions(found, seed, entry.weights))
        != entry.challenge["questions_digest"]
    ):
        problems.append(f"{entry.name}: its questions were not drawn from the revealed seed and its weights")
    if sealed.score_answers(found, seed, entry.weights, given) != found.reveal["scores"].get(entry.name):
        problems.append(f"{entry.name}: its scores are not those of its answers")
    return problems
