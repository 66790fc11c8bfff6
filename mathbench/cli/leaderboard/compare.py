"""Commands for single submissions: leaderboard compare, withdraw, reproduce."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mathbench.cli.leaderboard.options import BoardOption, TaskOption
from mathbench.cli.options import Device, Json, Threads
from mathbench.cli.output import err, out, print_json, print_message, table
from mathbench.errors import CheckFailed, InputError

if TYPE_CHECKING:
    from mathbench.leaderboard.ranking.compare import ComparisonResult, PairedTest
    from mathbench.leaderboard.submission_record import SubmissionRecord

Id = Annotated[
    str, typer.Argument(metavar="ID", help="Beginning of a submission's digest, as in `leaderboard show`.")
]


def register(leaderboard: typer.Typer) -> None:
    """Add the commands."""
    for command in (compare, withdraw, reproduce):
        leaderboard.command()(command)


def compare(
    first: Annotated[
        str, typer.Argument(metavar="A", help="Id of a submission, or name of a model with all its seeds.")
    ],
    second: Annotated[str, typer.Argument(metavar="B", help="Id or name of another one.")],
    board: BoardOption = None,
    task: TaskOption = None,
    as_json: Json = False,
) -> None:
    """Compare two models on the same rows: McNemar's test, or for several seeds one that includes their spread.

    Also shows the strata in which they differ, and sample rows.

    Examples:
      mathbench leaderboard compare 1f2e3d4c 5b6a7988

      mathbench leaderboard compare lstm-seq2seq transformer --task addition-base10 --json
    """
    from mathbench.leaderboard.ranking.compare import compare as compare_two
    from mathbench.leaderboard.store.any_board import load_records, predictions_loader
    from mathbench.leaderboard.submission_manifest import SUPERVISIONS

    sides = _pair(load_records(board)[1], first, second, task)
    load = predictions_loader(board)
    one, two = ([(r, load(r.digest)) for r in side] for side in sides)
    found = compare_two(one, two)
    if as_json:
        names = [_side_json(side) for side in sides]
        print_json({"first": names[0], "second": names[1], "splits": [split.to_json() for split in found]})
        return
    pair = [side[0] for side in sides]
    for split in found:
        _print_split(split, (pair[0].summary.model, pair[1].summary.model))
    words = [SUPERVISIONS[record.summary.supervision] for record in pair]
    if words[0] != words[1]:
        print_message(f"they differ in what training gave away: {words[0]}; {words[1]}")
    if max(map(len, sides)) > 1:
        runs = " and ".join(f"{len(side)} of {side[0].summary.model}" for side in sides)
        print_message(f"training seeds: {runs}; numbers of rows are means over pairs of them")
        print_message("p: if both were equally good, how often other rows and seeds would differ so much")
        return
    print_message(
        "p: if both were equally good, how often they would differ at least so much on these rows (McNemar)"
    )


def _side_json(runs: Sequence["SubmissionRecord"]) -> dict[str, object]:
    """The first submission, and the digests of all seeds."""
    first = runs[0]
    return {
        "digest": first.digest,
        "model": first.summary.model,
        "supervision": first.summary.supervision,
        "digests": [record.digest for record in runs],
    }


def _pair(
    records: "Sequence[SubmissionRecord]", first: str, second: str, task: str | None
) -> tuple[list["SubmissionRecord"], list["SubmissionRecord"]]:
    """Find two submissions by id, or models by name with all their seeds, that answered the same rows.

    Raises:
        InputError: when several pairs fit, or none.
    """
    from mathbench.leaderboard.ranking.compare import rows_key
    from mathbench.leaderboard.ranking.rank import filter_task

    records = filter_task(records, task)
    found = [_runs(records, name) for name in (first, second)]
    pairs = [(a, b) for a in found[0] for b in found[1] if a != b and rows_key(a[0]) == rows_key(b[0])]
    if len(pairs) == 1 or max(map(len, found)) == 1:
        return pairs[0] if pairs else (found[0][0], found[1][0])
    each = [record for side in found for runs in side for record in runs]
    ids = sorted({f"{r.digest[:8]} ({r.summary.model}, {r.summary.task['name']})" for r in each})
    what = f"{len(pairs)} pairs of them answered the same rows" if pairs else "none answered the same rows"
    raise InputError(f"{what}; name two by their ids: {', '.join(ids[:8])}.")


def _runs(records: Sequence["SubmissionRecord"], name: str) -> list[list["SubmissionRecord"]]:
    """The models with a name, each with its first submission per training seed; else the submission with an id."""
    from mathbench.leaderboard.submission_record import find_by_prefix

    named = [r for r in records if r.summary.model == name and r.withdrawn is None]
    models: dict[str, dict[str, SubmissionRecord]] = {}
    for record in sorted(named, key=lambda r: r.submitted):
        models.setdefault(record.model_key, {}).setdefault(record.seeds_key, record)
    return [list(runs.values()) for runs in models.values()] or [[find_by_prefix(records, name)]]


def _print_split(found: "ComparisonResult", names: tuple[str, str]) -> None:
    """Print the comparison on one split: counts, test, strata that differ, sample rows."""
    from rich.text import Text

    counts = table("", f"{names[1]} right", "wrong", right=(f"{names[1]} right", "wrong"))
    total = found.total
    counts.title = Text(f"{found.task}, {found.split}", style="bold")
    counts.add_row(Text(f"{names[0]} right"), _count(total.both), _count(total.only_first))
    counts.add_row("wrong", _count(total.only_second), _count(total.neither))
    out.print(counts)
    bounds = f"{total.low:+.2%} to {total.high:+.2%}"
    out.print(f"p = {total.p:.3g} ({total.test}), difference {total.difference:+.2%} ({bounds})")
    _print_strata(found.strata, names)
    samples = table("row", "question", "answer", "A", "B")
    for row in found.samples:
        samples.add_row(*(Text(_short(row[key])) for key in ("row", "question", "answer", "first", "second")))
    if found.samples:
        out.print(samples)


def _print_strata(strata: Mapping[str, "PairedTest"], names: tuple[str, str]) -> None:
    """Print the strata in which one model is right and the other one wrong."""
    from rich.text import Text

    columns = ("n", "only A right", "only B right", "p")
    differ = table("stratum", *columns, right=columns, title=None)
    for name, pair in strata.items():
        if pair.only_first or pair.only_second:
            n = pair.both + pair.only_first + pair.only_second + pair.neither
            differ.add_row(
                Text(name), f"{n:,.0f}", _count(pair.only_first), _count(pair.only_second), f"{pair.p:.3g}"
            )
    if differ.row_count:
        out.print(Text(f"A: {names[0]}, B: {names[1]}"))
        out.print(differ)


def _count(rows: float) -> str:
    """A number of rows; means over several runs with one decimal."""
    return f"{rows:,}" if isinstance(rows, int) else f"{rows:,.1f}"


def _short(value: object) -> str:
    """Return a value as text of at most 60 characters, without control characters."""
    from mathbench.leaderboard.ranking.render import escape_control

    text = "-" if value is None else escape_control(str(value))
    return text if len(text) <= 60 else text[:59] + "…"


def withdraw(
    submission_id: Id,
    reason: Annotated[str, typer.Option("--reason", help="Reason, which stays on the board.")],
    board: BoardOption = None,
) -> None:
    """Withdraw a submission from the ranking.

    It stays on the board, with the reason.

    Examples:
      mathbench leaderboard withdraw 1f2e3d4c --reason "trained on the test rows by mistake"
    """
    from mathbench.leaderboard.store.board import Board
    from mathbench.leaderboard.store.folder import folder_path, is_folder
    from mathbench.leaderboard.store.folder import withdraw as withdraw_file

    if is_folder(board):
        digest = withdraw_file(folder_path(board), submission_id, reason)
    else:
        opened = Board(board, create=False)
        digest = opened.find(submission_id).digest
        opened.withdraw(digest, reason)
    print_message(f"{digest[:8]} is withdrawn; `mathbench leaderboard show --withdrawn` shows it")


def reproduce(
    submission_id: Id,
    board: BoardOption = None,
    out_dir: Annotated[
        Path | None, typer.Option("--out", help="Run directory. Default: runs/again-ID.")
    ] = None,
    device: Device = "auto",
    threads: Threads = 1,
    as_json: Json = False,
) -> None:
    """Train a stored run again from its recipe.

    Exits with code 1 if its score is not reproduced.

    Examples:
      mathbench leaderboard reproduce 1f2e3d4c
    """
    from mathbench.baselines.models.interface import DeviceConfig
    from mathbench.baselines.run import RunOptions
    from mathbench.cli.running import command, handle_interrupt
    from mathbench.leaderboard.reproduce import reproduce as run_again
    from mathbench.leaderboard.store.board import Board

    opened = Board(board, create=False)
    folder = out_dir or Path("runs") / f"again-{opened.find(submission_id).digest[:8]}"
    options = RunOptions(folder, device_config=DeviceConfig(device, threads), command=command(), console=err)
    with handle_interrupt(folder):
        found = run_again(opened, submission_id, options)
    if as_json:
        print_json(found.to_json())
    for split, (stored, repeated) in found.scores.items():
        low, high = stored.interval
        print_message(
            f"{split}: {repeated.exact_match:.2%}, was {stored.exact_match:.2%} ({low:.2%} to {high:.2%})"
        )
    print_message(
        f"predictions: {'the same' if found.same_predictions else 'others'}; the repetition is in {found.folder}"
    )
    if not found.holds:
        raise CheckFailed(f"{found.digest[:8]} was not found again; its badge stays.")
    print_message(f"{found.digest[:8]} is reproduced")
