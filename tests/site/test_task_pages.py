"""Pages of tasks, models and comparisons, and the page about submitting, with their figures."""

import json
import re
import subprocess
import sys
from html import unescape

import jsonschema_rs
import numpy as np
import pytest

from mathbench.leaderboard.ranking.detectable import detectable_difference
from mathbench.leaderboard.ranking.paired import compare_models
from mathbench.leaderboard.site import address, submit_page
from mathbench.leaderboard.site.page_set import PageSet
from mathbench.leaderboard.site.task_page import Filters
from mathbench.leaderboard.store.board import Board
from mathbench.leaderboard.submit import open_season_submission, submit_season
from tests.commands import outcome

from .conftest import SEASON, add_season, made
from .reading import Document
from .records import record, snapshot, stated

SUMS = made("addition")
TASK, MODELS = address.of_season_task("sums"), ("theirs", "ours", "weak")
MINUS = "\N{MINUS SIGN}"
SHORT = {"train": 1000, "validation": 50, "interpolate": 100, "extrapolate": 200}
LINKS = {"code": "https://example.org/code", "paper": "https://example.org/paper"}


def submission(
    correct, number, name="theirs", submitter="ada", external=False, revision="v1", seed=0, **changes
):
    """A model on the sums of the season, with a number of right rows."""
    document = stated(SUMS, name=name, revision=revision, links=LINKS)
    document["training"] = document["training"] | {
        "external_data": external,
        "seeds": [seed],
        "cpu_seconds": 7200,
    }
    return record(SUMS, correct, number, submitter=submitter, document=document, **changes)


@pytest.fixture(scope="module")
def records():
    return [
        submission(195, 1),
        submission(150, 2, "ours", "grace"),
        submission(60, 3, "weak", None, external=True),
        submission(200, 4, withdrawn="a mistake"),
        submission(190, 5, revision="v2"),
        submission(190, 6, revision="v2", seed=1),
        record(SUMS, 90, 7, SHORT, "kurt", document=short()),
        submission(199, 8, "boast", "kurt", claimed=True),
    ]


def short():
    """Answers to some of the rows."""
    document = stated(SUMS, name="half")
    return document | {
        "data": document["data"] | {"sizes": {s: SHORT[s] for s in ("interpolate", "extrapolate")}}
    }


@pytest.fixture(scope="module")
def site(records):
    return PageSet(snapshot(records), {}, None, served=True)


def main(site, path, filters=None):
    found = site.page(path) if filters is None else site.page(path, filters)
    text = re.sub(r"<[^>]+>", " ", found.body.decode().partition("<main")[2])
    return Document(found.body), " ".join(unescape(text).split())


def _under(element):
    for child in element.children:
        yield child
        yield from _under(child)


def test_a_task_is_described_in_words_with_its_rows_and_samples(site):
    document, text = main(site, TASK)
    assert "Add numbers of 1 to 4 digits." in text and "order of operands" in text
    assert "interpolate 300 0 1 to 4 digits 2 10" in text and "extrapolate 200 0 1 to 6 digits 2 to 3" in text
    samples = [row for row in document.all("tr") if "digits=4+4" in row.text]
    assert samples and re.search(r"\d{4}\+\d{4}", samples[0].text)
    description = next(e for e in document.all("meta") if e.attributes.get("name") == "description")
    assert description.attributes["content"].startswith("Add numbers of 1 to 4 digits. Models ranked")


def test_entries_have_submitter_revision_date_data_and_attempt(site):
    document, text = main(site, TASK)
    assert "theirs v1 jax" in text and "1st of 3 attempts" in text and "3rd of 3 attempts" in text
    assert "external" in next(row.text for row in document.all("tr") if "weak" in row.text)
    assert "2026-01-01" in text


def test_what_has_no_rank_stands_apart_with_the_reason(site):
    document, text = main(site, TASK)
    assert "incomplete: interpolate 100 of 300 rows, extrapolate 200 of 200 rows" in text
    assert "claimed: its answers are not here" in text and "a mistake" in text
    table = next(t for t in document.all("table") if "unranked" in t.attributes.get("class", ""))
    assert "half" in table.text and "boast" in table.text and "ours" not in table.text


def test_the_matrix_has_the_corrected_p_values_of_the_ranking(site, records):
    document, _ = main(site, TASK)
    table = next(t for t in document.all("table") if t.attributes.get("class") == "pairs")
    rights = [
        [r.checked.right["interpolate"] for r in same] for same in (records[:1], records[4:6], records[1:2])
    ]
    tests = compare_models(
        [np.stack(right) for right in (*rights, [records[2].checked.right["interpolate"]])]
    )
    cell = next(e for e in _under(table) if e.tag == "td" and "to" in e.text)
    assert "for the 6 pairs" in table.text
    assert f"{100 * tests.difference[0, 1]:+.2f}".replace("-", MINUS) in cell.text
    found = site.comparisons.ranking("sums", "interpolate", "examples").tests
    assert sorted(found.corrected.ravel()) == pytest.approx(sorted(tests.corrected.ravel()))


def test_what_the_rows_can_show(site):
    _, text = main(site, TASK)
    one, every = (detectable_difference(300, 0.9, comparisons=pairs) for pairs in (1, 6))
    assert "one pair alone" in text and f"{100 * one:.1f}" in text and f"{100 * every:.1f}" in text


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (Filters("our"), {"ours"}),
        (Filters(internal="1"), {"theirs", "ours", "half", "boast"}),
        (Filters(badge="claimed"), {"boast"}),
        (Filters(supervision="dense"), set()),
        (Filters(framework="jax", word="weak"), {"weak"}),
    ],
)
def test_filters(site, filters, expected):
    document, _ = main(site, TASK, filters)
    rows = [row for row in document.all("tr") if row.attributes.get("class") == "model"]
    found = {
        e.text for row in rows for e in _under(row) if e.attributes.get("class") == "model" and e.tag == "a"
    }
    assert found == expected


