"""A season with a sealed seed: its round, and its TOML file, which gets the commitment first and the seed later."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from mathbench.errors import InputError
from mathbench.leaderboard import seal
from mathbench.leaderboard.rounds import host, log, private
from mathbench.leaderboard.rounds.rules import Round
from mathbench.leaderboard.seasons.files import load_season, parse_season
from mathbench.leaderboard.seasons.season import Season
from mathbench.leaderboard.times import TIME_FORMAT
from mathbench.storage import atomic


@dataclass(frozen=True)
class SeasonRound:
    """The settings of the round of a season that its file does not have.

    Args:
        answer_seconds: the time of an entry from its questions to its answers.
        entries_per_submitter: the number of entries that one submitter may register.
        closes: the time after which there are no entries and no answers; None for that of the season.
    """

    answer_seconds: int
    entries_per_submitter: int = host.ENTRIES_PER_SUBMITTER
    closes: datetime | None = None


def open_season(
    folder: Path, file: Path, settings: SeasonRound, now: datetime, secret: Path | None = None
) -> Round:
    """Open the round of a season, and write the commitment to its seed into the file of the season.

    A file that has a commitment already stays as it is; its secret must exist then.

    Args:
        folder: the folder of the new round.
        file: the TOML file of the season.
        settings: what the file does not have.
        now: the time.
        secret: the path for seed and salt; by default beside the user's own board.

    Raises:
        InputError: for an invalid season, one that cannot be sealed, or the secret of another one.
    """
    text = _text(file)
    season = parse_season(text, file.name)
    new = season.sealed is None
    if season.sealed is None:
        seed, salt = secrets.token_hex(32), secrets.token_hex(32)
        text = f'{text.rstrip()}\n\n[sealed]\ncommitment = "{seal.commitment(seed, salt)}"\n'
        season = parse_season(text, file.name)
    else:
        seed, salt = private.read_committed(season.sealed.commitment, secret)
    round_ = host.new_round(folder, _fields(season, settings), seed, now)
    path = private.secret_path(round_, secret)
    with atomic.new_folder(path.parent), atomic.new_folder(folder):
        if new:
            private.save_secret(folder, path, seed, salt)
            atomic.write(file, text)
        log.write(folder, round_.events)
    return round_


def _fields(season: Season, settings: SeasonRound) -> dict[str, object]:
    """The fields of the event `open`."""
    if season.sealed is None or season.sealed.seed is not None:
        raise InputError(f"the seed of the season {season.name} is already revealed.")
    if not season.external_data:
        raise InputError(
            f"a round does not record how a model was trained; the season {season.name} must allow external data."
        )
    closes = settings.closes or season.closes
    if closes is None:
        raise InputError(f"the season {season.name} has no closing time. Give --closes.")
    by_task = {task.task.name: dict(task.rows) for task in season.tasks}
    first = dict(season.tasks[0].rows)
    found: dict[str, object] = {
        "commitment": season.sealed.commitment,
        "tasks": host.tasks_json([task.task for task in season.tasks]),
        "sizes": first,
        "sizes_by_task": {name: rows for name, rows in by_task.items() if rows != first},
        "closes": closes.strftime(TIME_FORMAT),
        "answer_seconds": settings.answer_seconds,
        "entries_per_submitter": settings.entries_per_submitter,
        "season": {"name": season.name, "digest": season.digest},
    }
    return found | ({"opens": season.opens.strftime(TIME_FORMAT)} if season.opens else {})


def reveal_in_file(round_: Round, file: Path) -> Season:
    """Add seed and salt of a revealed round to the file of its season; a file that has them stays as it is.

    Raises:
        InputError: when the round is not revealed, or is about another season.
    """
    text = _text(file)
    season = parse_season(text, file.name)
    check_season_of(round_, season)
    if season.sealed is None or round_.reveal is None:
        raise InputError(f"the round of the season {season.name} is not revealed yet.")
    if season.sealed.seed is not None:
        return season
    secret = f'seed = "{round_.reveal["seed"]}"\nsalt = "{round_.reveal["salt"]}"'
    lines = text.splitlines()
    # the line stays where the host may have moved it
    at = next(i for i, line in enumerate(lines) if season.sealed.commitment in line)
    text = "\n".join([*lines[: at + 1], secret, *lines[at + 1 :]]) + "\n"
    revealed = parse_season(text, file.name)
    atomic.write(file, text)
    return revealed


def check_season_of(round_: Round, season: Season) -> None:
    """Check that a round is about a season.

    Raises:
        InputError: when it is about another one, or none.
    """
    if round_.season is None:
        raise InputError("this round is not that of a season: it was opened without --season.")
    if round_.opened["season"] != {"name": season.name, "digest": season.digest}:
        raise InputError(
            f"this round is that of the season {round_.season}. Received: "
            f"{'another version of it' if season.name == round_.season else season.name}."
        )


def _text(file: Path) -> str:
    """The text of the file of a season.

    Raises:
        InputError: when it does not exist or is no season.
    """
    load_season(str(file))
    return file.read_text(encoding="utf-8")
