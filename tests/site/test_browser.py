"""A visitor reads a served board: overview, rankings, filters, comparisons, and what is not there."""

import pytest
from selenium.webdriver.common.keys import Keys

from mathbench.leaderboard.site import address

from .conftest import HOSTILE, MODELS

NAMED = "table.ranking tr.model a.model"


def column(visitor, name, table="table.ranking"):
    """The button that sorts by a column."""
    found = [b for b in visitor.one(table).find_elements("css selector", "thead button") if b.text == name]
    assert len(found) == 1, name
    return found[0]


def cells(visitor, heading, table="table.ranking"):
    """The text of a column's cells, of models only."""
    script = """const table = document.querySelector(arguments[0]);
        const i = [...table.tHead.rows[0].cells].find(c => c.textContent.trim() === arguments[1]).cellIndex;
        return [...table.tBodies[0].rows].filter(r => r.className === 'model').map(r => r.cells[i].innerText)"""
    return visitor.run(script, table, heading)


def percents(visitor):
    return [float(text.split()[0]) for text in cells(visitor, "exact match")]


def sorted_by(visitor):
    return [
        (h.text, h.get_attribute("aria-sort"))
        for h in visitor.one("table.ranking").find_elements("css selector", "th[aria-sort]")
    ]


def pick(visitor, which):
    boxes = visitor.seen("form.picks")[0].find_elements("css selector", "input[name=model]")
    boxes[which].click()
    return boxes


def test_the_heat_map_has_every_task_and_model(visitor, tasks):
    visitor.open("index.html")
    panel = ".panel.interpolate table.heat"
    assert len(visitor.seen(f"{panel} tbody tr:not(.group)")) == len(tasks)
    assert len(visitor.seen(f"{panel} thead th.name:not(.reference)")) == len(MODELS)
    assert visitor.seen(f"{panel} td.h") and visitor.seen(f"{panel} td.none")
    assert not visitor.seen(".panel.extrapolate")


def test_the_other_split_is_that_of_the_whole_page_by_mouse_by_keyboard_and_in_the_address(visitor):
    visitor.open("index.html")
    visitor.one("label[for=split-extrapolate]").click()
    visitor.until(lambda: visitor.seen(".panel.extrapolate"))
    assert not visitor.seen(".panel.interpolate") and visitor.at == "index.html#split=extrapolate"
    assert len(visitor.seen("section.panel, .answer")) == 2 and len(visitor.seen("table.map")) == 1
    visitor.open("about.html")
    visitor.open("index.html#split=extrapolate")
    assert visitor.seen(".panel.extrapolate table.map") and not visitor.seen(".panel.interpolate")
    visitor.run("arguments[0].focus()", visitor.one("#split-extrapolate"))
    visitor.press(Keys.ARROW_LEFT)
    visitor.until(lambda: visitor.seen(".panel.interpolate"))
    assert not visitor.seen(".panel.extrapolate") and visitor.at == "index.html"


@pytest.mark.parametrize("width", [1280, 390])
def test_the_first_screen_names_the_best_models_and_their_gaps(visitor, width):
    visitor.width(width)
    visitor.open("index.html")
    rows = visitor.seen(".answer table.leaders tbody tr:not(.group)")
    assert rows and max(row.rect["y"] + row.rect["height"] for row in rows[:3]) < 800
    assert "best-interpolate" in visitor.one(".answer h2").get_attribute("id")


def heads(visitor):
    """The models of the heat map in their order."""
    return [text.split("\n")[0] for text in visitor.texts("table.map thead th.name:not(.reference) a")]


def test_models_of_the_heat_map_are_found_and_pinned(visitor):
    visitor.open("index.html")
    before = heads(visitor)
    find, pin = visitor.seen(".tools input")[0], visitor.seen(".tools select")[0]
    find.send_keys("LSTM")
    visitor.until(lambda: len(heads(visitor)) == 2)
    assert all("lstm" in name for name in heads(visitor)) and visitor.texts(".tools [role=status]") == [
        "2 of 6 models"
    ]
    last = before[-1]
    pin.send_keys(last)
    visitor.until(lambda: heads(visitor)[0] == last)
    assert len(heads(visitor)) == 3 and visitor.seen("table.map tbody td.pinned")
    find.clear()
    find.send_keys(Keys.SPACE, Keys.BACKSPACE)
    visitor.until(lambda: heads(visitor) == [last, *(name for name in before if name != last)])
    visitor.seen(".pins button")[0].click()
    visitor.until(lambda: heads(visitor) == before)


