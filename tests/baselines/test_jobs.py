"""Many runs on engines: the same bits as in one process, whatever happens to workers and runs."""

import os
import signal
from dataclasses import replace
from pathlib import Path

import pytest

from mathbench.baselines import checkpoint
from mathbench.baselines.jobs import run_all as run_all_module
from mathbench.baselines.jobs import source as source_module
from mathbench.baselines.jobs.run_all import check_runs, run_all
from mathbench.baselines.jobs.run_job import RunJob, do_run
from mathbench.baselines.jobs.source import GeneratedRows, StoredRows, keep_rows, open_rows_of, rows_in_memory
from mathbench.baselines.models.interface import DeviceConfig
from mathbench.baselines.recipe import apply_overrides, read_recipe
from mathbench.baselines.result import Result
from mathbench.baselines.run import RunOptions
from mathbench.baselines.spec import RunSpec
from mathbench.baselines.table import baseline
from mathbench.baselines.training import loop
from mathbench.dataset.manifest import single_config
from mathbench.dataset.write import generate
from mathbench.engine import make_engine
from mathbench.engine.processes import Processes
from mathbench.errors import InputError
from mathbench.families import task
from tests.baselines import run_faults

SIZES = {"train": 200, "validation": 30, "interpolate": 30, "extrapolate": 30}
SUMS = GeneratedRows.of(task("addition", digits=2), SIZES)
pytestmark = pytest.mark.usefixtures("in_a_fresh_folder")


def network(name="mlp", seed=0, framework="torch", **settings):
    entry, own = baseline(name), {"batch": "16", "steps": "6", "evaluate": "2", "hidden": "4", **settings}
    return RunSpec(entry, framework, name, seed, *apply_overrides(read_recipe(name), entry, framework, own))


def shortcut(name):
    return RunSpec(baseline(name), "none", "", 0)


def job(spec, out, source=SUMS, **options):
    return RunJob.of(spec, source, RunOptions(Path(out), **options), out)


def bits(folder):
    """Predictions and weights, which say everything about what a run has learnt."""
    kept = checkpoint.read(Path(folder))
    arrays = {name: value.tobytes() for name, value in kept[1]["weights"].items()} if kept else {}
    return Result.load(Path(folder)).predictions_sha256, arrays


@pytest.fixture(autouse=True)
def here(monkeypatch):
    monkeypatch.setenv("MATHBENCH_TEST_PROCESS", str(os.getpid()))


def test_runs_of_any_kind_have_the_same_bits_in_two_processes_although_one_is_killed(monkeypatch, caplog):
    generate([single_config(task("gcd"), SIZES)], "data")
    Path("mine.py").write_text(GUEST)
    specs = {
        "a": (network(steps="8"), SUMS),
        "b": (network("lstm-seq2seq", seed=1, steps="8"), SUMS),
        "c": (network(seed=2), StoredRows("data")),
        "d": (shortcut("constant"), GeneratedRows.of(task("divisible", k=7), SIZES)),
        "e": (shortcut("./mine.py:Zero"), SUMS),
    }
    told = []
    for engine, folder in ((make_engine(), "one"), (Processes(2), "two")):
        jobs = [job(spec, f"{folder}-{name}", source) for name, (spec, source) in specs.items()]
        outcomes = list(run_all(jobs, engine, lambda one, report: told.append((one.title, report.step))))
        assert {outcome.job.title: outcome.error for outcome in outcomes} == {j.title: None for j in jobs}
        assert [Result.load(outcome.job.out) for outcome in outcomes] == [o.value for o in outcomes]
        monkeypatch.setattr(run_all_module, "do_run", run_faults.killed_after_the_second_validation)
    for name in specs:
        assert bits(f"one-{name}") == bits(f"two-{name}")
    assert bits("one-a")[1] and bits("one-a") != bits("one-b")
    assert "killed by signal 9" in caplog.text and "retrying" in caplog.text
    (killed,) = [path.parent.name for path in Path().glob("two-*/killed")]
    steps = [step for title, step in told if title == killed]
    # the second start; the run goes on from its checkpoint at step 4
    assert min(step for step in steps[steps.index(0, 1) :] if step) > 4


GUEST = """
class Zero:
    @classmethod
    def fit(cls, task, train, validation):
        return cls()

    def predict(self, questions):
        return ["0"] * len(questions)


class Odd(Zero):
    def predict(self, questions):
        raise ZeroDivisionError("no answer")
"""


def test_a_run_that_fails_does_not_stop_the_others():
    Path("mine.py").write_text(GUEST)
    jobs = [
        job(shortcut("./mine.py:Odd"), "odd"),
        job(shortcut("trial-division"), "unfit"),
        job(network(), "lost", StoredRows("nowhere")),
        job(shortcut("constant"), "good"),
    ]
    outcomes = {outcome.job.title: outcome for outcome in run_all(jobs)}
    assert outcomes["good"].value == Result.load(Path("good"))
    assert isinstance(outcomes["unfit"].error, InputError) and isinstance(outcomes["lost"].error, InputError)
    odd = outcomes["odd"].error
    assert "no answer" in str(odd)


