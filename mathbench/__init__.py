"""mathbench: mathematical data without leaks for neural networks, baselines and exact-match scores.

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

    from mathbench.baselines.finished_run import Run
    from mathbench.dataset.data import Data
    from mathbench.dataset.manifest import Manifest
    from mathbench.scores.grading import Grade, Grades
    from mathbench.scores.results import SplitScore
    from mathbench.streaming import Stream, Streamed
    from mathbench.task import Task

__all__ = [
    "Run",
    "__version__",
    "generate",
    "grade",
    "grade_all",
    "load",
    "merge",
    "open_run",
    "score",
    "stream",
    "train",
]


def load(
    task: str, *, seed: int | str = 0, strict: bool = False, ids: bool = False, **options: Any
) -> "DatasetDict":
    """Make the splits of a task in memory as a `datasets.DatasetDict`.

    Args:
        task: name of a task family; see `mathbench tasks`.
        seed: a 64-bit integer or a string.
        strict: raise an error where a task has too few problems for a split, instead of a warning.
        ids: add the column `id`, a name of each row that is unique over all datasets.
        options: rows per split (`train`, `validation`, `interpolate`, `extrapolate`; 0 omits the split; by default the
            sizes of `mathbench generate`) and parameters of the task, such as ``format="reversed"``. ``exclude`` may be
            a file or a list of questions.

    Raises:
        InputError: for an unknown task or parameter, or more rows than a split has.
    """
    from datasets import Dataset, DatasetDict

    from mathbench.dataset.data import Data
    from mathbench.dataset.shard import schema

    config = _config(task, seed, None, options, strict, ids)
    data = Data.generate(config.task, config.sizes, config.seed, config.columns)
    columns = schema(config.task, config.columns)
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
    ids: bool = False,
    **parameters: Any,
) -> "Stream":
    """Stream rows from the generator: the same rows in the same order as in a dataset on disk.

    Args:
        task: name of a task family, or a task; or a list of these and of streams, which are mixed.
        split: ``"train"``, ``"validation"``, ``"interpolate"`` or ``"extrapolate"``.
        seed: a 64-bit integer or a string.
        rows: rows per epoch, by default all rows of the split. A mixture is endless by default: its tasks start again
            when they run out.
        batch_size: rows per batch, a dict of lists; None: single rows, as dicts.
        epochs: number of passes over the rows, each in a different order; None: endless.
        drop_last: drop a last batch that is not full.
        weights: the relative frequencies of several tasks.
        ids: add the column `id`, a name of each row that is unique over all datasets.
        parameters: parameters of a task that is given by name, as for :func:`load`.

    Raises:
        InputError: for an unknown task, split or parameter, more rows than the split has, or a bad size.

    >>> stream("divisible", k=7, seed="winter")[0]["answer"] in ("true", "false")
    True
    >>> mixed = stream(["addition", "gcd"], weights=[3, 1], batch_size=1024)
    >>> [mixed[0]["task"].count(name) for name in ("addition-base10", "gcd-base10")]
    [768, 256]
    """
    from mathbench.streaming import open_stream

    reading = {"batch_size": batch_size, "epochs": epochs, "drop_last": drop_last}
    return open_stream(task, split, seed, rows, weights, parameters, ids, **reading)


def generate(
    task: str,
    out: str | Path,
    *,
    seed: int | str = 0,
    name: str | None = None,
    force: bool = False,
    strict: bool = False,
    ids: bool = False,
    workers: int | None = None,
    engine: str = "local",
    address: str | None = None,
    **options: Any,
) -> "Manifest":
    """Write the splits of a task to Parquet, as `mathbench generate` does.

    Args:
        task: name of a task family.
        out: the folder, a path or a URL such as ``s3://bucket/folder``.
        seed: a 64-bit integer or a string.
        name: the name of the configuration; by default that of the task.
        force: replace another dataset in that folder.
        strict, ids: as for :func:`load`.
        workers: number of processes; with Ray, number of shards at a time. Rows do not depend on it.
        engine: ``"local"``, or ``"ray"`` for the nodes of a Ray cluster.
        address: address of the Ray cluster.
        options: rows per split and parameters of the task, as for :func:`load`.

    Raises:
        InputError: for bad parameters, too many rows, or a folder with other content.
        WorkerLost: when worker processes were killed repeatedly.
    """
    from mathbench.dataset import write as dataset
    from mathbench.engine import make_engine

    config = _config(task, seed, name, options, strict, ids)
    return dataset.generate([config], out, force=force, engine=make_engine(engine, workers, address))


def merge(folder: str | Path, *, workers: int | None = None) -> "Manifest":
    """Complete a dataset whose shards were written in parts, as `mathbench merge` does.

    Args:
        folder: the folder of all parts, written by `mathbench generate --shard i/N` or
            :func:`mathbench.dataset.generate_part`.
        workers: number of processes that check the shards.

    Raises:
        InputError: when the folder has no dataset, or processes still write to it.
        CheckFailed: when shards are missing or damaged; lists them and the command that makes them.
    """
    from mathbench.dataset import write as dataset
    from mathbench.engine import make_engine

    return dataset.merge(folder, engine=make_engine(workers=workers))


def score(
    predictions: Mapping[int, str | int | None] | str | Path,
    task: str | None = None,
    *,
    split: str = "interpolate",
    seed: int | str = 0,
    data: str | Path | None = None,
    config: str | None = None,
    **options: Any,
) -> "SplitScore":
    """Score the answers to one split by exact match against regenerated or stored rows.

    Every row of the split counts; a row without an answer is wrong.

    Args:
        predictions: answers by row number, which are text or integers, None for no answer; or a file (Parquet, JSON
            lines or CSV) with split, row and prediction.
        task: name of the task family that was answered, unless `data` is given.
        split: the split that was answered.
        seed: the seed of the rows.
        data: the folder of a dataset, a path or a URL, instead of a task.
        config: the configuration of that dataset.
        options: rows per split and parameters of the task, as for :func:`load`.

    Raises:
        InputError: for unknown or repeated rows, no predictions, an answer that is neither text nor an integer, or bad
            parameters.
        CheckFailed: when a file of the dataset is damaged.

    >>> options = dict(digits=2, train=0, validation=0, interpolate=40, extrapolate=0)
    >>> rows = load("addition", **options)["interpolate"]
    >>> answers = {i: str(sum(map(int, row["question"].split("+")))) for i, row in enumerate(rows)}
    >>> score(answers, "addition", **options).total
    Score(n=40, correct=40)
    >>> score({**answers, 0: "wrong"}, "addition", **options).total.exact_match
    0.975
    """
    from mathbench.errors import InputError
    from mathbench.rows import check_split
    from mathbench.scores import predictions as scores
    from mathbench.storage.location import local_path

    check_split(split)
    if isinstance(predictions, Mapping):
        answers = scores.from_mapping(predictions, split)
    elif isinstance(predictions, str | Path):
        answers = scores.read_predictions(local_path(predictions))
    else:
        raise InputError(
            "predictions must be a dict from row number to answer, or a file. "
            f"Received: {type(predictions).__name__}."
        )
    return scores.score_predictions(answers, _true_rows(task, split, seed, data, config, options), split)


def grade(
    answer: str | None,
    truth: str,
    task: "str | Task | None" = None,
    *,
    question: str | None = None,
    extract: str = "whole",
    **parameters: Any,
) -> "Grade":
    """Judge one answer by exact match, and beside it by its value.

    An answer is right if it is, white space around it aside, the one text that the format of the task allows.

    Args:
        answer: what a model wrote; None where it wrote nothing.
        truth: the right answer, as in the column `answer` of the task's rows.
        task: name of the task family, or a task; None: plain text with numbers in base 10.
        question: the question, as in the column `question`; multiple choice cannot be read without it.
        extract: the part of the text that counts: ``"whole"``, ``"last-number"``, ``"boxed"``, ``"after-answer"`` or
            ``"tags"``.
        parameters: of a task that is given by name.

    Raises:
        InputError: for an unknown task, parameter or extraction, or a right answer that is not in the format.

    >>> grade("The difference is 80.", "-80", "subtraction", extract="last-number").right
    False
    >>> grade("2/4", "1/2")
    Grade(right=False, equal=True, answer='2/4')
    """
    from mathbench.scores import grading

    return grading.grade(answer, truth, task, question=question, extract=extract, **parameters)


def grade_all(
    answers: Sequence[str | None],
    truths: Sequence[str],
    task: "str | Task | None" = None,
    *,
    questions: Sequence[str] | None = None,
    extract: str = "whole",
    **parameters: Any,
) -> "Grades":
    """Judge many answers at once; the arguments are those of :func:`grade`, in lists.

    >>> grades = grade_all(["65", "the sum is 66"], ["65", "66"], "addition", extract="last-number")
    >>> grades.score, grades.unread, grades.extraction
    (Score(n=2, correct=2), 0, 'last-number-v1')
    """
    from mathbench.scores import grading

    return grading.grade_all(answers, truths, task, questions=questions, extract=extract, **parameters)


def train(
    baseline: str | type,
    data: "str | Path | Task | Data | None" = None,
    *,
    recipe: str | Path | None = None,
    framework: str | None = None,
    settings: Mapping[str, object] | None = None,
    seed: int | str = 0,
    data_seed: int | str = 0,
    config: str | None = None,
    out: str | Path | None = None,
    budget: float | None = None,
    cpu_budget: float | None = None,
    long: Sequence[int] = (),
    samples: int = 3,
    device: str = "auto",
    threads: int = 1,
    resume: bool = False,
    force: bool = False,
    progress: bool = False,
    **options: Any,
) -> "Run":
    """Train a baseline and score it on unseen problems, as `mathbench run-baseline` does. A finished run is only read.

    Args:
        baseline: a name, as on the command line, or a class: a subclass of `TorchBaseline` or `KerasBaseline`, or one
            with ``fit`` and ``predict``. Other processes cannot load the runs of a class that is defined in a notebook,
            a script or a function; pass it to :func:`open_run` there.
        data: name of a task family, a task, rows, or the folder or URL of a dataset; None for the task of the recipe.
        recipe: name or file of a recipe; None for the one of the baseline.
        framework: ``"torch"`` or ``"keras"``; None for the first that is installed.
        settings: hyperparameters and choices of the encoding that replace those of the recipe.
        seed: of the training, a 64-bit integer or a string.
        data_seed: of the rows of a task.
        config: the configuration of a dataset that has several.
        out: the run directory; by default one in ``runs``, named after the run.
        budget: seconds of wall time for the training; None for no limit.
        cpu_budget: seconds of CPU time for the training; None for no limit.
        long: numbers of digits of problems to score besides the splits.
        samples: number of validation questions whose answers are shown and stored at every validation, 50 at most.
        device: ``"auto"``, ``"cpu"``, ``"cuda"`` or a name of the framework.
        threads: CPU threads for one operation.
        resume: continue an unfinished run.
        force: delete an existing run.
        progress: show the progress on stderr.
        options: rows per split (`train`, `validation`, `interpolate`, `extrapolate`) and parameters of a task that is
            given by name.

    Raises:
        InputError: for an unknown name, setting or parameter, and for whatever is wrong in the code of a guest.

    >>> folder = getfixture("tmp_path") / "run"
    >>> sizes = {"train": 200, "validation": 20, "interpolate": 40, "extrapolate": 0}
    >>> run = train("last-digit", "divisible", k=5, digits=4, **sizes, out=folder)
    >>> run.ask("1235"), run.ask(["1234", "10"])
    ('true', ['false', 'true'])
    """
    from mathbench.baselines import train_run

    return train_run.train(
        baseline,
        data,
        options,
        recipe=recipe,
        framework=framework,
        settings=settings,
        seed=seed,
        data_seed=data_seed,
        config=config,
        out=out,
        budget=budget,
        cpu_budget=cpu_budget,
        long=long,
        samples=samples,
        device=device,
        threads=threads,
        resume=resume,
        force=force,
        progress=progress,
    )


def open_run(
    folder: str | Path, baseline: type | None = None, *, device: str = "auto", threads: int = 1
) -> "Run":
    """Open a finished run, to ask it, to predict and score with it, to draw it, and to train it further.

    Args:
        folder: the run directory.
        baseline: the class of the run, where it is defined in a notebook, a script or a function.
        device: ``"auto"``, ``"cpu"``, ``"cuda"`` or a name of the framework.
        threads: CPU threads for one operation.

    Raises:
        InputError: when the folder contains no finished run.

    >>> folder = getfixture("tmp_path") / "run"
    >>> sizes = {"train": 200, "validation": 20, "interpolate": 40, "extrapolate": 0}
    >>> _ = train("exact-solver", "addition", digits=2, **sizes, out=folder)
    >>> run = open_run(folder)
    >>> run.ask("12+29"), run.score()["interpolate"].total, run.predict().num_rows
    ('41', Score(n=40, correct=40), 60)
    """
    from mathbench.baselines import finished_run

    return finished_run.open_run(folder, baseline, device=device, threads=threads)


def _true_rows(
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
    from mathbench.errors import InputError

    if (task is None) == (folder is None):
        raise InputError("score needs the truth: give either a task or data, one of them.")
    if folder is None:
        if config is not None:
            raise InputError("config goes with data, the folder of a dataset.")
        requested = _config(task, seed, None, options)
        return Data.generate(requested.task, {split: requested.sizes[split]}, requested.seed)
    if options:
        raise InputError(f"data brings its own task and sizes. Received also: {', '.join(options)}.")
    dataset = open_dataset(folder)
    stored = dataset.config(config)
    return Data(stored.task, stored.seed, {split: dataset.table(stored, split)})


def _config(
    task: Any,
    seed: int | str,
    name: str | None,
    options: Mapping[str, Any],
    strict: bool = False,
    ids: bool = False,
) -> Any:
    from mathbench.dataset.manifest import single_config
    from mathbench.dataset.question_lists import requested_task
    from mathbench.reserve import SPLITS

    sizes = {split: rows for split, rows in options.items() if split in SPLITS}
    parameters = {key: value for key, value in options.items() if key not in SPLITS}
    return single_config(requested_task(task, parameters), sizes, seed, name, strict, ids)


if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        """Import the class `Run` on first use, because it needs more than most programs do."""
        if name != "Run":
            raise AttributeError(f"module 'mathbench' has no attribute '{name}'")
        from mathbench.baselines.finished_run import Run

        return Run
