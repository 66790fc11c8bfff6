"""mathbench: clean mathematical data for neural networks, baselines and exact-match scores.

>>> import mathbench
>>> rows = mathbench.load("divisible", k=7, train=4, interpolate=2)
>>> rows["train"][0]["answer"] in ("true", "false")
True
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mathbench.version import __version__

if TYPE_CHECKING:
    from datasets import DatasetDict

    from mathbench.dataset.data import Data
    from mathbench.dataset.manifest import Manifest
    from mathbench.scores.results import SplitScore
    from mathbench.streaming import Stream, Streamed

__all__ = ["__version__", "generate", "load", "merge", "score", "stream"]


def load(task: str, *, seed: int | str = 0, **options: Any) -> "DatasetDict":
    """Make a task's splits as a `datasets.DatasetDict`, without touching the disk.

    Args:
        task: name of a task family; see `mathbench tasks`.
        seed: a 64-bit integer or a string.
        options: rows per split (`train`, `validation`, `interpolate`, `extrapolate`; 0 leaves one out; by default as
            many as `mathbench generate` makes) and parameters of the task, ``format="reversed"`` among them.

    Raises:
        InputError: for an unknown task or parameter, or more rows than a split holds.
    """
    from datasets import Dataset, DatasetDict

    from mathbench.dataset.data import Data
    from mathbench.dataset.shard import schema

    config = _config(task, seed, None, options)
    data = Data.generate(config.task, config.sizes, config.seed)
    columns = schema(config.task)
    return DatasetDict({split: Dataset(table.cast(columns)) for split, table in data.splits.items()})


def stream(
    task: "Streamed | Sequence[Streamed]",
    split: str = "train",
    *,
    seed: int | str = 0,
    rows: int | None = None,
    batch_size: int | None = None,
    epochs: int | None = 1,
    drop_last: bool = False,
    weights: Sequence[float] | None = None,
    **parameters: Any,
) -> "Stream":
    """Read rows straight from the generator, without a disk: the same rows in the same order as a dataset.

    Args:
        task: name of a task family, or a task; or a list of these and of streams, which are mixed.
        split: ``"train"``, ``"validation"``, ``"interpolate"`` or ``"extrapolate"``.
        seed: a 64-bit integer or a string.
        rows: rows of an epoch. By default all that the split holds; a mixture goes on without end, its tasks beginning
            again when they are used up.
        batch_size: rows of a batch, a dict of lists; None: rows one by one, as dicts.
        epochs: how often the rows are passed over, every time in another order; None: without end.
        drop_last: leave out a last batch that is not full.
        weights: how often each of several tasks comes, relative to the others.
        parameters: of a task that is given by its name.

    Raises:
        InputError: for an unknown task, split or parameter, more rows than the split holds, or a bad size.

    >>> stream("divisible", k=7, seed="winter")[0]["answer"] in ("true", "false")
    True
    >>> mixed = stream(["addition", "gcd"], weights=[3, 1], batch_size=1024)
    >>> [mixed[0]["task"].count(name) for name in ("addition-base10", "gcd-base10")]
    [768, 256]
    """
    from mathbench.streaming import open_stream

    reading = {"batch_size": batch_size, "epochs": epochs, "drop_last": drop_last}
    return open_stream(task, split, seed, rows, weights, parameters, **reading)


def generate(
    task: str,
    out: str | Path,
    *,
    seed: int | str = 0,
    name: str | None = None,
    force: bool = False,
    workers: int | None = None,
    engine: str = "local",
    address: str | None = None,
    **options: Any,
) -> "Manifest":
    """Write a task's splits to Parquet, as `mathbench generate` does.

    Args:
        task: name of a task family.
        out: the folder, a path or a URL such as ``s3://bucket/folder``.
        seed: a 64-bit integer or a string.
        name: the configuration's name; by default made from the task.
        force: replace another dataset in that folder.
        workers: how many processes; with Ray, how many shards at a time. The rows are the same for any number.
        engine: ``"local"``, or ``"ray"``: the nodes of a Ray cluster.
        address: of the Ray cluster.
        options: rows per split and parameters of the task, as for :func:`load`.

    Raises:
        InputError: for bad parameters, too many rows, or a folder that holds something else.
        WorkerLost: when worker processes were killed again and again.
    """
    from mathbench.dataset import write as dataset
    from mathbench.dataset.engine import make_engine

    who = make_engine(engine, workers, address)
    return dataset.generate([_config(task, seed, name, options)], out, force=force, engine=who)


def merge(folder: str | Path, *, workers: int | None = None) -> "Manifest":
    """Complete a dataset whose shards were written in parts, as `mathbench merge` does.

    Args:
        folder: where all parts were written, by `mathbench generate --shard i/N` or
            :func:`mathbench.dataset.generate_part`.
        workers: how many processes check the shards.

    Raises:
        InputError: when the folder holds no dataset, or processes still write into it.
        CheckFailed: when shards are missing or damaged; says which, and how to make them.
    """
    from mathbench.dataset import write as dataset
    from mathbench.dataset.engine import make_engine

    return dataset.merge(folder, engine=make_engine(workers=workers))


def score(
    predictions: Mapping[int, str | None] | str | Path,
    task: str | None = None,
    *,
    split: str = "interpolate",
    seed: int | str = 0,
    data: str | Path | None = None,
    config: str | None = None,
    **options: Any,
) -> "SplitScore":
    """Score the answers to one split by exact match, against a truth that is made anew.

    Every row of the split counts; a row without an answer is wrong.

    Args:
        predictions: row number -> answer; or a file (Parquet or JSON lines) with split, row and prediction.
        task: name of the task family whose rows were answered; or give `data`.
        split: which split was answered.
        seed: the seed of the rows.
        data: the folder of a dataset, a path or a URL, instead of a task.
        config: which configuration of that dataset.
        options: rows per split and parameters of the task: the same words as for :func:`load`.

    Raises:
        InputError: for foreign or repeated rows, no predictions, or bad parameters.
        CheckFailed: when a file of the dataset is damaged.

    >>> few = dict(digits=2, train=0, validation=0, interpolate=40, extrapolate=0)
    >>> rows = load("addition", **few)["interpolate"]
    >>> answers = {i: str(sum(map(int, row["question"].split("+")))) for i, row in enumerate(rows)}
    >>> score(answers, "addition", **few).total
    Score(n=40, correct=40)
    >>> score({**answers, 0: "lots"}, "addition", **few).total.exact_match
    0.975
    """
    from mathbench.scores import predictions as given

    answers = (
        given.from_mapping(predictions, split)
        if isinstance(predictions, Mapping)
        else given.read_predictions(Path(predictions))
    )
    return given.score_predictions(answers, _truth(task, split, seed, data, config, options), split)


def _truth(
    task: str | None,
    split: str,
    seed: int | str,
    folder: str | Path | None,
    config: str | None,
    options: Mapping[str, Any],
) -> "Data":
    """One split of a dataset or of a task."""
    from mathbench.dataset.data import Data
    from mathbench.dataset.read import open_dataset
    from mathbench.errors import InputError, did_you_mean
    from mathbench.reserve import SPLITS

    if split not in SPLITS:
        raise InputError(f"unknown split '{split}'. {did_you_mean(split, SPLITS)}")
    if (task is None) == (folder is None):
        raise InputError("score needs the truth: give either a task or data, one of them.")
    if folder is None:
        if config is not None:
            raise InputError("config goes with data, the folder of a dataset.")
        wanted = _config(str(task), seed, None, options)
        return Data.generate(wanted.task, {split: wanted.sizes[split]}, wanted.seed)
    if options:
        raise InputError(f"data brings its own task and sizes. Received also: {', '.join(options)}.")
    dataset = open_dataset(folder)
    held = dataset.config(config)
    return Data(held.task, held.seed, {split: dataset.table(held, split)})


def _config(task: str, seed: int | str, name: str | None, options: Mapping[str, Any]) -> Any:
    from mathbench.dataset.manifest import single_config
    from mathbench.families import task as make
    from mathbench.reserve import SPLITS

    sizes = {split: rows for split, rows in options.items() if split in SPLITS}
    made = make(task, **{key: value for key, value in options.items() if key not in SPLITS})
    return single_config(made, sizes, seed, name)
