"""Every kind of page in a real browser: no errors, no sideways scrolling, contrast, keyboard."""

import re

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from mathbench.leaderboard.site import address

from .conftest import made

SCHEMES = ("light", "dark")
CONTRAST = """
const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
const rgb = (colour) => {
  canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
  return [...canvas.getImageData(0, 0, 1, 1).data];
};
const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
  .map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
  .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
const behind = (e) => { for (; e; e = e.parentElement) {
  const c = rgb(getComputedStyle(e).backgroundColor); if (c[3] === 255) return c; } return [255, 255, 255, 255]; };
for (let i = 0; i <= 20; i++) {
  const cell = document.createElement("td"); cell.className = `h h${i}`; cell.textContent = i;
  document.querySelector("tbody tr").append(cell);
}
const bad = [];
for (const e of document.querySelectorAll("body *")) {
  const own = [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
  if (!own || !e.checkVisibility() || e.closest("svg, .unseen, .skip, button:disabled")) continue;
  const [one, two] = [light(rgb(getComputedStyle(e).color)), light(behind(e))];
  const ratio = (Math.max(one, two) + 0.05) / (Math.min(one, two) + 0.05);
  if (ratio < 4.5) bad.push(`${e.tagName}.${e.className} ${ratio.toFixed(2)} ${e.textContent.trim().slice(0, 20)}`);
}
return bad;
"""


@pytest.fixture(scope="module")
def pages(filled):
    """An address of each kind of page."""
    _, digests = filled
    ids = [digests[model, "addition"] for model in ("transformer", "mlp")]
    return {
        "overview": address.OVERVIEW,
        "models": address.MODELS,
        "task": address.of_task(made("addition").name, made("addition").id),
        "classes": address.of_task(made("divisible").name, made("divisible").id),
        "model": address.of_model("transformer", "torch"),
        "compare": address.COMPARE,
        "pair": address.of_pair(*ids),
        "rounds": address.ROUNDS,
        "submit": address.SUBMIT,
        "about": address.ABOUT,
    }


@pytest.fixture
def narrow(browser):
    metrics = {"width": 360, "height": 800, "deviceScaleFactor": 1, "mobile": True}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    yield browser
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_no_page_has_an_error_or_loads_what_it_may_not(browser, served, pages):
    browser.get_log("browser")
    for path in pages.values():
        browser.get(f"{served.url}/{path}")
        assert not browser.get_log("browser"), path
        loaded = browser.execute_script("return performance.getEntriesByType('resource').map((e) => e.name)")
        assert all(name.startswith(served.url) for name in loaded)
        assert browser.execute_script("return document.querySelectorAll('main b').length") == len(
            re.findall(r"<b>", browser.page_source.partition("<main")[2].partition("</main>")[0])
        )


def test_names_from_strangers_never_become_elements(browser, served, pages):
    browser.get(f"{served.url}/{pages['task']}")
    assert "<b>hostile</b>" in browser.find_element(By.TAG_NAME, "main").text
    assert not [e for e in browser.find_elements(By.CSS_SELECTOR, "main b") if "hostile" in e.text]


def test_pages_fit_a_phone(narrow, served, pages):
    for name, path in pages.items():
        narrow.get(f"{served.url}/{path}")
        width = narrow.execute_script("return document.documentElement.scrollWidth")
        assert width <= 360, f"{name} is {width} wide"


@pytest.mark.parametrize("scheme", SCHEMES)
def test_text_stands_out(browser, served, pages, scheme):
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    try:
        for name in ("overview", "task", "model", "pair", "submit"):
            browser.get(f"{served.url}/{pages[name]}")
            if name == "submit":
                browser.execute_script(
                    "document.querySelector('main').append(document.createElement('table'))"
                )
                browser.execute_script(
                    "document.querySelector('table').innerHTML = '<tbody><tr></tr></tbody>'"
                )
            assert browser.execute_script(CONTRAST) == [], (name, scheme)
        dark = (
            browser.execute_script("return getComputedStyle(document.body).backgroundColor")
            == "rgb(20, 22, 26)"
        )
        assert dark == (scheme == "dark")
    finally:
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def test_the_keyboard_reaches_the_content(browser, served):
    browser.get(served.url)
    browser.find_element(By.TAG_NAME, "body").send_keys(Keys.TAB)
    focused = browser.switch_to.active_element
    assert focused.text == "Skip to content" and focused.is_displayed()
    focused.send_keys(Keys.ENTER)
    assert browser.current_url.endswith("#main")


def test_every_control_has_a_name(browser, served, pages):
    for name, path in pages.items():
        browser.get(f"{served.url}/{path}")
        controls = browser.find_elements(
            By.CSS_SELECTOR, "main input, main select, main button, main a, main summary"
        )
        unnamed = [
            c.get_attribute("outerHTML")[:100]
            for c in controls
            if c.is_displayed() and not c.accessible_name.strip()
        ]
        assert not unnamed, (name, unnamed)
