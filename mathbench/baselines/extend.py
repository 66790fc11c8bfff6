"""Extension of a finished run: a new run that goes on from its last weights and optimiser state.

The new run is that of its settings from the start, as if it had not been interrupted, except where its learning rates
depend on settings that were changed. Its spec records the phases, so that it can be repeated from the first step.
"""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from mathbench.baselines import checkpoint
from mathbench.baselines.phases import EXTENSION_SETTINGS, RATE_SETTINGS, Phase, decides_rates, settings_at
from mathbench.baselines.repeat import OriginalRun, load_original
from mathbench.baselines.result import Result
from mathbench.baselines.settings import TrainingSettings
from mathbench.baselines.spec import RunSpec
from mathbench.baselines.training.loop import learning_rate_at, read_state, stopped_early
from mathbench.baselines.training.samples import SAMPLES_FILE
from mathbench.baselines.training.self_improvement import GENERATIONS_FOLDER, RECORD_FILE, read_generations
from mathbench.baselines.training.state import TrainingState
from mathbench.baselines.training.strata import VALIDATION_FILE, read_strata
from mathbench.errors import InputError, did_you_mean
from mathbench.parameters import parse
from mathbench.storage.location import beside


@dataclass(frozen=True)
class Extension:
    """A finished run, and the spec of the run that goes on from it.

    Args:
        original: the finished run.
        spec: the spec of the new run.
        step: the step at which it goes on.
        note: what happens to the learning rate where that is not as from the start, else empty.
    """

    original: OriginalRun
    spec: RunSpec
    step: int
    note: str = ""


def extend(run: Path, overrides: Mapping[str, object]) -> Extension:
    """Plan the extension of a finished run; `mathbench.baselines.run.run` with `RunOptions.extends` carries it out.

    Args:
        run: its directory.
        overrides: settings to change, as text or values by name; without any, a run that ended early goes on to its
            last step.

    Raises:
        InputError: when it is no finished run of a network with a checkpoint, a setting cannot be changed, or nothing
            would be left to train.
    """
    original = load_original(run)
    spec, state = original.spec, _final_state(original)
    before = spec.hyperparameters
    for key in overrides:
        if key not in EXTENSION_SETTINGS:
            word = "" if hasattr(before, key) else key  # of a setting that exists, the nearest one is no hint
            raise InputError(f"an extension cannot change '{key}'. {did_you_mean(word, EXTENSION_SETTINGS)}")
    settings = replace(before, **parse(type(before), "settings", overrides))
    _check(state, before, settings)
    ended = (*spec.phases, Phase(state.step))
    phases = tuple(_rebased(phase, before, settings) for phase in ended)
    return Extension(
        original,
        replace(spec, settings=settings, phases=phases),
        state.step,
        _note(state.step, before, settings) if phases[-1].settings else "",
    )


def extension_folder(run: Path, out: Path | None) -> Path:
    """Return the directory of the run that extends another one, by default one beside it.

    Args:
        run: the directory of the finished run.
        out: the requested directory.

    Raises:
        InputError: when it is that of the finished run.
    """
    folder = out or beside(run, "-extended")
    if folder.resolve() == run.resolve():
        raise InputError(f"an extension requires its own run directory. Received: {folder}.")
    return folder


def copy_progress(source: Path, out: Path) -> None:
    """Copy the progress of a finished run to the directory of the run that extends it, unless that has a checkpoint.

    Raises:
        InputError: when the run has no checkpoint.
    """
    if (out / checkpoint.CHECKPOINT_FILE).exists():
        return
    stored = checkpoint.read(source)
    if stored is None:
        raise InputError(f"{source} has no checkpoint.")
    for name in (VALIDATION_FILE, SAMPLES_FILE, RECORD_FILE):
        if (source / name).is_file():
            shutil.copyfile(source / name, out / name)
    if (source / GENERATIONS_FOLDER).is_dir():
        shutil.copytree(source / GENERATIONS_FOLDER, out / GENERATIONS_FOLDER, dirs_exist_ok=True)
    summary, groups = stored
    spent = {"earlier_wall": summary["wall"], "earlier_cpu": summary["cpu"]}
    checkpoint.save(out, {**summary, **spent}, groups)


def _final_state(original: OriginalRun) -> TrainingState:
    """Return the state of the last checkpoint of a finished run."""
    if not original.spec.trained:
        raise InputError(f"{original.spec.baseline.name} is not trained in steps, so it cannot be extended.")
    if not original.finished:
        raise InputError(f"{original.run} is unfinished: continue it with --resume before it is extended.")
    stored = checkpoint.read(original.run, f"mathbench run-baseline --from {original.run} repeats the run.")
    # damage shows here, before anything is written
    read_strata(original.run)
    read_generations(original.run)
    if stored is None or Result.load(original.run).certificate:
        raise InputError(f"{original.run} has no checkpoint to go on from.")
    return read_state(stored[0])


def _check(state: TrainingState, before: TrainingSettings, settings: TrainingSettings) -> None:
    """Check that the new settings leave something to train, and that what was trained belongs to them."""
    if state.step >= settings.steps:
        raise InputError(
            f"the run took {state.step:,} steps already. Give --set steps=N with N above {state.step}. "
            f"Received: steps={settings.steps}."
        )
    if stopped_early(state, settings):
        reached = settings.target is not None and state.best >= settings.target
        raise InputError(
            f"the run has reached its target of {settings.target}: give --set target=none, or a higher one."
            if reached
            else f"the run has lost its patience after {state.stale} validations without improvement: give "
            "--set patience=0, or a higher one."
        )
    if settings.give_up and before.give_up and state.step < before.steps:
        raise InputError(
            f"the run ended at step {state.step:,} of {before.steps:,}, given up or out of time: give --set give_up=0."
        )
    shares = {name: getattr(settings, name, 0) for name in ("curriculum", "noise", "generations")}
    if settings.steps != before.steps and any(shares.values()):
        name = next(name for name, value in shares.items() if value)
        raise InputError(
            f"steps cannot be changed where {name} is set, which depends on the number of all steps. Start a new run."
        )
    if (before.keep, settings.keep) == ("last", "best"):
        raise InputError("keep=best cannot follow keep=last: the best weights so far were not kept.")


def _rebased(phase: Phase, before: TrainingSettings, settings: TrainingSettings) -> Phase:
    """Return a phase with the settings that differ from the new ones and decide learning rates."""
    held = settings_at(phase.steps - 1, before, (phase,))
    differ = {
        key: getattr(held, key)
        for key in RATE_SETTINGS
        if getattr(held, key) != getattr(settings, key)
        and (decides_rates(held, key) or decides_rates(settings, key))
    }
    return Phase(phase.steps, differ)


def _note(step: int, before: TrainingSettings, settings: TrainingSettings) -> str:
    old, new = learning_rate_at(step - 1, before), learning_rate_at(step, settings)
    return (
        f"the learning rate was {old:.3g} at step {step:,} and goes on at {new:.3g}, the {settings.schedule} schedule "
        f"of {settings.steps:,} steps"
    )