def test_models_of_the_heat_map_become_rows_and_columns_again(visitor, tasks):
    visitor.open("index.html")
    before, cells = heads(visitor), visitor.texts("table.map td.h")
    button = visitor.seen(".tools button")[0]
    button.click()
    rows = [text.split("\n")[0] for text in visitor.texts("table.turned tbody th a")]
    assert [name.split()[0] for name in rows] == before and button.get_attribute("aria-pressed") == "true"
    assert len(visitor.seen("table.turned thead th.name")) == len(tasks)
    assert sorted(visitor.texts("table.turned td.h")) == sorted(cells)
    button.click()
    assert heads(visitor) == before and visitor.texts("table.map td.h") == cells


def test_a_models_name_leads_to_its_page(visitor):
    visitor.open("index.html")
    visitor.leaves(visitor.seen("table.leaders a[href*=lstm-seq2seq]")[0].click)
    assert visitor.at.startswith("models/lstm-seq2seq-torch-") and "lstm-seq2seq" in visitor.one("h1").text


def test_a_ranking_is_sorted_by_numbers_both_ways(visitor, tasks):
    visitor.open(tasks["addition"])
    column(visitor, "exact match").click()
    assert percents(visitor) == sorted(percents(visitor), reverse=True)
    assert sorted_by(visitor) == [("exact match", "descending")]
    column(visitor, "exact match").click()
    assert percents(visitor) == sorted(percents(visitor)) and len(set(percents(visitor))) > 3
    assert sorted_by(visitor) == [("exact match", "ascending")]


def test_a_ranking_is_sorted_by_words_both_ways(visitor, tasks):
    visitor.open(tasks["addition"])
    for order in (1, -1):
        column(visitor, "model").click()
        names = [name.split()[0] for name in cells(visitor, "model")]
        plain = sorted((name for name in names if "<" not in name), reverse=order < 0)
        assert [name for name in names if "<" not in name] == plain
        assert sorted_by(visitor) == [("model", "ascending" if order > 0 else "descending")]


def test_enter_and_space_sort_too(visitor, tasks):
    visitor.open(tasks["addition"])
    visitor.run("arguments[0].focus()", column(visitor, "exact match"))
    visitor.press(Keys.ENTER)
    assert sorted_by(visitor) == [("exact match", "descending")]
    visitor.press(Keys.SPACE)
    assert sorted_by(visitor) == [("exact match", "ascending")]


def test_who_has_no_value_stays_last(visitor, tasks):
    visitor.open(tasks["addition"])
    for _ in range(2):
        column(visitor, "parameters").click()
        counts = [text for text in cells(visitor, "parameters")]
        assert counts[-1] == "" and "" not in counts[:-1]


def test_the_heat_map_is_sorted_with_missing_results_last(visitor):
    visitor.open("index.html")
    for _ in range(2):
        visitor.one("button[aria-label^='sort by mlp']").click()
        shown = visitor.run(
            "const i = document.querySelector('th[aria-sort]').cellIndex;"
            "return [...document.querySelector('table.map').tBodies[0].rows].map(r => r.cells[i]?.innerText)"
        )
        assert shown[-1] == "no result" and len(shown) == 3


@pytest.mark.parametrize(
    ("control", "said", "fits"),
    [
        ("input[name=q]", "TRANS", ["decoder-transformer", "transformer"]),
        ("select[name=framework]", "keras", ["attentional-lstm", "mlp"]),
        ("select[name=badge]", "reproduced", []),
    ],
)
def test_filters_work_in_a_page_that_has_all_lines(visitor, tasks, board_server, control, said, fits):
    visitor.open(tasks["addition"])
    floors, asked = len(visitor.seen("tr.floor, tr.solver")), board_server.text()
    assert floors and visitor.texts(".found")[0] == f"{len(MODELS)} models"
    visitor.one(control).send_keys(said)
    visitor.until(lambda: visitor.texts(".found") == [f"{len(fits)} of {len(MODELS)} models"] * 2)
    assert sorted(set(visitor.texts(NAMED))) == fits
    assert len(visitor.seen("tr.floor, tr.solver")) == floors
    assert board_server.text() == asked and visitor.at == tasks["addition"]


