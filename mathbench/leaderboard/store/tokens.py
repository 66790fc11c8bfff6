"""Tokens for submitting to a served board. The secret is shown once; the board stores its SHA-256."""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass

from sqlalchemy import select

from mathbench.errors import InputError, did_you_mean
from mathbench.leaderboard.store.board import Board
from mathbench.leaderboard.store.tables import TokenRow
from mathbench.leaderboard.times import utc_now

PREFIX = "mb_"  # identifies a token to people and to scanners for leaked secrets
SECRET = re.compile(rf"{PREFIX}[\w-]{{10,}}")  # includes truncated secrets
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,49}")


@dataclass(frozen=True)
class Token:
    """A token without its secret.

    Args:
        name: identifies its owner.
        created: the time of creation, ISO 8601 in UTC.
        revoked: the time when it was revoked; None for a valid token.
    """

    name: str
    created: str
    revoked: str | None


def check_name(name: str) -> None:
    """Check the name of a token.

    Raises:
        InputError: for a name with other characters.
    """
    if not NAME.fullmatch(name):
        raise InputError(
            f"the name of a token must be 1 to 50 letters, digits, '.', '_', '-' and '@'. Received: {name!a}."
        )


def create(board: Board, name: str) -> str:
    """Create a token with 256 random bits.

    Returns:
        The secret, which cannot be recovered later.

    Raises:
        InputError: for a name in use, including by a revoked token, or with other characters.
    """
    check_name(name)
    secret = PREFIX + secrets.token_urlsafe(32)
    with board.transaction() as session:
        if session.get(TokenRow, name):
            raise InputError(f"the board already has a token '{name}'; names cannot be reused.")
        session.add(TokenRow(name=name, digest=_digest(secret), created=utc_now(), revoked=None))
    return secret


def all_tokens(board: Board) -> list[Token]:
    """All tokens sorted by name, including revoked ones."""
    with board.transaction() as session:
        rows = session.scalars(select(TokenRow).order_by(TokenRow.name))
        return [Token(row.name, row.created, row.revoked) for row in rows]


def revoke(board: Board, name: str) -> None:
    """Revoke a token; its submissions stay.

    Raises:
        InputError: when there is no valid token of this name.
    """
    with board.transaction() as session:
        row = session.get(TokenRow, name)
        if row is None:
            names = list(session.scalars(select(TokenRow.name)))
            raise InputError(f"the board has no token {name!a}. {did_you_mean(name, names)}")
        if row.revoked:
            raise InputError(f"the token '{name}' was already revoked at {row.revoked}.")
        row.revoked = utc_now()


def token_name(board: Board, secret: str) -> str | None:
    """The name of the valid token with this secret; None when there is none."""
    digest_, found = _digest(secret), None
    with board.transaction() as session:
        valid = select(TokenRow.name, TokenRow.digest).where(TokenRow.revoked.is_(None))
        for name, digest in session.execute(valid):
            if hmac.compare_digest(digest_, digest):
                found = name
    return found


def redact_tokens(text: str) -> str:
    """Hide the tokens in a text for logs, tables and error messages.

    >>> redact_tokens("mb_0123456789abcdef is wrong")
    'mb_(hidden) is wrong'
    """
    return SECRET.sub(f"{PREFIX}(hidden)", text)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()
