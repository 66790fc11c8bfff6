"""Commands that import data of other tools as datasets."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mathbench.cli.options import Count, Json
from mathbench.cli.output import ProgressBar, out, print_json, print_message
from mathbench.cli.request import SizeOptions
from mathbench.errors import InputError

if TYPE_CHECKING:
    from mathbench.dataset.imported.blocks import Block

Out = Annotated[
    Path | None, typer.Option("--out", help="Folder to write to. Default: data/NAME.", metavar="DIR")
]
Force = Annotated[bool, typer.Option("--force", help="Replace a dataset in the folder.")]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Read and measure everything, and leave nothing behind.")
]
Name = Annotated[
    str | None, typer.Option("--name", help="Name of the configuration. Default: that of the source.")
]
Question = Annotated[str, typer.Option("--question", help="Column with the questions.")]
Answer = Annotated[str, typer.Option("--answer", help="Column with the answers: text or integers.")]
StratumColumn = Annotated[
    str | None,
    typer.Option("--stratum-column", help="Column with a class of questions, for tables of scores."),
]
SplitColumn = Annotated[
    str | None,
    typer.Option(
        "--split-column",
        help="Column with the split: train, validation, interpolate or test, extrapolate.",
    ),
]
Shares = Annotated[
    str | None,
    typer.Option(
        "--shares",
        help="Shares of the splits, where nothing else names them. "
        "Default: train=0.8,validation=0.1,interpolate=0.1.",
    ),
]
Files = Annotated[list[str], typer.Argument(help="File, or SPLIT=FILE for each split.", metavar="FILE...")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for name, command in (("deepmind", deepmind), ("reasoning-gym", reasoning_gym)):
        app.command(name)(command)
    for kind in TABLES:
        app.command(kind)(_table_command(kind))
    for other in (hf, known):
        app.command()(other)


def deepmind(
    path: Annotated[Path, typer.Argument(help="Folder or tar archive of the release.", metavar="PATH")],
    module: Annotated[
        list[str] | None,
        typer.Option(
            "--module", help="Module to read, such as arithmetic__mul; may be repeated. Default: all."
        ),
    ] = None,
    validation_share: Annotated[
        float,
        typer.Option("--validation-share", min=0, max=0.5, help="Share of train that becomes validation."),
    ] = 0.02,
    train: Count = None,
    validation: Count = None,
    interpolate: Count = None,
    extrapolate: Count = None,
    out_folder: Out = None,
    force: Force = False,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Import the published text files of DeepMind's mathematics dataset.

    Each module is a configuration: train has the levels easy, medium and hard as
    strata; interpolate and extrapolate are the two test sets. Validation is taken
    from train by a hash of the question. Sizes limit the rows of each module. A
    tar archive is read without being unpacked.

    Examples:
      mathbench import deepmind mathematics_dataset-v1.0.tar.gz --module arithmetic__mul

      mathbench import deepmind mathematics_dataset-v1.0 --train 30000 --out school
    """
    from mathbench.interop.deepmind_release import Selection, read_release

    limits = SizeOptions(train, validation, interpolate, extrapolate).given
    selection = Selection(tuple(module or ()), validation_share, limits)
    if not path.exists():
        raise InputError(f"there is no file or folder {path}.")
    about = {
        "source": f"DeepMind mathematics dataset, {path.name}",
        "rule": selection.rule(),
        "limits": limits,
    }
    target = out_folder or Path("data") / (
        selection.modules[0] if len(selection.modules) == 1 else "deepmind"
    )
    _import(read_release(path, selection), target, about, force, dry_run, json)


