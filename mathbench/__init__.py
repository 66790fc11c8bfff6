"""mathbench: clean mathematical data for neural networks, baselines and exact-match scores.

>>> import mathbench
>>> rows = mathbench.load("divisible", k=7, train=4, interpolate=2)
>>> rows["train"][0]["answer"] in ("true", "false")
True
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mathbench.version import __version__

if TYPE_CHECKING:
    from datasets import DatasetDict

    from mathbench.manifest import Manifest
    from mathbench.metrics import SplitScore

__all__ = ["__version__", "generate", "load", "score"]


def load(task: str, *, seed: int | str = 0, **options: Any) -> "DatasetDict":
    """Make a task's splits as a `datasets.DatasetDict`, without touching the disk.

    Args:
        task: name of a task family; see `mathbench tasks`.
        seed: a 64-bit integer or a string.
        options: rows per split (`train`, `validation`, `interpolate`, `extrapolate`; 0 leaves one out; by default as
            many as `mathbench generate` makes) and parameters of the task.

    Raises:
        InputError: for an unknown task or parameter, or more rows than a split holds.
    """
    from datasets import Dataset, DatasetDict

    from mathbench.data import Data
    from mathbench.shard import schema

    config = _config(task, seed, None, options)
    data = Data.generate(config.task, config.sizes, config.seed)
    columns = schema(config.task)
    return DatasetDict({split: Dataset(table.cast(columns)) for split, table in data.splits.items()})


def generate(
    task: str,
    out: str | Path,
    *,
    seed: int | str = 0,
    name: str | None = None,
    force: bool = False,
    **options: Any,
) -> "Manifest":
    """Write a task's splits to Parquet, as `mathbench generate` does.

    Args:
        task: name of a task family.
        out: the folder.
        seed: a 64-bit integer or a string.
        name: the configuration's name; by default made from the task.
        force: replace another dataset in that folder.
        options: rows per split and parameters of the task, as for :func:`load`.

    Raises:
        InputError: for bad parameters, too many rows, or a folder that holds something else.
    """
    from mathbench import dataset

    return dataset.generate([_config(task, seed, name, options)], out, force=force)


def score(
    predictions: str | Path, data: str | Path | None = None, config: str | None = None
) -> "dict[str, SplitScore]":
    """Score predictions by exact match, as `mathbench score` does.

    Args:
        predictions: a Parquet or JSON lines file with split, row and prediction, or a run directory.
        data: the dataset that they answer; a run directory may do without.
        config: which configuration of the dataset, where it has several.

    Returns:
        Per split the exact match with n and interval, accuracy per character, and the score of each stratum.

    Raises:
        InputError: for unreadable predictions, or repeated or foreign rows.
    """
    from mathbench.baselines.runner import score_table
    from mathbench.baselines.truth import read_predictions, truth_of_run
    from mathbench.dataset import open_dataset

    given = read_predictions(Path(predictions))
    truth = truth_of_run(Path(predictions)) if data is None else open_dataset(data).data(config)
    return score_table(given, truth)


def _config(task: str, seed: int | str, name: str | None, options: Mapping[str, Any]) -> Any:
    from mathbench.generators import task as make
    from mathbench.manifest import single
    from mathbench.reserve import SPLITS

    sizes = {split: rows for split, rows in options.items() if split in SPLITS}
    made = make(task, **{key: value for key, value in options.items() if key not in SPLITS})
    return single(made, sizes, seed, name)
