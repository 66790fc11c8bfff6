"""All pages of a board as files: well formed, without a dead link, and with what they should show."""

import csv
import io
import posixpath
import re

import pytest

from mathbench.leaderboard.ranking.compare import compare
from mathbench.leaderboard.seasons.files import parse_season
from mathbench.leaderboard.site import address, heat_map
from mathbench.leaderboard.site.export import export, load_pages
from mathbench.leaderboard.site.page import CSV, HTML
from mathbench.leaderboard.site.page_set import PageSet
from mathbench.leaderboard.site.task_page import Filters
from mathbench.leaderboard.store import any_board
from mathbench.leaderboard.store.any_board import answers_loader
from mathbench.leaderboard.store.board import Board
from mathbench.leaderboard.store.folder import export as to_folder

from .conftest import HOSTILE, MODELS, NAMED, SEASON, made, references
from .reading import Document
from .records import record, snapshot


@pytest.fixture(scope="module")
def site(filled):
    return load_pages(filled[0], season="small")


@pytest.fixture(scope="module")
def pages(site):
    return {path: site.page(path) for path in site.paths()}


@pytest.fixture(scope="module")
def documents(pages):
    return {path: Document(page.body) for path, page in pages.items() if page.kind == HTML}


def rows_of(page):
    assert page.kind == CSV
    return list(csv.DictReader(io.StringIO(page.body.decode())))


def test_every_address_has_its_page_and_nothing_else_has_one(site, pages):
    assert None not in pages.values() and len(pages) == len(list(site.paths()))
    for path in (
        "nothing.html",
        "tasks/../index.html",
        "tasks/nothing.html",
        "static/../page.py",
        "compare/x.html",
    ):
        assert site.page(path) is None
    assert site.page("models.2.html") is None and site.page("models.0.html") is None


def test_links_lead_to_pages_that_are_there(documents, pages):
    for path, document in documents.items():
        for link in document.links():
            assert not re.match(r"[a-z]+:|//", link), f"{path} leads outside: {link}"
            target, _, mark = link.partition("#")
            place = (
                posixpath.normpath(posixpath.join(posixpath.dirname(path), target.partition("?")[0]))
                if target
                else path
            )
            assert place in pages, f"{path}: {link}"
            if mark and pages[place].kind == HTML:
                assert mark in {e.attributes.get("id") for e in documents[place].elements}, f"{path}: {link}"


def test_pages_hold_what_accessibility_asks_for(documents):
    for path, document in documents.items():
        assert len(document.all("h1")) == 1 and document.all("title")[0].text.strip(), path
        ids = [e.attributes["id"] for e in document.elements if "id" in e.attributes]
        assert len(ids) == len(set(ids)), path
        for svg in document.all("svg"):
            named = {"aria-label", "aria-labelledby", "aria-hidden"} & svg.attributes.keys()
            assert named or "svg" in svg.inside, (path, svg.attributes)
        for table in document.all("table"):
            assert {"th"} <= {e.tag for row in table.children for e in _under(row)}, path
        for cell in document.all("th"):
            assert cell.attributes.get("scope") in ("row", "col", "rowgroup"), (path, cell.text)
        for control in document.all("input", "select"):
            named = (
                "aria-label" in control.attributes or "label" in control.inside or "id" in control.attributes
            )
            assert named, (path, control.attributes)
        for link in document.all("a", "button"):
            assert link.text.strip(), (path, link.attributes)


def _under(element):
    for child in element.children:
        yield child
        yield from _under(child)


def test_pages_hold_no_style_or_script_of_their_own(documents):
    for path, document in documents.items():
        assert not document.all("style"), path
        assert all("src" in script.attributes for script in document.all("script")), path
        bad = [
            name
            for e in document.elements
            for name in e.attributes
            if name.startswith("on") or name == "style"
        ]
        assert not bad, (path, bad)


def test_names_from_strangers_stay_text(documents, pages):
    shown = [
        path for path, document in documents.items() if any(HOSTILE in e.text for e in document.all("main"))
    ]
    assert len(shown) > 5
    for path in shown:
        assert not [e for e in documents[path].all("b") if "hostile" in e.text], path
        assert b"<b>hostile" not in pages[path].body


