"""Commands that look at data: verify and describe."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mathbench.cli.options import DatasetArgument, Json
from mathbench.cli.output import ProgressBar, out, print_json, print_message, table
from mathbench.errors import shortened

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mathbench.dataset.check_result import CheckResult
    from mathbench.dataset.describe import SplitSummary


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(verify)
    app.command()(describe)


def verify(
    folder: DatasetArgument,
    sample: Annotated[
        int | None, typer.Option(min=1, help="Number of random rows per split to read and regenerate.")
    ] = None,
    all_rows: Annotated[bool, typer.Option("--all", help="Regenerate every row.")] = False,
    sample_seed: Annotated[
        int | None, typer.Option(min=0, help="Seed of the choice of random rows. Default: random.")
    ] = None,
    json: Json = False,
) -> None:
    """Verify a dataset: digests, regenerated rows, independent solutions, disjoint splits, balance.

    Reads every byte and regenerates 1,000 random rows of each split. With --all,
    every row is regenerated; with --sample N, only the row groups of N random
    rows are read. Of imported data all files are read, and what its splits share
    is measured again. Exits with code 1 if a check fails, and prints the first
    difference.

    Examples:
      mathbench verify data/divisible-7-base10

      mathbench verify data/divisible-7-base10 --all --json

      mathbench verify s3://bucket/folder --sample 100
    """
    from mathbench.dataset.check_result import Verification
    from mathbench.dataset.read import open_dataset
    from mathbench.dataset.verify import make_options
    from mathbench.dataset.verify import verify as check

    options = make_options(sample, all_rows, sample_seed)
    dataset = open_dataset(folder)
    sizes = [rows for c in dataset.manifest.configs for rows in c.spec()["sizes"].values()]
    start, total = time.perf_counter(), sum(map(options.row_count, sizes))
    with ProgressBar("verifying", total) as bar:
        found = Verification(tuple(check(dataset, options, bar)), options.seed)
    speed = _speed(total, time.perf_counter() - start)
    if json:
        print_json(found.to_json())
    else:
        _print_checks(found.checks)
    print_message(f"{_verdict(len(found.checks), len(found.failed))} ({speed})")
    if not found.passed:
        raise typer.Exit(1)


def _verdict(checks: int, failed: int) -> str:
    bad = "; the dataset is NOT good" if failed else ""
    return f"{checks - failed} of {checks} checks passed{bad}"


def _speed(rows: int, seconds: float) -> str:
    return f"{rows:,} rows, {seconds:.1f} s, {rows / seconds:,.0f} rows/s"


def _print_checks(checks: "Sequence[CheckResult]") -> None:
    from rich.markup import escape

    shown = table("", "configuration", "split", "check", "detail")
    for c in checks:
        mark = "[green]✓[/]" if c.passed else "[bold red]✗[/]"
        shown.add_row(mark, c.config, c.split, c.what, escape(c.detail))
    out.print(shown)


def describe(
    folder: DatasetArgument,
    config: Annotated[str | None, typer.Option(help="Configuration to describe. Default: all.")] = None,
    plot: Annotated[
        Path | None, typer.Option(help="Image file to draw, ending in .png, .svg or .pdf.")
    ] = None,
    json: Json = False,
) -> None:
    """Describe a dataset: counts, lengths, most frequent answers, strata, samples.

    One split is in memory at a time. Of imported data, questions that occur twice
    are counted.

    Examples:
      mathbench describe data/divisible-7-base10

      mathbench describe data/divisible-7-base10 --plot picture.png
    """
    from mathbench.cli.dataset_report import overlap_table
    from mathbench.dataset.describe import plot as draw
    from mathbench.dataset.describe import summarise_dataset
    from mathbench.dataset.read import open_dataset

    dataset = open_dataset(folder)
    configs = dataset.chosen(config)
    if plot:
        draw({made.name: dataset.data(made.name) for made in configs.values()}, plot)
        print_message(f"picture: {plot}")
    summaries = summarise_dataset(dataset, config)
    if json:
        described = {n: {s: x.to_json() for s, x in splits.items()} for n, splits in summaries.items()}
        imported = {name: made.imported for name, made in configs.items() if made.imported}
        print_json({**described, **({"imported": imported} if imported else {})})
        return
    for name, splits in summaries.items():
        _print_summary(name, splits)
        if configs[name].imported:
            out.print(overlap_table(name, configs[name].imported["overlap"]))


def _print_summary(name: str, splits: dict[str, "SplitSummary"]) -> None:
    from rich.text import Text

    shown = table(
        *("split", "rows", "question length", "answer length", "commonest answers", "strata", "samples"),
        right=("rows", "strata"),
    )
    for split, s in splits.items():
        lengths = [f"{x[0]}-{x[2]} (mean {x[1]:.1f})" for x in (s.question_length, s.answer_length)]
        common = ", ".join(f"{shortened(answer)} {share:.1%}" for answer, share in s.answers.items())
        samples = "\n".join(f"{shortened(question)} → {shortened(answer)}" for question, answer in s.samples)
        # texts of others may hold what would be read as markup
        shown.add_row(split, f"{s.rows:,}", *lengths, Text(common), str(len(s.strata)), Text(samples))
    out.print(f"[bold]{name}[/]")
    out.print(shown)
