"""What only the host of a round reads: seed and salt, and with which token each entry came."""

import json
import os
from pathlib import Path

from mathbench.errors import InputError
from mathbench.leaderboard.rounds import sealed
from mathbench.leaderboard.rounds.rules import Round
from mathbench.leaderboard.store.database import default_path
from mathbench.scores import strict_json, untrusted
from mathbench.scores.schema import DIGEST
from mathbench.scores.schema_types import Record
from mathbench.storage import atomic

_SECRET = Record({"seed": DIGEST, "salt": DIGEST})


class SecretMissing(InputError):
    """Seed and salt are not where they should be, or are those of another round."""


def default_secret_path(commitment: str) -> Path:
    """Where seed and salt are kept until the round is revealed."""
    return default_path().parent / "rounds" / f"{commitment[:16]}.json"


def save_secret(folder: Path, path: Path, seed: str, salt: str) -> None:
    """Write seed and salt where only the host reads them.

    Raises:
        InputError: when the place is in the folder that is published, or taken.
    """
    if path.resolve().is_relative_to(folder.resolve()):
        raise InputError("the secret must not lie in the folder of the round, which is published.")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise InputError(f"'{path}' is there already; a secret is never written over.") from None
    with os.fdopen(handle, "w") as file:
        json.dump({"seed": seed, "salt": salt}, file)


def read_secret(round_: Round, path: Path | None = None) -> tuple[str, str]:
    """Seed and salt, which must be those that the round was opened with.

    Raises:
        NoSecret: when they are not there, or another's.
    """
    place = secret_path(round_, path)
    if not place.is_file():
        raise SecretMissing(f"seed and salt of this round are not at '{place}'; give --secret FILE.")
    said = strict_json.parse(untrusted.read_limited(place, 10_000), place.name)
    _SECRET(said, place.name)
    if sealed.commitment(said["seed"], said["salt"]) != round_.opened["commitment"]:
        raise SecretMissing(f"'{place}' is the secret of another round.")
    return said["seed"], said["salt"]


def secret_path(round_: Round, path: Path | None) -> Path:
    """Where the secret of a round is: the path that was given, or the one that follows from its commitment."""
    return path or default_secret_path(round_.opened["commitment"])


def assign_token(secret: Path, receipt: str, token: str) -> None:
    """Note with which token an entry came, beside the secret.

    Args:
        secret: where seed and salt are.
        receipt: the digest of the entry's line; no other line can have it.
        token: its name.
    """
    path = _tokens_path(secret)
    atomic.write(path, json.dumps(_read_tokens(path) | {receipt: token}, indent=1))
    path.chmod(0o600)


def entry_token(secret: Path, receipt: str) -> str | None:
    """The name of the token that an entry came with; None when it came without one."""
    return _read_tokens(_tokens_path(secret)).get(receipt)


def count_entries(secret: Path, token: str) -> int:
    """How many entries came with a token."""
    return list(_read_tokens(_tokens_path(secret)).values()).count(token)


def _tokens_path(secret: Path) -> Path:
    return secret.with_name(f"{secret.stem}.tokens.json")


def _read_tokens(path: Path) -> dict[str, str]:
    return dict(json.loads(path.read_text())) if path.is_file() else {}
