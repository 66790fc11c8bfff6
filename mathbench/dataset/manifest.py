"""The manifest of a dataset: its configurations, their shards, and the content and digest of every shard."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from mathbench.dataset import digest, exclusions
from mathbench.dataset.data import all_sizes
from mathbench.dataset.layout import LATEST, LAYOUTS, shard_file
from mathbench.errors import CheckFailed, InputError, did_you_mean, shown
from mathbench.hashing import check_seed
from mathbench.parameters import check_flag, check_integer
from mathbench.reserve import SPLITS
from mathbench.rows import ID, OPTIONAL_COLUMNS, Rows, check_task, column_names, extra_columns, open_rows
from mathbench.storage import location
from mathbench.storage.location import StoragePath
from mathbench.task import Task

MANIFEST_FILE = "manifest.json"
UNFINISHED_FILE = ".generating.json"  # the request, while the dataset is unfinished
SHARD_ROWS = 1_000_000  # rows per shard, independent of the number of workers


def check_name(name: object, what: str) -> None:
    """Check that a name can be the name of a folder.

    Args:
        name: the name.
        what: the thing that it names, for the error message.

    Raises:
        InputError: for any other name.
    """
    valid = isinstance(name, str) and name and all(c.isalnum() or c in "-_.+" for c in name)
    if not valid or str(name)[0] in "-.":
        raise InputError(
            f"the name of {what} must consist of letters, digits and -_.+ and must not start with '-' or '.'. "
            f"Received: {shown(name)}."
        )


def check_sizes(where: str, sizes: object) -> dict[str, int]:
    """Return rows per split as Python integers.

    Args:
        where: what the sizes belong to, for the error message.
        sizes: rows by the names of splits.

    Raises:
        InputError: for anything else.
    """
    if not isinstance(sizes, Mapping):
        raise InputError(f"{where}: sizes must be rows by split. Received: {shown(sizes)}.")
    for split in sizes:
        if split not in SPLITS:
            raise InputError(f"{where}: unknown split {shown(split)}. {did_you_mean(split, SPLITS)}")
    return {split: check_integer(f"{where}: rows of {split}", sizes[split], 0) for split in sizes}


@dataclass(frozen=True)
class Config:
    """One configuration of a dataset: a task, a seed, and the number of rows of each split.

    Args:
        name: the configuration's name; letters, digits, dots, pluses and hyphens only.
        task: the task.
        seed: the seed of its rows.
        sizes: rows per split; splits with no rows are left out.
        columns: optional columns besides those that the task always has, see `mathbench.rows.OPTIONAL_COLUMNS`.
        layout: the layout of the dataset's folder, see `mathbench.dataset.layout`.
        imported: of imported data, its source and what was measured, as JSON values; empty for generated rows.
    """

    name: str
    task: Task
    seed: int | str
    sizes: Mapping[str, int]
    columns: tuple[str, ...] = ()
    layout: int = LATEST
    imported: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_name(self.name, "a configuration")
        check_task(self.task)
        object.__setattr__(self, "seed", check_seed(self.seed))
        object.__setattr__(self, "sizes", check_sizes(self.name, self.sizes))
        object.__setattr__(self, "columns", extra_columns(self.task, self.columns))

    @property
    def column_names(self) -> tuple[str, ...]:
        """The columns of its files, in order."""
        return column_names(self.task, self.columns)

    def rows(self, split: str) -> Rows:
        """The rows of a split, with the columns of its files."""
        return open_rows(self.task, split, self.seed, self.columns)

    def spec(self) -> dict[str, Any]:
        """Everything that determines the rows, as JSON values."""
        sizes = {split: rows for split in SPLITS if (rows := self.sizes.get(split, 0))}
        columns = {"columns": list(self.columns)} if self.columns else {}
        task = {"task": self.task.id, "parameters": self.task.parameters}
        return {**task, "seed": self.seed, "sizes": sizes, **columns}

    @classmethod
    def from_spec(
        cls, name: str, spec: Mapping[str, Any], layout: int = LATEST, folder: StoragePath | None = None
    ) -> "Config":
        """Make a configuration from the result of :meth:`spec`.

        Args:
            name: its name.
            spec: the result of :meth:`spec`.
            layout: the layout of its dataset.
            folder: the folder of the dataset, which holds the list of excluded problems, if there are any.
        """
        from mathbench.families import from_spec

        task = from_spec(spec["task"], spec["parameters"])
        if folder is not None:
            task = exclusions.with_list(folder, task)
        columns, imported = tuple(spec.get("columns", ())), dict(spec.get("imported", {}))
        return cls(name, task, spec["seed"], spec["sizes"], columns, layout, imported)

    @property
    def excluded(self) -> dict[str, Any]:
        """The list of excluded problems, as JSON values of the manifest; empty where there is none."""
        if not (listed := self.task.exclude):
            return {}
        return {"excluded": {"file": exclusions.file_name(listed), "problems": listed.count}}

    def check_rows(self) -> None:
        """Check that every split holds the requested rows.

        Raises:
            SpaceExhausted: when one holds fewer; the message gives the number.
        """
        for split, rows in self.sizes.items():
            if rows:
                open_rows(self.task, split, self.seed).require(rows)

    def shards(self) -> list["Shard"]:
        """The shards of this configuration, in order."""
        return [shard for split in SPLITS for shard in self.shards_of(split)]

    def shards_of(self, split: str) -> list["Shard"]:
        """The shards of one split, in order."""
        rows = self.sizes.get(split, 0)
        count = -(-rows // SHARD_ROWS)
        return [
            Shard(
                self.name,
                split,
                i * SHARD_ROWS,
                min((i + 1) * SHARD_ROWS, rows),
                shard_file(self.layout, self.name, split, i, count),
            )
            for i in range(count)
        ]


@dataclass(frozen=True)
class Shard:
    """A fixed range of rows of one split, in one file.

    Args:
        config: the name of the configuration.
        split: the name of the split.
        start, stop: the range of rows.
        file: the path relative to the dataset.
    """

    config: str
    split: str
    start: int
    stop: int
    file: str


def single_config(
    task: Task,
    sizes: Mapping[str, int],
    seed: int | str = 0,
    name: str | None = None,
    strict: bool = False,
    ids: bool = False,
) -> Config:
    """Make one configuration; splits without a size get the default, see :func:`mathbench.dataset.data.all_sizes`.

    Args:
        task, sizes, seed, name: as for `Config`; by default the name is that of the task.
        strict: as for :func:`mathbench.dataset.data.all_sizes`.
        ids: add a column with the name of each row.

    >>> from mathbench.families import task
    >>> single_config(task("divisible", k=3, digits=2), {"train": 8}).sizes["train"]
    8
    """
    value, sizes = check_seed(seed), check_sizes(check_task(task).name, sizes)
    chosen = all_sizes(task, sizes, seed=value, strict=check_flag("strict", strict))
    columns = (ID,) if check_flag("ids", ids) else ()
    return Config(task.name if name is None else name, task, value, chosen, columns)


def share_columns(configs: Sequence[Config]) -> list[Config]:
    """The configurations of one dataset in the latest layout, all with the columns that any of them has.

    Loaders that read all files of a folder stop at a file whose columns differ from those of the first.

    >>> from mathbench.families import task
    >>> prime, gcd = (Config(name, task(name), 0, {"train": 1}) for name in ("prime", "gcd"))
    >>> [config.columns for config in share_columns([prime, gcd])]
    [(), ('label',)]
    """
    found = {name for config in configs for name in config.column_names}
    columns = tuple(name for name in OPTIONAL_COLUMNS if name in found)
    return [replace(config, columns=columns, layout=LATEST) for config in configs]


@dataclass(frozen=True)
class ShardContent:
    """The content of a finished shard.

    Args:
        rows: the number of rows.
        digest: the content digest of the rows, independent of the Parquet writer.
        strata: rows per stratum.
        sha256: SHA-256 of the bytes of the file, as 64 hexadecimal digits; empty in manifests of mathbench 0.1.
    """

    rows: int
    digest: str
    strata: dict[str, int] = field(default_factory=dict)
    sha256: str = ""


@dataclass(frozen=True)
class Manifest:
    """The description of a finished dataset.

    Args:
        configs: the configurations.
        contents: the content of each shard, by path relative to the dataset.
        version: the mathbench version that wrote it.

    >>> import mathbench
    >>> sizes = {"train": 20, "validation": 5, "interpolate": 5, "extrapolate": 0}
    >>> manifest = mathbench.generate("gcd", getfixture("tmp_path") / "data", digits=2, **sizes)
    >>> list(manifest.to_json()), [content.rows for content in manifest.contents.values()]
    (['schema_version', 'mathbench', 'shard_rows', 'configs'], [20, 5, 5])
    """

    configs: list[Config]
    contents: dict[str, ShardContent]
    version: str

    @property
    def layout(self) -> int:
        """The layout of the folder, the same for all configurations."""
        return self.configs[0].layout

    def digest(self, config: Config) -> str:
        """The content digest of a configuration, over its shards in order."""
        return digest.combined([self.contents[shard.file].digest for shard in config.shards()])

    def strata(self, config: Config, split: str) -> dict[str, int]:
        """Rows per stratum of a split."""
        total: dict[str, int] = {}
        for shard in config.shards_of(split):
            for name, rows in self.contents[shard.file].strata.items():
                total[name] = total.get(name, 0) + rows
        return total

    def to_json(self) -> dict[str, Any]:
        """The manifest as JSON values; :func:`read` is the inverse."""
        configs = {}
        for config in self.configs:
            files = {shard.file: asdict(self.contents[shard.file]) for shard in config.shards()}
            imported = {"imported": config.imported} if config.imported else {}
            about = {**config.spec(), **config.excluded, **imported}
            configs[config.name] = {**about, "digest": self.digest(config), "files": files}
        return {
            "schema_version": self.layout,
            "mathbench": self.version,
            "shard_rows": SHARD_ROWS,
            "configs": configs,
        }


def read(folder: StoragePath) -> Manifest:
    """Read the manifest of a dataset.

    Raises:
        InputError: when there is none, also because the dataset is unfinished.
        CheckFailed: when it is damaged.
    """
    path = folder / MANIFEST_FILE
    content = location.read(path)
    if content is None:
        raise InputError(_missing_message(folder))
    try:
        return _parse(json.loads(content), folder)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CheckFailed(
            f"{path} is damaged ({error}). Run `mathbench generate` with --force to generate the dataset again."
        ) from None


def _missing_message(folder: StoragePath) -> str:
    """The error message for a folder without a manifest."""
    names = location.children(folder)
    if names is None:
        return f"{folder} does not exist."
    unfinished = (
        " Its generation was interrupted: run the same command again." if UNFINISHED_FILE in names else ""
    )
    return f"{folder} is not a mathbench dataset: {MANIFEST_FILE} is missing.{unfinished}"


def _parse(value: dict[str, Any], folder: StoragePath) -> Manifest:
    version = value["schema_version"]
    if version not in LAYOUTS:
        raise InputError(
            f"unknown schema version {version}: another version of mathbench wrote the manifest. "
            f"Allowed: {', '.join(map(str, LAYOUTS))}."
        )
    if value["shard_rows"] != SHARD_ROWS:
        raise ValueError(f"shard_rows is {value['shard_rows']} and should be {SHARD_ROWS}")
    configs = [Config.from_spec(name, spec, version, folder) for name, spec in value["configs"].items()]
    if not configs:
        raise ValueError("it has no configurations")
    manifest = Manifest(configs, {}, value["mathbench"])
    for config in configs:
        spec = value["configs"][config.name]
        if config.task.exclude.content is not None and config.excluded["excluded"] != spec["excluded"]:
            raise ValueError(f"the excluded problems of {config.name} are not {spec['excluded']}")
        files = {file: ShardContent(**content) for file, content in spec["files"].items()}
        _check_files(config, files)
        manifest.contents.update(files)
        if manifest.digest(config) != spec["digest"]:
            raise ValueError(f"the digest of {config.name} does not match its shards")
    return manifest


def _check_files(config: Config, files: Mapping[str, ShardContent]) -> None:
    """Check that the files stated for a configuration have the right names and numbers of rows."""
    expected = {shard.file: shard.stop - shard.start for shard in config.shards()}
    if different := sorted(expected.keys() ^ files.keys()):
        raise ValueError(f"{config.name}: missing or unexpected file {different[0]}")
    for file, rows in expected.items():
        if (files[file].rows, sum(files[file].strata.values())) != (rows, rows):
            raise ValueError(f"{file} should have {rows} rows")