def test_models_without_a_revision_can_be_left_out():
    run = record(SUMS, 100, 9, recipe={"hidden": 1})
    site = PageSet(snapshot([run, submission(100, 10)]), {}, None, served=True)
    for filters, expected in ((Filters(), True), (Filters(revised="1"), False)):
        assert ("lstm-seq2seq" in lines_text(site, filters)) is expected


def lines_text(site, filters):
    document, _ = main(site, TASK, filters)
    return " ".join(row.text for row in document.all("tr") if row.attributes.get("class") == "model")


def test_two_models_over_all_tasks_and_on_one(site, records):
    ids = {(m.name, m.key.revision): id for id, m in site.comparisons.models.items()}
    one, two = ids["theirs", "v1"], ids["ours", "v1"]
    rights = [records[i].checked.right["interpolate"] for i in (0, 1)]
    difference = f"{100 * (rights[0].mean() - rights[1].mean()):+.2f}"
    for path in (address.of_models(one, two), address.of_models(one, two, "sums")):
        _, text = main(site, path)
        assert "theirs is better" in text and f"{difference} points" in text and path.replace(".html", ".csv")
        assert site.page(path.replace(".html", ".csv")).body.startswith(b"task,split,first,second,difference")
    reverse = main(site, address.of_models(two, one, "sums"))[1]
    assert difference.replace("+", MINUS) + " points" in reverse and "theirs is better" in reverse
    for path in (
        address.of_models(one, one),
        address.of_models(one, "0" * 12),
        address.of_models(one, two, "gcd"),
    ):
        assert site.page(path) is None


def test_models_of_different_supervision_are_compared_without_a_correction():
    other = record(SUMS, 120, 2, document=stated(SUMS, name="dense") | {"supervision": "dense"})
    site = PageSet(snapshot([submission(200, 1), other]), {}, None, served=True)
    ids = list(site.comparisons.models)
    _, text = main(site, address.of_models(*ids, "sums"))
    assert "not corrected, since the two are not in one ranking" in text


def test_an_exported_site_has_the_pairs_that_it_links_to(records):
    site = PageSet(snapshot(records), {}, None, served=False)
    paths = set(site.paths())
    assert sum(path.startswith("compare/tasks/sums/") for path in paths) == 2 * 6
    document, _ = main(site, TASK)
    links = [link for link in document.links() if "compare/" in link]
    assert links and {link.removeprefix("../") for link in links} <= paths


def test_a_model_page_shows_revisions_attempts_and_links(site):
    document, text = main(site, address.of_model("theirs", "jax"))
    assert "CPU time of training 2 h" in text and "training seeds 2" in text and "training seeds 1" in text
    assert "withdrawn: a mistake" in text and "2nd of 3" in text
    external = [e for e in document.all("a") if e.attributes["href"].startswith("https:")]
    assert {e.attributes["href"] for e in external} == set(LINKS.values())
    assert {e.attributes["rel"] for e in external} == {"noopener nofollow"}


def test_the_page_about_submitting_has_what_a_submitter_needs(site):
    _, text = main(site, address.SUBMIT)
    assert "Rows of train are internal." in text and "1,000,000 rows" in text and "claimed" in text
    assert "mathbench leaderboard questions small --out small.parquet" in text


def test_the_example_makes_a_submission_of_the_season(site, tmp_path):
    season = site.snapshot.season
    (tmp_path / "small.parquet").write_bytes(site.page(address.of_questions("small", ".parquet")).body)
    (tmp_path / "example.py").write_text(submit_page.example(season))
    subprocess.run([sys.executable, "example.py"], cwd=tmp_path, check=True)
    add_season(tmp_path / "board.sqlite")
    sent = open_season_submission(tmp_path, tmp_path / "board.sqlite")
    receipts = submit_season(sent, tmp_path / "board.sqlite")
    assert [receipt.new for receipt in receipts] == [True] * 3 and not sent.unanswered
    assert 0.3 < receipts[1].scores["interpolate"].total.exact_match < 0.7
    assert len(Board(tmp_path / "board.sqlite").records()) == 3
    shown = outcome(
        "leaderboard", "show", "--board", tmp_path / "board.sqlite", "--season", "small", "--macro"
    )
    assert shown[0] == 0 and "my-model" in shown[1]
    validator = jsonschema_rs.validator_for(json.loads(site.page(address.SCHEMA).body))
    manifest = json.loads((tmp_path / "submission.json").read_text())
    assert validator.is_valid(manifest) and validator.is_valid(
        stated(SUMS) | {"predictions": manifest["predictions"]}
    )
    assert not validator.is_valid({**manifest, "season": None}) and not validator.is_valid({})


def test_the_questions_of_a_sealed_season_are_no_download():
    seal = f'[sealed]\ncommitment = "{"0" * 64}"\n'
    site = PageSet(snapshot([], SEASON.replace("[[tasks]]", seal + "[[tasks]]", 1)), {}, None, served=False)
    assert site.page(address.of_questions("small", ".parquet")) is None
    assert not [path for path in site.paths() if path.startswith("questions/small")]
    assert "their rounds hand out the questions" in main(site, address.SUBMIT)[1]


def test_questions_of_unknown_seasons_are_not_there(site):
    for path in ("questions/other.parquet", "questions/small.csv", "questions/", "schema/other.json"):
        assert site.page(path) is None
    assert site.page(address.of_questions("small", ".jsonl.gz")).body[:2] == b"\x1f\x8b"
