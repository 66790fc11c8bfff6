"""Reports of studies: what stands in tables and figures is what the runs found."""

import csv
from dataclasses import replace
from statistics import fmean

import pytest

from mathbench.baselines.result import Result
from mathbench.errors import InputError
from mathbench.studies.report import answers, heat_map, tables
from mathbench.studies.report.found import percents, read_results
from mathbench.studies.report.write import write_report
from mathbench.studies.run_study import run_study
from tests.baselines.commands import mathbench

EVERY = ("validation", "interpolate", "extrapolate")


def scored_by(share):
    return {"n": 100, "correct": round(100 * share), "exact_match": share}


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """The plan of the small study, finished."""
    from pathlib import Path

    from mathbench.studies.plan import StudyPlan
    from mathbench.studies.study_file import parse_study
    from tests.studies.conftest import SMALL

    plan = StudyPlan(
        parse_study(SMALL, Path("small.toml")), tmp_path_factory.mktemp("study") / "out", "small.toml"
    )
    list(run_study(plan))
    return plan


@pytest.fixture
def scored(finished, monkeypatch):
    """Results of the small study with chosen scores: by learner, for each seed the share of right answers."""

    def make(**chosen):
        found = read_results(finished)
        cells = []
        for one in found.found:
            shares = chosen.get(one.learner.replace("-", "_"))
            if shares is None or one.task != "threes":
                continue
            runs = {
                seed: replace(result, scores=dict.fromkeys(EVERY, scored_by(share)))
                for (seed, result), share in zip(one.results.runs.items(), shares, strict=True)
            }
            cell = replace(one.results.cell, variant="")
            cells.append(replace(one, results=replace(one.results, cell=cell, runs=runs)))
        return replace(found, found=tuple(cells))

    return make


def test_tables_have_means_and_ends_and_never_mix_supervisions(scored):
    found = scored(gru=(1.0, 0.5), gru_dense=(1.0, 1.0))
    examples = tables.grid(found, ["threes"], "examples", "interpolate")
    assert examples[0] == "| learner | threes |" and examples[-1] == "| gru | 75.0 (50.0-100) |"
    assert not any("dense" in line for line in examples)
    assert tables.grid(found, ["threes"], "dense", "interpolate")[-1] == "| gru-dense | 100 |"
    best = tables.best_of_each(found, "extrapolate")
    assert [line.split(" | ")[1] for line in best[2:]] == ["examples", "dense"]


def test_the_smallest_network_needs_every_seed(scored):
    lines = tables.smallest(scored(gru=(1.0, 0.98), gru_dense=(0.99, 1.0)))
    assert len(lines) == 4 and all("gru-dense" in line for line in lines[2:])


def test_the_answer_has_the_least_that_had_to_be_given_away(scored):
    def answer(**chosen):
        (found,) = answers.answers(scored(**chosen))
        return found.verdict, found.best.supervision

    assert answer(gru=(1.0, 0.99), gru_dense=(1.0, 1.0)) == (answers.YES, "examples")
    assert answer(gru=(1.0, 0.98), gru_dense=(1.0, 1.0)) == (answers.YES, "dense")
    assert answer(gru=(1.0, 0.9), gru_dense=(0.8, 0.7)) == (answers.PARTLY, "examples")
    assert answer(gru=(0.5, 0.5), gru_dense=(0.5, 0.6)) == (answers.NO, "examples")


def test_an_answer_needs_both_splits(scored):
    found = scored(gru=(1.0, 1.0))
    one = found.found[0]
    runs = {
        seed: replace(result, scores={**result.scores, "extrapolate": scored_by(0.7)})
        for seed, result in one.results.runs.items()
    }
    short = replace(one, results=replace(one.results, runs=runs))
    (answer,) = answers.answers(replace(found, found=(short,)))
    assert answer.verdict == answers.SHORT
    row = answer.to_row(found)
    assert len(row) == len(answers.HEAD) and row[6:8] == ["100", "70.0"]


