"""Running a study: every run once, interrupted ones from their last checkpoint, then the searches of what failed."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mathbench.baselines.jobs.run_all import LOCAL, RunOutcome, check_runs, discard_other_runs, open_pool
from mathbench.baselines.jobs.run_job import RunJob, RunReport
from mathbench.engine import Engine
from mathbench.errors import InputError
from mathbench.storage import atomic, toml_file
from mathbench.studies.check import check_cells
from mathbench.studies.plan import StudyPlan
from mathbench.studies.search import first_tries, further_seeds
from mathbench.studies.study import Study
from mathbench.studies.study_file import parse_study

STUDY_FILE = "study.toml"
ORIGIN_FILE = (
    "origin.json"  # the folder from which the file was read, to which files that it names are relative
)


def run_study(
    plan: StudyPlan,
    engine: Engine = LOCAL,
    progress: Callable[[RunJob, RunReport], None] = lambda job, report: None,
    announce: Callable[[Sequence[RunJob]], None] = lambda jobs: None,
    searches: bool = True,
) -> Iterator[RunOutcome]:
    """Run a study, and yield what becomes of each run as it ends: first of those that are finished already.

    Args:
        plan: what is run, and where.
        engine: who does the runs.
        progress: called with a run and how far it is.
        announce: called with the runs before they start, and again with those of the searches.
        searches: whether variants are tried where a cell failed.

    Raises:
        InputError: before anything is run, for what `check_plan` refuses, and for a folder with another study.
    """
    check_plan(plan)
    jobs = plan.jobs()
    with open_folder(plan), open_pool(engine, progress) as pool:
        announce(jobs)
        yield from pool.outcomes(jobs)
        for next_runs in (first_tries, further_seeds) if searches else ():
            found = next_runs(plan)
            announce(found)
            yield from pool.outcomes(found)


def check_plan(plan: StudyPlan) -> None:
    """Check everything that can be known before a study is run. Nothing is written and nothing is trained.

    Raises:
        InputError: for a folder with another study, a directory with a run of other settings or rows, and a cell that
            cannot be run; names the first of them.
    """
    _check_folder(plan)
    check_runs(plan.jobs())
    # a search may come late, so its directories are looked at now
    check_runs([job for job in plan.search_jobs() if job.out.is_dir()])
    check_cells(plan)


def discard_changed(plan: StudyPlan) -> int:
    """Delete the chosen runs, and those of their searches, whose settings or rows have changed; return their number.

    Raises:
        InputError: as `run_study`.
    """
    check_cells(plan, finished=True)
    jobs = [*plan.jobs(), *plan.search_jobs()]
    with open_folder(plan):
        return len(discard_other_runs(jobs))


@contextmanager
def open_folder(plan: StudyPlan) -> Iterator[None]:
    """Make the folder of a study, keep a copy of its file there, and lock the folder.

    Raises:
        InputError: for a folder with another study, or in which another process runs it.
    """
    atomic.make_folder(plan.out)
    with atomic.folder_lock(plan.out):
        _check_folder(plan)
        atomic.write(plan.out / STUDY_FILE, plan.study.text)
        atomic.write(plan.out / ORIGIN_FILE, json.dumps({"folder": str(plan.study.folder.resolve())}) + "\n")
        yield


def _check_folder(plan: StudyPlan) -> None:
    if plan.out.exists() and not plan.out.is_dir():
        raise InputError(f"{plan.out} is a file, not the folder of a study. Give another one with --out.")
    file = plan.out / STUDY_FILE
    # its name alone: what else it says is replaced, and may be wrong by now
    if file.is_file() and (other := _read_file(file).get("name")) != plan.study.name:
        raise InputError(f"{plan.out} is the folder of the study {other}. Give another one with --out.")


def read_study(out: Path) -> Study:
    """Return the study of a folder.

    Raises:
        InputError: for a folder without a study, and for a damaged file.
    """
    file = out / STUDY_FILE
    if not file.is_file():
        raise InputError(f"{out} is no folder of a study: it has no {STUDY_FILE}.")
    _read_file(file)
    return parse_study(toml_file.read_text(file), file, _origin(out))


def _read_file(file: Path) -> dict[str, Any]:
    """Return the content of the copy of a file of a study, whose errors name the folder."""
    return toml_file.parse(toml_file.read_text(file), str(file))


def _origin(out: Path) -> Path:
    """Return the folder from which the file of a study was read."""
    file = out / ORIGIN_FILE
    # a folder that was unpacked from an archive has none
    if not file.is_file():
        return out
    try:
        return Path(json.loads(file.read_text(encoding="utf-8"))["folder"])
    except (ValueError, KeyError, TypeError):
        raise InputError(
            f"{file} is damaged. Run the study again with its file: that writes a new one."
        ) from None
