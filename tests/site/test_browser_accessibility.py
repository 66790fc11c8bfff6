"""Every kind of page: no complaint of the browser or of axe, no sideways scrolling, names, keyboard, and contrast."""

import re
from importlib.util import find_spec
from pathlib import Path

import pytest
from selenium.webdriver.common.keys import Keys

from tests.conftest import absent

KINDS = (
    "overview",
    "models",
    "progress",
    "open",
    "seasons",
    "other season",
    "task",
    "open task",
    "model",
    "hostile model",
    "compare",
    "pair",
    "rounds",
    "round",
    "submit",
    "about",
    "missing",
)
BADGES = ("claimed", "re-scored", "reproduced", "proved", "open", "closed", "revealed")
ENOUGH = 4.5

# Every text that is shown: its colour and what lies behind it as the browser resolves them, to [ratio, text].
CONTRASTS = """
const pen = Object.assign(document.createElement('canvas'), {width: 1, height: 1})
    .getContext('2d', {willReadFrequently: true});
const paint = (colours) => {
  pen.clearRect(0, 0, 1, 1);
  for (const colour of colours) { pen.fillStyle = colour; pen.fillRect(0, 0, 1, 1); }
  return [...pen.getImageData(0, 0, 1, 1).data];
};
const behind = (element) => {
  const found = [];
  for (let e = element; e; e = e.parentElement) found.unshift(getComputedStyle(e).backgroundColor);
  return found;
};
const light = (rgb) => {
  const [r, g, b] = rgb.map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const ratio = (colour, back) => {
  const [a, b] = [light(paint([...back, colour])), light(paint(back))].sort((x, y) => y - x);
  return (a + 0.05) / (b + 0.05);
};
const found = [];
for (const element of document.querySelectorAll('body, body *')) {
  if (!element.checkVisibility() || element.disabled || element.closest('.unseen, option')) continue;
  const style = getComputedStyle(element), back = behind(element);
  const words = [...element.childNodes].filter(n => n.nodeType === 3).map(n => n.data.trim()).join(' ').trim();
  const colour = element.closest('svg') ? style.fill : style.color;
  const label = `${element.tagName} ${element.className.baseVal ?? element.className} ${words}`;
  if (words || element.matches('input, select')) found.push([ratio(colour, back), label]);
  if (element.placeholder) found.push([ratio(getComputedStyle(element, '::placeholder').color, back), label]);
}
return found;
"""
MORE = """
const row = document.querySelector('table').tBodies[0].insertRow();
for (let i = 0; i <= 20; i++) Object.assign(row.insertCell(), {className: `h h${i}`, textContent: `heat ${i}`});
for (const name of arguments[0]) {
  const badge = Object.assign(document.createElement('span'), {className: `badge ${name}`, textContent: name});
  document.querySelector('main').append(badge);
}
for (const kind of ['warning', 'receipt', 'empty']) {
  const box = Object.assign(document.createElement('p'), {className: kind, textContent: kind});
  document.querySelector('main').append(box);
}
"""
SILENT = """return [...document.querySelectorAll(arguments[0])].filter(e => e.checkVisibility() &&
    (e.matches('[role=region]') || !e.innerText?.trim()))"""


AXE = "axe_core_python"  # the package that has axe-core as axe.min.js
FINDINGS = """
const done = arguments[arguments.length - 1];
axe.run({resultTypes: ['violations']}).then(({violations}) => done(violations.map(
    (found) => [found.id, found.impact, found.help, found.nodes.slice(0, 5).map((node) => node.html.slice(0, 300))])));
"""


@pytest.fixture(scope="session")
def axe():
    """The source of axe-core."""
    if (found := find_spec(AXE)) is None:
        absent(f"{AXE} is not installed")
    return Path(found.origin).with_name("axe.min.js").read_text(encoding="utf-8")


def findings(visitor, axe):
    """What axe finds on the page that is shown; parts that are closed are opened before."""
    visitor.run("document.querySelectorAll('details').forEach((part) => { part.open = true; })")
    visitor.run(axe)
    return visitor.driver.execute_async_script(FINDINGS)


def expected(message, kind):
    """Chromium itself notes that a page is not there."""
    return kind == "missing" and "status of 404" in message


@pytest.mark.parametrize("kind", KINDS)
def test_the_browser_has_nothing_to_complain_about(visitor, pages, kind):
    visitor.open(pages[kind])
    assert [message for message in visitor.complaints() if not expected(message, kind)] == []


