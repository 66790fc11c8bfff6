"""Entries that come with a token, over a line that may break: what is asked again is answered with the same."""

import hashlib
from pathlib import Path

import pyarrow as pa

from mathbench.errors import InputError
from mathbench.leaderboard.rounds import host, log, private, sealed
from mathbench.leaderboard.rounds.log import Clock
from mathbench.leaderboard.rounds.rules import Entry, Round

MAX_ENTRIES = 100  # entries with one token: a round is no place to try until something fits


class WrongToken(InputError):
    """An entry that came with another token."""


def create_entry(
    folder: Path, model: str, weights: str, now: Clock, secret: Path | None, token: str
) -> tuple[Entry, pa.Table, bool]:
    """Register a model, as `host.challenge`; an entry that waits for its answers gets its questions once more.

    Args:
        folder: of the round.
        model: its name.
        weights: SHA-256 of its file of weights.
        now: the clock.
        secret: where seed and salt are kept; None for the place that follows from the commitment.
        token: its name.

    Returns:
        The entry, its questions, and whether it is new.

    Raises:
        InputError: when the round is closed, these weights have had questions, or the token too many entries.
    """
    try:
        if private.count_entries(private.secret_path(Round(log.read(folder)), secret), token) >= MAX_ENTRIES:
            raise InputError(f"with one token come at most {MAX_ENTRIES} entries of a round.")
        return (*host.challenge(folder, model, weights, now, secret, token), True)
    except private.SecretMissing:
        raise
    except InputError:
        found = Round(log.read(folder))
        entry = next((entry for entry in found.entries.values() if entry.weights == weights), None)
        if entry is None or entry.challenge["model"] != model or not _is_pending(found, entry, now):
            raise
        if private.entry_token(private.secret_path(found, secret), entry.challenge.digest) != token:
            raise
        return entry, sealed.draw_questions(found, private.read_secret(found, secret)[0], weights), False


def _is_pending(found: Round, entry: Entry, now: Clock) -> bool:
    return entry.answer is None and not found.closed and now() <= entry.deadline


def check_token(round_: Round, name: str, secret: Path | None, token: str) -> None:
    """See that an entry came with this token.

    Raises:
        NotYours: when it came with another one, or with none.
    """
    receipt = round_.entry(name).challenge.digest
    if private.entry_token(private.secret_path(round_, secret), receipt) != token:
        raise WrongToken(f"{name} did not come with this token; who asked for the questions answers them.")


def submit_answers(folder: Path, name: str, weights: str, packed: bytes, now: Clock) -> tuple[Entry, bool]:
    """Take answers, as `host.take`; the same answers once more are no second ones.

    Returns:
        The entry, and whether the answers are new.

    Raises:
        InputError: when it is too late, the weights are others, or it has given other answers.
    """
    try:
        return host.store_answers(folder, name, weights, packed, now), True
    except InputError:
        entry = Round(log.read(folder)).entry(name)
        given = entry.answer
        if given is None or given["weights_sha256"] != weights:
            raise
        if given["answers_sha256"] != hashlib.sha256(packed).hexdigest():
            raise
        return entry, False
