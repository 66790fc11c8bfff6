"""Pages of models of different supervision, one of them proved: groups with titles, and a certificate to download."""

import json
from dataclasses import replace

import pytest

from mathbench.leaderboard.seasons.files import parse_season
from mathbench.leaderboard.site import address
from mathbench.leaderboard.site.export import export, load_pages
from mathbench.leaderboard.site.page import HTML
from mathbench.leaderboard.site.page_set import PageSet
from mathbench.leaderboard.site.task_page import Filters
from mathbench.leaderboard.store import any_board
from mathbench.leaderboard.store.any_board import answers_loader, certificate_loader
from mathbench.leaderboard.store.board import Board
from mathbench.leaderboard.store.folder import export as to_folder
from mathbench.leaderboard.submit import submit_run
from tests.leaderboard import proofs
from tests.leaderboard.conftest import from_anybody, manifest, replaced, right, write_run

from .conftest import add_season, references
from .reading import Document
from .records import snapshot

# the pages of this board must hold the same
from .test_pages import (  # noqa: F401
    rows_of,
    test_every_address_has_its_page_and_nothing_else_has_one,
    test_links_lead_to_pages_that_are_there,
    test_pages_hold_what_accessibility_asks_for,
)

TASK = proofs.THREE
AT = address.of_season_task("threes")
PROVED = "certified-net"
SEASON = """
name = "supervised"

[rows]
interpolate = 300
extrapolate = 200

[[tasks]]
name = "threes"
task = "divisible-v2"
k = 3
"""


def proved_submission(folder):
    """A submission of version 3 with a certificate, for the season."""
    model = {**from_anybody(TASK)["model"], "name": PROVED}
    return proofs.write(folder, proofs.content(), schema_version=3, season="supervised", model=model)


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """A board with models of three supervisions, one that states none, and one that is proved."""
    place = tmp_path_factory.mktemp("supervised")
    board = place / "board.sqlite"
    add_season(board, SEASON)
    for i, supervision in enumerate(("examples", "dense", "aligned+dense", None)):
        stated = {} if supervision is None else {"supervision": supervision}
        document = manifest(TASK, baseline="lstm", **stated)
        submit_run(write_run(place / f"run{i}", document, replaced(right(TASK), 10 * i + 1)), board)
    digest = submit_run(proved_submission(place / "sent"), board).digest
    return board, {"proved": digest}


@pytest.fixture(scope="module")
def site(filled):
    return load_pages(filled[0], season="supervised")


@pytest.fixture(scope="module")
def pages(site):
    return {path: site.page(path) for path in site.paths()}


@pytest.fixture(scope="module")
def documents(pages):
    return {path: Document(page.body) for path, page in pages.items() if page.kind == HTML}


def titles(document, tag):
    return [e.text.strip() for e in document.all(tag)]


def test_a_task_has_a_ranking_for_each_supervision(documents, pages):
    found = [
        title for title in titles(documents[AT], "h2") if title.startswith(("Interpolate", "Extrapolate"))
    ]
    words = ("from examples", "dense labels", "aligned input, dense labels", "supervision not stated")
    assert found == [f"{split}, {word}" for split in ("Interpolate", "Extrapolate") for word in words]
    rows = rows_of(pages[address.of_data(AT, "interpolate")])
    ranks = [(r["supervision"], r["model"], r["rank"]) for r in rows if r["kind"] == "model"]
    assert ranks == [
        ("examples", PROVED, "1"),
        ("examples", "lstm", "1"),
        ("dense", "lstm", "1"),
        ("aligned+dense", "lstm", "1"),
        ("", "lstm", "1"),
    ]
    legend = documents[AT].all("figcaption")[0].text
    assert "lstm (torch, dense labels)" in legend
    assert f"{PROVED} (jax, from examples, proved)" in legend


def _map(document):
    return next(e for e in document.all("table") if "data-map" in e.attributes)


def test_the_overview_keeps_them_apart(documents, pages):
    text = documents["index.html"].all("main")[0].text
    heads = ["from examples", "dense labels", "aligned input, dense labels", "supervision not stated"]
    # per split: the best models, and the best per task
    groups = [
        e.text.strip() for e in documents["index.html"].all("th") if e.attributes.get("scope") == "rowgroup"
    ]
    assert [name for name in groups if name in heads] == heads * 2
    columns = [e.text.split() for e in _map(documents["index.html"]).children[1].children[0].children]
    assert ["lstm", "torch", "dense", "labels"] in columns and "proved" in text
    rows = rows_of(pages["index.interpolate.csv"])
    shares = {r["supervision"]: float(r["exact_match"]) for r in rows if r["model"] == "lstm"}
    assert shares == {"examples": 299 / 300, "dense": 289 / 300, "aligned+dense": 279 / 300, "": 269 / 300}
    assert [title.lower() for title in titles(documents["models.html"], "h2")] == heads
    averages = rows_of(pages["models.interpolate.csv"])
    assert {(r["supervision"], r["rank"]) for r in averages if r["model"] == "lstm"} == {
        (s, "1") for s in shares
    }


