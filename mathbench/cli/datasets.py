"""Commands that make data: generate and merge."""

import shlex
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from mathbench.cli.options import Address, Count, EngineName, Json, TaskName, Workers, known_options
from mathbench.cli.output import ProgressBar, print_json, print_message
from mathbench.cli.request import TASK_OPTIONS, SizeOptions, TaskOptions
from mathbench.errors import InputError

if TYPE_CHECKING:
    from mathbench.dataset.manifest import Config
    from mathbench.dataset.shard_jobs import ShardPart
    from mathbench.engine import Engine
    from mathbench.storage.location import StoragePath


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command(context_settings=TASK_OPTIONS)(generate)
    app.command()(merge)


def generate(
    context: typer.Context,
    task: TaskName = None,
    suite: Annotated[
        str | None, typer.Option(help="Name or TOML file of a suite, instead of a task.")
    ] = None,
    seed: Annotated[
        str | None,
        typer.Option(help="Seed of the data: a 64-bit integer or a string. Default: 0, or the suite's."),
    ] = None,
    train: Count = None,
    validation: Count = None,
    interpolate: Count = None,
    extrapolate: Count = None,
    out: Annotated[
        str | None,
        typer.Option(
            help="Folder or URL to write to, such as s3://bucket/folder. Default: data/NAME.",
            metavar="DIR|URL",
        ),
    ] = None,
    name: Annotated[
        str | None, typer.Option(help="Name of the configuration. Default: derived from the task.")
    ] = None,
    ids: Annotated[
        bool, typer.Option("--ids", help="Add the column `id`: a name of each row, unique over all datasets.")
    ] = False,
    workers: Workers = None,
    engine: EngineName = "local",
    address: Address = None,
    shard: Annotated[
        str | None,
        typer.Option(
            metavar="i/N",
            help="Part of the shards to write, counted from 1; `mathbench merge` completes the dataset.",
        ),
    ] = None,
    force: Annotated[bool, typer.Option(help="Replace another dataset in the folder.")] = False,
    strict: Annotated[
        bool, typer.Option(help="Fail, instead of a warning, if a task has too few problems for a split.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option(help="Print what would be written, and how large, and write nothing.")
    ] = False,
    json: Json = False,
) -> None:
    """Write a dataset to Parquet: disjoint splits, a dataset card and a manifest.

    Parameters of the task, such as --digits or --format, are given as options;
    `mathbench tasks NAME` lists them. --prompt TEXT|FILE, --choices N, --shots N,
    --messages and --system TEXT write questions for language models. If a
    generation is interrupted, run the same command again, or with --out alone, to
    continue it.

    Examples:
      mathbench generate --task divisible --k 7

      mathbench generate --task addition --digits 6 --train 10000000 --workers 2 --out sums

      mathbench generate --task addition --format padded+reversed

      mathbench generate --task addition --prompt "What is {numbers}?" --shots 2

      mathbench generate --suite hofstadter --out hofstadter

      mathbench generate --suite hofstadter --out hofstadter --shard 1/4
    """
    from mathbench.engine import make_engine

    # worker processes load while the rest is imported here
    runner = make_engine(engine, workers, address, early="" if dry_run else "mathbench.dataset.shard_jobs")
    from mathbench.dataset.shard_jobs import ShardPart
    from mathbench.storage.location import storage_path

    part = None if shard is None else ShardPart.parse(shard)
    if part is not None and force:
        raise InputError("--force would remove what other parts write. Remove the folder first.")
    sizes = SizeOptions(train, validation, interpolate, extrapolate)
    parameters = TaskOptions(context.args, known_options(generate))
    title, configs = _Selection(task, suite, seed, name, sizes.given, parameters, strict, ids).configs(out)
    folder = storage_path(out if out is not None else f"data/{title}")
    if dry_run:
        _show_plan(folder, configs, json)
    elif part is not None:
        _write_part(folder, configs, part, runner, json)
    else:
        _write(folder, configs, force, runner, json)


@dataclass(frozen=True)
class _Selection:
    """The options of `generate` that decide what is written.

    Args:
        task: name of a task family.
        suite: name or file of a suite.
        seed: of the rows.
        name: of the configuration.
        sizes: given rows per split.
        parameters: of the task.
        strict: whether a split without rows is an error.
        ids: whether rows get names.
    """

    task: str | None
    suite: str | None
    seed: str | None
    name: str | None
    sizes: dict[str, int]
    parameters: TaskOptions
    strict: bool
    ids: bool

    def configs(self, out: str | None) -> tuple[str, list["Config"]]:
        """Return a title and the configurations: of a task, of a suite, or of the unfinished dataset in `out`."""
        from mathbench.dataset.manifest import single_config

        if self.task is None and self.suite is None and out is not None:
            return out, self._requested_configs(out)
        if self.task is not None and self.suite is None:
            made = self.parameters.make(self.task)
            seed = 0 if self.seed is None else self.seed
            config = single_config(made, self.sizes, seed, self.name, self.strict, self.ids)
            return config.name, [config]
        if self.suite is not None and self.task is None:
            return self._suite(self.suite)
        raise InputError(f"give either --task NAME or --suite NAME, one of them.{self._received()}")

    def _received(self) -> str:
        """What was given instead of a task and a suite."""
        words = self.parameters.arguments
        if self.task is not None or not words:
            return ""
        hint = "" if words[0].startswith("-") else f" Did you mean --task {words[0]}?"
        return f" Received: {' '.join(words)}.{hint}"

    def _suite(self, suite: str) -> tuple[str, list["Config"]]:
        from mathbench.dataset.suite import load

        if self.name is not None or self.parameters.arguments:
            raise InputError(
                "--name and task parameters go with --task, not with --suite. Edit a copy of the suite."
            )
        loaded = load(suite, self.sizes or None, self.seed, self.strict, self.ids)
        return loaded.name, loaded.configs

    def _requested_configs(self, folder: str) -> list["Config"]:
        """Return the configurations of a dataset that an earlier command has started to write."""
        from mathbench.dataset.request import requested_configs

        given = self.sizes or self.seed is not None or self.name is not None or self.ids
        if given or self.parameters.arguments:
            raise InputError("give either --task NAME or --suite NAME; only --out alone continues a dataset.")
        return requested_configs(folder)


def _show_plan(folder: "StoragePath", configs: list["Config"], json: bool) -> None:
    from mathbench.cli.dataset_report import print_plan
    from mathbench.dataset.expected_size import expected_bytes, expected_size
    from mathbench.dataset.manifest import share_columns
    from mathbench.dataset.write import check_configs

    check_configs(configs)
    shared = share_columns(configs)
    if json:
        planned = {config.name: config.spec() for config in shared}
        plan = {"out": str(folder), "configs": planned, "missing_splits": _missing(configs)}
        print_json({**plan, "expected_bytes": sum(map(expected_bytes, shared))})
        return
    size = expected_size(print_plan(shared))
    print_message(f"would write {_rows(configs):,} rows, about {size}, to {folder}; nothing was written")


def _write(folder: "StoragePath", configs: list["Config"], force: bool, engine: "Engine", json: bool) -> None:
    from mathbench.cli.dataset_report import print_next_steps, print_written
    from mathbench.dataset.write import generate as write

    start, total = time.perf_counter(), _rows(configs)
    with ProgressBar("generating", total) as bar:
        manifest = write(configs, folder, force=force, engine=engine, progress=bar)
    seconds = time.perf_counter() - start
    if json:
        print_json({"out": str(folder), **manifest.to_json(), "missing_splits": _missing(configs)})
        return
    print_written(folder, manifest)
    print_message(f"{total:,} rows in {folder} ({seconds:.1f} s, {total / seconds:,.0f} rows/s)")
    print_next_steps(folder, manifest)


def _write_part(
    folder: "StoragePath", configs: list["Config"], part: "ShardPart", engine: "Engine", json: bool
) -> None:
    from mathbench.dataset.shard_jobs import shard_jobs
    from mathbench.dataset.write import generate_part

    jobs = shard_jobs(configs, str(folder))
    own = part.select(jobs)
    with ProgressBar(f"part {part}", sum(job.rows for job in own)) as bar:
        contents = generate_part(configs, folder, part, engine=engine, progress=bar)
    if json:
        files = {file: asdict(content) for file, content in contents.items()}
        print_json({"out": str(folder), "part": str(part), "files": files})
        return
    rows = sum(content.rows for content in contents.values())
    print_message(f"part {part}: {len(own)} of {len(jobs)} shards, {rows:,} rows in {folder}")
    print_message(f"when all {part.of} parts are written: mathbench merge {shlex.quote(str(folder))}")


def merge(
    folder: Annotated[
        str, typer.Argument(help="Folder or URL with all parts of a dataset.", metavar="DIR|URL")
    ],
    workers: Workers = None,
    json: Json = False,
) -> None:
    """Complete a dataset written with --shard: check the shards, write card and manifest.

    Exits with code 1 if shards are missing or damaged, and prints the commands
    that write them.

    Examples:
      mathbench merge sums
    """
    from mathbench.cli.dataset_report import print_next_steps, print_written
    from mathbench.dataset.request import requested_configs
    from mathbench.dataset.write import merge as complete
    from mathbench.engine import make_engine
    from mathbench.storage.location import storage_path

    location = storage_path(folder)
    with ProgressBar("checking", _rows(requested_configs(location))) as bar:
        manifest = complete(location, engine=make_engine(workers=workers), progress=bar)
    if json:
        missing = _missing(manifest.configs)
        print_json({"out": str(folder), **manifest.to_json(), "missing_splits": missing})
        return
    print_written(location, manifest)
    print_message(
        f"{_rows(manifest.configs):,} rows in {folder}; all {len(manifest.contents)} shards are whole"
    )
    print_next_steps(location, manifest)


def _missing(configs: list["Config"]) -> dict[str, list[str]]:
    """The splits that tasks have no problems for, by configuration."""
    from mathbench.dataset.data import empty_splits

    found = {config.name: empty_splits(config.task, config.sizes, config.seed) for config in configs}
    return {name: splits for name, splits in found.items() if splits}


def _rows(configs: list["Config"]) -> int:
    return sum(sum(config.sizes.values()) for config in configs)
