"""Pages of several seasons, of progress and of open submissions."""

import csv
import io

import pytest

from mathbench.leaderboard.site import address, scatter
from mathbench.leaderboard.site.page_set import PageSet
from mathbench.leaderboard.site.scatter import Point

from .conftest import NAMED, SEASON, made
from .reading import Document
from .records import record, snapshot

LATER = (
    SEASON.replace('name = "small"', 'name = "later"')
    .replace("Small season", "Later season")
    .replace("interpolate = 300", "interpolate = 250")
)


@pytest.fixture(scope="module")
def records():
    """A model on every task, and one on a task outside."""
    timings = {"fit_wall_s": 1.0, "fit_cpu_s": 20.0, "started": "2026-01-01T00:00:00Z"}
    inside = [
        record(made(task), right, 100 * right + i, baseline=name, parameters=size, timings=timings)
        for name, right, size in (("a", 290, 1_000), ("b", 200, 100_000))
        for i, task in enumerate(NAMED)
    ]
    return [*inside, record(made("prime"), 300, 9, baseline="elsewhere")]


@pytest.fixture(scope="module")
def site(records):
    later = snapshot(records, LATER)
    later.board = later.board.without_open()
    return PageSet(snapshot(records), {}, None, served=False, others=[later])


def text(site, path):
    return " ".join(Document(site.page(path).body).all("main")[0].text.split())


def test_another_season_has_the_same_pages_below_its_folder(site):
    folder = address.of_season("later")
    paths = set(site.paths())
    assert {f"{folder}{path}" for path in ("index.html", "tasks/sums.html", "progress.html")} <= paths
    assert "Later season" in text(site, f"{folder}index.html") and "Small season" in text(site, "index.html")
    # the rows of the later season are the first 250
    assert "250" in text(site, f"{folder}tasks/sums.html")
    assert site.page("seasons/nothing/index.html") is None
    # what all seasons share exists once
    assert all(
        site.page(f"{folder}{path}") is None for path in (address.OPEN, address.SEASONS, address.ABOUT)
    )
    assert {link for link in Document(site.page(f"{folder}index.html").body).links() if "static" in link}
    assert "../../seasons.html" in Document(site.page(f"{folder}index.html").body).links()


def test_the_list_of_seasons_has_rules_rows_and_detectable_differences(site):
    shown = text(site, address.SEASONS)
    for words in (
        "Small season",
        "Later season",
        "Rows of train are internal.",
        "2020-01-01 00:00 UTC",
        "no end",
    ):
        assert words in shown
    assert site.snapshot.season.digest in shown and "with a power of 80 %" in shown


def test_open_submissions_have_a_list_of_their_own(site):
    shown = text(site, address.OPEN)
    assert "elsewhere" in shown and made("prime").name in shown and "never ranked" in shown
    assert "elsewhere" not in text(site, "models.html").partition("Outside the season")[0]
    assert "elsewhere" in text(site, "models.html")


def test_progress_has_a_point_per_complete_model(site):
    rows = list(csv.DictReader(io.StringIO(site.page("progress.interpolate.csv").body.decode())))
    whole = [row for row in rows if not row["scope"]]
    assert [(row["model"], row["parameters"], row["cpu_seconds"]) for row in whole] == [
        ("a", "1000", "60.0"),
        ("b", "100000", "60.0"),
    ]
    assert {row["scope"] for row in rows} == {"", "operations", "categories"}
    points = [e for e in Document(site.page(address.PROGRESS).body).all("circle")]
    assert len(points) == 2 * 3 * 3 * 2  # splits, scopes, plots, models


def test_points_stand_where_their_values_are():
    found = scatter.by_amount([Point("a", 1_000, 0.9, 0.8, 0.95), Point("b", 100_000, 0.5, 0.4, 0.6)])
    assert [mark.point.name for mark in found.marks] == ["a", "b"]
    first, second = found.marks
    assert first.x == scatter.LEFT and second.x == scatter.WIDTH - scatter.RIGHT and first.y < second.y
    assert first.high < first.y < first.low
    assert [name for _, name in found.ticks] == ["1k", "10k", "100k"]
    assert scatter.by_amount([Point("a", 1_000, 0.9, 0.8, 0.95), Point("b", 0, 0.5, 0.4, 0.6)]) is None


def test_the_best_so_far_rises_only():
    day = 86_400.0
    found = scatter.by_time(
        [
            Point(name, day * at, share, share, share)
            for name, at, share in (("a", 1, 0.5), ("b", 2, 0.4), ("c", 3, 0.9))
        ]
    )
    heights = [float(step.partition("V")[2]) for step in found.best.split("H") if "V" in step]
    assert heights == [round(scatter.y(0.9), 1)] and found.best.startswith("M")
    assert scatter.by_time([]) is None
