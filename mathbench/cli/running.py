"""Run one baseline, then print, draw and submit the run as requested."""

import math
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mathbench.cli.output import err, out, print_json, print_message
from mathbench.cli.request import RunRequest
from mathbench.errors import InputError, require_extra, shown

if TYPE_CHECKING:
    from mathbench.baselines.result import Result
    from mathbench.baselines.run import RunOptions
    from mathbench.baselines.spec import RunSpec
    from mathbench.dataset.data import Data

RUNS = Path("runs")  # default parent of run directories
MAX_SECONDS = 10_000 * 86_400
_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400}


def run_single(request: RunRequest) -> None:
    """Run the requested baseline once."""
    spec, data, folder = _select(request)
    result = run_one(spec, data, run_options(request, folder))
    print_result(result, data, folder, request.json, {})
    finish_run(request, data, folder, plots=spec.trained)


def show_plan(request: RunRequest) -> None:
    """Check a run as far as it can be without writing, and print it; of a language model, also what it is asked."""
    from mathbench.baselines.run import check_run
    from mathbench.cli.prompted import preview

    spec, data, folder = _select(request)
    check_run(spec, data, run_options(request, folder))
    print_plan(spec, data, folder, request.json, preview(spec, data) if spec.prompting else {})


def _select(request: RunRequest) -> tuple["RunSpec", "Data", Path]:
    """Return the spec, the rows and the run directory of a single run."""
    from mathbench.baselines.request import run_title
    from mathbench.cli.prompted import is_prompted, select_prompted
    from mathbench.cli.selection import make_data, make_spec

    if is_prompted(request.name):
        spec, data = select_prompted(request)
    else:
        spec, recipe = make_spec(request)
        data = make_data(request.data, spec, recipe)
    return spec, data, request.out or RUNS / run_title(spec, data)


def run_options(request: RunRequest, folder: Path) -> "RunOptions":
    """Return the options of a run in a directory."""
    from mathbench.baselines.models.interface import DeviceConfig
    from mathbench.baselines.run import RunOptions
    from mathbench.cli.prompted import asking_options

    return RunOptions(
        folder,
        resume=request.resume,
        force=request.force,
        budget=request.budget,
        cpu_budget=request.cpu_budget,
        long=request.long,
        device_config=DeviceConfig(request.device, request.threads),
        command=command(),
        console=err,
        track=request.track,
        samples=request.samples,
        asking=asking_options(request),
    )


def run_one(spec: "RunSpec", data: "Data", options: "RunOptions") -> "Result":
    """Run a baseline, or read the result of a finished run."""
    from mathbench.baselines.result import RESULT_FILE
    from mathbench.baselines.run import run

    finished = (options.out / RESULT_FILE).is_file() and not options.force
    with handle_interrupt(options.out):
        result = run(spec, data, options)
    if finished:
        further = f", --extend {options.out} goes on with it" if spec.trained else ""
        print_message(f"{options.out} is finished already; --force runs it again{further}")
    return result


@contextmanager
def handle_interrupt(
    folder: Path, kept: str = "the run is kept in {}. Add --resume to continue."
) -> Iterator[None]:
    """End the command on Ctrl-C with exit code 130 and a line that says what is kept in a folder."""
    try:
        yield
    except KeyboardInterrupt:
        print_message(f"stopped; {kept.format(folder) if folder.is_dir() else 'nothing was started.'}")
        raise SystemExit(130) from None


def finish_run(request: RunRequest, data: "Data", folder: Path, plots: bool) -> None:
    """Draw a finished run unless plots exist, and submit it to the local board.

    Args:
        request: whether to draw and submit.
        data: the rows of the run.
        folder: its directory.
        plots: whether to draw it where the request leaves that open.
    """
    if _wants_plots(request, plots):
        from mathbench.baselines.analysis.plots import AFTER_TRAINING, PLOTS_FOLDER, draw

        if not (folder / PLOTS_FOLDER).is_dir():
            draw(folder, data, AFTER_TRAINING)
    if request.submit:
        _submit(folder)


