"""The report's page in a real browser: no errors, nothing wider than the screen, pictures drawn, filters that work.

Run: page_test.py PAGE [FOLDER]   (FOLDER: also writes pictures of the page there, to look at)
Needs Selenium, Chromium and its driver; without them status 77, which ctest shows as skipped.
"""
from __future__ import annotations

import pathlib
import shutil
import sys
import unittest
from typing import Any

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

PAGE = pathlib.Path(sys.argv[1]).resolve()
FOLDER = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else None
WIDTHS = (1280, 390)
THEMES = ("light", "dark")

# Programs go by other names elsewhere.
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
DRIVER = shutil.which("chromedriver")

# What a canvas has on it: how many of its pixels are not transparent.
PAINTED = """
  const canvas = arguments[0];
  if (!canvas.width || !canvas.height) return 0;
  const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
  let painted = 0;
  for (let k = 3; k < pixels.length; k += 4) painted += pixels[k] > 0;
  return painted;
"""


def browser() -> webdriver.Chrome:
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM or ""
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    return webdriver.Chrome(service=Service(DRIVER), options=options)


class Page(unittest.TestCase):
    driver: webdriver.Chrome

    @classmethod
    def setUpClass(cls) -> None:
        cls.driver = browser()
        cls.driver.set_script_timeout(30)

    @classmethod
    def tearDownClass(cls) -> None:
        cls.driver.quit()

    def setUp(self) -> None:
        self.open(1280, "light")

    def tearDown(self) -> None:
        self.assertEqual([entry["message"] for entry in self.driver.get_log("browser")], [])

    def open(self, width: int, theme: str, hash: str = "") -> None:
        screen = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
        feature = {"name": "prefers-color-scheme", "value": theme}
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})
        self.driver.get("about:blank")
        self.driver.get(PAGE.as_uri() + hash)

    def js(self, script: str, *arguments: Any) -> Any:
        return self.driver.execute_script(script, *arguments)

    def choose(self, name: str, value: str) -> None:
        event = "input" if name == "search" else "change"
        script = "const e = document.getElementById(arguments[0]); e.value = arguments[1];"
        self.js(script + "e.dispatchEvent(new Event(arguments[2], {bubbles: true}))", name, value, event)

    def shown(self) -> list[str]:
        """The functions, as they stand on the page."""
        script = "return [...document.querySelectorAll('.card')].filter(c => !c.hidden).map(c => c.id)"
        found: list[str] = self.js(script)
        return found

    def wait(self) -> None:
        """Until what is in view is drawn: two frames."""
        self.driver.execute_async_script(
            "const done = arguments[0]; requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 30)))"
        )

    def picture(self, name: str, width: int, height: int) -> None:
        if FOLDER:
            screen = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
            self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
            self.wait()
            FOLDER.mkdir(parents=True, exist_ok=True)
            self.driver.save_screenshot(str(FOLDER / f"{name}.png"))

    # ---- Tests -----------------------------------------------------------------------------------------

    def test_no_wider_than_the_screen(self) -> None:
        for width in WIDTHS:
            for theme in THEMES:
                self.open(width, theme)
                self.js("document.querySelectorAll('details').forEach(d => { d.open = true; })")
                self.wait()
                self.assertLessEqual(self.js("return document.documentElement.scrollWidth"), width, theme)
                background = self.js("return getComputedStyle(document.body).backgroundColor")
                dark = sum(map(int, background[4:-1].split(","))) < 3 * 128
                self.assertEqual(dark, theme == "dark", background)

    def test_draws_every_picture(self) -> None:
        self.js("document.getElementById('open-all').click()")
        canvases = self.js("return [...document.querySelectorAll('canvas')]")
        self.assertGreater(len(canvases), 5)
        for canvas in canvases:
            self.js("arguments[0].parentElement.scrollIntoView({block: 'center'})", canvas)
            self.wait()
            name = self.js("return arguments[0].getAttribute('aria-label')", canvas)
            empty = self.js("return arguments[0].parentElement.dataset.empty", canvas)
            self.assertTrue(name)
            # Some ops have no error anywhere, and a few figures are not measured of every function.
            if not empty:
                self.assertGreater(self.js(PAINTED, canvas), 300, name)

    def test_search(self) -> None:
        everything = self.shown()
        self.choose("search", everything[0])
        self.assertIn(everything[0], self.shown())
        self.choose("search", "no such function")
        self.assertEqual(self.shown(), [])
        self.assertFalse(self.js("return document.getElementById('nothing').hidden"))
        self.js("document.getElementById('reset').click()")
        self.assertEqual(self.shown(), everything)

    def figures(self, name: str) -> list[Any]:
        """Of each card c that is shown."""
        script = f"return [...document.querySelectorAll('.card')].filter(c => !c.hidden).map(c => {name})"
        found: list[Any] = self.js(script)
        return found

    def test_sort(self) -> None:
        self.choose("sort", "name")
        self.assertEqual(self.shown(), sorted(self.shown()))
        self.choose("sort", "error")
        errors = [e for e in self.figures("c.figures.error") if e is not None]
        self.assertEqual(errors, sorted(errors, reverse=True))
        self.choose("sort", "speed")
        speeds = [s for s in self.figures("c.figures.speed && c.figures.speed.perCycle") if s is not None]
        self.assertEqual(speeds, sorted(speeds, reverse=True))

    def test_filters(self) -> None:
        names = ("family", "dtype", "direction", "target", "tier")
        everything = self.shown()
        families = set()
        for name in names:
            values = self.js("return [...document.getElementById(arguments[0]).options].map(o => o.value)", name)
            self.assertGreater(len(values), 1, name)
            for value in values:
                self.choose(name, value)
                found = self.shown()
                self.assertLessEqual(set(found), set(everything))
                if name == "family" and value:
                    self.assertEqual(set(self.figures("c.dataset.family")), {value})
                    families |= set(found)
            self.js("document.getElementById('reset').click()")
        self.assertEqual(families, set(everything))
        self.choose("tier", "fast")
        self.assertNotIn("relu", self.shown())

    def test_commands_follow_the_filters(self) -> None:
        self.choose("dtype", "bf16")
        self.choose("direction", "backward")
        texts = self.js("return [...document.querySelectorAll('[data-command]')].map(c => c.textContent)")
        self.assertTrue(any("/backward/bf16/" in text for text in texts))
        self.assertFalse(any("{" in text for text in texts))

    def test_links_open_cards(self) -> None:
        name = self.shown()[-1]
        self.open(1280, "light", f"#{name}")
        self.assertTrue(self.js("return document.getElementById(arguments[0]).open", name))
        top = self.js("return document.getElementById(arguments[0]).getBoundingClientRect().top", name)
        self.assertTrue(0 <= top < 900, top)

    def test_themes(self) -> None:
        colours = set()
        for _ in range(3):
            self.js("document.getElementById('theme').click()")
            colours.add(self.js("return getComputedStyle(document.body).backgroundColor"))
        self.assertEqual(len(colours), 2)

    def test_keyboard(self) -> None:
        """Every control has a name, and shows that it has the focus."""
        script = """
          return [...document.querySelectorAll('button, input, select, summary, a, [tabindex]')].filter(e =>
            !(e.textContent.trim() || e.getAttribute('aria-label') || (e.labels && e.labels.length))).length"""
        self.assertEqual(self.js(script), 0)
        script = "return [...document.querySelectorAll('input, select')].filter(e => !e.labels.length).length"
        self.assertEqual(self.js(script), 0)
        seen = set()
        for _ in range(18):
            ActionChains(self.driver).send_keys(Keys.TAB).perform()
            seen.add(self.js("return document.activeElement.id || document.activeElement.textContent.slice(0, 20)"))
            outline = self.js("return getComputedStyle(document.activeElement).outlineStyle")
            self.assertNotEqual(outline, "none")
        self.assertLessEqual({"theme", "search", "family", "sort"}, seen)

    def test_z_pictures_to_look_at(self) -> None:
        for width in WIDTHS:
            for theme in THEMES:
                self.open(width, theme)
                self.picture(f"top_{width}_{theme}", width, 1500 if width > 500 else 2600)
                self.open(width, theme, "#gelu")
                self.picture(f"card_{width}_{theme}", width, 1700 if width > 500 else 2600)


if __name__ == "__main__":
    if "<canvas" not in PAGE.read_text():
        print("SKIPPED: the page has no pictures, for there was no Chart.js (Debian: libjs-chart.js)")
        sys.exit(77)
    if not CHROMIUM or not DRIVER:
        print("SKIPPED: no Chromium with its driver here (Debian: chromium, chromium-driver)")
        sys.exit(77)
    unittest.main(argv=sys.argv[:1])
