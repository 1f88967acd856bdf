"""Where the site is, and a page of it in the browser."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SITE = ROOT / "build" / "html"
SLIDES = ROOT / "build" / "slides"
SCREENSHOTS = ROOT / "build" / "screenshots"


def html_files():
    """Return the names of the site's pages."""
    pages = [p.relative_to(SITE) for p in SITE.rglob("*.html")]
    return sorted(p.as_posix() for p in pages if p.parts[0] != "_static")


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
