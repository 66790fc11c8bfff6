"""A page of Markdown with its pictures as a PDF."""

import re
from pathlib import Path
from typing import Any

from mathbench.errors import require_extra
from mathbench.storage import atomic

FONT = "DejaVu"
MONO = "DejaVu Mono"
FACES = {"": "Sans", "B": "Sans-Bold", "I": "Sans-Oblique", "BI": "Sans-BoldOblique"}
SIZE = 7.5  # points
PICTURE = (260.0, 165.0)  # largest width and height of a picture in millimetres, on A4 across
PIXEL = 25.4 / 72  # millimetres of a pixel in the HTML of fpdf2


def write_pdf(page: Path, path: Path) -> None:
    """Write a page of Markdown as a PDF.

    Args:
        page: the page; its pictures are PNG files beside it.
        path: the PDF.

    Raises:
        InputError: without the extra `report`.
    """
    for module, extra in (("fpdf", "report"), ("markdown_it", "report"), ("matplotlib", "plots")):
        require_extra(module, extra)
    from fpdf.fonts import FontFace, TextStyle

    document = _document()
    styles = {"code": FontFace(family=MONO), "pre": TextStyle(font_family=MONO)}
    document.write_html(_html(page), font_family=FONT, tag_styles=styles)
    atomic.write(path, bytes(document.output()))


def _document() -> Any:
    """Return an empty document with the fonts of matplotlib, which have all characters of the tables."""
    import matplotlib
    from fpdf import FPDF

    document = FPDF(orientation="landscape", format="A4")
    fonts = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    for style, face in FACES.items():
        document.add_font(FONT, style, str(fonts / f"DejaVu{face}.ttf"))
    document.add_font(MONO, "", str(fonts / "DejaVuSansMono.ttf"))
    document.set_font(FONT, size=SIZE)
    document.add_page()
    return document


def _html(page: Path) -> str:
    """Return the HTML of a page, with pictures that fit on the paper."""
    from markdown_it import MarkdownIt

    html = MarkdownIt("commonmark").enable("table").render(page.read_text(encoding="utf-8"))
    html = re.sub(r'style="text-align:(\w+)"', r'align="\1"', html)
    return re.sub(r'<img src="([^"]+)"', lambda found: _picture(page.parent / found[1]), html)


def _picture(path: Path) -> str:
    """Return the beginning of the tag of a picture, with its size."""
    from matplotlib.image import imread

    height, width = imread(path).shape[:2]
    scale = min(PICTURE[0] / width, PICTURE[1] / height, PIXEL) / PIXEL
    return f'<img src="{path}" width="{int(scale * width)}" height="{int(scale * height)}"'
