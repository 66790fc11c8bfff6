"""Charts of several runs: what is compared with what, under which names, and that nothing is left out silently."""

import csv
import io
import json
from dataclasses import replace

import pytest
from matplotlib.figure import Figure

from mathbench.baselines.analysis import draw_charts, figures, score_charts, training_charts
from mathbench.baselines.analysis.charts import Chart, Line, Panel, pareto_front, point
from mathbench.baselines.analysis.compared_runs import ComparedRun, find_runs, group_runs
from mathbench.baselines.analysis.text_charts import text_chart
from mathbench.baselines.result import Result
from mathbench.baselines.run import RunOptions, run
from mathbench.cli import main
from mathbench.errors import InputError
from mathbench.scores.results import Score
from mathbench.scores.statistics import interval_bounds, wilson


@pytest.fixture(scope="module")
def one(tmp_path_factory, multiples):
    """A finished run."""
    from mathbench.baselines.recipe import apply_overrides, read_recipe
    from mathbench.baselines.spec import RunSpec
    from mathbench.baselines.table import baseline

    entry = baseline("rnn-classifier")
    overrides = {"hidden": "8", "batch": "16", "steps": "4", "evaluate": "2"}
    settings, choices = apply_overrides(read_recipe("rnn-classifier"), entry, "torch", overrides)
    folder = tmp_path_factory.mktemp("runs") / "one"
    run(
        RunSpec(entry, "torch", "rnn-classifier", 0, settings, choices),
        multiples,
        RunOptions(folder, long=(20, 100)),
    )
    return folder


@pytest.fixture
def changed(one):
    """Makes a run with the scores of the finished one and other fields."""

    def make(folder="r", **fields):
        return ComparedRun(one.parent / folder, replace(Result.load(one), **fields))

    return make


def recipe(run, **settings):
    return {**run.result.recipe, **settings}


def scores(**strata):
    """Scores of interpolate with strata of 100 rows, from numbers of right answers."""
    total = Score(100 * len(strata), sum(strata.values()))
    counted = {name: Score(100, right).to_json() for name, right in strata.items()}
    return {"interpolate": {**total.to_json(), "strata": counted}}


def command(*words):
    with pytest.raises(SystemExit) as stopped:
        main([str(word) for word in words])
    return stopped.value.code


def test_seeds_are_one_setting_and_other_settings_are_named_by_what_differs(changed):
    first = changed()
    runs = [changed(seed=seed) for seed in range(3)]
    runs += [changed(seed=0, recipe=recipe(first, steps=2000)), changed(seed=0, framework="keras")]
    runs += [changed(seed=0, task={**first.result.task, "name": "another"})]
    assert [setting.title for setting in group_runs(runs)] == [
        "rnn-classifier (torch): steps=4 (3 seeds)",
        "rnn-classifier (torch): steps=2000",
        "rnn-classifier (keras)",
        "rnn-classifier (torch)",
    ]


def test_runs_of_one_seed_are_told_apart_by_budget_steps_taken_or_folder(changed):
    def labels(*runs):
        return [setting.label.partition(": ")[2] for setting in group_runs(runs)]

    timings = changed().result.timings
    assert labels(changed(budget={"cpu_s": 60.0}), changed()) == ["budget=60 CPU s", "budget=none"]
    assert labels(changed(), changed(timings={**timings, "steps": 1234})) == [
        "steps taken=4",
        "steps taken=1,234",
    ]
    assert labels(changed("a"), changed("b")) == ["a", "b"]
    # as --set takes it
    run = changed()
    assert labels(run, changed(recipe=recipe(run, target=None)))[1] == "target=none"


def test_a_label_names_as_many_settings_as_it_takes(changed):
    first = changed()
    many = dict.fromkeys(("hidden", "batch", "rate", "evaluate", "patience"), 77)
    data = {**first.result.data, "seed": 9}
    runs = [first, changed(recipe=recipe(first, **many)), changed(recipe=recipe(first, **many), data=data)]
    labels = [setting.label for setting in group_runs(runs)]
    assert len(set(labels)) == 3 and "data seed=9" in labels[2] and "more" not in labels[2]


