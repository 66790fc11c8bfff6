"""mathbench: mathematical data without leaks for neural networks, baselines and exact-match scores.

The public interface is `__all__`; docs/stability.md says what stays as it is.

>>> import mathbench
>>> rows = mathbench.load("divisible", k=7, train=4, interpolate=2)
>>> rows["train"][0]["answer"] in ("true", "false")
True
"""

from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mathbench.errors import CheckFailed, InputError
from mathbench.version import __version__

if TYPE_CHECKING:
    from datasets import DatasetDict

    from mathbench.baselines.finished_run import Run
    from mathbench.dataset.check_result import CheckResult, Verification
    from mathbench.dataset.data import Data
    from mathbench.dataset.describe import SplitSummary
    from mathbench.dataset.manifest import Config, Manifest
    from mathbench.leaderboard.submission_record import Receipt
    from mathbench.scores.grading import Grade, Grades
    from mathbench.scores.results import Score, SplitScore
    from mathbench.streaming import Stream, Streamed
    from mathbench.task import Task

__all__ = [
    "CheckFailed",
    "CheckResult",
    "Grade",
    "Grades",
    "InputError",
    "Manifest",
    "Receipt",
    "Run",
    "Score",
    "SplitScore",
    "SplitSummary",
    "Stream",
    "Verification",
    "__version__",
    "describe",
    "generate",
    "grade",
    "grade_all",
    "load",
    "merge",
    "open_run",
    "score",
    "stream",
    "submit",
    "train",
    "verify",
]

# the classes that the functions return are imported on first use, because they need more than most programs do
_MODULES = {
    "CheckResult": "mathbench.dataset.check_result",
    "Grade": "mathbench.scores.grading",
    "Grades": "mathbench.scores.grading",
    "Manifest": "mathbench.dataset.manifest",
    "Receipt": "mathbench.leaderboard.submission_record",
    "Run": "mathbench.baselines.finished_run",
    "Score": "mathbench.scores.results",
    "SplitScore": "mathbench.scores.results",
    "SplitSummary": "mathbench.dataset.describe",
    "Stream": "mathbench.streaming.stream",
    "Verification": "mathbench.dataset.check_result",
}


