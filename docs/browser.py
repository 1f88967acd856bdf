"""A browser of the Chromium family, which prints the chapters and tests the site."""

import os
import shutil
import sys

PROGRAMS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "msedge",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe",
)
NO_BROWSER = (
    "This needs a browser, and none was found: install Chromium (Debian: "
    "`apt-get install chromium`) or Chrome, or say where one is, as in "
    "`make {target} CHROMIUM=/path/to/chromium`."
)


def find_browser():
    """Return the path of a browser of the Chromium family, or None."""
    if named := os.environ.get("CHROMIUM"):
        return shutil.which(named)
    return next(filter(None, map(shutil.which, PROGRAMS)), None)


def launch(playwright):
    """Start the browser that `find_browser` finds, without a network of its own."""
    options = ["--disable-gpu", "--disable-background-networking"]
    if sys.platform == "linux" and os.geteuid() == 0:
        options.append("--no-sandbox")  # Chromium refuses to be sandboxed by root
    return playwright.chromium.launch(
        executable_path=find_browser(), args=options, timeout=120_000
    )
