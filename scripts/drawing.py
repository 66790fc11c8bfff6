"""Drawn by hand: SVG files with a background of their own, readable in light and dark; equal input, equal bytes."""

from collections.abc import Iterable
from html import escape

STYLE = """
  .page { fill: #ffffff; }
  text { font-family: "DejaVu Sans", Verdana, Helvetica, Arial, sans-serif; font-size: 11px; fill: #1f2328; }
  .title { font-weight: bold; font-size: 12px; }
  .note { fill: #59636e; }
  .middle { text-anchor: middle; }
  .end { text-anchor: end; }
"""
DARK = """
  @media (prefers-color-scheme: dark) {
    .page { fill: #0d1117; }
    text { fill: #e6edf3; }
    .note { fill: #9198a1; }
"""


def svg(width: float, height: float, parts: Iterable[str], style: str = "", dark: str = "") -> str:
    """A whole file.

    Args:
        width, height: in pixels.
        parts: the elements on the background.
        style: rules beside those of text, title, note, middle and end.
        dark: what is different in the dark.
    """
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}">'
    page = f'<rect class="page" width="{width:g}" height="{height:g}"/>'
    rules = f"<style>{STYLE}{style}{DARK}{dark}  }}\n</style>"
    return "\n".join([head, rules, page, *parts, "</svg>"]) + "\n"


def text(x: float, y: float, content: object, kind: str = "") -> str:
    """A line of text; `kind` are classes of the style."""
    classes = f' class="{kind}"' if kind else ""
    return f'<text{classes} x="{x:.1f}" y="{y:.1f}">{escape(str(content))}</text>'