def reasoning_gym(
    dataset: Annotated[str, typer.Argument(help="Name of a dataset of reasoning-gym.", metavar="NAME")],
    seed: Annotated[int, typer.Option("--seed", min=0, help="Seed of the rows.")] = 0,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", help="Setting of the dataset, as key=value; may be repeated."),
    ] = None,
    beyond: Annotated[
        list[str] | None,
        typer.Option(
            "--set-extrapolate", help="Setting of extrapolate alone, as key=value; may be repeated."
        ),
    ] = None,
    train: Count = None,
    validation: Count = None,
    interpolate: Count = None,
    extrapolate: Count = None,
    out_folder: Out = None,
    force: Force = False,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Import questions of reasoning-gym, made by the package itself.

    By default train has 10,000 rows, validation 500 and interpolate 1,000. Every
    split has a range of rows of its own, and questions of a test split are left
    out of train. Extrapolate needs settings of its own.

    Examples:
      mathbench import reasoning-gym basic_arithmetic --train 20000

      mathbench import reasoning-gym gcd --set max_value=1000 --extrapolate 500 --set-extrapolate max_value=99999
    """
    from mathbench.errors import require_extra
    from mathbench.interop import reasoning_gym as gym

    require_extra(gym.PACKAGE, gym.EXTRA)
    sizes = {**gym.DEFAULT_SIZES, **SizeOptions(train, validation, interpolate, extrapolate).given}
    request = gym.GymRequest(
        dataset, sizes, seed, _settings(settings, "--set"), _settings(beyond, "--set-extrapolate")
    )
    target = out_folder or Path("data") / gym.block_name(dataset)
    _import(gym.read_gym(request), target, request.about(), force, dry_run, json)


TABLES = {
    "csv": """Import questions from CSV files with a header.

    Splits are named by the files, by a column, or cut by shares: rows whose
    questions are the same up to case and white space are in one split. Every
    field is the text that it is. Files may be compressed by gzip.

    Examples:
      mathbench import csv exam.csv --question prompt --answer solution

      mathbench import csv train=a.csv test=b.csv --name exam
    """,
    "jsonl": """Import questions from JSON lines: one object per line.

    Splits are named by the files, by a column, or cut by shares. An answer is
    text or an integer, whose digits are exact; other numbers, true, false and
    null are errors. Files may be compressed by gzip.

    Examples:
      mathbench import jsonl exam.jsonl --stratum-column topic

      mathbench import jsonl exam.jsonl --split-column split --out exam
    """,
    "parquet": """Import questions from Parquet files.

    Splits are named by the files, by a column, or cut by shares. An answer is
    text or an integer; other numbers, truth values and null are errors.

    Examples:
      mathbench import parquet train=train.parquet test=test.parquet --name exam
    """,
}


def _table_command(kind: str) -> Callable[..., None]:
    """Return the command that imports files of one kind; all have the same options."""

    def command(
        files: Files,
        question: Question = "question",
        answer: Answer = "answer",
        stratum_column: StratumColumn = None,
        split_column: SplitColumn = None,
        shares: Shares = None,
        name: Name = None,
        out_folder: Out = None,
        force: Force = False,
        dry_run: DryRun = False,
        json: Json = False,
    ) -> None:
        from mathbench.interop.tables import READERS, Columns, Cut, read_files

        columns = Columns(question, answer, stratum_column or "", split_column or "")
        cut = Cut.parse(shares) if shares is not None else Cut()
        paths = [file.rpartition("=")[2] for file in files]
        named = name or _name_of(paths[0])
        source = {"source": f"{kind}: {', '.join(Path(path).name for path in paths)}"}
        blocks = read_files(named, files, READERS[kind], columns, cut)
        target = out_folder or Path("data") / named
        _import(blocks, target, {**source, **_rule(columns, cut)}, force, dry_run, json)

    command.__doc__ = TABLES[kind]
    return command


def hf(
    path: Annotated[
        str,
        typer.Argument(help="Name on the Hub, or a local folder, as for load_dataset.", metavar="NAME|DIR"),
    ],
    subset: Annotated[
        str | None, typer.Option("--subset", help="Configuration of the dataset there.")
    ] = None,
    revision: Annotated[
        str | None, typer.Option("--revision", help="Commit, tag or branch on the Hub.")
    ] = None,
    question: Question = "question",
    answer: Answer = "answer",
    stratum_column: StratumColumn = None,
    split_column: SplitColumn = None,
    shares: Shares = None,
    name: Name = None,
    out_folder: Out = None,
    force: Force = False,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Import a dataset of the Hugging Face Hub, or of a local folder.

    It is loaded by `datasets.load_dataset`. Its split test becomes interpolate.
    A dataset whose only split is train is cut by shares.

    Examples:
      mathbench import hf openai/gsm8k --subset main --name gsm8k

      mathbench import hf ./exam --question prompt --answer target
    """
    from mathbench.interop.tables import Columns, Cut, read_hf

    columns = Columns(question, answer, stratum_column or "", split_column or "")
    cut = Cut.parse(shares) if shares is not None else Cut()
    named = name or _name_of(path)
    blocks = read_hf(named, path, subset, columns, cut, revision)
    source = {"source": f"datasets.load_dataset: {path}", "subset": subset, "revision": revision}
    _import(
        blocks, out_folder or Path("data") / named, {**source, **_rule(columns, cut)}, force, dry_run, json
    )


