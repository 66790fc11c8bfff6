"""Commands that look at data: verify and describe."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mathbench.cli.options import Json
from mathbench.cli.output import out, print_json, print_message
from mathbench.cli.output import table as table_of
from mathbench.errors import InputError

if TYPE_CHECKING:
    from mathbench.dataset.verify import CheckResult, VerifyOptions


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(verify)
    app.command()(describe)


def verify(
    folder: Annotated[str, typer.Argument(help="A dataset.", metavar="DIR|URL")],
    sample: Annotated[
        int | None, typer.Option(min=1, help="Read and regenerate only so many random rows per split.")
    ] = None,
    all_rows: Annotated[bool, typer.Option("--all", help="Regenerate every row.")] = False,
    sample_seed: Annotated[
        int | None, typer.Option(min=0, help="Which random rows. Default: others each time.")
    ] = None,
    json: Json = False,
) -> None:
    """Check a dataset: digests, regenerated rows, answers by an independent solver, splits apart, balance.

    Every byte is read and 1,000 random rows of each split are regenerated. With --all every row is regenerated; with
    --sample only the row groups of N random rows are read. Exit code 1 when a check fails; the first difference is
    shown exactly.

    Examples:
      mathbench verify data/divisible-7-base10

      mathbench verify data/divisible-7-base10 --all --json

      mathbench verify s3://bucket/folder --sample 100
    """
    import time

    from mathbench.cli.output import ProgressBar
    from mathbench.dataset.read import open_dataset
    from mathbench.dataset.verify import verify as check

    depth = _depth(sample, all_rows, sample_seed)
    dataset = open_dataset(folder)
    sizes = [rows for c in dataset.manifest.configs for rows in c.spec()["sizes"].values()]
    begin, total = time.perf_counter(), sum(map(depth.row_count, sizes))
    with ProgressBar("verifying", total) as bar:
        checks = list(check(dataset, depth, bar))
    failed = [c for c in checks if not c.passed]
    if json:
        print_json({"passed": not failed, "sample_seed": depth.seed, "checks": [vars(c) for c in checks]})
    else:
        _show_checks(checks)
    print_message(f"{_verdict(checks, failed)} ({_speed(total, time.perf_counter() - begin)})")
    if failed:
        raise typer.Exit(1)


def _depth(sample: int | None, all_rows: bool, seed: int | None) -> "VerifyOptions":
    """How much of a dataset a command line asks to look at."""
    import secrets

    from mathbench.dataset.verify import SAMPLE, VerifyOptions

    if all_rows and sample is not None:
        raise InputError("give either --sample N or --all, not both.")
    chosen = secrets.randbelow(10**6) if seed is None else seed
    return VerifyOptions(sample or SAMPLE, read_all=sample is None, regenerate_all=all_rows, seed=chosen)


def _verdict(checks: list["CheckResult"], failed: list["CheckResult"]) -> str:
    bad = "; the dataset is NOT good" if failed else ""
    return f"{len(checks) - len(failed)} of {len(checks)} checks passed{bad}"


def _speed(rows: int, seconds: float) -> str:
    return f"{rows:,} rows, {seconds:.1f} s, {rows / seconds:,.0f} rows/s"


def _show_checks(checks: list[Any]) -> None:
    from rich.markup import escape

    table = table_of("", "configuration", "split", "check", "detail")
    for c in checks:
        table.add_row(
            "[green]✓[/]" if c.passed else "[bold red]✗[/]", c.config, c.split, c.what, escape(c.detail)
        )
    out.print(table)


def describe(
    folder: Annotated[str, typer.Argument(help="A dataset.", metavar="DIR|URL")],
    config: Annotated[str | None, typer.Option(help="One configuration. Default: all.")] = None,
    plot: Annotated[Path | None, typer.Option(help="Also draw a picture: a .png, .svg or .pdf file.")] = None,
    json: Json = False,
) -> None:
    """Show what lies in a dataset: counts, lengths, the commonest answers, strata, samples.

    Examples:
      mathbench describe data/divisible-7-base10

      mathbench describe data/divisible-7-base10 --plot picture.png
    """
    from mathbench.dataset.describe import plot as draw
    from mathbench.dataset.describe import summarise
    from mathbench.dataset.read import open_dataset

    dataset = open_dataset(folder)
    names = list(dataset.configs) if config is None else [dataset.config(config).name]
    if plot:
        draw({name: dataset.data(name) for name in names}, plot)
        print_message(f"picture: {plot}")
    # one split in memory at a time
    summaries = {
        name: {split: summarise(dataset.table(made, split)) for split in made.spec()["sizes"]}
        for name, made in ((name, dataset.configs[name]) for name in names)
    }
    if json:
        print_json(
            {
                name: {s: summary.to_json() for s, summary in splits.items()}
                for name, splits in summaries.items()
            }
        )
        return
    for name, splits in summaries.items():
        _show_summary(name, splits)


def _show_summary(name: str, splits: dict[str, Any]) -> None:
    table = table_of(
        "split",
        "rows",
        "question length",
        "answer length",
        "commonest answers",
        "strata",
        "samples",
        right=("rows", "strata"),
    )
    for split, s in splits.items():
        lengths = [f"{x[0]}-{x[2]} (mean {x[1]:.1f})" for x in (s.question_length, s.answer_length)]
        common = ", ".join(f"{answer} {share:.1%}" for answer, share in s.answers.items())
        samples = "\n".join(f"{question} → {answer}" for question, answer in s.samples)
        table.add_row(split, f"{s.rows:,}", *lengths, common, str(len(s.strata)), samples)
    out.print(f"[bold]{name}[/]")
    out.print(table)
