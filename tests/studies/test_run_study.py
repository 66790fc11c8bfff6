"""Running studies: every run once, whatever interrupts them, the searches of what failed, and estimates."""

import json
from dataclasses import replace

import pytest

from mathbench.baselines.jobs import run_job
from mathbench.baselines.jobs.run_all import LOCAL
from mathbench.baselines.result import Result
from mathbench.baselines.run import run
from mathbench.engine import make_engine
from mathbench.errors import InputError
from mathbench.studies.estimate import FINISHED, OTHER_LEARNERS, PROBE, SAME_LEARNER, estimate
from mathbench.studies.results import read_cells
from mathbench.studies.run_study import discard_changed, read_study, run_study
from mathbench.studies.search import GAIN, best_variant, failed_cells, tried_variants
from tests.baselines.commands import mathbench
from tests.studies.conftest import SMALL

NO_SEARCH = ('search = ["hidden=5", "rate=1e-2 hidden=6"]\n', "")


def folders(plan):
    return sorted(path.parent.relative_to(plan.out) for path in plan.out.glob("*/**/result.json"))


def test_a_study_runs_everything_once_and_goes_on_where_it_was_stopped(planned):
    plan = planned()
    running = run_study(plan)
    first = [next(running).job.title for _ in range(3)]
    running.close()
    assert len(folders(plan)) == 3
    outcomes = list(run_study(plan))
    titles = [outcome.job.title for outcome in outcomes]
    assert titles[:3] == first and all(outcome.value for outcome in outcomes)
    assert len(set(titles)) == len(titles) == len(folders(plan))
    again = list(run_study(plan))
    assert [outcome.value.id for outcome in again] == [outcome.value.id for outcome in outcomes]
    assert read_study(plan.out) == replace(plan.study, folder=plan.study.folder.resolve())


def test_two_processes_give_the_bits_of_one(planned, tmp_path):
    chosen = {"tasks": ("threes",), "learners": ("gru", "constant")}
    one, two = planned(NO_SEARCH, **chosen), planned(NO_SEARCH, **chosen)
    object.__setattr__(two, "out", tmp_path / "two")
    for plan, engine in ((one, LOCAL), (two, make_engine(workers=2))):
        assert all(outcome.value for outcome in run_study(plan, engine))
    for folder in folders(one):
        digests = [Result.load(plan.out / folder).predictions_sha256 for plan in (one, two)]
        assert digests[0] == digests[1]


def test_failed_cells_are_searched_and_the_best_variant_is_trained_with_all_seeds(planned):
    plan = planned()
    list(run_study(plan))
    searched = {results.cell.learner.name for results in failed_cells(plan)}
    assert searched == {"gru", "gru-dense"}
    for failed in failed_cells(plan):
        folder = plan.out / "searches" / "threes" / failed.cell.learner.name
        variants = {path.name: len(list(path.iterdir())) for path in folder.iterdir()}
        assert set(variants) == {"hidden=5", "rate=1e-2,hidden=6"}
        best = best_variant(failed, tried_variants(plan, failed))
        if best is None:
            assert set(variants.values()) == {1}
        else:
            assert best.runs[0].best["validation"] >= failed.validation + GAIN
            assert sorted(variants.values()) == [1, 2] and best.complete


def test_what_is_solved_is_not_searched(planned):
    plan = planned(("seeds = 2", "seeds = 2\nsolved = 0.0"))
    assert all(outcome.value for outcome in run_study(plan))
    assert not list(failed_cells(plan)) and not (plan.out / "searches").exists()


def test_a_run_that_fails_stops_no_other(planned, monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "small.toml").write_text(SMALL.replace(*NO_SEARCH))

    def full_disk(spec, *others):
        if spec.trained and spec.baseline.name == "mlp":
            raise InputError("no space left on the disk.")
        return run(spec, *others)

    monkeypatch.setattr(run_job, "run", full_disk)
    assert mathbench("study", "small.toml", "--out", "out", "--seed", "0") == 2
    error = capsys.readouterr().err
    assert "1 of 8 runs failed: sums / mlp / seed 0" in error
    # and at once, when it fails
    assert "sums / mlp / seed 0  failed: no space left" in error
    assert "Traceback" not in error
    assert len(list((tmp_path / "out").glob("*/**/result.json"))) == 7


