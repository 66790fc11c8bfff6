"""Pages without a server, opened as files, and pages without JavaScript."""

from urllib.parse import unquote, urlsplit

import pytest

from mathbench.leaderboard.site import address
from mathbench.leaderboard.site.export import export, load_pages

from .conftest import MODELS
from .visitor import Visitor

FOUND = f"1 of {len(MODELS)} models"


@pytest.fixture(scope="module")
def folder(board_server, tmp_path_factory):
    """The board as files."""
    place = tmp_path_factory.mktemp("export") / "site"
    export(load_pages(board_server.target, board_server.place / "rounds", "small"), place)
    return place


@pytest.fixture
def reader(chromium, folder):
    return Visitor(chromium, folder.as_uri())


@pytest.fixture
def plain(visitor):
    """A visitor whose browser runs no script."""
    visitor.scripts(False)
    yield visitor
    visitor.scripts(True)


@pytest.mark.parametrize(
    "kind", ["overview", "models", "task", "model", "compare", "pair", "rounds", "round", "submit", "about"]
)
def test_a_file_has_its_style_and_links_to_files_that_exist(reader, pages, folder, kind):
    path = (
        pages[kind] if kind != "pair" else next(folder.glob("compare/*.html")).relative_to(folder).as_posix()
    )
    reader.open(path)
    assert reader.run("return getComputedStyle(document.querySelector('main')).maxWidth") == "1216px"
    assert reader.complaints() == []
    links = {a.get_attribute("href") for a in reader.all("a, link")}
    gone = [link for link in links if not (urlsplit(link).scheme == "file" and exists(link, folder))]
    assert len(links) > 8 and gone == []


def exists(link, folder):
    path = folder.__class__(unquote(urlsplit(link).path))
    return path.is_file() and path.is_relative_to(folder)


def test_files_are_sorted_and_filtered_by_the_browser(reader, tasks):
    reader.open(tasks["addition"])
    button = next(b for b in reader.all("table.ranking thead button") if b.text == "exact match")
    names = reader.texts("table.ranking tr.model a.model")
    button.click()
    button.click()
    assert button.find_element("xpath", "..").get_attribute("aria-sort") == "ascending"
    turned = reader.texts("table.ranking tr.model a.model")
    assert turned[: len(MODELS)] == names[: len(MODELS)][::-1]
    reader.one("input[name=q]").send_keys("mlp\n")
    reader.until(lambda: reader.texts(".found") == [FOUND, FOUND])
    assert reader.at == tasks["addition"] and reader.seen("tr.floor")


def test_files_lead_from_the_overview_to_a_pair(reader):
    reader.open(address.OVERVIEW)
    reader.leaves(reader.link("Compare").click)
    reader.one("main details summary").click()
    reader.leaves(reader.all("main details li a")[0].click)
    assert "p = " in reader.one(".verdict").text and "points, 95 % interval" in reader.one(".verdict").text


def test_a_file_of_submitting_has_no_form(reader):
    reader.open(address.SUBMIT)
    assert not reader.all("form") and "mathbench submit" in " ".join(reader.texts("pre"))


def test_without_scripts_the_server_filters(plain, tasks):
    plain.open(tasks["addition"])
    assert not plain.all("thead button")  # no script has run
    plain.one("input[name=q]").send_keys("mlp")
    plain.leaves(plain.one("form.filter button").click)
    assert plain.at.startswith(f"{tasks['addition']}?q=mlp") and plain.texts(".found") == [FOUND, FOUND]
    assert plain.texts("tr.model a.model") == ["mlp", "mlp"] and plain.seen("tr.floor")


def test_without_scripts_two_models_are_compared_through_either_form(plain, tasks):
    plain.open(tasks["addition"])
    for box in plain.all("form.picks input[name=model]")[:2]:
        box.click()
    plain.leaves(plain.one("form.picks p button").click)
    assert "points, 95 % interval" in plain.one(".verdict").text
    plain.open(address.COMPARE)
    for select in plain.all("main select")[:2]:
        at = plain.all("main select").index(select)
        plain.all("main select")[at].find_elements("css selector", "option")[at + 1].click()
    plain.leaves(plain.one("form.chooser button").click)
    assert plain.at.startswith("compare/models/") and "p = " in plain.one(".verdict").text


def test_without_scripts_a_token_never_leaves_the_page(plain, board_server):
    plain.open(address.SUBMIT)
    assert not plain.one("[data-token]").get_attribute("name")
    assert plain.one("form.submit").get_attribute("method") == "post"
    assert plain.seen("noscript .warning")
