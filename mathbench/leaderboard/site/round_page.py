"""Pages of sealed rounds: the commitment, the log, and the scores after the reveal."""

from collections.abc import Mapping
from pathlib import Path

from mathbench.errors import InputError
from mathbench.leaderboard import times
from mathbench.leaderboard.ranking.tables import grouped
from mathbench.leaderboard.rounds import log
from mathbench.leaderboard.rounds.entrants import entry_numbers, model_scores
from mathbench.leaderboard.rounds.rules import Round
from mathbench.leaderboard.site import address
from mathbench.leaderboard.site.page import Page, PageContext, csv_page, render_page
from mathbench.scores.results import Score


def read(folder: Path | None) -> dict[str, Round]:
    """Read the rounds of a folder, by the address of their page; other content is skipped."""
    found = {}
    for path in sorted(folder.glob(f"*/{log.LOG_FILE}")) if folder else ():
        try:
            found[address.of_round(path.parent.name)] = Round(log.read(path.parent))
        except InputError:  # `round verify` reports damaged logs
            continue
    return found


def list_page(rounds: Mapping[str, Round], context: PageContext) -> Page:
    """Render the list of all rounds."""
    states = {at: round_.state(times.now()) for at, round_ in rounds.items()}
    return render_page("rounds.html", context, address.ROUNDS, rounds=rounds, states=states)


def page(at: str, round_: Round, context: PageContext) -> Page:
    """Render one round: a table per task and split with the models, and all entries."""
    tables = grouped(model_scores(round_), lambda model: (model.task, model.split))
    return render_page(
        "round.html",
        context,
        at,
        round=round_,
        state=round_.state(times.now()),
        tables=tables,
        numbers=entry_numbers(round_),
    )


def data(round_: Round) -> Page:
    """The scores of the entries of a round as CSV, including those without answers; empty before the reveal."""
    about = ("entry", "model", "submitter", "number", "entries", "answered", "weights_sha256")
    columns = (*about, "task", "split", "n", "correct", "exact_match", "low", "high")
    numbers, rows = entry_numbers(round_), []
    for name, tasks in round_.scores.items():
        entry, number = round_.entry(name), numbers[name]
        of = (number.number, number.entries, "yes" if entry.answer else "no")
        for task, splits in tasks.items():
            for split, count in splits.items():
                score = Score(count["n"], count["correct"])
                counts = (score.n, score.correct, score.exact_match, *score.interval)
                rows.append(
                    (name, entry.model, entry.submitter or "", *of, entry.weights, task, split, *counts)
                )
    return csv_page(columns, rows)