def test_a_folder_belongs_to_one_study(planned):
    plan = planned(NO_SEARCH)
    next(run_study(plan)).job  # noqa: B018
    other = planned(NO_SEARCH, ('name = "small"', 'name = "other"'))
    with pytest.raises(InputError, match="is the folder of the study small"):
        next(run_study(other))
    changed = planned(NO_SEARCH, ("hidden = 4", "hidden = 6"))
    with pytest.raises(InputError, match="another run"):
        list(run_study(changed))


def test_files_that_a_study_names_are_relative_to_its_own_file(tmp_path, capsys):
    """Also when its report is made, from the copy in the folder of the study."""
    (tmp_path / "held.txt").write_text("12\n15\n")
    learners = SMALL.index("[[learners]]")
    text = SMALL[:learners].replace("digits = 3\n", 'digits = 3\nexclude = "held.txt"\n', 1)
    (tmp_path / "mine.toml").write_text(text + '[[learners]]\nbaseline = "constant"\n')
    out = tmp_path / "out"
    assert mathbench("study", tmp_path / "mine.toml", "--task", "threes", "--out", out) == 0
    capsys.readouterr()
    assert mathbench("study", "report", out, "--figures", "svg") == 0


def test_force_discards_the_chosen_runs_that_differ_and_no_others(planned, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    chosen = {"tasks": ("threes",), "learners": ("gru*", "constant")}
    list(run_study(planned(**chosen)))
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").glob("*/**/result.json")}
    old = set(before)
    assert discard_changed(planned(**chosen)) == 0
    (tmp_path / "small.toml").write_text(SMALL.replace("hidden = 4", "hidden = 3"))
    words = ("study", "small.toml", "--task", "threes", "--out", "out")
    assert mathbench(*words, "--learner", "gru") == 2
    assert "another run (different recipe)" in capsys.readouterr().err
    assert mathbench(*words, "--learner", "gru", "--force", "--dry-run") == 2
    assert "--dry-run discards nothing" in capsys.readouterr().err
    assert {path: path.stat().st_mtime_ns for path in old} == before
    assert mathbench(*words, "--learner", "gru", "--seed", "0", "--force") == 0
    shown = capsys.readouterr().err
    # the variants of the search set the hidden units themselves
    assert "discarded runs with other settings: 1" in shown
    changed = {path for path in old if path.stat().st_mtime_ns != before[path]}
    assert changed == {tmp_path / "out" / "runs" / "threes" / "gru" / "seed0" / "result.json"}
    assert Result.load(changed.pop().parent).recipe["hidden"] == 3


def test_force_discards_what_the_search_of_a_changed_learner_tried(planned):
    chosen = {"tasks": ("threes",), "learners": ("gru",)}
    list(run_study(planned(**chosen)))
    tried = list((planned().out / "searches").glob("**/result.json"))
    changed = planned(("steps = 8", "steps = 4"), **chosen)
    assert tried and discard_changed(changed) == 2 + len(tried)
    assert not list(changed.out.glob("*/**/result.json")) and (changed.out / "study.toml").is_file()


def test_force_keeps_foreign_files_and_repairs_a_damaged_run(planned):
    plan = planned(NO_SEARCH, tasks=("threes",), learners=("gru",), seeds=(0,))
    folder = plan.out / "runs" / "threes" / "gru" / "seed0"
    folder.mkdir(parents=True)
    (folder / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match="not a run directory"):
        discard_changed(plan)
    (folder / "notes.txt").rename(folder / "run.json")
    assert discard_changed(plan) == 1 and not list(folder.iterdir())


def test_estimates_count_missing_runs_and_repeat_no_probe(planned):
    plan = planned(NO_SEARCH, tasks=("threes",), learners=("gru", "constant"))
    probed = []
    found = list(estimate(plan, seconds=0.01, progress=lambda job, report: probed.append(job.title)))
    assert [(one.cell.learner.name, one.runs, one.error) for one in found] == [
        ("gru", 2, ""),
        ("constant", 1, ""),
    ]
    assert all(one.total == one.runs * one.seconds for one in found) and found[0].seconds > 0
    assert probed and not folders_of_runs(plan)
    probed.clear()
    assert list(estimate(plan, seconds=0.01, progress=lambda job, report: probed.append(job.title))) == found
    assert not probed
    list(run_study(plan))
    assert not list(estimate(plan, seconds=0.01))


def test_finished_runs_are_the_estimate_of_their_cell(planned):
    plan = planned(NO_SEARCH, tasks=("threes",), learners=("gru*",))
    first = {outcome.job.labels["learner"]: outcome.value for outcome in run_study(replace(plan, seeds=(0,)))}
    # the runs of one learner alone are kept
    discarded = plan.out / "runs" / "threes" / "gru-dense" / "seed0" / "result.json"
    discarded.unlink()
    announced, ended = [], []
    finished, probed = estimate(plan, seconds=0.01, announce=announced.extend, done=ended.append)
    taken = first["gru"].timings
    assert (finished.runs, finished.source) == (1, FINISHED)
    assert finished.seconds == pytest.approx(taken["fit_cpu_s"] + taken["predict_s"])
    assert (probed.cell.learner.name, probed.runs, probed.source) == ("gru-dense", 2, PROBE)
    assert [job.labels for job in announced] == [{"task": "threes", "learner": "gru-dense"}]
    assert [outcome.job.title for outcome in ended] == [job.title for job in announced]


def test_cells_that_cost_the_same_share_a_probe(planned):
    seven = '[[tasks]]\nname = "sevens"\ntask = "divisible"\nk = 7\ndigits = 3\n\n[[learners]]\nname = "gru"'
    # so few that both tasks have them
    rows = (
        ("train = 300", "train = 100"),
        ("validation = 40", "validation = 10"),
        ("interpolate = 50", "interpolate = 10"),
    )
    tasks = *rows, ('[[learners]]\nname = "gru"', seven), ('tasks = "threes"', 'tasks = ["threes", "sevens"]')
    plan = planned(NO_SEARCH, *tasks, learners=("gru*",))
    probes = []
    found = estimate(plan, seconds=0.01, announce=probes.extend)
    assert [(one.cell.task.name, one.cell.learner.name, one.source) for one in found] == [
        ("threes", "gru", PROBE),
        ("threes", "gru-dense", PROBE),
        ("sevens", "gru", "threes"),
        ("sevens", "gru-dense", "threes"),
    ]
    assert len(probes) == 2 and found[0].seconds == found[2].seconds
    wider = planned(NO_SEARCH, *tasks, ("k = 7\ndigits = 3", "k = 7\ndigits = 4"), learners=("gru",))
    assert [one.source for one in estimate(wider, seconds=0.01)] == [PROBE, PROBE]


def test_the_number_of_probes_may_be_limited(planned):
    """The first of every learner is probed before the second of any."""
    both = ('tasks = "sums"', 'name = "classifier"'), ('baseline = "mlp"', 'baseline = "lstm-classifier"')
    one = (
        'supervision = "aligned"\nsettings = { steps = 6, evaluate = 3, hidden = 8 }',
        "settings = { steps = 4 }",
    )
    sevens = '[[tasks]]\nname = "sevens"\ntask = "divisible"\nk = 7\ndigits = 4\n\n[[learners]]\nname = "gru"'
    tasks = ('task = "addition"\ndigits = 2', 'task = "prime"'), ('[[learners]]\nname = "gru"', sevens)
    plan = planned(NO_SEARCH, *both, one, *tasks, learners=("gru", "classifier"))
    known = [estimate(plan, seconds=0.01, most=most) for most in (1, 2, None)]
    sources = [[(one.cell.task.name, one.cell.learner.name, one.source) for one in found] for found in known]
    assert sources[0] == [
        ("threes", "gru", PROBE),
        ("threes", "classifier", OTHER_LEARNERS),
        ("sums", "classifier", OTHER_LEARNERS),
        ("sevens", "classifier", OTHER_LEARNERS),
    ]
    assert [source for *_, source in sources[1]] == [PROBE, PROBE, SAME_LEARNER, SAME_LEARNER]
    assert [source for *_, source in sources[2]] == [PROBE] * 4
    assert known[1][2].seconds == known[1][1].seconds > 0


def test_searches_may_be_left_out(planned, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "small.toml").write_text(SMALL.replace("seeds = 2", "seeds = 2\nsolved = 1.0"))
    words = ("study", "small.toml", "--learner", "gru", "--out", "out")
    assert mathbench(*words, "--no-searches") == 0
    assert len(folders_of_runs(planned())) == 2 and not (tmp_path / "out" / "searches").exists()
    capsys.readouterr()
    assert mathbench(*words, "--searches") == 0
    assert len(list((tmp_path / "out" / "searches").glob("*/gru/*/seed0"))) == 2


def folders_of_runs(plan):
    return list((plan.out / "runs").glob("**/result.json"))


def test_the_command_runs_estimates_and_says_what_is_left(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "small.toml").write_text(SMALL.replace(*NO_SEARCH))
    assert mathbench("study", "small.toml", "--dry-run", "--probe", "0", "--json") == 0
    cells = json.loads(capsys.readouterr().out)["cells"]
    assert sum(cell["runs"] for cell in cells) == 2 * 3 + 5 and not (tmp_path / "runs").exists()
    words = ["--task", "threes", "--learner", "gru", "--out", "out"]
    assert mathbench("study", "small.toml", *words, "--dry-run", "--probe", "0.01") == 0
    assert "2 runs of 1 cells are missing: at most about" in capsys.readouterr().err
    assert mathbench("study", "run", "small.toml", *words, "--seed", "1", "--json") == 0
    assert json.loads(capsys.readouterr().out) == {"out": "out", "study": "small"}
    result = Result.load(tmp_path / "out" / "runs" / "threes" / "gru" / "seed1")
    assert result.command == "mathbench study small.toml --task threes --learner gru --seed 1"
    assert set(result.long) == {"6", "9"}
    for wrong, line in (
        (["study", "smal.toml"], "the study file smal.toml does not exist"),
        (["study", "small.toml", "--task", "nine"], "the study has no task 'nine'"),
        (["study", "small.toml", "--engine", "rays"], "unknown engine 'rays'"),
        (["study", "small.toml", "--seed", "x"], "--seed must be an integer. Received: 'x'."),
        (["study", "small.toml", "--seed", "0", "--seed", "\u0663"], "--seed must be an integer"),
        (["study", "small.toml", "--seed", "1_0"], "--seed must be an integer"),
        (["study", "small.toml", "--seed", "9" * 5000], "--seed must be an integer"),
        (["study", "small.toml", "--device", "cuda:7"], "cannot use device 'cuda:7'"),
        (["study", "report", "nowhere"], "nowhere is no folder of a study"),
        (["study", "report", "out", "--figures", "gif"], "--figures has no 'gif'"),
    ):
        assert mathbench(*wrong) == 2
        assert line in capsys.readouterr().err


def test_results_of_cells_are_read_as_far_as_they_are_finished(planned):
    plan = planned(NO_SEARCH)
    next(run_study(plan)).job  # noqa: B018
    by_name = {results.cell.name: results for results in read_cells(plan)}
    gru = by_name["threes / gru"]
    assert list(gru.runs) == [0] and not gru.complete and gru.shares("6") and not gru.shares("7")
    assert not by_name["sums / mlp"].runs


def test_learners_are_models_of_their_own_on_a_board(planned, tmp_path, capsys):
    plan = planned(("seeds = 2", "seeds = 2\nsolved = 0.999"), tasks=("threes",))
    list(run_study(plan))
    board = tmp_path / "board.sqlite"
    assert mathbench("study", "submit", plan.out, "--board", board, "--json") == 0
    shown = capsys.readouterr()
    rows = json.loads(shown.out)
    models = {row["model"] for row in rows}
    assert {"gru", "gru-dense"} <= models <= {"gru", "gru-dense", "gru-searched", "gru-dense-searched"}
    assert all(row["new"] for row in rows) and len({row["submission"] for row in rows}) == len(rows)
    assert f"{len(rows)} runs submitted, {len(rows)} of them new" in shown.err
    assert mathbench("study", "submit", plan.out, "--board", board, "--learner", "gru") == 0
    assert " 0 of them new" in capsys.readouterr().err
    assert mathbench("leaderboard", "verify", "--board", board) == 0