def test_the_overview_has_every_task_and_model(documents, pages, opened):
    text = documents["index.html"].all("main")[0].text
    assert all(name in text for name in NAMED.values())
    found = rows_of(pages["index.interpolate.csv"])
    # open submissions are in no average and no heat map
    assert {row["model"] for row in found if row["kind"] == "model"} == set(MODELS)
    kept = next(
        k for k in opened.records() if k.summary.model == "mlp" and "addition" in k.summary.task["name"]
    )
    share = kept.checked.scores["interpolate"].total.exact_match
    assert [float(r["exact_match"]) for r in found if r["model"] == "mlp" and r["task"] == "sums"] == [share]
    cells = [e for e in documents["index.html"].all("td") if e.attributes.get("data-v") == str(share)]
    assert cells and cells[0].text.strip() == f"{share:.1%}"[:-1]


def test_a_task_page_shows_the_ranking_as_show_does(documents, pages):
    at = address.of_season_task("sums")
    found = rows_of(pages[address.of_data(at, "interpolate")])
    shares = [float(row["exact_match"]) for row in found]
    assert shares == sorted(shares, reverse=True) and {row["kind"] for row in found} == {
        "model",
        "floor",
        "solver",
    }
    ranked = [e for e in documents[at].all("tr") if "data-badge" in e.attributes][: len(found)]
    names = [next(e for e in row.children if e.tag == "th").text.strip() for row in ranked]
    assert names[1].startswith(found[1]["model"])
    text = documents[at].all("main")[0].text
    assert "longer than in training" in text and "By both lengths" in text and "All strata" in text


def test_the_data_of_curves_add_up_to_the_scores(pages, opened):
    at = address.of_season_task("multiples-of-7")
    found = rows_of(pages[address.of_data(at, "strata")])
    for kept in opened.records():
        if kept.summary.task["name"] != made("divisible").name:
            continue
        mine = [
            row
            for row in found
            if row["model"].startswith(kept.summary.model) and row["split"] == "extrapolate"
        ]
        total = kept.checked.scores["extrapolate"].total
        assert (sum(int(r["n"]) for r in mine), sum(int(r["correct"]) for r in mine)) == (
            total.n,
            total.correct,
        )


def test_by_residue(documents):
    at = address.of_season_task("multiples-of-7")
    assert "By residue, interpolate" in documents[at].all("main")[0].text


def test_a_pair_is_what_compare_says(pages, filled, opened):
    _, digests = filled
    ids = [digests[model, "addition"] for model in ("decoder-transformer", "attentional-lstm")]
    path = next(
        p for p in pages if p.startswith("compare/") and p.endswith(".csv") and all(i[:12] in p for i in ids)
    )
    first, second = (opened.find(part) for part in path[8:-4].split("-"))
    compared = compare(*([(k, opened.predictions_bytes(k.digest))] for k in (first, second)))
    found = rows_of(pages[path])
    totals = [row for row in found if not row["stratum"]]
    assert [int(row["only_first"]) for row in totals] == [c.total.only_first for c in compared]
    assert float(totals[0]["p"]) == compared[0].total.p


def test_words_in_the_filter(site):
    at = address.of_season_task("sums")
    for filters, expected in (
        (Filters("lstm"), {"lstm-seq2seq", "attentional-lstm"}),
        (Filters("", "keras"), {"attentional-lstm", "mlp"}),
        (Filters("", HOSTILE), {"stranger"}),
        (Filters("", "", "reproduced"), set()),
        (Filters("<script>"), set()),
    ):
        document = Document(site.page(at, filters).body)
        rows = [e for e in document.all("tr") if e.attributes.get("class") == "model"]
        assert {name for name in MODELS for row in rows if name in row.text.replace("\n", " ")} >= expected
        assert len(rows) == 2 * len(expected)


def test_an_unknown_order_is_the_usual_one(site):
    at = address.of_season_task("sums")
    assert site.page(at, Filters(sort="nonsense")).body == site.page(at).body


def seasons_of(folder):
    """The season of the board, in a folder."""
    season = parse_season(SEASON, "small.toml")
    any_board.add_season(folder, SEASON, season, references(season))


