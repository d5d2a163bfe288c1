"""A person at headless Chromium. Pages are found by what they say (text, label, role), so that they can be restyled freely.

Selenium with Debian's chromedriver, because the rest of the client tests are Python already: no Node.js, no second package
manager, and Debian ships browser and driver as one version.
"""

import base64
import os
import shutil
import tempfile
import time
import urllib.parse

from selenium import webdriver
from selenium.common.exceptions import JavascriptException, StaleElementReferenceException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

import demo as daypass

PATIENCE = 10
SHOTS = daypass.OUT / "screenshots"
WIDE, NARROW = (1280, 900), (390, 844)

# What a person can press, by the words it carries (its text or its accessible name).
PRESSABLE = """
const words = arguments[0].toLowerCase(), within = arguments[1];
const named = node => [node.innerText, node.textContent, node.getAttribute('aria-label'), node.value, node.title]
  .filter(Boolean).map(text => text.replace(/\\s+/g, ' ').trim().toLowerCase());
const account = node => {
  for (let place = node; place; place = place.parentElement) {
    const found = new Set((place.textContent + ' ' + (place.id || '')).match(/(?<!\\d)\\d{12}(?!\\d)/g));
    if (found.size) return found.size === 1 ? [...found][0] : null;
  }
  return null;
};
const shown = node => node.checkVisibility({checkOpacity: true, checkVisibilityCSS: true}) && !node.disabled;
const all = [...document.querySelectorAll('a[href], button, input[type=submit], label, summary, [role=button], [role=tab]')]
  .filter(node => shown(node) && (!within || account(node) === within));
return all.find(node => named(node).includes(words)) || all.find(node => named(node).some(text => text.includes(words))) || null;
"""

ACCESSIBILITY = """
const wrong = [];
const say = (node, what) => wrong.push(what + ': ' + node.outerHTML.slice(0, 120));
if (!document.documentElement.lang) wrong.push('html has no lang');
if (!document.title.trim()) wrong.push('no title');
if (!document.querySelector('meta[name=viewport]')) wrong.push('no viewport');
if (document.querySelectorAll('h1').length !== 1) wrong.push(document.querySelectorAll('h1').length + ' h1 elements');
if (!document.querySelector('main')) wrong.push('no main');
for (const image of document.querySelectorAll('img')) if (!image.hasAttribute('alt')) say(image, 'image without alt');
for (const field of document.querySelectorAll('input:not([type=hidden]):not([type=submit]), select, textarea'))
  if (!field.labels.length && !field.getAttribute('aria-label') && !field.getAttribute('aria-labelledby')) say(field, 'field without a label');
for (const pressable of document.querySelectorAll('a[href], button'))
  if (!(pressable.textContent.trim() || pressable.getAttribute('aria-label') || pressable.querySelector('img[alt]:not([alt=""])'))) say(pressable, 'nothing names it');
const ids = [...document.querySelectorAll('[id]')].map(node => node.id);
for (const id of new Set(ids.filter((id, at) => ids.indexOf(id) !== at))) wrong.push('two elements have the id ' + id);
for (const styled of document.querySelectorAll('[style]')) say(styled, 'inline style');
return wrong;
"""

