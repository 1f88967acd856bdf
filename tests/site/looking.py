"""Where the site is, and a page of it in the browser."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SITE = ROOT / "build" / "html"
SLIDES = ROOT / "build" / "slides"
SCREENSHOTS = ROOT / "build" / "screenshots"
CHAPTERS = sorted((ROOT / "notebooks").glob("[0-9]*.ipynb"))
CHAPTER_PAGES = [f"notebooks/{path.stem}.html" for path in CHAPTERS]


def html_files():
    """Return the names of the site's pages."""
    pages = [p.relative_to(SITE) for p in SITE.rglob("*.html")]
    return sorted(p.as_posix() for p in pages if p.parts[0] != "_static")


def cpu_seconds(page, run):
    """Return the CPU time of a page's process while a function runs.

    What else the machine does hardly changes it, unlike the time on a clock.
    """
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")

    def process_time():
        metrics = session.send("Performance.getMetrics")["metrics"]
        return next(m["value"] for m in metrics if m["name"] == "ProcessTime")

    began = process_time()
    run()
    return process_time() - began


class Loaded:
    """A page in the browser, and what went wrong while it was shown."""

    def __init__(self, context, address):
        """Open an address and wait until its scripts are done."""
        self.page = context.new_page()
        self.page.set_default_timeout(60_000)
        self.errors, self.failed, self.requests = [], [], []
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("requestfailed", lambda r: self.failed.append(r.url))
        self.page.on("request", lambda r: self.requests.append(r.url))
        self.page.goto(address)
        self.page.wait_for_function(
            "!window.MathJax || !MathJax.startup || !MathJax.startup.promise || "
            "MathJax.startup.promise.then(() => true)"
        )

    def _console(self, message):
        if message.type in ("error", "warning"):
            self.errors.append(message.text)

    def foreign(self):
        """Return the addresses of the requests that left this machine's site."""
        own = ("file://", "data:", "blob:", "http://127.0.0.1:")
        return [url for url in self.requests if not url.startswith(own)]