def test_heat_maps_have_means_and_the_best_shortcut(scored):
    found = scored(gru=(1.0, 0.5))
    drawn = heat_map.heat_map(found, "interpolate", ["threes"])
    assert drawn.rows == (heat_map.SHORTCUTS, ("examples", "gru"))
    assert drawn.shares[("examples", "gru"), "threes"] == 0.75
    floors = next(iter(found.found[0].results.runs.values())).floors
    assert drawn.shares[heat_map.SHORTCUTS, "threes"] == max(
        scores["interpolate"]["exact_match"] for scores in floors.values()
    )


def test_a_report_has_every_run_and_the_data_of_every_figure(finished, tmp_path):
    found = read_results(finished)
    files = write_report(found, tmp_path / "report", ".svg")
    assert all(path.is_file() and path.stat().st_size for path in files)
    figures = [path for path in files if path.suffix == ".svg"]
    assert {path.name for path in figures} >= {
        "heat-map-multiples-interpolate.svg",
        "heat-map-tasks-extrapolate.svg",
        "lengths-threes.svg",
        "front-weights-multiples-extrapolate.svg",
    }
    page = (tmp_path / "report" / "report.md").read_text()
    for path in figures:
        assert path.with_suffix(".csv") in files and f"]({path.name})" in page
    rows = list(csv.DictReader((tmp_path / "report" / "results.csv").open()))
    for row in rows:
        result = Result.load(finished.out / row["run"])
        score = (result.scores | result.long)[row["split"]]
        assert (int(row["n"]), int(row["correct"])) == (score["n"], score["correct"])
        assert row["command"] == result.command and row["supervision"] == result.supervision
    runs = {row["run"] for row in rows}
    assert len(runs) == sum(len(one.results.runs) for one in found.found)
    for one in found.found:
        assert one.text("interpolate") == percents(one.results.shares("interpolate"))
        assert one.results.mean("interpolate") == pytest.approx(fmean(one.results.shares("interpolate")))


def test_properties_add_up_over_lengths(finished):
    found = read_results(finished)
    lines = tables.properties(found, "threes", "interpolate")
    assert lines[0].startswith("| learner | supervision | ")
    one = next(one for one in found.of_task("threes") if one.learner == "constant")
    strata = next(iter(one.results.runs.values())).scores["interpolate"]["strata"]
    total = {}
    for name, score in strata.items():
        value = name.partition(",")[2]
        n, correct = total.get(value, (0, 0))
        total[value] = n + score["n"], correct + score["correct"]
    for value, (n, _) in total.items():
        assert f"{value} (n={n:,})" in lines[0]
    shares = [percents([correct / n]) for n, correct in (total[value] for value in sorted(total))]
    row = next(line for line in lines if line.startswith("| constant |"))
    assert sorted(row.strip("| ").split(" | ")[2:]) == sorted(shares)
    assert not tables.properties(found, "sums", "interpolate")


def test_searches_are_recorded(finished, tmp_path):
    rows = [line.strip("| ").split(" | ") for line in tables.searches(read_results(finished))[2:]]
    assert [row[:2] for row in rows] == [["threes", "gru"], ["threes", "gru-dense"]]
    assert all("hidden=5: " in row[-1] and "rate=1e-2 hidden=6: " in row[-1] for row in rows)


def test_the_command_names_its_files(finished, tmp_path, capsys):
    assert mathbench("study", "report", finished.out, "--out", tmp_path / "r", "--figures", "svg") == 0
    names = capsys.readouterr().out.split()
    assert str(tmp_path / "r" / "report.md") in names and len(names) == len(list((tmp_path / "r").iterdir()))


def test_a_report_is_a_pdf_with_its_pictures(finished, tmp_path, capsys):
    assert mathbench("study", "report", finished.out, "--out", tmp_path / "r", "--pdf") == 0
    assert str(tmp_path / "r" / "report.pdf") in capsys.readouterr().out.split()
    content = (tmp_path / "r" / "report.pdf").read_bytes()
    pictures = list((tmp_path / "r").glob("*.png"))
    assert content.startswith(b"%PDF-") and content.count(b"/Subtype /Image") >= len(pictures)
    assert mathbench("study", "report", finished.out, "--pdf", "--figures", "svg") == 2
    assert "--pdf needs figures as png" in capsys.readouterr().err


def test_nothing_finished_is_one_line(planned):
    with pytest.raises(InputError, match=r"no run in .* is finished"):
        read_results(planned())
