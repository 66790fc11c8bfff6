"""What a visitor does, in a real browser: sort, filter, compare, submit, and meet an error."""

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select, WebDriverWait

from mathbench.leaderboard.site import address
from mathbench.leaderboard.site.export import export, site_of

from ..leaderboard.conftest import manifest, replaced, right, write_run
from .conftest import MODELS, SIZES, made

TASK = address.of_task(made("addition").name, made("addition").id)


def until(browser, check):
    """Wait until something holds."""
    return WebDriverWait(browser, 20).until(lambda _: check())


def all_of(browser, selector):
    return browser.find_elements(By.CSS_SELECTOR, selector)


def one(browser, selector):
    return browser.find_element(By.CSS_SELECTOR, selector)


def shown(browser, selector):
    return [element for element in all_of(browser, selector) if element.is_displayed()]


def column(browser, header):
    """The texts of a column of the first ranking, of models only."""
    heads = all_of(browser, "table.ranking:first-of-type thead th")
    at = next(i for i, head in enumerate(heads) if header in head.text) + 1
    first = all_of(browser, "table.ranking")[0]
    return [e.text for e in first.find_elements(By.CSS_SELECTOR, f"tr.model > :nth-child({at})")]


def sort_by(browser, name):
    button = next(b for b in all_of(browser, "table.ranking thead button") if b.text.startswith(name))
    button.click()
    return button.find_element(By.XPATH, "..").get_attribute("aria-sort")


def test_the_overview_switches_between_splits(browser, served):
    browser.get(served.url)
    assert shown(browser, ".panel.interpolate") and not shown(browser, ".panel.extrapolate")
    one(browser, "label[for=heat-extrapolate]").click()
    assert one(browser, "#heat-extrapolate").is_selected()
    assert [e.is_displayed() for e in all_of(browser, ".panel.extrapolate")] == [True, False]
    one(browser, "#heat-extrapolate").send_keys(Keys.ARROW_LEFT)
    assert [e.is_displayed() for e in all_of(browser, ".panel.interpolate")] == [True, True]
    shown(browser, "table.heat thead a")[0].click()
    until(browser, lambda: "/models/" in browser.current_url)
    assert one(browser, "h1").text.split("\n")[0].split()[0] in " ".join(MODELS)


def test_a_ranking_is_sorted_by_its_columns(browser, served):
    browser.get(f"{served.url}/{TASK}")
    assert sort_by(browser, "exact match") == "descending"
    shares = [float(text.split()[0]) for text in column(browser, "exact match")]
    assert shares == sorted(shares, reverse=True) and len(shares) == len(MODELS)
    assert sort_by(browser, "exact match") == "ascending"
    assert (
        column(browser, "exact match")
        and [float(t.split()[0]) for t in column(browser, "exact match")] == shares[::-1]
    )
    assert sort_by(browser, "model") == "ascending"
    names = [text.split("\n")[0].lower() for text in column(browser, "model")]
    assert names[0].startswith("<") and names[1:] == sorted(names[1:])
    button = next(b for b in all_of(browser, "table.ranking thead button") if b.text.startswith("parameters"))
    button.send_keys(Keys.ENTER)
    numbers = [int(text.replace(",", "") or 0) for text in column(browser, "parameters")]
    assert numbers == sorted(numbers, reverse=True)


def test_a_page_with_all_lines_is_filtered_in_place(browser, served):
    browser.get(f"{served.url}/{TASK}")
    one(browser, "input[name=q]").send_keys("LSTM")
    assert len(shown(browser, "tr.model")) == 4  # two models, two splits
    assert f"2 of {len(MODELS)} models" in one(browser, ".found").text
    assert shown(browser, "tr.floor") and "?" not in browser.current_url
    Select(one(browser, "select[name=framework]")).select_by_visible_text("keras")
    assert len(shown(browser, "tr.model")) == 2
    Select(one(browser, "select[name=badge]")).select_by_visible_text("reproduced")
    assert not shown(browser, "tr.model")
    one(browser, "input[name=q]").send_keys(Keys.ENTER)
    until(browser, lambda: "q=LSTM" in browser.current_url)
    assert not shown(browser, "tr.model")


