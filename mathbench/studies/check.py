"""What can be known of a study before anything is run: settings, rows, lengths, and the shapes of its networks.

Networks are built on the first rows of their task, which takes a moment. What these refuse is looked at again with all
rows, because the first ones may lack a kind of problem or an answer. Only what all rows alone would show is left to the
runs themselves.
"""

from dataclasses import replace
from functools import cache, lru_cache

from mathbench.baselines.jobs.source import GeneratedRows, open_rows_of
from mathbench.baselines.long_problems import long_task
from mathbench.baselines.result import RESULT_FILE
from mathbench.baselines.spec import RunSpec
from mathbench.baselines.trainer import prepare, prepare_rows
from mathbench.dataset.data import Data
from mathbench.errors import InputError
from mathbench.rows import Rows
from mathbench.studies.plan import Cell, StudyPlan
from mathbench.studies.variant import TRAINING_ROWS
from mathbench.task import Task

# rows on which networks are built
FIRST_ROWS = {"train": 2_000, "validation": 100, "interpolate": 100, "extrapolate": 100}
NEEDED = ("train", "validation")


def check_cells(plan: StudyPlan, finished: bool = False) -> None:
    """Check that the chosen cells, and the variants of their searches, can be run.

    Args:
        plan: of the study.
        finished: whether cells of which a run is finished are checked, too.

    Raises:
        InputError: names the first cell that cannot be run.
    """
    for cell in plan.cells():
        for one in (cell, *plan.variants(cell)):
            if finished or not any(one.folder(plan.out).glob(f"seed*/{RESULT_FILE}")):
                _check_cell(plan, one)


def _check_cell(plan: StudyPlan, cell: Cell) -> None:
    source = plan.rows(cell)
    for seed in plan.seeds_of(cell.learner)[:1]:
        spec = plan.spec(cell, seed)
        try:
            source.task.require_solver()
            _check_rows(cell, source, spec)
            for digits in plan.lengths(cell):
                _check_length(source.task, source.seed, digits)
            if spec.trained:
                _check_network(plan, spec, source)
        except InputError as error:
            raise InputError(f"{cell.name}: {error}") from None


def _check_rows(cell: Cell, source: GeneratedRows, spec: RunSpec) -> None:
    """Check that there are rows to train and to judge, and that a variant with other training rows trains on them."""
    for split in NEEDED:
        if not dict(source.sizes).get(split):
            asked = cell.asked_rows[split]
            reason = f"{source.task.name} has no problems for it" if asked else f"sizes says {split} = 0"
            raise InputError(f"a run needs rows of {split}, but {reason}.")
    if cell.changes_rows and spec.settings and spec.settings.source == "stream":
        raise InputError(
            f"{TRAINING_ROWS} changes nothing where source=stream: training does not end its rows."
        )


@cache
def _check_length(task: Task, seed: int | str, digits: int) -> None:
    """Check that there is a problem of a number of digits in the format of a task."""
    rows = Rows(long_task(task, digits), "interpolate", seed)
    if not rows.capacity_up_to(1):
        raise InputError(f"{task.name} has no problems of {digits:,} digits.")
    rows.batch(range(1))


def _check_network(plan: StudyPlan, spec: RunSpec, source: GeneratedRows) -> None:
    """Check that a network can be built for some rows: the first ones or, where it cannot for these, all."""
    first = replace(
        source, sizes=tuple((split, min(rows, FIRST_ROWS[split])) for split, rows in source.sizes)
    )
    try:
        _prepare(plan, spec, _first_rows(first))
    except InputError:
        if first == source:
            raise
        _prepare(plan, spec, open_rows_of(source))


def _prepare(plan: StudyPlan, spec: RunSpec, data: Data) -> None:
    """Encode some rows and, where that takes a moment and no accelerator, build the network."""
    if spec.framework == "torch" and plan.device == "cpu":
        prepare(spec, data, plan.device_config)
    else:
        prepare_rows(spec, data)


@lru_cache(maxsize=4)
def _first_rows(source: GeneratedRows) -> Data:
    return source.read()
