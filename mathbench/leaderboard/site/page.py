"""Rendering of pages: HTML from templates, CSV, and static files."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from mathbench.leaderboard.ranking.macro import ModelKey, model_id
from mathbench.leaderboard.ranking.render import csv_text, escape_control
from mathbench.leaderboard.site import address, charts, words
from mathbench.leaderboard.submission_manifest import SUPERVISIONS
from mathbench.scores.error_scale import percent

HTML, CSV = "text/html; charset=utf-8", "text/csv; charset=utf-8"
CERTIFICATE = "application/octet-stream"
STATIC = {
    "site.css": "text/css; charset=utf-8",
    "site.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}
# a page may load its own style, script and data, and nothing from other hosts
CONTENT_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'"
)


@dataclass(frozen=True)
class Page:
    """The content of an address."""

    body: bytes
    kind: str = HTML


@dataclass(frozen=True)
class PageContext:
    """The values that all pages of a site share.

    Args:
        board: the board's name.
        served: whether the pages come from a server, which can search and accept submissions.
        rounds: whether there are sealed rounds.
        season: the title of the season.
        folder: of the pages of the season below the root of the site; empty for that of the front page.
        unverified: whether the board is a folder whose files were not verified when the pages were made.
    """

    board: str
    served: bool
    rounds: bool
    season: str = ""
    folder: str = ""
    unverified: bool = False


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("mathbench.leaderboard.site"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "clean": escape_control,
        "percent": percent,
        "unsigned_points": charts.unsigned_points,
        "heat": charts.heat,
        "pretty": _pretty,
        "supervised": SUPERVISIONS.__getitem__,
        "model_id": lambda line: model_id(ModelKey.from_line(line)),
        "ordinal": words.ordinal,
        "count": words.count,
        "span": words.span,
        "duration": words.duration,
        "signed_points": words.signed_points,
        "sum_of_values": lambda counts: sum(counts.values()),
    }
    environment.filters["model_address"] = lambda entry: address.of_model(
        entry.summary.model, entry.summary.framework
    )
    environment.globals |= {
        "address": address,
        "charts": charts,
        "policy": CONTENT_POLICY,
        "version": static_version,
    }
    return environment


def _pretty(value: Mapping[str, Any]) -> str:
    return "\n".join(map(escape_control, json.dumps(value, indent=1, ensure_ascii=False).split("\n")))


def render_page(template: str, context: PageContext, path: str, **values: Any) -> Page:
    """Render a page from a template.

    Args:
        template: such as ``task.html``.
        context: the values that all pages share.
        path: the page's own address in its season, which links are relative to.
        values: further values of the template, which escapes text from strangers.
    """
    root = "../" * path.count("/")
    # what all seasons share lies above the pages of a season
    top = root + "../" * context.folder.count("/")
    shared = {"context": context, "path": path, "root": root, "top": top}
    text = _environment().get_template(template).render(**shared, **values)
    return Page(text.encode())


def csv_page(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> Page:
    """The data of a plot as CSV."""
    return Page(csv_text(columns, rows).encode(), CSV)


@cache
def static(name: str) -> Page | None:
    """A static file; None when there is none of that name."""
    if name not in STATIC:
        return None
    return Page(files(__package__).joinpath("static", name).read_bytes(), STATIC[name])


@cache
def static_version(name: str) -> str:
    """A version that changes with the file, so that browsers may cache it."""
    found = static(name)
    return hashlib.sha256(found.body).hexdigest()[:12] if found else ""
