"""The command that reads a finite automaton off a network: automaton."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mathbench.cli.options import Json, RunArgument
from mathbench.cli.output import out, print_json, print_message, table
from mathbench.scores.error_scale import percent

if TYPE_CHECKING:
    from rich.table import Table

    from mathbench.baselines.automata.run import RunAutomaton

MAX_LISTED = 12  # states of a table
WHAT = {
    "states": "states",
    "classes": "states by their answer",
    "futures": "states by their answers after more digits",
}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(automaton)


def automaton(
    run: RunArgument,
    clusters: Annotated[
        int | None,
        typer.Option(
            help="Number of clusters of states. Default: the states of the smallest true automaton."
        ),
    ] = None,
    digits: Annotated[
        int, typer.Option(help="Digits of the random numbers whose states are clustered.")
    ] = 12,
    smallest: Annotated[
        bool, typer.Option("--smallest", help="List and draw the smallest automaton with the same answers.")
    ] = False,
    out_dir: Annotated[
        Path | None,
        typer.Option("--out", help="Folder of the two graphs. Default: RUN/plots.", metavar="DIR"),
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the words whose states are clustered.")] = 0,
    json: Json = False,
) -> None:
    """Read a finite automaton off a recurrent network, and compare it with the true one.

    Clusters the states of the network after random numbers, takes the transitions
    of the majority, and searches for the shortest number that the automaton
    answers wrongly. Draws the automaton and the true one as SVG.

    Examples:
      mathbench automaton runs/second-order-rnn-torch-divisible-7-base10-seed0

      mathbench automaton runs/mine --clusters 20 --smallest --out graphs
    """
    from mathbench.baselines.automata.run import AutomatonOptions, run_automaton

    found = run_automaton(run, AutomatonOptions(clusters, digits, seed, smallest))
    files = found.draw(out_dir or run / "plots")
    if not found.extraction.separated:
        print_message(_unclear(found), "warning: ", "bold yellow")
    if json:
        print_json({"graphs": list(map(str, files)), **found.to_json()})
        return
    for line in _summary(found):
        out.print(line, markup=False, soft_wrap=True)
    if len(found.order) <= MAX_LISTED:
        out.print(_table(found))
    out.print(*(f"drawn: {file}" for file in files), sep="\n", markup=False, soft_wrap=True)


def _unclear(found: "RunAutomaton") -> str:
    """Return the warning that clusters do not separate, with the shares that show it: no share of all states does."""
    shares = {
        "lead to the same cluster": found.extraction.agreement,
        "give the same answer": found.extraction.purity,
    }
    low = [
        f"only {percent(share)} % of the states of a cluster {what}"
        for what, share in shares.items()
        if share < 1
    ]
    return f"the clusters do not separate: {', and '.join(low)}; what follows is the best automaton, not the network."


def _summary(found: "RunAutomaton") -> list[str]:
    """Return what the comparison shows, line by line."""
    shares, clusters = found.extraction, len(found.extraction.automaton.table)
    lines = [
        f"{found.title}: {clusters} clusters of {WHAT[shares.clustering]}, {found.reached} reached, "
        f"{found.minimal} in the smallest automaton with the same answers; the true one has {found.truth.size}",
        _verdict(found),
        f"transitions: {percent(shares.mean_agreement)} % of the states agree with their cluster (smallest share "
        f"{percent(shares.agreement)} %); answers: smallest share {percent(shares.purity)} %; states lie up to "
        f"{shares.spread:.3f} from their centre",
        "the network answers as the automaton on "
        + ", ".join(
            f"{percent(share)} % of random numbers of up to {n} digits" for n, share in found.fidelity.items()
        ),
    ]
    if found.wrong or found.wrong_answers:
        lines.append(
            f"{len(found.wrong)} of {len(found.order) * found.base} transitions and {len(found.wrong_answers)} answers "
            "are wrong"
        )
    if found.reader.padding != "none":
        width = found.reader.width
        lines.append(
            f"numbers of fewer than {width} digits have blanks {found.reader.padding} them, which the comparison "
            "includes; table and graph are those of longer numbers"
        )
    return lines


def _verdict(found: "RunAutomaton") -> str:
    answers = found.difference_json()
    if answers is None:
        return "equal: the automaton answers every number of every length rightly"
    return (
        f"different: the shortest number answered wrongly is {answers['number']} (automaton {answers['automaton']}, "
        f"network {answers['network']}, truth {answers['truth']})"
    )


def _table(found: "RunAutomaton") -> "Table":
    """Return the transitions of each state, with the wrong ones marked."""
    from mathbench.numbers import text

    digits = tuple(text.DIGITS[: found.base])
    made = table("state", "answer", *digits, right=digits)
    made.add_row("start", "", *(found.names[target] for target in found.shown.first))
    for state in found.order:
        targets = [
            found.names[target] + ("!" if (state, symbol) in found.wrong else "")
            for symbol, target in enumerate(found.shown.table[state])
        ]
        mark = "!" if state in found.wrong_answers else ""
        made.add_row(found.names[state], found.shown.answers[state] + mark, *targets)
    return made