def _submit(folder: Path) -> None:
    """Submit a run to the local board, unless the board computes what it is itself."""
    from mathbench.baselines.result import Result
    from mathbench.leaderboard.names import is_reserved
    from mathbench.leaderboard.submit import submit_run

    if is_reserved(Result.load(folder).baseline):
        print_message("not on the board, which computes floors and the exact solver itself")
        return
    print_message(f"on the board: {submit_run(folder).board}   see it: mathbench leaderboard show")


def _wants_plots(request: RunRequest, plots: bool) -> bool:
    """Whether a run is drawn; where the request leaves that open, only if the extra for it is installed."""
    return plots and plots_installed() if request.plots is None else request.plots


def plots_installed() -> bool:
    """Whether plots can be drawn; prints how to install what is missing."""
    try:
        require_extra("matplotlib", "plots")
    except InputError as error:
        print_message(f"no plots: {error}")
        return False
    return True


def print_result(result: "Result", data: "Data", folder: Path, json: bool, more: dict[str, Any]) -> None:
    """Print a finished run, as JSON with `more` keys."""
    from mathbench.cli.report import report, sections_json

    if json:
        print_json({"out": str(folder), **result.to_json(), **sections_json(result.scores), **more})
    else:
        report(result, data, folder)


def print_plan(
    spec: "RunSpec", data: "Data", folder: Path, json: bool, more: dict[str, Any] | None = None
) -> None:
    """Print everything that identifies a run, its directory, and `more`."""
    from mathbench.baselines.run import run_identity

    plan = {"out": str(folder), **run_identity(spec, data), **(more or {})}
    if json:
        print_json(plan)
        return
    for key, value in plan.items():
        shown = ", ".join(map(_pair, value.items())) if isinstance(value, dict) else value
        out.print(f"{key}: {shown}", markup=False, soft_wrap=True)
    print_message("nothing was run")


def _pair(item: tuple[str, Any]) -> str:
    key, value = item
    return f"{key}={'none' if value is None else value}"


def parse_duration(text: str | None, option: str = "--budget") -> float:
    """Return the seconds of a duration such as 90, 90s, 10m, 1.5h or 7d; infinity for None.

    >>> parse_duration("10m"), parse_duration(None)
    (600.0, inf)
    """
    if text is None:
        return math.inf
    match = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)\s*([smhd]?)", text.strip())
    seconds = float(match[1]) * _UNITS[match[2]] if match else 0
    if not 0 < seconds <= MAX_SECONDS:
        raise InputError(
            f"{option} must be a time such as 90s, 10m, 1h or 7d, of at most 10,000 days. Received: {shown(text)}."
        )
    return seconds


def parse_lengths(text: str | None) -> tuple[int, ...]:
    """Return the numbers of digits in a list such as 20,50,100.

    >>> parse_lengths("20,50"), parse_lengths(None)
    ((20, 50), ())
    """
    parts = [] if text is None else text.split(",")
    if any(not re.fullmatch(r"[1-9][0-9]{0,3}", part.strip(), re.ASCII) for part in parts):
        raise InputError(f"--long must be numbers of digits such as 20,50,100. Received: '{text}'.")
    return tuple(dict.fromkeys(map(int, parts)))


def relaunch_on_devices(count: int) -> None:
    """Start this command again as one process per device, unless a launcher has done so already."""
    import importlib.util
    import sys

    from mathbench.baselines.distributed import launch_torchrun, world

    if count == 1 or world() > 1:
        return
    if importlib.util.find_spec("torch") is None:
        raise InputError("--devices needs PyTorch: pip install 'mathbench-toolkit[torch]'.")
    words = "\0".join(["", *sys.argv[1:], ""])
    launch_torchrun(count, re.sub(r"\0--devices[\0=]\d+(?=\0)", "", words).strip("\0").split("\0"))


def command() -> str:
    """Return the command line, for the record of a run."""
    import shlex
    import sys

    return "mathbench " + shlex.join(sys.argv[1:])
