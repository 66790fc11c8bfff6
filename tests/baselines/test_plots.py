"""Pictures of a run: they are there, they are pictures, and what they show is right."""

import shutil
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
from mathbench.errors import InputError


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
    drawn = plots.PLOTS.keys() - {"residues"}
    assert names(files) == sorted(f"{name}.{kind}" for name in drawn for kind in plots.FORMATS)
    before = {path: path.read_bytes() for path in files}
    for path, content in before.items():
        assert content.startswith(b"\x89PNG") if path.suffix == ".png" else ElementTree.fromstring(content)
    assert {path: path.read_bytes() for path in plots.draw(tmp_path, sums)} == before
    shutil.rmtree(tmp_path / "plots")
    after_training = plots.draw(tmp_path, sums, plots.AFTER_TRAINING)
    assert names(after_training) == sorted(f"{name}.png" for name in drawn)
    assert {path: path.read_bytes() for path in after_training} == {
        path: before[path] for path in after_training
    }
    plots.draw(tmp_path, sums)
    said = "".join(ElementTree.parse(tmp_path / "plots" / "strata.svg").getroot().itertext())
    assert (
        "digits=2+1" in said and "best floor, copy-operand" in said and "seed 0, supervision: aligned" in said
    )


def test_what_was_not_trained_has_no_curves_and_one_operand_no_pairs(floor, sums, multiples, tmp_path):
    assert "curves.png" not in names(plots.draw(floor, sums))
    run(RunSpec(baseline("constant"), "none", "", 0), multiples, RunOptions(tmp_path))
    assert names(plots.draw(tmp_path, multiples))[::2] == [
        "answer-lengths.png",
        "digits.png",
        "positions.png",
        "residues.png",
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
    figure = Figure()
    assert plots.PLOTS["digits"](figure, plots.PlotData(tmp_path, multiples))
    (axis,) = figure.axes
    line, edge = axis.lines
    x, y = line.get_data()
    assert list(x) == [1, 2, 3, 4, 5, 6, 20, 100] or list(x) == [2, 3, 4, 5, 6, 20, 100]
    assert list(y[-2:]) == [result.long[digits]["exact_match"] for digits in ("20", "100")]
    strata = result.scores["extrapolate"]["strata"]
    inside = [score for name, score in strata.items() if name.startswith("digits=5,")]
    assert y[list(x).index(5)] == pytest.approx(
        sum(s["correct"] for s in inside) / sum(s["n"] for s in inside)
    )
    band = axis.collections[0]
    low, high = (result.long["100"][bound] for bound in ("low", "high"))
    ends = {y for x, y in band.get_paths()[0].vertices if x == 100}
    assert sorted(ends) == pytest.approx([low, high])
    assert axis.get_xscale() == "log" and 4 < edge.get_xdata()[0] < 5
    labels = [text.get_text() for text in axis.get_legend().get_texts()]
    assert labels[0].startswith("gru-classifier, n=") and labels[1] == "in training up to 4"


def test_lengths_of_less_than_a_decade_have_a_plain_axis(floor, sums, multiples, tmp_path):
    run(RunSpec(baseline("constant"), "none", "", 0), multiples, RunOptions(tmp_path))
    figure = Figure()
    assert plots.PLOTS["digits"](figure, plots.PlotData(tmp_path, multiples))
    assert figure.axes[0].get_xscale() == "linear"
    assert all(float(tick).is_integer() for tick in figure.axes[0].get_xticks())


def test_a_damaged_file_is_an_error_and_no_missing_plot(sums, floor, tmp_path):
    copied = shutil.copytree(floor, tmp_path / "r")
    (copied / "validation.parquet").write_bytes(b"nonsense")
    with pytest.raises(InputError, match=r"validation\.parquet is damaged"):
        plots.draw(copied, sums)


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

    def note(axis, values, inside, label, norm):
        drawn.update(values=values, inside=inside, norm=norm)
        return Axis()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(heatmap, "draw", note)
        assert plots.pairs(Figure(), shown)
    assert drawn["inside"] == 2 and (drawn["norm"].vmin, drawn["norm"].vmax) == (0.0, 1.0)
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
    monkeypatch.setattr(plots, "draw", lambda run, data, kinds: drawn.append((str(run), kinds)))
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
    assert drawn == [("a", ("png",)), ("d", ("png",))]
