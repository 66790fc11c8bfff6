"""The group of commands `export`: datasets in the form that other tools take."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mathbench.cli.command import CommandGroup
from mathbench.cli.options import DatasetArgument, Json
from mathbench.cli.output import ProgressBar, out, print_json, print_message

if TYPE_CHECKING:
    from mathbench.interop.source import Measures, Source

export = CommandGroup(help="Write a dataset in the form that other tools take.")

OutArgument = Annotated[Path, typer.Argument(help="Folder to write.", metavar="OUT")]
Configs = Annotated[
    list[str] | None,
    typer.Option("--config", help="Configuration to export; may be repeated. Default: all."),
]
Splits = Annotated[
    list[str] | None,
    typer.Option("--split", help="Split to export; may be repeated. Default: all."),
]
Name = Annotated[
    str | None,
    typer.Option("--name", help="Start of the names of the tasks. Default: that of the dataset's folder."),
]
Packaged = Annotated[
    bool,
    typer.Option("--packaged", help="Copy the Parquet files, so that the folder can be moved."),
]
Replace = Annotated[bool, typer.Option("--force", help="Replace an earlier export in the folder.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Check the dataset, and write nothing.")]

# what writes: to a folder, with the measures of the configurations; returns names of what was made
Writer = Callable[["Source", "dict[str, Measures]", Path, Callable[[int], None]], Any]


def register(app: typer.Typer) -> None:
    """Add the group."""
    for kind, command in (
        ("lm-eval", lm_eval),
        ("inspect", inspect),
        ("hub", hub),
        ("evaluate", evaluate),
        *((kind, _file_command(kind)) for kind in FILES),
    ):
        export.command(kind)(command)
    app.add_typer(export, name="export")


def lm_eval(
    folder: DatasetArgument,
    target: OutArgument,
    config: Configs = None,
    split: Annotated[
        list[str] | None,
        typer.Option("--split", help="Split to ask; may be repeated. Default: all but train."),
    ] = None,
    name: Name = None,
    packaged: Packaged = False,
    chat: Annotated[
        bool,
        typer.Option("--chat", help="Ask for the answer only, and let answers have several lines."),
    ] = False,
    shots: Annotated[
        int, typer.Option(min=0, max=1000, help="Number of solved examples, which are rows of train.")
    ] = 0,
    extract: Annotated[
        list[str] | None,
        typer.Option(
            help="Extraction to report beside the whole text: last-number, boxed, after-answer or tags; "
            "may be repeated.",
        ),
    ] = None,
    force: Replace = False,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Write tasks of lm-evaluation-harness: a YAML file per configuration and split, and groups.

    The filter `strict`, the whole text without white space around it, comes
    first. Paths in the files are absolute unless --packaged is given.

    Examples:
      mathbench export lm-eval data/addition-base10 tasks

      mathbench export lm-eval data/addition-base10 tasks --packaged --chat --extract last-number
    """
    from mathbench.interop.lm_eval_tasks import LmEvalOptions, check_options, with_train, write_lm_eval
    from mathbench.interop.source import TEST_SPLITS, open_source

    source = with_train(open_source(folder, config or (), split or (), TEST_SPLITS))
    options = LmEvalOptions(name or "", packaged, chat, shots, tuple(extract or ()))
    check_options(source, options)
    about = _write(
        source,
        target,
        {"kind": "lm-eval", **vars(options)},
        lambda source, measures, place, bar: write_lm_eval(source, measures, place, options, bar),
        force,
        dry_run,
    )
    _report(target, about, json, "lm-eval run --include_path {target} --tasks {first}")


