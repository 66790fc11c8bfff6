"""The page about submitting, and its downloads: the questions of seasons, and the JSON Schema of submission.json."""

import json
import re
from collections.abc import Iterator, Sequence
from importlib.resources import files

from mathbench.leaderboard import names
from mathbench.leaderboard.seasons.expand import SEASON_SUBMISSION
from mathbench.leaderboard.seasons.questions import COMPRESSED_LINES, PARQUET, QuestionFile, questions_bytes
from mathbench.leaderboard.seasons.season import CORE, Season
from mathbench.leaderboard.site import address
from mathbench.leaderboard.site.page import Page, PageContext, render_page
from mathbench.leaderboard.submission_manifest import MANIFEST, SUPERVISIONS
from mathbench.leaderboard.submission_record import BADGES
from mathbench.scores.untrusted import MAX_FILE, MAX_PREDICTION, MAX_ROWS

SCHEMA = "application/schema+json"
FORMS = {PARQUET: "application/vnd.apache.parquet", COMPRESSED_LINES: "application/gzip"}
_QUESTIONS = re.compile(rf"{address.QUESTIONS}([a-z0-9-]+)(\.parquet|\.jsonl\.gz)")


def page(seasons: Sequence[Season], context: PageContext) -> Page:
    """Render the page.

    Args:
        seasons: those of the board, that of the front page first.
        context: of the site.
    """
    return render_page(
        "submit.html",
        context,
        address.SUBMIT,
        seasons=seasons,
        season=seasons[0],
        open_seasons=[season for season in seasons if has_questions(season)],
        example=example(seasons[0]),
        schema=address.SCHEMA,
        supervisions=SUPERVISIONS,
        badges=BADGES,
        allowed=names.ALLOWED,
        reserved=sorted(names.reserved_names()),
        limits={"bytes": MAX_FILE, "rows": MAX_ROWS, "prediction": MAX_PREDICTION},
    )


def example(season: Season) -> str:
    """A program that answers the questions of a season and writes a submission."""
    text = files(__package__).joinpath("templates", "example.py.txt").read_text(encoding="utf-8")
    return text.replace(CORE, season.name)


def has_questions(season: Season) -> bool:
    """Whether anybody may have the questions: those of a sealed season are handed out by its round."""
    return season.sealed is None or season.sealed.seed is not None


def paths(seasons: Sequence[Season]) -> Iterator[str]:
    """The addresses of the downloads."""
    yield address.SCHEMA
    for season in filter(has_questions, seasons):
        yield from (address.of_questions(season.name, form) for form in FORMS)


def download(path: str, seasons: Sequence[Season]) -> Page | None:
    """The content of a download; None where there is none of this address."""
    if path == address.SCHEMA:
        return Page(schema_text().encode(), SCHEMA)
    match = _QUESTIONS.fullmatch(path)
    found = [season for season in seasons if match and season.name == match[1] and has_questions(season)]
    if match is None or not found:
        return None
    return Page(questions_bytes(QuestionFile(found[0].digest, match[2], found[0])), FORMS[match[2]])


def schema_text() -> str:
    """The JSON Schema of all manifests that a board accepts."""
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "submission.json of mathbench",
        "description": "Answers to all tasks of a season (first), to one task, or the result.json of a run.",
    }
    described = {"anyOf": [SEASON_SUBMISSION.json_schema(), MANIFEST.json_schema()]}
    return json.dumps({**head, **described}, indent=1) + "\n"