# WCAG 2.2, 1.4.3: text against the nearest opaque background behind it, 4.5 to 1, large text 3 to 1.
CONTRAST = """
const probe = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
const rgba = text => { probe.clearRect(0, 0, 1, 1); probe.fillStyle = text; probe.fillRect(0, 0, 1, 1); return [...probe.getImageData(0, 0, 1, 1).data]; };
const over = (top, below) => { const a = top[3] / 255; return [0, 1, 2].map(i => top[i] * a + below[i] * (1 - a)).concat(255); };
const light = colour => { const [r, g, b] = colour.slice(0, 3).map(v => { v /= 255; return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; }); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
const behind = node => { const layers = []; for (let place = node; place; place = place.parentElement) { const s = getComputedStyle(place); if (s.backgroundImage !== 'none') return null; layers.push(rgba(s.backgroundColor)); if (layers.at(-1)[3] === 255) break; }
  const canvas = matchMedia('(prefers-color-scheme: dark)').matches ? [18, 18, 18, 255] : [255, 255, 255, 255]; return layers.reverse().reduce((below, top) => over(top, below), canvas); };
const weak = new Set(), walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
for (let text; (text = walk.nextNode());) {
  const node = text.parentElement;
  if (!text.nodeValue.trim() || !node.checkVisibility({checkOpacity: true, checkVisibilityCSS: true}) || node.closest('svg, noscript, [aria-hidden=true], :disabled')) continue;
  const style = getComputedStyle(node), ground = behind(node);
  if (!ground) continue;
  const size = parseFloat(style.fontSize), large = size >= 24 || (size >= 18.66 && parseInt(style.fontWeight) >= 700);
  const a = light(over(rgba(style.color), ground)), b = light(ground), ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  if (ratio < (large ? 3 : 4.5)) weak.add(`${ratio.toFixed(2)} to 1: "${text.nodeValue.trim().slice(0, 40)}" ${style.color} on ${ground.slice(0, 3).map(Math.round)}`);
}
return [...weak];
"""