def test_a_model_has_an_average_for_each_supervision(documents, pages):
    at = address.of_model("lstm", "torch")
    names = titles(documents[at], "dt")
    assert names[:4] == [
        "interpolate, from examples",
        "interpolate, dense labels",
        "interpolate, aligned input, dense labels",
        "interpolate",
    ]
    assert [r["supervision"] for r in rows_of(pages[address.of_data(at, "results")])] == [
        "examples", "dense", "aligned+dense", "",
    ] * 2  # fmt: skip


def test_what_is_proved_is_said_and_its_certificate_can_be_had(documents, pages, filled):
    digest = filled[1]["proved"]
    certificate = address.of_certificate(digest)
    assert pages[certificate].body == proofs.content()
    at = address.of_proof(digest)
    for path in (AT, "index.html", address.of_model(PROVED, "jax")):
        marks = [e for e in documents[path].all("a") if e.text == "proved"]
        assert marks and {e.attributes["title"] for e in marks} == {f"proved: {proofs.CLAIM}"}, path
        assert {e.attributes["href"].removeprefix("../") for e in marks} == {at}, path
    model = documents[address.of_model(PROVED, "jax")]
    assert "proved: a certificate was checked" in " ".join(model.all("main")[0].text.split())
    assert proofs.CLAIM in [e.text for e in model.all("a")]
    assert f"../{certificate}" in documents[at].links()
    rows = rows_of(pages[address.of_data(address.of_model(PROVED, "jax"), "results")])
    assert {row["proof"] for row in rows} == {proofs.CLAIM}


def test_the_badge_proved_filters(site):
    document = Document(site.page(AT, Filters(badge="proved")).body)
    rows = [e for e in document.all("tr") if e.attributes.get("class") == "model"]
    assert [row.attributes["data-badge"] for row in rows] == ["proved"] * 2


def test_a_proof_has_a_page_with_its_claim_and_what_was_checked(documents, filled):
    digest = filled[1]["proved"]
    text = " ".join(documents[address.of_proof(digest)].all("main")[0].text.split())
    for said in (
        f"give the right answer to: {proofs.CLAIM}",
        "covers float32",
        "gave the submitted predictions",
        "not checked how the weights came about",
        f"mathbench certificate check {digest[:12]}.safetensors",
        proofs.sha256(proofs.content()),
        PROVED,
        "threes",
    ):
        assert said in text, said


def test_the_page_of_a_proof_without_float32_and_with_its_submitter(filled):
    (record,) = [r for r in Board(filled[0]).records() if r.proof]
    proof = replace(record.proof, covers_float32=False)
    changed = replace(record, checked=replace(record.checked, proof=proof))
    object.__setattr__(changed, "submitter", "ada")
    pages = PageSet(snapshot([changed], SEASON), {}, None, served=False)
    text = Document(pages.page(address.of_proof(record.digest)).body).all("main")[0].text
    assert "does not cover the rounding of float32" in text and "ada" in text
    assert pages.page("proofs/000000000000.html") is None and pages.page("proofs/x.html") is None


def test_a_pair_of_different_supervision_says_so(documents, filled):
    records = {r.summary.supervision: r for r in Board(filled[0]).records() if r.summary.model == "lstm"}
    pair = address.of_pair(records["examples"].digest, records["dense"].digest)
    assert "the first from examples, the second dense labels" in documents[pair].all("main")[0].text


def test_the_files_of_a_folder_board_have_the_certificate_too(filled, tmp_path):
    records = Board(filled[0]).records()
    to_folder(records, tmp_path / "results", answers_loader(filled[0]), certificate_loader(filled[0]))
    season = parse_season(SEASON, "supervised.toml")
    any_board.add_season(tmp_path, SEASON, season, references(season))
    site = load_pages(tmp_path, season="supervised")
    at = address.of_certificate(filled[1]["proved"])
    assert site.page(at).body == proofs.content()
    export(site, tmp_path / "site")
    assert (tmp_path / "site" / at).read_bytes() == proofs.content()
    next((tmp_path / "results").rglob("*.safetensors")).unlink()
    paths = set(load_pages(tmp_path, season="supervised").paths())
    assert at not in paths and address.of_proof(filled[1]["proved"]) not in paths
    assert json.loads(next((tmp_path / "results").rglob(f"*{PROVED}*.json")).read_text())["proof"]
