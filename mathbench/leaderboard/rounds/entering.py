"""Entries over HTTP: each belongs to a token, and a repeated request gets the same response."""

import hashlib
from pathlib import Path

import pyarrow as pa

from mathbench.errors import InputError
from mathbench.leaderboard.rounds import host, log, private, sealed
from mathbench.leaderboard.rounds.log import Clock
from mathbench.leaderboard.rounds.rules import Entry, Round

MAX_ENTRIES = 100  # with one token in a round whose log states no limit


class WrongToken(InputError):
    """The entry belongs to another token."""


def create_entry(
    folder: Path, model: str, weights: str, now: Clock, secret: Path | None, token: str
) -> tuple[Entry, pa.Table, bool]:
    """Register a model as `host.challenge` does; a pending entry gets its questions again.

    Args:
        folder: the folder of the round.
        model: its name.
        weights: SHA-256 of its weights file.
        now: the clock.
        secret: the path of seed and salt; None for the path derived from the commitment.
        token: the name of the entrant's token.

    Returns:
        The entry, its questions, and whether it is new.

    Raises:
        InputError: when the round is closed, the weights are registered already, or the token has too many entries.
    """
    try:
        round_ = Round(log.read(folder))
        if _count_entries(round_, secret, token) >= MAX_ENTRIES:
            raise InputError(f"a token may register at most {MAX_ENTRIES} entries in a round.")
        return (*host.challenge(folder, model, weights, now, secret, token), True)
    except private.SecretMissing:
        raise
    except InputError:
        round_ = Round(log.read(folder))
        entry = next((entry for entry in round_.entries.values() if entry.weights == weights), None)
        if entry is None or entry.challenge["model"] != model or not _is_pending(round_, entry, now):
            raise
        if _token_of(round_, entry, secret) != token:
            raise
        return entry, sealed.draw_questions(round_, private.read_secret(round_, secret)[0], weights), False


def _is_pending(round_: Round, entry: Entry, now: Clock) -> bool:
    return entry.answer is None and not round_.closed and now() <= entry.deadline


def check_token(round_: Round, name: str, secret: Path | None, token: str) -> None:
    """Check that an entry belongs to a token.

    Raises:
        WrongToken: when it belongs to another one, or to none.
    """
    if _token_of(round_, round_.entry(name), secret) != token:
        raise WrongToken(
            f"{name} was not registered with this token. Answers require the token that registered the entry."
        )


def _token_of(round_: Round, entry: Entry, secret: Path | None) -> str | None:
    """The token that registered an entry, from the log, or from the file beside the secret in earlier versions."""
    if round_.limit is not None:
        return entry.submitter
    return private.entry_token(private.secret_path(round_, secret), entry.challenge.digest)


def _count_entries(round_: Round, secret: Path | None, token: str) -> int:
    """The number of entries with a token in a round of an earlier version; the log of others states a limit."""
    if round_.limit is not None:
        return 0
    return private.count_entries(private.secret_path(round_, secret), token)


def submit_answers(folder: Path, name: str, weights: str, checked: bytes, now: Clock) -> tuple[Entry, bool]:
    """Store answers as `host.store_answers` does; the same answers may be sent again.

    Returns:
        The entry, and whether the answers are new.

    Raises:
        InputError: when it is too late, the weights differ, or the entry has other answers.
    """
    try:
        return host.store_answers(folder, name, weights, checked, now), True
    except InputError:
        entry = Round(log.read(folder)).entry(name)
        stored = entry.answer
        if stored is None or stored["weights_sha256"] != weights:
            raise
        if stored["answers_sha256"] != hashlib.sha256(checked).hexdigest():
            raise
        return entry, False
