"""Commands that make data: generate and merge."""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mathbench.cli.options import Address, Count, EngineName, Json, Workers, given_sizes
from mathbench.cli.output import FREE_OPTIONS, make_task, out, print_json, print_message
from mathbench.cli.output import table as table_of
from mathbench.errors import InputError

if TYPE_CHECKING:
    from mathbench.dataset.engine import Engine
    from mathbench.dataset.engine.work import ShardPart
    from mathbench.dataset.manifest import Config, Manifest
    from mathbench.storage.location import StoragePath

KNOWN = (
    *("task", "suite", "seed", "train", "validation", "interpolate", "extrapolate", "out", "name", "force"),
    *("workers", "engine", "address", "shard", "dry-run", "json"),
)

NUMBERS = ("rows", "it holds", "strata")


def generate(
    context: typer.Context,
    task: Annotated[str | None, typer.Option(help="A task family; see `mathbench tasks`.")] = None,
    suite: Annotated[str | None, typer.Option(help="A suite's name or TOML file, instead of a task.")] = None,
    seed: Annotated[str | None, typer.Option(help="A 64-bit integer or a string. Default: 0.")] = None,
    train: Count = None,
    validation: Count = None,
    interpolate: Count = None,
    extrapolate: Count = None,
    out: Annotated[
        str | None,
        typer.Option(
            help="A folder or a URL such as s3://bucket/folder. Default: data/NAME.", metavar="DIR|URL"
        ),
    ] = None,
    name: Annotated[
        str | None, typer.Option(help="Name of the configuration; default: from the task.")
    ] = None,
    workers: Workers = None,
    engine: EngineName = "local",
    address: Address = None,
    shard: Annotated[
        str | None,
        typer.Option(metavar="i/N", help="Write only this part of the shards, counted from 1; then `merge`."),
    ] = None,
    force: Annotated[bool, typer.Option(help="Replace another dataset in that folder.")] = False,
    dry_run: Annotated[bool, typer.Option(help="Show what would be written, write nothing.")] = False,
    json: Json = False,
) -> None:
    """Write a dataset to Parquet: splits that share no problem, a card, a manifest.

    Parameters of the task, --format among them, are options of their own: `mathbench tasks NAME` lists them.
    An interrupted generation goes on where it stopped when the same command is run again, or with --out alone.

    Examples:
      mathbench generate --task divisible --k 7

      mathbench generate --task addition --digits 6 --train 10000000 --workers 2 --out sums

      mathbench generate --task addition --format padded+reversed

      mathbench generate --suite hofstadter --out hofstadter

      mathbench generate --suite hofstadter --out hofstadter --shard 1/4
    """
    from mathbench.dataset.engine import make_engine

    who = make_engine(engine, workers, address, early=not dry_run)
    from mathbench.dataset.engine.work import ShardPart
    from mathbench.dataset.manifest import single_config
    from mathbench.storage.location import storage_path

    given = given_sizes(train=train, validation=validation, interpolate=interpolate, extrapolate=extrapolate)
    part = None if shard is None else ShardPart.parse(shard)
    if part is not None and force:
        raise InputError("--force would remove what other parts write. Remove the folder first.")
    if task is None and suite is None and out is not None:
        title, configs = str(out), _begun(out, given, seed, name, context.args)
    elif (task is None) == (suite is None):
        raise InputError("give either --task NAME or --suite NAME, one of them.")
    elif suite is not None:
        title, configs = _suite(suite, given, seed, name, context.args)
    else:
        configs = [
            single_config(make_task(task, context.args, KNOWN), given, 0 if seed is None else seed, name)
        ]
        title = configs[0].name
    folder = storage_path(out if out is not None else f"data/{title}")
    if dry_run:
        _show_plan(folder, configs, json)
    elif part is not None:
        _write_part(folder, configs, part, who, json)
    else:
        _write(folder, configs, force, who, json)


def _begun(
    folder: str, given: dict[str, int], seed: str | None, name: str | None, extra: list[str]
) -> list["Config"]:
    """The configurations of a dataset that an earlier command has begun."""
    from mathbench.dataset.request import requested_configs

    if given or seed is not None or name is not None or extra:
        raise InputError("give either --task NAME or --suite NAME; only --out alone goes on with a dataset.")
    return requested_configs(folder)


def _suite(
    suite: str, given: dict[str, int], seed: str | None, name: str | None, extra: list[str]
) -> tuple[str, list["Config"]]:
    from mathbench.dataset.suite import load

    if name is not None or extra:
        raise InputError(
            "--name and task parameters go with --task, not with --suite. Edit a copy of the suite."
        )
    loaded = load(suite, given or None, seed)
    return loaded.name, loaded.configs


