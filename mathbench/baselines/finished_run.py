"""Finished runs from Python: `mathbench.open_run` and what it returns."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import overload

import pyarrow as pa
import pyarrow.compute as pc

from mathbench.baselines.ask import ask_questions
from mathbench.baselines.extend import extend, extension_folder
from mathbench.baselines.models.interface import DeviceConfig
from mathbench.baselines.predictor import LoadedRun, load_run, predictor_for
from mathbench.baselines.result import Result
from mathbench.baselines.run import predict_splits, run, with_ids
from mathbench.baselines.run_arguments import check_device, make_options, named_settings
from mathbench.baselines.run_data import regenerate_run
from mathbench.baselines.shortcuts.scores import SCORED
from mathbench.baselines.table import class_baseline
from mathbench.baselines.training.samples import SAMPLES
from mathbench.dataset.data import Data
from mathbench.dataset.mixed import open_data
from mathbench.errors import InputError, did_you_mean, shown
from mathbench.parameters import check_integer
from mathbench.scores.predictions import read_predictions, score_table
from mathbench.scores.results import SplitScore
from mathbench.storage.location import local_path
from mathbench.task import Task


class Run:
    """A finished run.

    Args:
        folder: the run directory.
        device: ``"auto"``, ``"cpu"``, ``"cuda"`` or a name of the framework.
        threads: CPU threads for one operation.

    Attributes:
        folder: the run directory.
        result: its scores and how they came about.

    Raises:
        InputError: when the folder contains no finished run.

    >>> from mathbench import train
    >>> sizes = {"train": 200, "validation": 20, "interpolate": 40, "extrapolate": 0}
    >>> folder = getfixture("tmp_path") / "run"
    >>> _ = train("exact-solver", "addition", digits=2, **sizes, out=folder)
    >>> run = Run(folder)
    >>> run.ask(["12+29", "3+4"]), run.result.scores["interpolate"]["n"], run.task.name
    (['41', '7'], 40, 'addition-base10-digits2')
    """

    def __init__(self, folder: str | Path, device: str = "auto", threads: int = 1):
        if not isinstance(folder, str | Path):
            raise InputError(f"a run must be given by its directory. Received: {shown(folder)}.")
        check_device(device)
        self.folder: Path = local_path(folder)
        self._device_config = DeviceConfig(device, check_integer("threads", threads, 1))
        self.result: Result = Result.load(self.folder)

    def __repr__(self) -> str:
        scores = (f"{split} {score['exact_match']:.2%}" for split, score in self.result.scores.items())
        return f"Run({str(self.folder)!r}: {self.result.baseline} on {self.result.task['name']}, {', '.join(scores)})"

    @cached_property
    def task(self) -> Task:
        """The task of the run."""
        return self._loaded.task

    @cached_property
    def data(self) -> Data:
        """The rows of the run, generated again and checked."""
        return regenerate_run(self.folder)

    @overload
    def ask(self, questions: str) -> str: ...

    @overload
    def ask(self, questions: list[str] | tuple[str, ...]) -> list[str]: ...

    def ask(self, questions: str | list[str] | tuple[str, ...]) -> str | list[str]:
        """Return the answer to a question in plain text, or those to several.

        Raises:
            InputError: for a question that is no text, or not of the run's task.
        """
        asked = [questions] if isinstance(questions, str) else questions
        if not (isinstance(asked, list | tuple) and all(isinstance(question, str) for question in asked)):
            raise InputError(f"questions must be text or a list of texts. Received: {shown(questions)}.")
        if not asked:
            return []
        answers = ask_questions(self._loaded, list(asked)).answers
        return answers[0] if isinstance(questions, str) else answers

    def predict(
        self, data: Data | str | Path | None = None, *, splits: Sequence[str] | None = None
    ) -> pa.Table:
        """Return predictions: the columns split, row, prediction, task and, of other data, id.

        Args:
            data: rows, or the folder or URL of a dataset; None for the rows of the run itself, whose stored predictions
                are read.
            splits: the splits; None for all but train.

        Raises:
            InputError: for rows of another task, or a split without rows.
        """
        if data is None:
            stored = read_predictions(self.folder)
            wanted = _chosen(stored["split"].unique().to_pylist(), splits)
            return stored.filter(pc.is_in(stored["split"], pa.array(wanted, pa.string())))
        rows = rows_of(data)
        wanted = _chosen(list(rows.splits), splits)
        predict = predictor_for(self._loaded, self.folder, rows)
        return with_ids(predict_splits(predict, rows, wanted).drop_null(), rows)

    def score(
        self, data: Data | str | Path | None = None, *, splits: Sequence[str] | None = None
    ) -> dict[str, SplitScore]:
        """Return the scores by split, computed from the predictions (see `predict`).

        Raises:
            InputError: as `predict`.
        """
        rows = self.data if data is None else rows_of(data)
        return score_table(self.predict(None if data is None else rows, splits=splits), rows)

    def plot(self) -> list[Path]:
        """Draw learning curves and errors into the folder ``plots`` of the run, and return the files.

        Raises:
            InputError: when matplotlib is not installed.
        """
        from mathbench.baselines.analysis.plots import draw

        return draw(self.folder, self.data)

    def extend(
        self,
        settings: Mapping[str, object] | None = None,
        *,
        out: str | Path | None = None,
        budget: float | None = None,
        cpu_budget: float | None = None,
        long: Sequence[int] = (),
        samples: int = SAMPLES,
        resume: bool = False,
        force: bool = False,
        progress: bool = False,
    ) -> "Run":
        """Go on from the last weights of this run in a new one, as `mathbench run-baseline --extend` does.

        This run stays as it is. The new one has its rows, its number of threads and the device of `open_run`.

        Args:
            settings: settings to change: steps, target, patience, keep, rate, schedule and warmup. Without any, a run
                that its budget ended goes on to its last step.
            out: directory of the new run; by default that of this one with ``-extended``.
            budget: seconds of wall time for the training, those of this run not included; None for no limit.
            cpu_budget: seconds of CPU time, likewise.
            long: numbers of digits of problems to score besides the splits; by default those of this run.
            samples: number of validation questions whose answers are shown and stored at every validation.
            resume: continue an unfinished extension.
            force: delete an existing run in `out`.
            progress: show the progress, and how the learning rate changes, on stderr.

        Raises:
            InputError: for a run that is not trained or has no checkpoint, a setting that cannot be changed, and where
                nothing is left to train.

        >>> from mathbench import train
        >>> folder = getfixture("tmp_path") / "run"
        >>> sizes = {"train": 200, "validation": 20, "interpolate": 40, "extrapolate": 0}
        >>> few = {"steps": 2, "evaluate": 1, "batch": 8, "hidden": 4}
        >>> run = train("mlp", "addition", digits=2, **sizes, framework="torch", settings=few, out=folder)
        >>> longer = run.extend({"steps": 4, "target": None})
        >>> longer.folder.name, longer.result.timings["steps"], run.result.timings["steps"]
        ('run-extended', 4, 2)
        """
        if out is not None and not isinstance(out, str | Path):
            raise InputError(f"out must be a path. Received: {shown(out)}.")
        folder = extension_folder(self.folder, None if out is None else local_path(out))
        command = f"mathbench.open_run({str(self.folder)!r}).extend(...)"
        options = make_options(
            folder,
            self._device_config,
            command,
            budget=budget,
            cpu_budget=cpu_budget,
            long=long,
            samples=samples,
            resume=resume,
            force=force,
            progress=progress,
        )
        plan = extend(self.folder, named_settings(settings))
        if options.console is not None and plan.note:
            options.console.print(plan.note, markup=False, soft_wrap=True)
        device = self._device_config.device
        run(
            plan.spec,
            plan.original.data,
            replace(
                options,
                device_config=DeviceConfig(device, plan.original.threads),
                long=options.long or plan.original.long,
                extends=self.folder,
            ),
        )
        return Run(folder, device, self._device_config.threads)

    @cached_property
    def _loaded(self) -> LoadedRun:
        return load_run(self.folder, self._device_config)


def open_run(
    folder: str | Path, baseline: type | None = None, *, device: str = "auto", threads: int = 1
) -> Run:
    """Open a finished run; see `mathbench.open_run`."""
    if baseline is not None:
        if not isinstance(baseline, type):
            raise InputError(f"baseline must be the class of the run. Received: {shown(baseline)}.")
        class_baseline(baseline)
    return Run(folder, device, threads)


def rows_of(data: object, config: str | None = None) -> Data:
    """Return rows that are given as such, or by the folder or URL of a dataset.

    Raises:
        InputError: for anything else.
    """
    if isinstance(data, Data):
        return data
    if isinstance(data, str | Path):
        return open_data(str(data), config)
    raise InputError(
        f"data must be rows (mathbench.dataset.data.Data) or the folder of a dataset. Received: {shown(data)}."
    )


def _chosen(known: Collection[str], splits: Sequence[str] | None) -> tuple[str, ...]:
    """Return the requested splits, by default all but train."""
    if splits is None:
        return tuple(split for split in SCORED if split in known)
    if isinstance(splits, str) or not isinstance(splits, Sequence) or not splits:
        raise InputError(f"splits must be a list of names. Received: {shown(splits)}.")
    for split in splits:
        if split not in known:
            raise InputError(f"there are no rows of {shown(split)}. {did_you_mean(split, known)}")
    return tuple(dict.fromkeys(splits))
