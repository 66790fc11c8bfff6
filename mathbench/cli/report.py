"""The report of a finished run: floors, model, ceiling, exact match by stratum, some right and wrong answers."""

from pathlib import Path
from typing import Any

import pyarrow.compute as pc
from rich.markup import escape
from rich.table import Table

from mathbench import formats
from mathbench.baselines.result import Result
from mathbench.baselines.training.progress import generation_line
from mathbench.cli.output import out
from mathbench.cli.output import table as table_of
from mathbench.dataset.data import Data
from mathbench.errors import one_line
from mathbench.scores.predictions import read_predictions
from mathbench.scores.results import Score
from mathbench.scores.sections import AREA, SectionScores, score_sections
from mathbench.stratum import natural_order

EXAMPLES = 5  # right ones, and as many wrong ones, per split
STRATA = 24  # rows of a table


def report(result: Result, data: Data, folder: Path) -> None:
    """Print the tables, examples and summary of a finished run."""
    out.print(comparison(result))
    for split in ("interpolate", "extrapolate"):
        if split in result.scores:
            strata = result.scores[split]["strata"]
            found = sections_of(strata)
            out.print(by_section(split, found) if found else by_stratum(split, strata))
    if result.long:
        out.print(by_length(result))
    if result.asked:
        out.print(beside_scores(result))
    for split in ("interpolate", "extrapolate"):
        if split in result.scores:
            examples(data, folder, split)
    out.print(_summary(result, folder), soft_wrap=True)
    for line in beside_weights(result):
        out.print(line, markup=False, soft_wrap=True)


def beside_weights(result: Result) -> list[str]:
    """Return what belongs beside the number of weights: what is fixed by hand, and how many tries it took."""
    lines = []
    if result.weights:
        lines.append(f"fixed by hand: {'; '.join(result.weights['fixed_by_hand'])}")
    lines += [generation_line(found) for found in result.generations]
    if result.tournament:
        found = result.tournament
        lines.append(
            f"tournament: {found['reached']} of {found['candidates']} candidates reached 99 % on validation, the "
            f"winner has seed {found['seed']}; the CPU time is that of all"
        )
    return lines


def comparison(result: Result) -> Table:
    """Return the exact match of floors, model and ceiling per split, with 95 % intervals.

    The supervision of a network is named, because scores are comparable under the same one only.
    """
    splits = list(result.scores)
    heads = [f"{split}\n(n={result.scores[split]['n']:,})" for split in splits]
    title = f"{result.task['name']}: exact match (95 % interval)"
    named = ["supervision"] if result.supervision else []
    none = ["-"] if named else []
    table = table_of("", *named, *heads, right=tuple(heads), title=title)
    for name, scores in result.floors.items():
        table.add_row(f"floor: {name}", *none, *(share(scores.get(s)) for s in splits), style="dim")
    model = result.baseline if result.framework == "none" else f"{result.baseline} ({result.framework})"
    supervision = [result.supervision] if named else []
    table.add_row(model, *supervision, *(share(result.scores[s]) for s in splits), style="bold")
    table.add_row(
        "ceiling: exact-solver", *none, *(share(result.ceiling.get(s)) for s in splits), style="dim"
    )
    return table


def by_length(result: Result) -> Table:
    """Return the exact match on problems of single lengths."""
    table = table_of(
        "digits", "n", "exact match", right=("digits", "n", "exact match"), title="problems of one length"
    )
    for digits, score in result.long.items():
        table.add_row(f"{int(digits):,}", f"{score['n']:,}", share(score))
    return table


def beside_scores(result: Result) -> Table:
    """Return what stands beside the scores of a language model; none of it is part of a rank."""
    numbers = ("equal in value", "not read", "cut off", "refused")
    extraction = result.recipe["extract"]
    shown = table_of("split", *numbers, right=numbers, title=f"answers read by {extraction}, of which")
    for split, found in result.asked["splits"].items():
        ends = [found["finish"].get(reason, 0) for reason in ("length", "refused")]
        shown.add_row(split, *(f"{count:,}" for count in (found["equal"], found["unread"], *ends)))
    return shown


def sections_of(strata: dict[str, dict[str, Any]]) -> SectionScores | None:
    """Return the scores of the parts of a mixture, from the scores of its strata in a result; None for other tasks."""
    return score_sections({name: Score(score["n"], score["correct"]) for name, score in strata.items()})


