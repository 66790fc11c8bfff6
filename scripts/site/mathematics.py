"""Formulas of pages as MathML, which browsers draw without a script."""

import re
from html import unescape

from latex2mathml.converter import convert

FORMULA = re.compile(r'<span class="arithmatex">\\\((.*?)\\\)</span>', re.DOTALL)


def drawn(html: str) -> str:
    """Return a page with its formulas, which pymdownx.arithmatex has marked, in MathML."""
    return FORMULA.sub(lambda found: convert(unescape(found[1])), html)