def test_a_board_as_a_folder_has_the_same_comparisons(filled, pages, tmp_path):
    records = Board(filled[0], create=False).records()
    to_folder(records, tmp_path / "results", answers_loader(filled[0]))
    seasons_of(tmp_path)
    site = load_pages(tmp_path, season="small")
    pairs = {path for path in site.paths() if path.startswith("compare/")}
    assert pairs == {path for path in pages if path.startswith("compare/")} and pairs
    for path in pairs:
        if path.endswith(".csv"):
            assert site.page(path).body == pages[path].body


def test_claims_are_not_compared(filled, tmp_path):
    to_folder(Board(filled[0], create=False).records(), tmp_path / "results")
    seasons_of(tmp_path)
    site = load_pages(tmp_path, season="small")
    assert not [path for path in site.paths() if path.startswith("compare/")]
    assert "leaderboard compare" in Document(site.page("compare.html").body).all("main")[0].text
    every = [Document(page.body) for path in site.paths() if (page := site.page(path)).kind == HTML]
    assert len(every) > 10
    task = next(path for path in site.paths() if path.startswith("tasks/") and path.endswith(".html"))
    badges = {
        row.attributes["data-badge"]
        for row in Document(site.page(task).body).all("tr")
        if "data-badge" in row.attributes
    }
    assert badges == {"claimed", "computed"}
    models = [
        row for row in rows_of(site.page(task.replace(".html", ".interpolate.csv"))) if row["kind"] == "model"
    ]
    assert {row["badge"] for row in models} == {"claimed"}


def test_an_empty_board_says_what_to_do(tmp_path):
    Board(tmp_path / "empty.sqlite")
    site = load_pages(tmp_path / "empty.sqlite")
    assert "The board is empty" in Document(site.page("index.html").body).all("main")[0].text
    assert all(site.page(path) for path in site.paths())


def test_export_writes_all_pages_and_takes_old_ones_away(site, filled, tmp_path):
    place = tmp_path / "site"
    told = []
    assert export(site, place, told.append) == len(told) == len(list(site.paths()))
    assert (place / "index.html").read_bytes() == site.page("index.html").body
    (place / "mine.txt").write_text("mine")
    Board(tmp_path / "empty.sqlite")
    export(load_pages(tmp_path / "empty.sqlite"), place)
    left = {path.relative_to(place).as_posix() for path in place.rglob("*") if path.is_file()}
    assert "mine.txt" in left and not [path for path in left if path.startswith(("models/", "seasons/"))]


def test_export_leaves_other_folders_alone(site, tmp_path):
    from mathbench.errors import InputError

    (tmp_path / "mine.txt").write_text("mine")
    for target in (tmp_path, tmp_path / "mine.txt"):
        with pytest.raises(InputError, match="Give a new folder"):
            export(site, target)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_list_that_names_files_outside_removes_none(site, tmp_path):
    (tmp_path / "precious").write_text("mine")
    place = tmp_path / "site"
    export(site, place)
    (place / ".mathbench-site.json").write_text('["../precious", "index.html"]')
    export(site, place)
    assert (tmp_path / "precious").exists() and (place / "index.html").exists()


def test_thousands_of_models_come_in_pages_of_a_hundred():
    many = [record(made("addition"), 20 + i % 250, i, baseline=f"model-{i}") for i in range(1, 450)]
    site = PageSet(snapshot(many), {}, None, served=False)
    listed = [path for path in site.paths() if path.startswith("models.") and path.endswith(".html")]
    rows = [
        row
        for path in listed
        if "extrapolate" not in path
        for row in Document(site.page(path).body).all("tr")
        if row.attributes.get("class") == "model"
    ]
    assert len(rows) == len({row.text for row in rows}) == 449
    at = address.of_season_task("sums")
    shown = [row for row in Document(site.page(at).body).all("tr") if row.attributes.get("class") == "model"]
    assert 98 <= len(shown) <= 200 and len(rows_of(site.page(address.of_data(at, "interpolate")))) >= 449
    head = Document(site.page(address.OVERVIEW).body)
    columns = [e for e in head.all("th") if e.attributes.get("class") == "name"]
    assert len(columns) == 2 * heat_map.MAX_MODELS


def test_long_names_do_not_share_a_page():
    one, other = ("a" * 70 + end for end in "xy")
    assert address.of_task(one, "a-v1") != address.of_task(other, "a-v1")
    assert len({address.of_round(name) for name in ("winter", "Winter", "winter!", "wintér")}) == 4