def test_a_point_has_the_mean_the_interval_and_the_ends_of_its_seeds():
    found = point(7, [Score(100, 90), Score(120, 120)])
    assert (found.x, found.n, found.runs, found.least, found.most) == (7, 100, 2, 0.9, 1.0)
    assert found.share == pytest.approx(0.95)
    assert (found.low, found.high) == pytest.approx(interval_bounds([0.9, 1.0], 100)[:2])
    alone = point(0, [Score(100, 90)])
    assert (alone.low, alone.high) == pytest.approx(wilson(90, 100)) and alone.least == alone.most == 0.9


def test_lengths_are_those_of_strata_and_long_problems_in_order(one, changed):
    result = Result.load(one)
    (panel,) = score_charts.lengths(group_runs([changed()])).panels
    (line,) = panel.lines
    x = [found.x for found in line.points]
    assert x == sorted(x) and x[-2:] == [20, 100] and panel.trained == 4
    for found in line.points:
        split = "long" if found.x in (20, 100) else "interpolate" if found.x <= 4 else "extrapolate"
        assert found.note == split
        if split == "long":
            expected = result.long[f"{found.x}"]
            assert (found.n, found.share) == (expected["n"], expected["exact_match"])
        else:
            strata = result.scores[split]["strata"].items()
            assert found.n == sum(s["n"] for name, s in strata if name.startswith(f"digits={found.x},"))
    with pytest.raises(InputError, match="two lengths"):
        score_charts.lengths(group_runs([changed(scores={}, long={})]))


def test_residues_come_in_numeric_order_in_charts_results_and_reports(changed):
    strata = {f"digits=4,residue={r}": r for r in (10, 2, 0, 11, 9, 1)}
    (panel,) = score_charts.residues(group_runs([changed(scores=scores(**strata))])).panels
    assert panel.categories == ("0", "1", "2", "9", "10", "11")
    assert [found.share for found in panel.lines[0].points] == [0, 0.01, 0.02, 0.09, 0.10, 0.11]
    (panel,) = score_charts.strata(group_runs([changed(scores=scores(**strata))])).panels
    assert panel.categories == tuple(f"digits=4,residue={r}" for r in (0, 1, 2, 9, 10, 11))
    with pytest.raises(InputError, match="residues"):
        score_charts.residues(group_runs([changed(scores=scores(a=1))]))


def test_the_pareto_front_has_what_no_other_setting_beats(changed):
    def at(weights, right):
        made = changed(parameters=weights, scores=scores(a=right))
        return replace(made, result=replace(made.result, recipe=recipe(made, hidden=weights)))

    chart = score_charts.pareto(
        group_runs([at(10, 50), at(20, 40), at(30, 90), at(40, 90), at(0, 99)]), "weights"
    )
    (panel,) = chart.panels
    front = [line.points[0].x for line in panel.lines if line.points[0].note == "front"]
    assert front == [10, 30] and len(panel.lines) == 4 and panel.omitted == ("rnn-classifier: hidden=0",)
    listed = score_charts.front_lines(panel)
    assert [text.partition(":")[0] for text in listed] == ["10", "30"] and "90.0 %" in listed[1]
    assert [p.x for p in pareto_front([line.points[0] for line in panel.lines])] == front


def test_a_seed_that_ended_counts_with_its_last_value_and_seconds_are_means(changed):
    def history(*entries):
        return [{"step": s, "validation": v, "cpu_s": c, "loss": 1.0, "rate": 1.0} for s, v, c in entries]

    runs = [
        changed(seed=0, history=history((2, 0.5, 1.0), (4, 1.0, 2.0))),
        changed(seed=1, history=history((2, 0.25, 3.0), (4, 0.5, 4.0), (6, 0.75, 8.0))),
    ]
    (panel,) = training_charts.training(group_runs(runs), "cpu").panels
    (line,) = panel.lines
    assert [found.x for found in line.points] == [2.0, 3.0, 8.0]
    assert [found.share for found in line.points] == pytest.approx([0.375, 0.75, 0.875])
    assert [found.runs for found in line.points] == [2, 2, 2] and line.n == "n=80"
    with pytest.raises(InputError, match="Give --x step"):
        training_charts.training(group_runs(runs), "wall")