def known(
    folder: Annotated[Path, typer.Argument(help="Folder of an imported dataset.", metavar="DIR")],
    json: Json = False,
) -> None:
    """Make an imported dataset known to boards and runs of this user.

    An import does so by itself. This is for a folder that was moved, or copied
    from another machine. Its files are compared with their digests first.

    Examples:
      mathbench import known data/arithmetic__mul
    """
    from mathbench.dataset.imported.known import remember
    from mathbench.dataset.read import open_dataset
    from mathbench.errors import CheckFailed

    dataset = open_dataset(str(folder))
    tasks = [config.task for config in dataset.manifest.configs if not config.task.generated]
    if not tasks:
        raise InputError(f"{folder} has no imported data; generated rows are known everywhere.")
    for config in dataset.manifest.configs:
        if config.task.generated:
            continue
        for split in config.spec()["sizes"]:
            try:
                config.task.source(split, config.seed)
            except InputError as error:
                raise CheckFailed(str(error)) from None
    for task in tasks:
        remember(task.parameters["digest"], dataset.folder)
    if json:
        print_json({"folder": str(folder), "tasks": [task.name for task in tasks]})
        return
    print_message(f"known: {', '.join(task.name for task in tasks)}")


def _rule(columns: Any, cut: Any) -> dict[str, Any]:
    """The columns, and how rows without a split are divided, for the manifest."""
    rule = (
        f"splits are those of the column {columns.split}"
        if columns.split
        else f"rows without a named split: {cut.rule()}, by a hash of the question without case and white space"
    )
    return {"columns": ", ".join(columns.names), "rule": rule}


def _name_of(path: str) -> str:
    """A name for the data, from that of a file or dataset."""
    import re

    stem = re.sub(r"(\.(csv|jsonl|json|parquet|gz))+$", "", path.rstrip("/").rpartition("/")[2])
    return re.sub(r"[^\w.+-]+", "-", stem).lstrip("-.") or "imported"


def _settings(words: list[str] | None, option: str) -> dict[str, Any]:
    """Read settings; values are JSON where they can be, else text.

    >>> _settings(["max_value=10", "name=x"], "--set")
    {'max_value': 10, 'name': 'x'}
    """
    import json

    found: dict[str, Any] = {}
    for word in words or []:
        key, equals, value = word.partition("=")
        if not equals or not key:
            raise InputError(f"{option} must be given as key=value. Received: {word}.")
        if key in found:
            raise InputError(f"{option} {key} may be given once.")
        try:
            found[key] = json.loads(value)
        except ValueError:
            found[key] = value
    return found


def _import(
    blocks: Iterable["Block"], target: Path, about: dict[str, Any], force: bool, dry_run: bool, json: bool
) -> None:
    """Write the rows of a source, and print what was written."""
    from mathbench.cli.dataset_report import overlap_table
    from mathbench.dataset.imported.write import write_imported

    with ProgressBar("importing", None) as bar:
        manifest = write_imported(blocks, target, about, force=force, dry_run=dry_run, progress=bar)
    if json:
        print_json({"out": str(target), "dry_run": dry_run, **manifest.to_json()})
        return
    rows = sum(content.rows for content in manifest.contents.values())
    for config in manifest.configs:
        out.print(overlap_table(config.name, config.imported["overlap"]))
        sizes = ", ".join(f"{count:,} {split}" for split, count in config.spec()["sizes"].items())
        print_message(f"{config.task.name}: {sizes}")
    if dry_run:
        print_message(f"would write {rows:,} rows to {target}; nothing was written")
        return
    print_message(f"{rows:,} rows in {target}   check: mathbench verify {target}")