class Person:
    """One person's browser, with nothing remembered at the start."""

    def __init__(self, site):
        self.site = site
        self.profile = tempfile.mkdtemp(prefix="daypass-chromium-")
        options = webdriver.ChromeOptions()
        options.binary_location = "/usr/bin/chromium"
        for flag in (
            "--headless",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--hide-scrollbars",
            "--lang=en-GB",
            "--disable-dev-shm-usage",
            f"--user-data-dir={self.profile}",
        ):
            options.add_argument(flag)
        if os.geteuid() == 0:
            # Chromium's own sandbox refuses to run as root.
            options.add_argument("--no-sandbox")
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.driver = webdriver.Chrome(
            options=options, service=Service("/usr/bin/chromedriver", env=daypass.environment())
        )
        self.driver.set_page_load_timeout(30)
        self.complaints = []
        self.light()

    def close(self):
        self.driver.quit()
        shutil.rmtree(self.profile, ignore_errors=True)

    # What they see.

    def wait(self, what, found):
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                seen = found()
                if seen:
                    return seen
            except (StaleElementReferenceException, JavascriptException):
                # The page changed under the look; look again.
                pass
            if time.monotonic() > deadline:
                raise AssertionError(f"{what} did not come within {PATIENCE} s; {self.where()}")
            time.sleep(0.05)

    def where(self):
        return f"at {self.driver.current_url} the page says:\n{self.text()[:3000]}"

    def text(self):
        return self.driver.execute_script("return document.body ? document.body.innerText : ''")

    def unfold(self):
        """Opens whatever is folded away."""
        self.driver.execute_script("for (const folded of document.querySelectorAll('details')) folded.open = true")

    def sees(self, *words):
        for word in words:
            self.wait(f"the text {word!r}", lambda word=word: word.lower() in self.text().lower())

    def at(self, address):
        self.wait(f"an address that begins with {address}", lambda: self.driver.current_url.startswith(address))

    def field(self, kind):
        selectors = {
            "user name": "input[autocomplete~=username], input[name=username], input[name=user]",
            "password": "input[type=password]",
        }
        return self.wait(
            f"the field for the {kind}",
            lambda: next(
                (f for f in self.driver.find_elements(By.CSS_SELECTOR, selectors[kind]) if f.is_displayed()), None
            ),
        )

    def pressable(self, words, account=None):
        return self.wait(
            f"something to press that says {words!r}{f' for account {account}' if account else ''}",
            lambda: self.driver.execute_script(PRESSABLE, words, account),
        )

    def has(self, words, account=None):
        return self.driver.execute_script(PRESSABLE, words, account) is not None

    # What they do.

    def open(self, address):
        self.keep_complaints()
        self.driver.get(address)

    def press(self, words, account=None):
        self.keep_complaints()
        self.pressable(words, account).click()

    def type_sign_in(self, user, password=daypass.PASSWORD):
        name = self.field("user name")
        name.clear()
        name.send_keys(user)
        secret = self.field("password")
        secret.clear()
        secret.send_keys(password)
        self.keep_complaints()
        secret.send_keys(Keys.ENTER)

    def begin(self, kind):
        self.open(self.site.broker + "/")
        self.press(f"Sign in with {kind}")
        self.at(self.site.idp)

    def sign_in(self, kind, user="martha"):
        self.begin(kind)
        self.type_sign_in(user)
        self.at(self.site.broker + "/portal")

    def focused(self):
        return self.driver.switch_to.active_element

    def tab_to(self, wanted, what):
        """Presses Tab until `wanted(element)`, seeing at each stop where the focus is."""
        for _ in range(60):
            here = self.focused()
            if here.tag_name != "body":
                visible = self.driver.execute_script(
                    "const s = getComputedStyle(arguments[0]); return s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) > 0 || s.boxShadow !== 'none'",
                    here,
                )
                assert visible, f"the focus cannot be seen on {here.get_attribute('outerHTML')[:200]}"
                if wanted(here):
                    return here
            self.driver.switch_to.active_element.send_keys(Keys.TAB)
        raise AssertionError(f"60 presses of Tab did not reach {what}; {self.where()}")

    def script(self, on):
        self.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": not on})

    # How the page looks.

    def _look(self, scheme, size):
        self.driver.execute_cdp_cmd(
            "Emulation.setEmulatedMedia",
            {
                "features": [
                    {"name": "prefers-color-scheme", "value": scheme},
                    {"name": "prefers-reduced-motion", "value": "reduce"},
                ]
            },
        )
        self.driver.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": size[0], "height": size[1], "deviceScaleFactor": 1, "mobile": False},
        )

    def light(self):
        self._look("light", WIDE)

    def photograph(self, name):
        """Keeps the page in light, dark and narrow; returns what is wrong with its looks."""
        SHOTS.mkdir(parents=True, exist_ok=True)
        wrong = [f"{name}: {what}" for what in self.driver.execute_script(ACCESSIBILITY)]
        for look, scheme, size in (
            ("light", "light", WIDE),
            ("dark", "dark", WIDE),
            ("narrow", "light", NARROW),
            ("narrow-dark", "dark", NARROW),
        ):
            self._look(scheme, size)
            wide = self.driver.execute_script("return document.documentElement.scrollWidth")
            if wide > size[0]:
                wrong.append(f"{name}, {look}: {wide} px wide, scrolls sideways at {size[0]} px")
            wrong.extend(f"{name}, {look}: contrast {what}" for what in self.driver.execute_script(CONTRAST))
            image = self.driver.execute_cdp_cmd(
                "Page.captureScreenshot", {"format": "png", "captureBeyondViewport": True, "clip": self._whole_page()}
            )
            (SHOTS / f"{name}-{look}.png").write_bytes(base64.b64decode(image["data"]))
        self.light()
        self.keep_complaints()
        return wrong

    def _whole_page(self):
        size = self.driver.execute_cdp_cmd("Page.getLayoutMetrics", {})["cssContentSize"]
        return {"x": 0, "y": 0, "width": size["width"], "height": min(size["height"], 6000), "scale": 1}

    def keep_complaints(self):
        """Takes up what the browser complained of since the last look, and requests that left this machine."""
        for entry in self.driver.get_log("browser"):
            if entry["level"] in ("SEVERE", "WARNING"):
                self.complaints.append(entry["message"])
        for address in self.driver.execute_script(
            "return performance.getEntriesByType('resource').map(entry => entry.name)"
        ):
            if urllib.parse.urlsplit(address).hostname not in ("localhost", "127.0.0.1", None):
                self.complaints.append(f"a request left this machine: {address}")