def load(
    task: str,
    *,
    seed: int | str = 0,
    strict: bool = False,
    ids: bool = False,
    train: int | None = None,
    validation: int | None = None,
    interpolate: int | None = None,
    extrapolate: int | None = None,
    **parameters: Any,
) -> "DatasetDict":
    """Make the splits of a task in memory as a `datasets.DatasetDict`.

    Args:
        task: name of a task family; see `mathbench tasks`.
        seed: a 64-bit integer or a string.
        strict: raise an error where a task has too few problems for a split, instead of a warning.
        ids: add the column `id`, a name of each row that is unique over all datasets.
        train, validation, interpolate, extrapolate: rows of each split; 0 omits the split, None is the size of
            `mathbench generate` (100,000, 2,000, 10,000 and 10,000 rows), or all rows of a split that has fewer.
        parameters: parameters of the task, such as ``format="reversed"``. ``exclude`` may be a file or a list of
            questions.

    Returns:
        A table per split, with the columns question, answer, task, stratum and row; label for recognition tasks.

    Raises:
        InputError: for an unknown task or parameter, or more rows than a split has.

    >>> rows = load("addition", digits=2, train=3, validation=0, interpolate=1, extrapolate=0)
    >>> {split: table.num_rows for split, table in rows.items()}
    {'train': 3, 'interpolate': 1}
    """
    from datasets import Dataset, DatasetDict

    from mathbench.dataset.data import Data
    from mathbench.dataset.shard import schema

    sizes = _sizes(train, validation, interpolate, extrapolate)
    config = _config(task, seed, None, sizes, parameters, strict, ids)
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

    Returns:
        Rows as dicts, or batches as dicts of lists of `batch_size` values, by index and in order. It converts to
        PyTorch, Keras, TensorFlow and Hugging Face.

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
    train: int | None = None,
    validation: int | None = None,
    interpolate: int | None = None,
    extrapolate: int | None = None,
    **parameters: Any,
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
        train, validation, interpolate, extrapolate: rows of each split, as for :func:`load`.
        parameters: parameters of the task, as for :func:`load`.

    Returns:
        The content of the folder's ``manifest.json``.

    Raises:
        InputError: for bad parameters, too many rows, or a folder with other content.
        mathbench.errors.WorkerLost: when worker processes were killed repeatedly.

    >>> folder = getfixture("tmp_path") / "data"
    >>> manifest = generate("gcd", folder, digits=2, train=20, validation=5, interpolate=5, extrapolate=0)
    >>> [(config.name, dict(config.sizes)["train"]) for config in manifest.configs]
    [('gcd-base10-digits2', 20)]
    """
    from mathbench.dataset import write as dataset
    from mathbench.engine import make_engine

    sizes = _sizes(train, validation, interpolate, extrapolate)
    config = _config(task, seed, name, sizes, parameters, strict, ids)
    return dataset.generate([config], out, force=force, engine=make_engine(engine, workers, address))


def merge(folder: str | Path, *, workers: int | None = None) -> "Manifest":
    """Complete a dataset whose shards were written in parts, as `mathbench merge` does.

    Args:
        folder: the folder of all parts, written by `mathbench generate --shard i/N` or
            :func:`mathbench.dataset.generate_part`.
        workers: number of processes that check the shards.

    Returns:
        The content of the folder's ``manifest.json``.

    Raises:
        InputError: when the folder has no dataset, or processes still write to it.
        CheckFailed: when shards are missing or damaged; lists them and the command that makes them.

    >>> folder = getfixture("tmp_path") / "data"
    >>> made = generate("gcd", folder, digits=2, train=20, validation=5, interpolate=5, extrapolate=0)
    >>> merge(folder).to_json() == made.to_json()
    True
    """
    from mathbench.dataset import write as dataset
    from mathbench.engine import make_engine

    return dataset.merge(folder, engine=make_engine(workers=workers))


def verify(
    folder: str | Path,
    *,
    sample: int | None = None,
    all_rows: bool = False,
    sample_seed: int | None = None,
    strict: bool = True,
) -> "Verification":
    """Verify a dataset, as `mathbench verify` does: digests, regenerated rows, independent solutions, disjoint splits.

    Args:
        folder: the dataset, a path or a URL.
        sample: read and regenerate only this number of random rows per split; None: read every byte, and regenerate
            1,000 random rows per split.
        all_rows: regenerate every row.
        sample_seed: the seed of the choice of random rows; None: a random one.
        strict: raise an error when a check fails; otherwise the result says so.

    Returns:
        The result of every check, in the order in which they were made.

    Raises:
        InputError: when the folder has no dataset, or a solver needs an extra that is not installed.
        CheckFailed: when a check fails and `strict` is true, or the manifest is damaged.

    >>> folder = getfixture("tmp_path") / "data"
    >>> _ = generate("gcd", folder, digits=2, train=20, validation=5, interpolate=5, extrapolate=0)
    >>> found = verify(folder, sample_seed=0)
    >>> found.passed, found.checks[0].what, found.checks[0].detail
    (True, 'files', '3 file(s)')
    """
    from mathbench.dataset import verify as checks
    from mathbench.dataset.check_result import Verification
    from mathbench.dataset.read import open_dataset
    from mathbench.parameters import check_flag

    check_flag("strict", strict)
    options = checks.make_options(sample, all_rows, sample_seed)
    found = Verification(tuple(checks.verify(open_dataset(folder), options)), options.seed)
    return found.require() if strict else found


def describe(folder: str | Path, *, config: str | None = None) -> "dict[str, dict[str, SplitSummary]]":
    """Summarise the splits of a dataset, as `mathbench describe` does; one split is in memory at a time.

    Args:
        folder: the dataset, a path or a URL.
        config: the name of a configuration; None: all.

    Returns:
        By configuration and split: rows, lengths in characters, commonest answers, rows per stratum, and samples.

    Raises:
        InputError: when the folder has no dataset, or no such configuration.
        CheckFailed: when a file is missing or damaged.

    >>> folder = getfixture("tmp_path") / "data"
    >>> _ = generate("gcd", folder, digits=2, train=20, validation=5, interpolate=5, extrapolate=0)
    >>> splits = describe(folder)["gcd-base10-digits2"]
    >>> {split: summary.rows for split, summary in splits.items()}
    {'train': 20, 'validation': 5, 'interpolate': 5}
    """
    from mathbench.dataset.describe import summarise_dataset
    from mathbench.dataset.read import open_dataset

    return summarise_dataset(open_dataset(folder), config)


def score(
    predictions: Mapping[int, str | int | None] | str | Path,
    task: str | None = None,
    *,
    split: str = "interpolate",
    seed: int | str = 0,
    data: str | Path | None = None,
    config: str | None = None,
    train: int | None = None,
    validation: int | None = None,
    interpolate: int | None = None,
    extrapolate: int | None = None,
    **parameters: Any,
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
        train, validation, interpolate, extrapolate: rows of each split, as for :func:`load`.
        parameters: parameters of the task, as for :func:`load`.

    Returns:
        The number of right answers with its interval, over all rows and per stratum.

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
    sizes = _sizes(train, validation, interpolate, extrapolate)
    return scores.score_predictions(
        answers, _true_rows(task, split, seed, data, config, sizes, parameters), split
    )


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

    Returns:
        Whether the answer is right, whether it has the right value, and the text that was read.

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
    """Judge many answers at once.

    Args:
        answers: as for :func:`grade`, n texts; None where a model wrote nothing.
        truths: the n right answers.
        task: as for :func:`grade`.
        questions: the n questions; None where they are not needed.
        extract, parameters: as for :func:`grade`.

    Returns:
        The judgements of the n answers, and their score.

    Raises:
        InputError: as :func:`grade`, and for lists of different lengths.

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
    train: int | None = None,
    validation: int | None = None,
    interpolate: int | None = None,
    extrapolate: int | None = None,
    **parameters: Any,
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
        train, validation, interpolate, extrapolate: rows of each split of a task; 0 omits the split, None is the size
            of the recipe, or that of :func:`load`.
        parameters: parameters of a task that is given by name.

    Returns:
        The finished run.

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
        {**_sizes(train, validation, interpolate, extrapolate), **parameters},
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

    Returns:
        The run. Its network is loaded when it is used.

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