def test_a_run_shows_its_validation_by_stratum(one):
    chart = training_charts.progress(group_runs(find_runs([one]).runs))
    (panel,) = chart.panels
    names = [line.name for line in panel.lines]
    assert "digits=4,residue=0" in names and [found.x for found in panel.lines[0].points] == [2, 4]
    n = sum(line.points[0].n for line in panel.lines)
    right = sum(line.points[-1].n * line.points[-1].share for line in panel.lines)
    assert n == 80 and right / n == pytest.approx(Result.load(one).history[-1]["validation"])


def many(lines, categories=()):
    made = (Line(f"line {i}", (point(0, [Score(1000, i)]), point(1, [Score(1000, i)]))) for i in range(lines))
    return Panel("task", tuple(made), categories)


@pytest.mark.parametrize("shape", ["lines", "dots", "heat", "front"])
def test_what_is_not_drawn_is_counted(shape, tmp_path):
    panel = many(340, ("a", "b") if shape == "dots" else ())
    if shape == "front":
        alone = (replace(line, points=(replace(line.points[0], x=9),)) for line in panel.lines)
        panel = replace(panel, lines=tuple(alone))
    chart = Chart("x", "a title", "x", "y", (panel,) * 13, shape=shape)
    figure = Figure()
    draw_charts.draw_panels(figure, chart)
    titles = [axis.get_title().replace("\n", " ") for axis in figure.axes if axis.get_title()]
    shown = {"lines": 12, "dots": 12, "heat": 40, "front": 21}[shape]
    assert f"{shown} of 340" in titles[0] or f"{shown} largest of 340" in titles[0]
    assert figure.get_suptitle() == "a title (12 of 13 panels shown)"


def test_the_best_lines_are_drawn():
    assert [line.name for line in many(20).drawn(3)] == ["line 17", "line 18", "line 19"]


def test_shares_near_100_lie_apart_on_an_axis():
    heights = figures._heights([0.9, 0.994, 0.999, 1.0])
    assert heights[0] == pytest.approx(0.5) and min(heights[1:] - heights[:-1]) > 0.09
    known = [0.0, 0.3, 0.9, 0.99, 0.9995, 1.002]
    assert figures._shares(figures._heights(known)).tolist() == pytest.approx(known)


def test_text_shows_curves_tables_and_fronts(changed):
    settings = group_runs([changed(seed=0), changed(seed=1)])
    text = "\n".join(text_chart(score_charts.lengths(settings), 80))
    assert "99.9 |" in text and "rnn-classifier (2 seeds)" in text and "in training up to 4" in text
    assert max(map(len, text.splitlines())) <= 80
    text = "\n".join(text_chart(score_charts.residues(settings), 80))
    assert [line.split()[0] for line in text.splitlines() if line[:1].isdigit()][:3] == ["0", "1", "2"]
    assert "Pareto front: 1 of 1" in "\n".join(text_chart(score_charts.pareto(settings, "cpu"), 80))


def test_the_command_draws_prints_and_exports(one, tmp_path, capsys):
    folder = tmp_path / "sweep"
    for name in ("a", "b"):
        (folder / name).mkdir(parents=True)
        for file in ("result.json", "run.json"):
            (folder / name / file).write_bytes((one / file).read_bytes())
    (folder / "c").mkdir()
    (folder / "c" / "run.json").write_text("{}")
    picture = tmp_path / "new" / "a.svg"
    assert command("plot", folder, "--out", picture, "--json") == 0
    said = capsys.readouterr()
    assert "1 unfinished run is left out" in said.err and str(picture) in said.err
    found = json.loads(said.out)
    assert found["what"] == "lengths" and [line["name"] for line in found["panels"][0]["lines"]] == [
        "rnn-classifier: a",
        "rnn-classifier: b",
    ]
    assert "digits of the longest number" in picture.read_text()
    assert command("plot", one, "--what", "residues", "--split", "interpolate", "--csv") == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["x"] for row in rows] == ["0", "1", "2"] and float(rows[0]["share"]) <= 1
    assert command("plot", folder, "--what", "training") == 0
    assert "rnn-classifier: a" in capsys.readouterr().out


