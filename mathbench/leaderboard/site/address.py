"""The addresses of pages relative to the root of the site, the same for a server and for files."""

import hashlib
import re
from collections.abc import Mapping
from typing import Any

from mathbench.leaderboard.submission import canonical_json

MAX_NAME = 60  # characters of a name in an address

OVERVIEW, MODELS, PROGRESS, OPEN, COMPARE, SEASONS, ROUNDS, SUBMIT, ABOUT = (
    f"{name}.html"
    for name in ("index", "models", "progress", "open", "compare", "seasons", "rounds", "submit", "about")
)
CERTIFICATES = "certificates/"
QUESTIONS, SCHEMA = "questions/", "schema/submission.json"


def plain(name: str) -> str:
    """A name reduced to lower-case letters, digits, hyphens and underscores.

    >>> plain("deepmind/numbers__gcd"), plain("../<b>é")
    ('deepmind-numbers__gcd', 'b')
    """
    return re.sub(r"[^a-z0-9_]+", "-", name.lower()).strip("-")[:MAX_NAME].strip("-")


def _distinct(name: str) -> str:
    """A name in an address, with a digest when characters of it were dropped."""
    return plain(name) if plain(name) == name else f"{plain(name) or 'page'}-{_digest({'name': name})}"


def _digest(value: Mapping[str, Any]) -> str:
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()[:8]


def of_season_task(name: str) -> str:
    """The page of a task of the season.

    >>> of_season_task("sums")
    'tasks/sums.html'
    """
    return f"tasks/{_distinct(name)}.html"


def of_season(name: str) -> str:
    """The folder with the pages of a season that is not the one of the front page.

    >>> of_season("core-1")
    'seasons/core-1/'
    """
    return f"seasons/{name}/"


def of_task(name: str, versioned: str) -> str:
    """The page of open submissions to a task. Its name contains the parameters, so only the version is added.

    >>> of_task("addition-base10", "addition-v1"), of_task("addition-base10", "addition-v2")
    ('open/addition-base10.html', 'open/addition-base10-v2.html')
    """
    version = versioned.rpartition("-v")[2]
    return f"open/{_distinct(name)}{'' if version == '1' else f'-v{version}'}.html"


def of_model(name: str, framework: str | None) -> str:
    """A model's page. Strangers choose the names, so a digest makes the address unique.

    >>> of_model("LSTM", "torch")
    'models/lstm-torch-d836a838.html'
    """
    digest = _digest({"model": name, "framework": framework})
    return f"models/{plain(f'{name} {framework or str()}') or 'model'}-{digest}.html"


def of_pair(first: str, second: str) -> str:
    """The page that compares two submissions.

    >>> of_pair("a" * 64, "b" * 64)
    'compare/aaaaaaaaaaaa-bbbbbbbbbbbb.html'
    """
    return f"compare/{first[:12]}-{second[:12]}.html"


def of_certificate(digest: str) -> str:
    """The certificate of a submission.

    >>> of_certificate("a" * 64)
    'certificates/aaaaaaaaaaaa.safetensors'
    """
    return f"{CERTIFICATES}{digest[:12]}.safetensors"


def of_proof(digest: str) -> str:
    """The page of what is proved about a submission.

    >>> of_proof("a" * 64)
    'proofs/aaaaaaaaaaaa.html'
    """
    return f"proofs/{digest[:12]}.html"


def of_round(name: str) -> str:
    """A round's page.

    >>> of_round("winter"), of_round("Winter")
    ('rounds/winter.html', 'rounds/winter-34f804b3.html')
    """
    return f"rounds/{_distinct(name)}.html"


def of_data(page: str, what: str) -> str:
    """The data of a plot on a page.

    >>> of_data("tasks/gcd-base10.html", "lengths")
    'tasks/gcd-base10.lengths.csv'
    """
    return f"{page.removesuffix('.html')}.{what}.csv"


def of_models(first: str, second: str, task: str = "") -> str:
    """The page that compares two models, by their ids: on a task of the season, or over all of them.

    >>> of_models("a" * 12, "b" * 12), of_models("a" * 12, "b" * 12, "sums")
    ('compare/models/aaaaaaaaaaaa-bbbbbbbbbbbb.html', 'compare/tasks/sums/aaaaaaaaaaaa-bbbbbbbbbbbb.html')
    """
    folder = f"tasks/{_distinct(task)}" if task else "models"
    return f"compare/{folder}/{first}-{second}.html"


def of_questions(season: str, form: str) -> str:
    """The questions of a season as a file.

    >>> of_questions("core-1", ".parquet")
    'questions/core-1.parquet'
    """
    return f"{QUESTIONS}{season}{form}"