def submit(
    run: "str | Path | Run",
    board: str | Path | None = None,
    *,
    name: str | None = None,
    token_file: str | Path | None = None,
    dry_run: bool = False,
) -> "list[Receipt]":
    """Submit a run, or answers to all tasks of a season, to a board, as `mathbench submit` does.

    The scores are computed again from the predictions.

    Args:
        run: a run, its directory, a directory with ``submission.json``, or that file.
        board: a path, database URL or the http(s) URL of a server; None: the environment variable MATHBENCH_BOARD, or
            the user's own board.
        name: of the model of a run on the board, instead of that of its baseline.
        token_file: a file with the token for a server; None: the environment variable MATHBENCH_TOKEN.
        dry_run: check and score, but store nothing.

    Returns:
        One receipt per task: one for a run, several for answers to a season.

    Raises:
        InputError: when the submission is refused; the board records the attempt.

    >>> folder = getfixture("tmp_path")
    >>> sizes = {"train": 200, "validation": 20, "interpolate": 40, "extrapolate": 40}
    >>> run = train("exact-solver", "addition", digits=2, **sizes, out=folder / "run")
    >>> receipt, = submit(run, folder / "board.sqlite", name="adder")
    >>> receipt.new, receipt.badge, receipt.scores["interpolate"].total
    (True, 're-scored', Score(n=40, correct=40))
    """
    from mathbench.leaderboard import submit as submitting
    from mathbench.parameters import check_flag
    from mathbench.storage.location import local_path

    folder: Any = getattr(run, "folder", run)
    token = None if token_file is None else local_path(token_file)
    return submitting.submit(folder, board, token, name, store=not check_flag("dry_run", dry_run))


def _true_rows(
    task: str | None,
    split: str,
    seed: int | str,
    folder: str | Path | None,
    config: str | None,
    sizes: Mapping[str, int],
    parameters: Mapping[str, Any],
) -> "Data":
    """One split of a dataset or of a task."""
    from mathbench.dataset.data import Data
    from mathbench.dataset.read import open_dataset

    if (task is None) == (folder is None):
        raise InputError("score needs the truth: give either a task or data, one of them.")
    if folder is None:
        if config is not None:
            raise InputError("config goes with data, the folder of a dataset.")
        requested = _config(task, seed, None, sizes, parameters)
        return Data.generate(requested.task, {split: requested.sizes[split]}, requested.seed)
    if options := [*sizes, *parameters]:
        raise InputError(f"data brings its own task and sizes. Received also: {', '.join(options)}.")
    dataset = open_dataset(folder)
    stored = dataset.config(config)
    return Data(stored.task, stored.seed, {split: dataset.table(stored, split)})


def _sizes(
    train: int | None, validation: int | None, interpolate: int | None, extrapolate: int | None
) -> dict[str, int]:
    """The rows of the splits whose size is given."""
    given = {"train": train, "validation": validation, "interpolate": interpolate, "extrapolate": extrapolate}
    return {split: rows for split, rows in given.items() if rows is not None}


def _config(
    task: Any,
    seed: int | str,
    name: str | None,
    sizes: Mapping[str, int],
    parameters: Mapping[str, Any],
    strict: bool = False,
    ids: bool = False,
) -> "Config":
    from mathbench.dataset.manifest import single_config
    from mathbench.dataset.question_lists import requested_task

    return single_config(requested_task(task, parameters), sizes, seed, name, strict, ids)


if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        """Import a class on first use."""
        if name not in _MODULES:
            raise AttributeError(f"module 'mathbench' has no attribute '{name}'")
        return getattr(import_module(_MODULES[name]), name)


def __dir__() -> list[str]:
    """The public names, including those of classes that are not imported yet."""
    return __all__
