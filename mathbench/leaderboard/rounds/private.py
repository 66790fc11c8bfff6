"""The secrets of the host of a round: seed and salt, and the token of each entry."""

import json
import os
from pathlib import Path

from mathbench.errors import InputError, os_error_message
from mathbench.leaderboard import seal
from mathbench.leaderboard.rounds.rules import Round
from mathbench.leaderboard.store.database import default_path
from mathbench.scores import strict_json, untrusted
from mathbench.scores.schema import DIGEST
from mathbench.scores.schema_types import Record
from mathbench.storage import atomic

_SECRET = Record({"seed": DIGEST, "salt": DIGEST})


class SecretMissing(InputError):
    """Seed and salt are missing, or are those of another round."""


def default_secret_path(commitment: str) -> Path:
    """The default path of seed and salt until the round is revealed."""
    return default_path().parent / "rounds" / f"{commitment[:16]}.json"


def save_secret(folder: Path, path: Path, seed: str, salt: str) -> None:
    """Write seed and salt to a file that only the host can read.

    Raises:
        InputError: when the path is in the published folder, or exists.
    """
    if path.resolve().is_relative_to(folder.resolve()):
        raise InputError("the secret must not be in the folder of the round, which is published.")
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise InputError(f"'{path}' already exists; a secret is never overwritten.") from None
    except OSError as error:
        raise InputError(f"the secret cannot be written: {os_error_message(error)}.") from None
    with os.fdopen(handle, "w") as file:
        json.dump({"seed": seed, "salt": salt}, file)


def read_secret(round_: Round, path: Path | None = None) -> tuple[str, str]:
    """Read seed and salt, and check them against the commitment of the round.

    Raises:
        SecretMissing: when they are missing, or those of another round.
    """
    return read_committed(round_.opened["commitment"], path)


def read_committed(commitment: str, path: Path | None = None) -> tuple[str, str]:
    """Read seed and salt, and check them against a commitment.

    Raises:
        SecretMissing: when they are missing, or have another commitment.
    """
    path = path or default_secret_path(commitment)
    if not path.is_file():
        raise SecretMissing(f"the seed and salt of this round are not in '{path}'. Give --secret FILE.")
    secret = strict_json.parse(untrusted.read_limited(path, 10_000), path.name)
    _SECRET(secret, path.name)
    if seal.commitment(secret["seed"], secret["salt"]) != commitment:
        raise SecretMissing(f"'{path}' is the secret of another round.")
    return secret["seed"], secret["salt"]


def secret_path(round_: Round, path: Path | None) -> Path:
    """The path of a round's secret: the given one, or the one derived from its commitment."""
    return path or default_secret_path(round_.opened["commitment"])


def assign_token(secret: Path, receipt: str, token: str) -> None:
    """Store the token of an entry in a file beside the secret.

    Args:
        secret: the path of seed and salt.
        receipt: the digest of the entry's line, which identifies it.
        token: the name of the token.
    """
    path = _tokens_path(secret)
    atomic.write(path, json.dumps(_read_tokens(path) | {receipt: token}, indent=1))
    path.chmod(0o600)


def entry_token(secret: Path, receipt: str) -> str | None:
    """The name of the token that an entry was made with; None when it was made without one."""
    return _read_tokens(_tokens_path(secret)).get(receipt)


def count_entries(secret: Path, token: str) -> int:
    """The number of entries that were made with a token."""
    return list(_read_tokens(_tokens_path(secret)).values()).count(token)


def _tokens_path(secret: Path) -> Path:
    return secret.with_name(f"{secret.stem}.tokens.json")


def _read_tokens(path: Path) -> dict[str, str]:
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else {}