def test_two_models_are_compared(browser, served):
    browser.get(f"{served.url}/{TASK}")
    button = next(b for b in all_of(browser, ".picks button") if b.text.startswith("Compare"))
    assert not button.is_enabled()
    boxes = one(browser, ".picks").find_elements(By.NAME, "id")
    for box in boxes[:2]:
        box.click()
    assert button.is_enabled() and not boxes[2].is_enabled()
    button.click()
    until(browser, lambda: "/compare/" in browser.current_url)
    assert "McNemar p =" in one(browser, ".verdict").text
    assert all_of(browser, "table.rows td.right") and all_of(browser, "svg.pair")


def test_an_id_that_is_not_there_is_said(browser, served):
    browser.get(f"{served.url}/compare.html")
    for field in all_of(browser, "input[name=id]"):
        field.send_keys("0123456789")
    one(browser, "form.filter button").click()
    until(browser, lambda: all_of(browser, "[role=alert]"))
    assert "No submission" in one(browser, "[role=alert]").text


def send(browser, served, path, token):
    """Fill in the form and send it; returns what the page says."""
    browser.get(f"{served.url}/submit.html")
    one(browser, "input[name=manifest]").send_keys(str(path / "result.json"))
    one(browser, "input[name=predictions]").send_keys(str(path / "predictions.parquet"))
    one(browser, "[data-token]").send_keys(token)
    one(browser, "form.submit button").click()
    place = one(browser, "[data-answer]")
    until(browser, lambda: place.text and "being scored" not in place.text)
    return place.text


def test_a_run_is_submitted_with_a_token(browser, served, tmp_path):
    task = made("addition")
    path = write_run(
        tmp_path / "run", manifest(task, SIZES, baseline="from a browser"), replaced(right(task), 3)
    )
    assert "Refused: this token is not known" in send(browser, served, path, "mb_" + "0" * 64)
    said = send(browser, served, path, served.token)
    assert "kept as" in said and "297 of 300 right, 99.00 %" in said and "the claim does not hold" in said
    assert served.token not in browser.current_url and served.token not in served.text()
    assert "attempt 2" in send(browser, served, path, served.token)
    browser.get(f"{served.url}/{TASK}")
    assert "from a browser" in one(browser, "main").text


def test_a_refusal_is_one_line(browser, served, tmp_path):
    task = made("addition")
    path = write_run(tmp_path / "run", manifest(task, SIZES), right(task).slice(0, 0))
    (path / "predictions.parquet").write_bytes(b"<b>no parquet</b>")
    said = send(browser, served, path, served.token)
    assert said.startswith("Refused: ") and "\n" not in said and not all_of(browser, "[data-answer] b")


def test_an_address_that_is_not_there_leads_home(browser, served):
    browser.get(f"{served.url}/tasks/nothing.html")
    assert one(browser, "h1").text == "Not found"
    one(browser, "main a").click()
    until(browser, lambda: one(browser, "h1").text.startswith("Which models"))


def test_without_scripts_the_server_filters_and_compares(browser, served):
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        browser.get(f"{served.url}/{TASK}")
        one(browser, "input[name=q]").send_keys("transformer")
        one(browser, "form.filter button").click()
        until(browser, lambda: "q=transformer" in browser.current_url)
        assert len(shown(browser, "tr.model")) == 4
        for box in one(browser, ".picks").find_elements(By.NAME, "id")[:2]:
            box.click()
        one(browser, ".picks p button").click()
        until(browser, lambda: "/compare/" in browser.current_url)
    finally:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


@pytest.mark.parametrize("page", ["index.html", TASK])
def test_pages_as_files_work_from_the_disk(browser, filled, tmp_path, page):
    export(site_of(filled[0]), tmp_path / "site")
    browser.get((tmp_path / "site" / page).as_uri())
    assert one(browser, "h1").value_of_css_property("font-weight") == "700"
    assert one(browser, "body").value_of_css_property("margin") == "0px"
    assert all_of(browser, "table thead button"), "sorting works"
    if page == TASK:
        one(browser, "input[name=q]").send_keys("lstm")
        assert len(shown(browser, "tr.model")) == 4
