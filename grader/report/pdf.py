"""A page as PDF, by WeasyPrint from the same HTML: nothing is fetched, no script is run."""

import logging
import re

# WeasyPrint's drawings know no variables of the style sheet: each paint has its colour on paper.
# (Within an attribute: what strangers wrote has its quotes escaped, so it is never touched.)
_PAINT = re.compile(r'(fill|stroke)="var\(--[a-z0-9-]+, (#[0-9a-f]{3,6})\)"')
_PANGO = "libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"


class NoPdf(Exception):
    """No PDF can be made here; the message says what is missing and how to get it."""


def pdf_of(html: str) -> bytes:
    """The page as it prints. Raises `NoPdf` where WeasyPrint or a library of it is missing."""
    try:
        from weasyprint import HTML
        from weasyprint.urls import URLFetcher
    except ImportError as error:
        raise NoPdf(
            f"a PDF needs WeasyPrint, and {error.name} is not installed: pip install 'csc2541[pdf]'"
        ) from error
    except OSError as error:
        # Not a Python package: pip can't bring it.
        raise NoPdf(
            "WeasyPrint is installed, but a library of the system that it draws text with is not "
            f"(Debian, Ubuntu: apt-get install {_PANGO}): {error}"
        ) from error
    # It reports every property that paper has no use for.
    logging.getLogger("weasyprint").setLevel(logging.ERROR)
    logging.getLogger("fontTools").setLevel(logging.ERROR)
    nothing = URLFetcher(allowed_protocols=())
    made = HTML(string=_PAINT.sub(r'\1="\2"', html), url_fetcher=nothing).write_pdf()
    assert made is not None  # it is given no file to write to
    return made