def sections_json(scores: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return the scores of the parts and areas of a mixture per split, as JSON; empty for other tasks."""
    found = {split: sections_of(score["strata"]) for split, score in scores.items()}
    return {"sections": {s: f.to_json() for s, f in found.items() if f}} if any(found.values()) else {}


def by_section(split: str, found: SectionScores) -> Table:
    """Return the exact match of each part of a mixture, the mean of each area and the mean of all parts."""
    numbers = ("n", "exact match")
    table = table_of("part", *numbers, right=numbers, title=f"{split} by part")
    for area, mean in found.areas.items():
        parts = {name: score for name, score in found.parts.items() if name.startswith(area + AREA)}
        for name, score in parts.items():
            table.add_row(name, f"{score.n:,}", share(score.to_json()))
        table.add_row(f"{area}: mean of {len(parts)}", "", f"{mean:.2%}", style="bold", end_section=True)
    table.add_row(f"mean of all {len(found.parts)}", "", f"{found.macro_average:.2%}", style="bold")
    return table


def by_stratum(split: str, strata: dict[str, dict[str, Any]]) -> Table:
    """Return the exact match of each stratum, or of the largest ones if there are many."""
    shown = dict(sorted(strata.items(), key=lambda item: -item[1]["n"])[:STRATA])
    more = f", the {STRATA} largest of {len(strata)} strata" if len(shown) < len(strata) else ""
    numbers = ("n", "exact match")
    table = table_of("stratum", *numbers, right=numbers, title=f"{split} by stratum{more}")
    for name in sorted(shown, key=natural_order):
        table.add_row(escape(name), f"{shown[name]['n']:,}", share(shown[name]))
    return table


def scores_table(scores: dict[str, dict[str, Any]], title: str) -> Table:
    """Return a row per split: n, exact match, character accuracy and, for scratchpads, answers with all steps right."""
    numbers = ["n", "correct", "exact match (95 % interval)", "characters"]
    if any("steps" in s for s in scores.values()):
        numbers.append("and all steps right")
    table = table_of("split", *numbers, right=tuple(numbers), title=title)
    for split, s in scores.items():
        steps = [share(s["steps"])] if "steps" in s else []
        table.add_row(split, f"{s['n']:,}", f"{s['correct']:,}", share(s), f"{s['characters']:.2%}", *steps)
    return table


def examples(data: Data, folder: Path, split: str) -> None:
    """Print a few right and a few wrong answers of a split."""
    table = read_predictions(folder)
    given = table.filter(pc.equal(table["split"], split))["prediction"].combine_chunks()
    truth = data.splits[split]
    written = formats.for_task(data.task)
    plain = written.undo(truth)
    right = pc.fill_null(
        pc.equal(written.undo_answers(given, plain), plain["answer"]), False
    ).combine_chunks()
    rows = [pc.indices_nonzero(mask).to_pylist()[:EXAMPLES] for mask in (right, pc.invert(right))]
    out.print(f"{split}, a few right and wrong:", highlight=False)
    for row in [*rows[0], *rows[1]]:
        question, expected = (truth[column][row].as_py() for column in ("question", "answer"))
        mark = "[green]✓[/]" if right[row].as_py() else "[red]✗[/]"
        question, answer, expected = (
            escape(one_line(text)) for text in (question, given[row].as_py() or "", expected)
        )
        out.print(f"  {mark} {question} = {answer} (expected: {expected})", soft_wrap=True)


def print_scores(scores: dict[str, dict[str, Any]], title: str) -> None:
    """Print the scores of each split, and those of the parts of a mixture."""
    out.print(scores_table(scores, title))
    for split, score in scores.items():
        if found := sections_of(score["strata"]):
            out.print(by_section(split, found))


def share(score: dict[str, Any] | None) -> str:
    """Format an exact match with its interval.

    >>> share({"exact_match": 0.999, "low": 0.9982, "high": 0.9995})
    '99.90% (99.82-99.95)'
    """
    if score is None:
        return "-"
    return f"{score['exact_match']:.2%} ({100 * score['low']:.2f}-{100 * score['high']:.2f})"


def _summary(result: Result, folder: Path) -> str:
    """Return a line with weights, encoding, steps, time and directory of a run."""
    timings, words = result.timings, []
    if result.asked:
        return ", ".join([*_tokens(result.asked), f"run directory {escape(str(folder))}"])
    if result.parameters:
        words += [f"{result.parameters:,} weights", f"encoding {result.encoding.get('name', '-')}"]
    if timings.get("steps"):
        kept = "last" if result.recipe.get("keep") == "last" else "best"
        words += [f"{timings['steps']:,} steps", f"{kept} at step {result.best['step']:,}"]
        if result.extended:
            *former, last = (f"{phase['steps']:,}" for phase in result.extended)
            words += ["extended after " + " and ".join(filter(None, (", ".join(former), last)))]
        words += reached(result)
    words += [f"fitted in {timings['fit_wall_s']:.1f} s ({timings['fit_cpu_s']:.1f} CPU s)"]
    return ", ".join([*words, f"run directory {escape(str(folder))}"])


def reached(result: Result) -> list[str]:
    """Return when validation first reached 90, 99 and 99.9 %, as phrases."""
    words: list[str] = []
    for share, first in result.reached.items():
        seconds = f" ({first['cpu_s']:.1f} CPU s)" if "cpu_s" in first else ""
        lead = "" if words else "validation reached "
        words.append(f"{lead}{100 * float(share):g} % at step {first['step']:,}{seconds}")
    return words


def _tokens(asked: dict[str, Any]) -> list[str]:
    """Return the numbers of tokens that a language model took, and their price, as phrases."""
    tokens = asked["tokens"]
    words = [f"{tokens['prompt']:,} tokens asked", f"{tokens['reply']:,} tokens replied"]
    if tokens["reasoning"]:
        words.append(f"{tokens['reasoning']:,} of them reasoning")
    return [*words, f"price {asked['price']:.4f}"] if "price" in asked else words