def test_a_search_is_for_models_only(visitor, tasks):
    visitor.open(tasks["addition"])
    visitor.one("input[name=q]").send_keys("reversed")  # an encoding
    visitor.until(lambda: visitor.texts(".found")[0] == f"0 of {len(MODELS)} models")


def test_the_server_filters_and_orders_alike(visitor, tasks):
    visitor.open(f"{tasks['addition']}?q=lstm&sort=model")
    assert visitor.texts(".found") == [f"2 of {len(MODELS)} models"] * 2
    assert visitor.texts(NAMED) == ["attentional-lstm", "lstm-seq2seq"] * 2
    visitor.open("models.html?q=lstm")
    assert visitor.texts(".found") == [f"2 of {len(MODELS)} models"]
    assert visitor.seen("tr.solver")
    visitor.one("input[name=q]").clear()
    visitor.leaves(visitor.one("form.filter button").click)
    assert visitor.texts(".found") == [f"{len(MODELS)} models"]


def test_two_ticked_models_are_compared(visitor, tasks):
    visitor.open(tasks["addition"])
    button = visitor.one("form.picks p button")
    assert not button.is_enabled() and visitor.texts("[data-picked]")[0] == "0 of 2 chosen"
    pick(visitor, 0)
    assert not button.is_enabled()
    boxes = pick(visitor, 2)
    visitor.until(button.is_enabled)
    assert [box.is_enabled() for box in boxes].count(True) == 2
    boxes[1].click()
    assert not boxes[1].is_selected()
    visitor.leaves(button.click)
    assert (
        visitor.at.startswith("compare/tasks/sums/") and "corrected for the " in visitor.one(".verdict").text
    )
    visitor.leaves(visitor.link("single rows").click)
    assert "McNemar p = " in visitor.one(".verdict").text
    assert visitor.seen("table.rows tbody tr td.right") and visitor.seen("table.rows tbody tr td.wrong")


def choose(visitor, name, place):
    """Choose a model of the form by its name."""
    options = visitor.all("select[name=model]")[place].find_elements("css selector", "option")
    next(option for option in options if option.text.startswith(f"{name},")).click()


def test_two_models_are_chosen_by_name(visitor):
    visitor.open("compare.html")
    choose(visitor, "lstm-seq2seq", 0)
    choose(visitor, "transformer", 1)
    visitor.leaves(visitor.one("form.chooser button").click)
    assert (
        visitor.at.startswith("compare/models/") and visitor.one("h1").text == "lstm-seq2seq and transformer"
    )
    visitor.leaves(visitor.link("sums").click)
    assert visitor.at.startswith("compare/tasks/sums/")


def test_one_model_chosen_twice_is_answered_with_an_alert(visitor):
    visitor.open("compare.html")
    for place in (0, 1):
        choose(visitor, "lstm-seq2seq", place)
    visitor.leaves(visitor.one("form.chooser button").click)
    assert visitor.one("[role=alert]").text == "Choose two different models of the season."
    assert len(visitor.all("select[name=model] option:checked")) == 2
    assert all(
        option.text.startswith("lstm-seq2seq") for option in visitor.all("select[name=model] option:checked")
    )


def test_addresses_with_ids_of_submissions_still_work(visitor, board_server):
    ids = [board_server.digests[name, "addition"][:12] for name in ("lstm-seq2seq", "transformer")]
    visitor.open(f"compare.html?id={ids[0]}&id={ids[1]}")
    assert visitor.at == f"compare/{ids[0]}-{ids[1]}.html" and "McNemar p = " in visitor.one(".verdict").text
    visitor.open(f"compare.html?id=0123456789ab&id={ids[1]}")
    assert "0123456789ab" in visitor.one("[role=alert]").text


def test_an_unknown_page_leads_home(visitor):
    visitor.open("tasks/deep/nothing.html")
    assert visitor.one("h1").text == "Not found" and visitor.one("main [role=alert]").text
    visitor.leaves(visitor.link("Back to the overview").click)
    assert visitor.at == "index.html" and visitor.seen("table.heat")


def test_a_hostile_name_stays_text(visitor, pages):
    for path in pages.values():
        visitor.open(path)
        assert not [b for b in visitor.all("main b") if "hostile" in b.get_attribute("textContent")], path
    visitor.open(pages["hostile model"])
    assert HOSTILE in visitor.one("h1").text
    visitor.open(address.of_model(HOSTILE, "jax"))
    assert visitor.one("h1").text.startswith(HOSTILE) and visitor.driver.title.startswith(HOSTILE)
