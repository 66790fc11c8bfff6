"""Somebody who looks at pages: headless Chromium, with waits instead of sleeps."""

from pathlib import Path

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

CHROMIUM, DRIVER = Path("/usr/bin/chromium"), Path("/usr/bin/chromedriver")
OPTIONS = (
    "--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --disable-dev-shm-usage"
)
SECONDS = 20  # until something that was waited for counts as absent


def start(profile):
    """A browser with a profile of its own; naming the driver keeps Selenium from looking for one."""
    options = webdriver.ChromeOptions()
    options.binary_location = str(CHROMIUM)
    for option in (*OPTIONS.split(), f"--user-data-dir={profile}"):
        options.add_argument(option)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    return webdriver.Chrome(options=options, service=Service(str(DRIVER)))


class Visitor:
    """What a visitor does and sees.

    Args:
        driver: the browser.
        root: the address of the site, a server's or a folder's.
    """

    def __init__(self, driver, root):
        self.driver, self.root = driver, root
        self._as_found()

    def open(self, path):
        self.driver.get(f"{self.root}/{path}")

    @property
    def at(self):
        """The path of the page that is shown."""
        return self.driver.current_url.removeprefix(f"{self.root}/")

    def all(self, css):
        return self.driver.find_elements(By.CSS_SELECTOR, css)

    def one(self, css):
        return self.driver.find_element(By.CSS_SELECTOR, css)

    def seen(self, css):
        return [element for element in self.all(css) if element.is_displayed()]

    def texts(self, css):
        return [element.text for element in self.seen(css)]

    def link(self, text):
        return self.driver.find_element(By.LINK_TEXT, text)

    def until(self, done):
        """Wait for something to be true, and give it back."""
        return WebDriverWait(self.driver, SECONDS, poll_frequency=0.05).until(lambda _: done())

    def leaves(self, act):
        """Do what leads to another page, and wait for it."""
        before = self.one("html")
        act()
        self.until(lambda: self.one("html") != before)
        self.until(lambda: self.run("return document.readyState") == "complete")

    def press(self, *keys):
        self.driver.switch_to.active_element.send_keys(*keys)

    def run(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    def command(self, name, **values):
        return self.driver.execute_cdp_cmd(name, values)

    def width(self, pixels):
        size = {"width": pixels, "height": 800, "deviceScaleFactor": 1, "mobile": pixels < 500}
        self.command("Emulation.setDeviceMetricsOverride", **size)

    def scheme(self, name):
        """Prefer light or dark pages, and no motion, which clicks would have to wait for."""
        wanted = {"prefers-color-scheme": name, "prefers-reduced-motion": "reduce"}
        features = [{"name": key, "value": value} for key, value in wanted.items()]
        self.command("Emulation.setEmulatedMedia", features=features)

    def scripts(self, run):
        self.command("Emulation.setScriptExecutionDisabled", value=not run)

    def complaints(self):
        """What the browser wrote to its console since it was last asked."""
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def _as_found(self):
        """Undo what an earlier visit has set."""
        self.scripts(True)
        self.scheme("light")
        self.width(1200)
        self.driver.delete_all_cookies()
        self.complaints()