def test_a_damaged_run_in_a_folder_is_left_out_and_named(one, tmp_path, capsys):
    for name, content in (
        ("a", (one / "result.json").read_bytes()),
        ("b", b"{"),
        ("c", b"\xff"),
        ("d", b'{"schema_version": 1}'),
    ):
        (tmp_path / name).mkdir()
        (tmp_path / name / "run.json").write_bytes((one / "run.json").read_bytes())
        (tmp_path / name / "result.json").write_bytes(content)
    assert command("plot", tmp_path, "--json") == 0
    said = capsys.readouterr()
    assert said.err.startswith(f"3 damaged runs are left out: {tmp_path / 'b' / 'result.json'} is damaged: ")
    assert said.err.count("\n") == 1
    assert [line["name"] for line in json.loads(said.out)["panels"][0]["lines"]] == ["rnn-classifier"]
    # damage of a run that is named, or of all runs, is an error
    for words in ([tmp_path / "b"], [tmp_path, tmp_path / "b"], [tmp_path / "a", tmp_path / "b"]):
        assert command("plot", *words, "--what", "lengths") == 2
        assert f"{tmp_path / 'b' / 'result.json'} is damaged" in capsys.readouterr().err
    (tmp_path / "a" / "result.json").write_text("[]")
    assert command("plot", tmp_path) == 2
    said = capsys.readouterr().err
    assert f"no run in {tmp_path} can be read. {tmp_path / 'a' / 'result.json'} is not a result" in said
    assert said.count("\n") == 1


def test_what_cannot_be_plotted_is_one_line(one, tmp_path, capsys):
    for words, line in (
        (["--what", "lenghts"], "Did you mean 'lengths'"),
        (["--x", "step"], "--x goes with --what training"),
        (["--pareto", "cpu", "--what", "strata"], "a chart of its own"),
        (["--pareto", "time"], "Allowed: cpu, weights"),
        (["--split", "train"], "--split goes with"),
        (["--what", "strata", "--split", "train"], "no run has scores by strata in train"),
        (["--out", "a.txt"], "ending in .png, .svg, .pdf"),
        ([tmp_path / "none", "--what", "lengths"], "is not a run directory"),
        (["", "--what", "lengths"], "must be a path"),
    ):
        assert command("plot", one, *words) == 2
        said = capsys.readouterr().err
        assert line in said and said.count("\n") == 1


def test_the_smallest_network_that_solves_a_task_is_named(one, tmp_path, capsys):
    made = json.loads((one / "result.json").read_text())
    for weights, share in ((9, 1.0), (5, 0.99), (3, 0.98)):
        scores = {"interpolate": {**made["scores"]["interpolate"], "exact_match": share}}
        folder = tmp_path / f"w{weights}"
        folder.mkdir()
        (folder / "run.json").write_bytes((one / "run.json").read_bytes())
        changed = {**made, "parameters": weights, "scores": {**made["scores"], **scores}}
        (folder / "result.json").write_text(json.dumps(changed))
    assert command("plot", tmp_path, "--pareto", "weights") == 0
    (line,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("smallest with 99%")]
    assert "5 weights, rnn-classifier" in line
    assert command("plot", tmp_path, "--pareto", "weights", "--json") == 0
    (found,) = json.loads(capsys.readouterr().out)["smallest"].values()
    assert found["weights"] == 5 and found["run"] == str(tmp_path / "w5")