@pytest.mark.parametrize("kind", KINDS)
def test_no_page_is_wider_than_a_small_telephone(visitor, pages, kind):
    visitor.width(360)
    visitor.open(pages[kind])
    widths = visitor.run("return [document.documentElement.scrollWidth, document.body.scrollWidth]")
    assert max(widths) <= 360
    visitor.run("window.scrollTo(500, 0)")
    assert visitor.run("return window.scrollX") == 0


@pytest.mark.parametrize("kind", KINDS)
def test_every_page_has_one_heading_and_names_for_all_it_offers(visitor, pages, kind):
    visitor.open(pages[kind])
    assert len(visitor.all("h1")) == 1
    offered = "a, main :is(button, input, select, textarea, summary, [role=region], svg[role=img])"
    silent = visitor.run(SILENT, offered)  # text of its own is a name
    assert [part.get_attribute("outerHTML") for part in silent if not part.accessible_name.strip()] == []
    assert [part for part in silent if part.tag_name == "a"] == []


@pytest.mark.parametrize("kind", KINDS)
def test_the_keyboard_skips_to_the_content(visitor, pages, kind):
    visitor.open(pages[kind])
    visitor.press(Keys.TAB)
    skip = visitor.driver.switch_to.active_element
    assert skip.text == "Skip to content" and skip.location["x"] >= 0
    visitor.press(Keys.ENTER)
    visitor.until(lambda: visitor.at.endswith("#main"))
    visitor.press(Keys.TAB)
    assert not visitor.run("return !!document.activeElement.closest('header')")


@pytest.mark.parametrize(
    ("scheme", "width"),
    [
        ("light", 1280),
        *(
            pytest.param(*more, marks=pytest.mark.slow)
            for more in (("dark", 1280), ("light", 390), ("dark", 390))
        ),
    ],
)
@pytest.mark.parametrize("kind", KINDS)
def test_axe_finds_nothing(visitor, pages, axe, kind, scheme, width):
    visitor.scheme(scheme)
    visitor.width(width)
    visitor.open(pages[kind])
    assert findings(visitor, axe) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_a_turned_heat_map_of_the_other_split(visitor, pages, axe, scheme):
    visitor.scheme(scheme)
    visitor.width(390)
    visitor.open(pages["about"])  # an address that differs behind the # only is not loaded again
    visitor.open(f"{pages['overview']}#split=extrapolate")
    button = visitor.seen(".tools button")[0]
    visitor.run("arguments[0].scrollIntoView({block: 'center'})", button)
    button.click()
    visitor.until(lambda: visitor.seen("table.turned"))
    assert findings(visitor, axe) == []


def test_the_overview_has_few_tab_stops_before_and_in_its_heat_map(visitor, pages):
    visitor.open(pages["overview"])
    inside = """return [...document.querySelectorAll(arguments[0])].filter(e => e.checkVisibility() && e.tabIndex >= 0
        && e.matches('a, button, input, select, [tabindex]')).length"""
    # the heads, the rows and the link to the CSV
    assert visitor.run(inside, "table.map *") == 3
    first = visitor.seen("table.map thead a")[0]
    visitor.run("arguments[0].focus()", visitor.seen("table.map thead button")[0])
    visitor.press(Keys.ARROW_RIGHT)
    assert visitor.driver.switch_to.active_element == first
    visitor.press(Keys.END)
    assert visitor.run("return document.activeElement.closest('th').innerText").startswith("exact solver")
    visitor.press(Keys.HOME)
    assert visitor.run(inside, "table.map *") == 3


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    "kind",
    [
        "overview",
        "models",
        "progress",
        "seasons",
        "task",
        "model",
        "compare",
        "pair",
        "round",
        "submit",
        "about",
    ],
)
def test_all_text_stands_out(visitor, pages, kind, scheme):
    visitor.scheme(scheme)
    visitor.open(pages[kind])
    if kind == "task":
        visitor.run(MORE, BADGES)
    found = visitor.run(CONTRASTS)
    assert len(found) > 20
    assert sorted((round(ratio, 2), label) for ratio, label in found if ratio < ENOUGH) == []


def test_dark_is_dark(visitor, pages):
    behind = "return getComputedStyle(document.body).backgroundColor"
    visitor.open(pages["about"])
    light = visitor.run(behind)
    visitor.scheme("dark")
    assert [sum(map(int, re.findall(r"\d+", colour))) > 380 for colour in (light, visitor.run(behind))] == [
        True,
        False,
    ]