def _show_plan(folder: "StoragePath", configs: list["Config"], json: bool) -> None:
    from mathbench.dataset.write import check_configs
    from mathbench.rows import open_rows

    check_configs(configs)
    if json:
        print_json({"out": str(folder), "configs": {c.name: c.spec() for c in configs}})
        return
    table = table_of("configuration", "split", "rows", "it holds", "first question", "answer", right=NUMBERS)
    for config in configs:
        for split, rows in config.spec()["sizes"].items():
            all_rows = open_rows(config.task, split, config.seed)
            first = all_rows.batch([0]).to_pylist()[0]
            table.add_row(
                config.name, split, f"{rows:,}", f"{len(all_rows):,}", first["question"], first["answer"]
            )
    out.print(table)
    print_message(f"would write {_rows(configs):,} rows to {folder}; nothing was written")


def _write(folder: "StoragePath", configs: list["Config"], force: bool, engine: "Engine", json: bool) -> None:
    import time

    from mathbench.cli.output import ProgressBar
    from mathbench.dataset.write import generate as write

    begin, total = time.perf_counter(), _rows(configs)
    with ProgressBar("generating", total) as bar:
        manifest = write(configs, folder, force=force, engine=engine, progress=bar)
    seconds = time.perf_counter() - begin
    if json:
        print_json({"out": str(folder), **manifest.to_json()})
        return
    _show_written(folder, manifest)
    print_message(f"{total:,} rows in {folder} ({seconds:.1f} s, {total / seconds:,.0f} rows/s)")
    _show_next(folder, manifest)


def _write_part(
    folder: "StoragePath", configs: list["Config"], part: "ShardPart", engine: "Engine", json: bool
) -> None:
    from dataclasses import asdict

    from mathbench.cli.output import ProgressBar
    from mathbench.dataset.engine.work import shard_jobs
    from mathbench.dataset.write import generate_part

    work = shard_jobs(configs, str(folder))
    mine = part.select(work)
    with ProgressBar(f"part {part}", sum(unit.rows for unit in mine)) as bar:
        contents = generate_part(configs, folder, part, engine=engine, progress=bar)
    if json:
        print_json(
            {"out": str(folder), "part": str(part), "files": {f: asdict(c) for f, c in contents.items()}}
        )
        return
    rows = sum(content.rows for content in contents.values())
    print_message(f"part {part}: {len(mine)} of {len(work)} shards, {rows:,} rows in {folder}")
    print_message(f"when all {part.of} parts are written: mathbench merge {shlex.quote(str(folder))}")


def merge(
    folder: Annotated[
        str, typer.Argument(help="A folder or URL with all parts of a dataset.", metavar="DIR")
    ],
    workers: Workers = None,
    json: Json = False,
) -> None:
    """Complete a dataset that was written with --shard: check every shard, write card and manifest.

    Exit code 1 when shards are missing or damaged; says which, and the commands that make them.

    Examples:
      mathbench merge sums
    """
    from mathbench.cli.output import ProgressBar
    from mathbench.dataset.engine import make_engine
    from mathbench.dataset.request import requested_configs
    from mathbench.dataset.write import merge as complete
    from mathbench.storage.location import storage_path

    where = storage_path(folder)
    with ProgressBar("checking", _rows(requested_configs(where))) as bar:
        manifest = complete(where, engine=make_engine(workers=workers), progress=bar)
    if json:
        print_json({"out": str(folder), **manifest.to_json()})
        return
    _show_written(where, manifest)
    print_message(
        f"{_rows(manifest.configs):,} rows in {folder}; all {len(manifest.contents)} shards are whole"
    )
    _show_next(where, manifest)


def _rows(configs: list["Config"]) -> int:
    return sum(sum(config.sizes.values()) for config in configs)


def _show_next(folder: "StoragePath", manifest: "Manifest") -> None:
    print_message(f"load: {_loading(folder, manifest.configs[0])}   check: mathbench verify {folder}")


def _loading(folder: "StoragePath", config: "Config") -> str:
    """How to load a configuration; `datasets` reads a card from a local folder only."""
    if isinstance(folder, Path):
        return f'datasets.load_dataset("{folder}", "{config.name}")'
    files = {split: f"{folder / config.name}/{split}-*.parquet" for split in config.spec()["sizes"]}
    return f'datasets.load_dataset("parquet", data_files={files})'


def _show_written(folder: "StoragePath", manifest: "Manifest") -> None:
    from mathbench.dataset.read import sample_row

    table = table_of("configuration", "split", "rows", "strata", "first question", "answer", right=NUMBERS)
    for config in manifest.configs:
        for split, rows in config.spec()["sizes"].items():
            first = sample_row(folder, config, split)
            strata = str(len(manifest.strata(config, split)))
            table.add_row(config.name, split, f"{rows:,}", strata, first["question"], first["answer"])
    out.print(table)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command(context_settings=FREE_OPTIONS)(generate)
    app.command()(merge)