def inspect(
    folder: DatasetArgument,
    target: OutArgument,
    config: Configs = None,
    split: Splits = None,
    name: Name = None,
    packaged: Packaged = False,
    force: Replace = False,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Write tasks of Inspect: one Python file with a scorer of mathbench, in a package.

    The score is exact match with the Wilson interval, and that of each stratum.
    `pip install OUT` adds the tasks to the register of Inspect.

    Examples:
      mathbench export inspect data/addition-base10 tasks

      mathbench export inspect data/addition-base10 tasks --packaged --name sums
    """
    from mathbench.interop.inspect_tasks import InspectOptions, check_options, write_inspect
    from mathbench.interop.source import open_source

    source = open_source(folder, config or (), split or ())
    options = InspectOptions(name or "", packaged)
    check_options(source, options)
    about = _write(
        source,
        target,
        {"kind": "inspect", **vars(options)},
        lambda source, measures, place, bar: write_inspect(source, place, options, bar),
        force,
        dry_run,
    )
    _report(target, about, json, "cd {target} && inspect eval {file}")


def hub(
    folder: DatasetArgument,
    target: OutArgument,
    title: Annotated[
        str | None, typer.Option(help="Name for people. Default: that of the dataset's folder.")
    ] = None,
    push: Annotated[
        str | None,
        typer.Option(
            "--push",
            help="Dataset on the Hub to upload to, as OWNER/NAME; the token is read from HF_TOKEN.",
            metavar="OWNER/NAME",
        ),
    ] = None,
    public: Annotated[
        bool, typer.Option("--public", help="With --push, make a new dataset public. Default: private.")
    ] = False,
    force: Replace = False,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Write a dataset repository for the Hugging Face Hub: data, full card and `eval.yaml`.

    The folder is a dataset of mathbench too. Nothing is uploaded without --push,
    which needs a token in the environment variable HF_TOKEN.

    Examples:
      mathbench export hub data/addition-base10 repository

      mathbench export hub data/addition-base10 repository --push ada/sums
    """
    from mathbench.errors import InputError
    from mathbench.interop import hub as repository
    from mathbench.interop.source import open_source

    if public and push is None:
        raise InputError("--public goes with --push.")
    token = repository.check_push(push) if push else ""
    options = repository.HubOptions(title or "")
    about = _write(
        open_source(folder),
        target,
        {"kind": "hub", **vars(options)},
        lambda source, measures, place, bar: repository.write_hub(source, place, options, bar),
        force,
        dry_run,
    )
    if push and not dry_run:
        about["pushed"] = repository.push(target, push, token, public)
        print_message(f"uploaded to {about['pushed']}")
    _report(target, about, json, 'datasets.load_dataset("{target}")')


def evaluate(target: OutArgument, force: Replace = False, json: Json = False) -> None:
    """Write exact match as a metric of Hugging Face's evaluate.

    It needs no dataset: predictions, references and the task are given to it.

    Examples:
      mathbench export evaluate metrics
    """
    from mathbench.interop.evaluate_metric import write_evaluate
    from mathbench.interop.folder import whole_folder

    about = _about({"kind": "evaluate"})
    with whole_folder(target, about, force) as place:
        names = write_evaluate(place)
    _report(target, {**about, "written": True, "made": names}, json, 'evaluate.load("{target}/{first}")')


# exports to files without a tool: what writes them, and the help of the command
FILES = {
    "jsonl": (
        "text_files:write_jsonl",
        """Write JSON lines: one object with all columns per row, in CONFIG/SPLIT.jsonl.

    Files are written in parts, so that memory does not grow with the rows.

    Examples:
      mathbench export jsonl data/addition-base10 lines --split train
    """,
    ),
    "csv": (
        "text_files:write_csv",
        """Write CSV with a header, in CONFIG/SPLIT.csv.

    Text is quoted, so that readers keep answers such as 007 if they are told that
    the column is text. Chats are JSON in their field.

    Examples:
      mathbench export csv data/addition-base10 tables
    """,
    ),
    "txt": (
        "text_files:write_txt",
        """Write questions and answers on alternating lines, in SPLIT/CONFIG.txt.

    This is the layout of the published files of school mathematics: rows of train
    whose stratum is a difficulty go to train-easy, train-medium and train-hard.

    Examples:
      mathbench export txt school mathematics --split train --split interpolate
    """,
    ),
    "npz": (
        "arrays:write_npz",
        """Write NumPy archives with text and tokens, in CONFIG/SPLIT.npz.

    The arrays are question, answer, stratum, row, question_tokens, answer_tokens
    and vocabulary, whose entry 0 is the padding.

    Examples:
      mathbench export npz data/addition-base10 arrays
    """,
    ),
    "croissant": (
        "croissant:write_croissant",
        """Copy the Parquet files, with Croissant metadata beside them in croissant.json.

    It describes the columns of each split, for search engines of datasets and for
    loaders such as mlcroissant. Chats are in the files, but not described.

    Examples:
      mathbench export croissant data/addition-base10 described
    """,
    ),
    "tfrecord": (
        "tfrecords:write_tfrecord",
        """Write records of TensorFlow with a feature per column, in CONFIG/SPLIT-*.tfrecord.

    Text is bytes, numbers are int64. Needs the extra keras.

    Examples:
      mathbench export tfrecord data/addition-base10 records
    """,
    ),
}


def _file_command(kind: str) -> Callable[..., None]:
    """Return the command that writes files of one kind; all have the same options."""
    target_name, help_text = FILES[kind]

    def command(
        folder: DatasetArgument,
        target: OutArgument,
        config: Configs = None,
        split: Splits = None,
        force: Replace = False,
        dry_run: DryRun = False,
        json: Json = False,
    ) -> None:
        from mathbench.errors import require_extra
        from mathbench.interop.source import open_source
        from mathbench.registry import load

        if kind == "tfrecord":
            require_extra("tensorflow", "keras")
        source = open_source(folder, config or (), split or ())
        writer = load(f"mathbench.interop.{target_name}")
        _report(target, _write(source, target, {"kind": kind}, writer, force, dry_run), json)

    command.__doc__ = help_text
    return command


def _write(
    source: "Source", target: Path, options: dict[str, Any], writer: Writer, force: bool, dry_run: bool
) -> dict[str, Any]:
    """Check a dataset and write an export of it whole.

    Args:
        source: the dataset.
        target: the folder to write.
        options: the kind of the export and its options.
        writer: writes it.
        force: replace an earlier export.
        dry_run: write nothing.

    Returns:
        What the export is, as JSON values.
    """
    from mathbench.interop.folder import check_target, whole_folder

    check_target(target, force)
    about = _about(options) | _contents(source)
    with ProgressBar("checking", source.row_count) as bar:
        measures = source.check(bar)
    if dry_run:
        return {**about, "written": False}
    with whole_folder(target, about, force) as place, ProgressBar("writing", source.row_count) as bar:
        made = writer(source, measures, place, bar)
    return {**about, "written": True} | ({"made": made} if made else {})


def _about(options: dict[str, Any]) -> dict[str, Any]:
    """What an export is, as JSON values."""
    from mathbench.version import __version__

    return {"mathbench": __version__, **options}


def _contents(source: "Source") -> dict[str, Any]:
    """The rows by configuration and split, with the digest of the configuration."""
    return {
        "configs": {
            config.name: {
                "rows": {split: config.sizes[split] for split in source.splits_of(config)},
                "digest": source.dataset.manifest.digest(config),
            }
            for config in source.configs
        }
    }


def _report(target: Path, about: dict[str, Any], json: bool, use: str = "") -> None:
    """Print what was written, and how it is used: a text with the places target, first and file."""
    if json:
        print_json({"out": str(target), **about})
        return
    made = about.get("made", [])
    names = list(made) if isinstance(made, list) else [name for group in made.values() for name in group]
    for name in names:
        out.print(name, markup=False, soft_wrap=True)
    rows = sum(n for config in about.get("configs", {}).values() for n in config["rows"].values())
    verb = "in" if about["written"] else "would be written to"
    print_message(f"{about['kind']}: {f'{rows:,} rows ' if rows else ''}{verb} {target}")
    if use and names:
        # of a task in a package, its file
        print_message(
            "use: " + use.format(target=target, first=names[0], file=names[0].replace("/", "/tasks.py@"))
        )
