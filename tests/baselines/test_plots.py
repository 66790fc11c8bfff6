"""Pictures of a run: they are there, they are pictures, and what they show is right."""

import xml.etree.ElementTree as ElementTree

import numpy as np
import pyarrow as pa
import pytest
from matplotlib.figure import Figure

from mathbench.baselines.analysis import plots
from mathbench.baselines.run import RunOptions, run
from mathbench.baselines.spec import RunSpec
from mathbench.baselines.table import baseline
from mathbench.cli import main
from mathbench.dataset import heatmap


@pytest.fixture(scope="module")
def floor(tmp_path_factory, sums):
    folder = tmp_path_factory.mktemp("floor")
    run(RunSpec(baseline("copy-operand"), "none", "", 0), sums, RunOptions(folder))
    return folder


def names(files):
    return sorted(path.name for path in files)


def test_a_network_is_drawn_as_png_and_svg_the_same_each_time(tiny, sums, tmp_path):
    run(tiny(), sums, RunOptions(tmp_path))
    files = plots.draw(tmp_path, sums)
    drawn = plots.PLOTS.keys() - {"digits"}
    assert names(files) == sorted(f"{name}.{kind}" for name in drawn for kind in plots.FORMATS)
    before = {path: path.read_bytes() for path in files}
    for path, content in before.items():
        assert content.startswith(b"\x89PNG") if path.suffix == ".png" else ElementTree.fromstring(content)
    assert {path: path.read_bytes() for path in plots.draw(tmp_path, sums)} == before
    said = "".join(ElementTree.parse(tmp_path / "plots" / "strata.svg").getroot().itertext())
    assert "digits=2+1" in said and "floor: copy-operand" in said and "seed 0, supervision: aligned" in said


def test_what_was_not_trained_has_no_curves_and_one_operand_no_pairs(floor, sums, multiples, tmp_path):
    assert "curves.png" not in names(plots.draw(floor, sums))
    run(RunSpec(baseline("constant"), "none", "", 0), multiples, RunOptions(tmp_path))
    assert names(plots.draw(tmp_path, multiples))[::2] == [
        "answer-lengths.png",
        "digits.png",
        "positions.png",
        "strata.png",
    ]


def test_lengths_and_places():
    given, right = pa.array(["12", None, "7", "100"]), pa.array(["13", "5", "17", "200"])
    matrix = plots._confusion(given, right)
    assert matrix[2].tolist() == [0, 1, 1, 0] and matrix[1, 0] == 1 and matrix[3, 3] == 1
    one, two = plots._characters(given, right)
    wrong = ((two != 0) & (one != two)).sum(axis=0)
    assert wrong.tolist() == [1, 1, 2]  # hundreds of 200; tens of 17; units of 13 and 5


def test_single_lengths_are_drawn_beside_those_of_the_splits(tiny, multiples, tmp_path):
    options = RunOptions(tmp_path, long=(20, 100))
    result = run(tiny("gru-classifier", labels="prefix"), multiples, options)
    assert result.supervision == "dense"
    figure = Figure()
    assert plots.digits(figure, plots.PlotData(tmp_path, multiples))
    (axis,) = figure.axes
    # by container of an errorbar: the line, its caps and its bars
    lines = {c.get_label(): c for c in axis.containers}
    assert list(lines) == ["interpolate", "extrapolate", "single lengths"]
    x, y = lines["single lengths"].lines[0].get_data()
    assert list(x) == [20, 100]
    assert list(y) == [result.long[digits]["exact_match"] for digits in ("20", "100")]
    (bar, _) = lines["single lengths"].lines[2][0].get_segments()
    assert bar[:, 1].tolist() == pytest.approx([result.long["20"][edge] for edge in ("low", "high")])
    x, y = lines["extrapolate"].lines[0].get_data()
    strata = result.scores["extrapolate"]["strata"]
    inside = [score for name, score in strata.items() if name.startswith("digits=5,")]
    assert list(x) == [5, 6]
    assert y[0] == pytest.approx(sum(s["correct"] for s in inside) / sum(s["n"] for s in inside))
    assert axis.get_xscale() == "log" and axis.get_legend().get_title().get_text() == "dense"


def test_lengths_of_less_than_a_decade_have_a_plain_axis(floor, sums, multiples, tmp_path):
    run(RunSpec(baseline("constant"), "none", "", 0), multiples, RunOptions(tmp_path))
    figure = Figure()
    assert plots.digits(figure, plots.PlotData(tmp_path, multiples))
    assert figure.axes[0].get_xscale() == "linear"
    assert not plots.digits(Figure(), plots.PlotData(floor, sums))


def test_pairs_of_lengths_are_shares(floor, sums):
    shown = plots.PlotData(floor, sums)
    strata = shown.result.scores["interpolate"]["strata"]
    n = heatmap.pairs({name: score["n"] for name, score in strata.items()})
    correct = heatmap.pairs({name: score["correct"] for name, score in strata.items()})

    class Axis:
        def __getattr__(self, name):
            return lambda *_, **__: self

    drawn = {}

    class Figure(Axis):
        def subplots(self):
            return Axis()

    def note(axis, values, inside, label, limits):
        drawn.update(values=values, inside=inside, limits=limits)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(heatmap, "draw", note)
        assert plots.pairs(Figure(), shown)
    assert drawn["inside"] == 2 and drawn["limits"] == (0.0, 1.0)
    assert all(drawn["values"][pair] == pytest.approx(correct[pair] / n[pair]) for pair in n)
    assert np.isfinite(list(drawn["values"].values())).all()


def test_the_command_draws_anew_and_refuses_what_is_no_run(floor, capsys, tmp_path):
    for words, code in ((["plot", str(floor)], 0), (["plot", str(tmp_path)], 2)):
        with pytest.raises(SystemExit) as stopped:
            main(words)
        assert stopped.value.code == code
    said = capsys.readouterr()
    assert str(floor / "plots" / "strata.svg") in said.out and "no finished run" in said.err
    assert not list(tmp_path.iterdir())


def test_run_baseline_draws_networks_unless_told_otherwise(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    drawn = []
    monkeypatch.setattr(plots, "draw", lambda run, data: drawn.append(str(run)))
    sizes = ["--digits", "2", "--train", "100", "--validation", "20", "--interpolate", "20", "--extrapolate"]
    few = ["20", "--no-submit", "--set", "steps=2", "--set", "hidden=4"]
    for words in (
        ["lstm-seq2seq", *sizes, *few, "--out", "a"],
        ["lstm-seq2seq", *sizes, *few, "--out", "b", "--no-plots"],
        ["constant", *sizes, *few[:2], "--out", "c"],
        ["constant", *sizes, *few[:2], "--out", "d", "--plots"],
    ):
        with pytest.raises(SystemExit) as stopped:
            main(["run-baseline", *words])
        assert stopped.value.code == 0
    assert drawn == ["a", "d"]