def test_finished_runs_are_read_and_unfinished_ones_go_on(monkeypatch):
    specs = {f"s{seed}": network(seed=seed) for seed in range(3)}
    list(run_all([job(specs["s0"], "s0")]))
    step, steps = loop._step, []

    def pulled(run, state):
        if run.seed == 1 and state.step == 3:
            raise KeyboardInterrupt
        steps.append((run.seed, state.step))
        step(run, state)

    monkeypatch.setattr(loop, "_step", pulled)
    with pytest.raises(KeyboardInterrupt):
        list(run_all([job(spec, out) for out, spec in specs.items()]))
    assert not Path("s2").exists()
    monkeypatch.setattr(
        loop, "_step", lambda run, state: (steps.append((run.seed, state.step)), step(run, state))
    )
    with pytest.raises(InputError, match="s1 contains an unfinished run"):
        list(run_all([job(spec, out) for out, spec in specs.items()]))
    steps.clear()
    monkeypatch.setattr(source_module, "_rows", source_module.OrderedDict())
    done = list(run_all([job(spec, out, resume=True) for out, spec in specs.items()]))
    assert [outcome.job.title for outcome in done] == ["s0", "s1", "s2"]
    assert steps == [(1, s) for s in range(2, 6)] + [(2, s) for s in range(6)]


def test_discarded_runs_are_gone_before_the_first_begins(monkeypatch):
    """Otherwise an interruption would leave old results that count as those of this command."""
    jobs = [job(shortcut("constant"), name, force=True) for name in ("a", "b")]
    list(run_all(jobs))
    seen = []

    def watched(one, progress):
        seen.append(sorted(map(str, Path().glob("*/result.json"))))
        return do_run(one, progress)

    monkeypatch.setattr(run_all_module, "do_run", watched)
    assert len(list(run_all(jobs))) == 2 and seen == [[], ["a/result.json"]]


@pytest.mark.parametrize(
    "others, line",
    [
        ({"out": "s0"}, "every run needs a run directory of its own. Received: s0 2 times"),
        ({"out": "other", "spec": network(seed=7)}, "other contains another run \\(different seed\\)"),
        (
            {"out": "other", "source": replace(SUMS, sizes=(("train", 100), *SUMS.sizes[1:]))},
            "different data",
        ),
        (
            {"out": "other", "source": GeneratedRows.of(task("addition", digits=3), SIZES)},
            "different task",
        ),
        ({"out": "file"}, "is a file"),
        ({"out": "foreign"}, "not a run directory"),
    ],
)
def test_what_cannot_be_run_is_refused_before_anything_is(others, line, monkeypatch):
    list(run_all([job(network(), "other")]))
    Path("file").touch()
    Path("foreign").mkdir()
    Path("foreign/notes.txt").touch()
    monkeypatch.setattr(source_module, "_rows", source_module.OrderedDict())  # the digest is not known
    jobs = [job(network(), "s0"), job(**{"spec": network(), **others})]
    with pytest.raises(InputError, match=line):
        list(run_all(jobs))
    assert not Path("s0").exists()


def test_a_finished_run_needs_no_rows(monkeypatch):
    list(run_all([job(shortcut("constant"), "a")]))
    monkeypatch.setattr(source_module, "_rows", source_module.OrderedDict())
    monkeypatch.setattr(GeneratedRows, "read", None)
    (outcome,) = run_all([job(shortcut("constant"), "a")])
    assert outcome.value == Result.load(Path("a"))


def test_language_models_are_refused():
    from mathbench.baselines.prompted.settings import PromptingSettings

    spec = RunSpec(baseline("hf:mine"), "transformers", "", 0, prompting=PromptingSettings())
    with pytest.raises(InputError, match="hf:mine is asked, not trained"):
        job(spec, "a")


def test_rows_are_shared_and_memory_is_bounded(monkeypatch):
    monkeypatch.setattr(source_module, "_rows", source_module.OrderedDict())
    sources = [GeneratedRows.of(task("gcd"), SIZES, seed) for seed in range(4)]
    first = open_rows_of(sources[0])
    assert open_rows_of(GeneratedRows.of(task("gcd"), SIZES)) is first
    for source in sources:
        open_rows_of(source)
    assert [rows_in_memory(source) is not None for source in sources] == [False, False, True, True]
    keep_rows(sources[0], first)
    assert rows_in_memory(sources[0]) is first and rows_in_memory(sources[2]) is None


def test_a_job_is_a_small_value_and_says_whether_it_needs_a_gpu():
    import pickle

    made = job(network(), "a", device_config=DeviceConfig("cuda"))
    assert len(pickle.dumps(made)) < 5000 and pickle.loads(pickle.dumps(made)).make_spec() == network()
    assert made.gpus == 1 and job(network(), "a").gpus == 0
    assert check_runs([made]) == []


def test_ctrl_c_stops_every_worker_at_a_checkpoint():
    """Two of three runs have begun; each goes on where it was stopped, with the same bits as in one go."""
    long = {"steps": "100000", "evaluate": "50000"}
    jobs = [job(network(seed=seed, **long), f"s{seed}") for seed in range(3)]
    running = set()

    def progress(one, report):
        if report.step:
            running.add(one.title)
        if len(running) == 2:
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        list(run_all(jobs, Processes(2), progress))
    steps = {name: checkpoint.read(Path(name))[0]["step"] for name in ("s0", "s1")}
    assert all(0 < step < 50_000 for step in steps.values()) and not Path("s2").exists()
    for name, step in steps.items():
        seed = int(name[1:])
        again, whole = (
            job(network(seed=seed, **long), out, resume=True, stop_step=step + 1)
            for out in (name, f"whole{seed}")
        )
        (resumed,), (straight,) = run_all([again]), run_all([whole])
        assert resumed.value.timings["steps"] == step + 1
        assert resumed.value.predictions_sha256 == straight.value.predictions_sha256
