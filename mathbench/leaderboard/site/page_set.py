"""The pages of a board by their addresses, rendered from one snapshot."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache, partial
from itertools import islice

from mathbench.errors import InputError
from mathbench.leaderboard.ranking.compare import ComparisonResult, compare
from mathbench.leaderboard.ranking.pairs import Comparisons
from mathbench.leaderboard.rounds.rules import Round
from mathbench.leaderboard.seasons.season import Season
from mathbench.leaderboard.site import (
    address,
    comparison_page,
    model_comparison_page,
    model_page,
    models_page,
    open_page,
    overview_page,
    progress_page,
    proof_page,
    round_page,
    season_page,
    submit_page,
    task_page,
)
from mathbench.leaderboard.site.page import CERTIFICATE, STATIC, Page, PageContext, render_page, static
from mathbench.leaderboard.site.snapshot import SCORED_SPLITS, Snapshot
from mathbench.leaderboard.site.task_page import Filters
from mathbench.leaderboard.store.any_board import LoadPredictions
from mathbench.leaderboard.store.folder import LoadFile
from mathbench.leaderboard.submission_record import BADGES, SubmissionRecord

_SEASON = re.compile(r"seasons/([^/]+)/(.*)")
_MODELS = re.compile(rf"models(?:\.({SCORED_SPLITS[1]}))?(?:\.(\d{{1,6}}))?\.html")
_CERTIFICATE = re.compile(rf"{address.CERTIFICATES}([0-9a-f]{{12}})\.safetensors")
_PROOF = re.compile(r"proofs/([0-9a-f]{12})\.html")
_PAIR = re.compile(r"compare/([0-9a-f]{12})-([0-9a-f]{12})\.(html|csv)")
NO_FILTERS = Filters()
MIN_ID_DIGITS = 8  # of an id in a query


class PageSet:
    """The pages of a board at one moment, in one season; those of its other seasons lie in folders below.

    Args:
        snapshot: the board in the season of the front page.
        rounds: its sealed rounds, by the address of their page.
        load_predictions: reads the predictions of submissions that are more than claimed; None for a board without.
        served: whether the pages come from a server.
        load_certificate: reads stored certificates.
        others: the board in its other seasons.
        folder: of these pages below the root of the site.
        unverified: whether the board is a folder whose files were not verified.
    """

    def __init__(
        self,
        snapshot: Snapshot,
        rounds: Mapping[str, Round],
        load_predictions: LoadPredictions | None,
        served: bool,
        load_certificate: LoadFile = lambda digest: None,
        others: Sequence[Snapshot] = (),
        folder: str = "",
        unverified: bool = False,
    ):
        self.snapshot, self.rounds, self._load_predictions = snapshot, rounds, load_predictions
        self._load_certificate = load_certificate
        self.context = PageContext(
            snapshot.name, served, bool(rounds), snapshot.season.title, folder, unverified
        )
        self.comparisons = Comparisons(snapshot.board)
        self._compared = lru_cache(maxsize=64)(self._compare)
        self.others = {
            other.season.name: PageSet(
                other,
                rounds,
                load_predictions,
                served,
                load_certificate,
                folder=address.of_season(other.season.name),
                unverified=unverified,
            )
            for other in others
        }

    def paths(self) -> Iterator[str]:
        """The addresses of all pages, data and static files of an exported site."""
        yield from (address.ROUNDS, address.ABOUT, address.SUBMIT, address.SEASONS, address.OPEN)
        yield from (f"static/{name}" for name in STATIC)
        yield from submit_page.paths(list(self._seasons().values()))
        yield from (path for at in self.rounds for path in (at, address.of_data(at, "results")))
        yield from self._season_paths()
        for name, other in self.others.items():
            yield from (f"{address.of_season(name)}{path}" for path in other._season_paths())

    def _season_paths(self) -> Iterator[str]:
        """The addresses of the pages that every season has."""
        yield from (address.OVERVIEW, address.COMPARE, address.PROGRESS)
        for split in SCORED_SPLITS:
            yield from (f"{page}.{split}.csv" for page in ("index", "models", "progress"))
            for number in range(1, models_page.pages(self.snapshot, split) + 1):
                yield models_page.at(split, number)
        for at, group in self.snapshot.groups.items():
            yield at
            yield address.of_data(at, "strata")
            yield from (address.of_data(at, split) for split in SCORED_SPLITS if split in group.tables)
        for at in self.snapshot.models:
            yield from (at, address.of_data(at, "results"))
        yield from self._proof_paths()
        for at in self._model_pairs:
            yield from (at, at.replace(".html", ".csv"))
        for first, second in self._row_pairs:
            at = f"compare/{first}-{second}"
            yield from (f"{at}.html", f"{at}.csv")

    def _proof_paths(self) -> Iterator[str]:
        for entry in self.snapshot.records:
            if entry.proof:
                yield address.of_proof(entry.digest)
                if self._load_certificate(entry.digest) is not None:
                    yield address.of_certificate(entry.digest)

    @property
    def snapshots(self) -> list[Snapshot]:
        """The board in each of its seasons, that of the front page first."""
        return [self.snapshot, *(other.snapshot for other in self.others.values())]

    def warm_up(self) -> None:
        """Render a page of each kind, so that the first request does not wait for templates to be compiled."""
        for path in (
            address.OVERVIEW,
            address.MODELS,
            *islice(self.snapshot.groups, 1),
            *islice(self.snapshot.models, 1),
        ):
            self.page(path)

    def page(self, path: str, filters: Filters = NO_FILTERS) -> Page | None:
        """Render the page at an address; None when there is none.

        Raises:
            InputError: when two submissions cannot be compared.
        """
        if found := _SEASON.fullmatch(path):
            other = self.others.get(found[1])
            return other.page(found[2] or address.OVERVIEW, filters) if other else None
        if found := _MODELS.fullmatch(path):
            split, number = found[1] or SCORED_SPLITS[0], int(found[2] or 1)
            return models_page.page(self.snapshot, self.context, split, number, filters.word)
        area = path.partition("/")[0] if "/" in path else ""
        pages = {
            "": self._top,
            "tasks": self._task,
            "open": self._task,
            "models": self._model,
            "rounds": self._round,
        }
        if area in ("questions", "schema"):
            return submit_page.download(path, list(self._seasons().values()))
        if area == "static":
            return static(path.removeprefix("static/"))
        if area == "compare":
            return self._pair(path)
        if area == "certificates":
            return self._certificate(path)
        if area == "proofs":
            return self._proof(path)
        return pages[area](path, filters) if area in pages else None

    def _top(self, path: str, _: Filters) -> Page | None:
        pages: dict[str, Callable[[], Page]] = {
            address.OVERVIEW: lambda: overview_page.page(self.snapshot, self.context),
            address.COMPARE: lambda: comparison_page.form_page(self.snapshot, self.context, self.comparisons),
            address.PROGRESS: lambda: progress_page.page(self.snapshot, self.context),
        }
        if not self.context.folder:  # what all seasons share
            pages |= {
                address.ROUNDS: lambda: round_page.list_page(self.rounds, self.context),
                address.SUBMIT: lambda: submit_page.page(list(self._seasons().values()), self.context),
                address.ABOUT: lambda: render_page("about.html", self.context, path, badges=BADGES),
                address.OPEN: lambda: open_page.page(self.snapshot, self.context),
                address.SEASONS: lambda: season_page.page(self._seasons(), self.context),
            }
        for split in SCORED_SPLITS:
            pages[f"index.{split}.csv"] = partial(overview_page.data, self.snapshot, split)
            pages[f"models.{split}.csv"] = partial(models_page.data, self.snapshot, split)
            pages[f"progress.{split}.csv"] = partial(progress_page.data, self.snapshot, split)
        return pages[path]() if path in pages else None

    def _seasons(self) -> dict[str, Season]:
        """The seasons by the folder of their pages, that of the front page first."""
        others = {address.of_season(name): other.snapshot.season for name, other in self.others.items()}
        return {"": self.snapshot.season, **others}

    def _task(self, path: str, filters: Filters) -> Page | None:
        at, what = _parsed(path)
        if (group := self.snapshot.groups.get(at)) is None:
            return None
        if what == "strata":
            return task_page.strata_data(group)
        if what:
            return task_page.ranking_data(group, what)
        return task_page.page(group, self.context, filters, self.comparisons, self._has_pair)

    def _model(self, path: str, _: Filters) -> Page | None:
        at, what = _parsed(path)
        if (group := self.snapshot.models.get(at)) is None or what not in ("", "results"):
            return None
        return (
            model_page.data(self.snapshot, group)
            if what
            else model_page.page(self.snapshot, group, self.context)
        )

    def _round(self, path: str, _: Filters) -> Page | None:
        at, what = _parsed(path)
        if (found := self.rounds.get(at)) is None or what not in ("", "results"):
            return None
        return round_page.data(found) if what else round_page.page(at, found, self.context)

    @cached_property
    def _model_pairs(self) -> dict[str, None]:
        """The addresses of the comparisons of models in exported pages."""
        return dict.fromkeys(model_comparison_page.pairs(self.snapshot, self.comparisons))

    def _has_pair(self, path: str) -> bool:
        """Whether there is a page that compares two models; a server makes any of them."""
        return self.context.served or path in self._model_pairs

    @cached_property
    def _row_pairs(self) -> dict[tuple[str, str], None]:
        """The starts of the digests of submissions whose answers exported pages compare row by row."""
        found = comparison_page.pairs(self.snapshot) if self._load_predictions else ()
        return {(first.digest[:12], second.digest[:12]): None for first, second in found}

    def _models(self, path: str) -> Page | None:
        """The comparison of two models, on a task or over all tasks."""
        found = model_comparison_page.parsed(path, self.snapshot, self.comparisons)
        if found is None:
            return None
        name, first, second = found
        data = path.endswith(".csv")
        if not name and data:
            return model_comparison_page.season_data(self.comparisons, first, second)
        if not name:
            both = (self.comparisons, first, second)
            return model_comparison_page.season_page(*both, self.context, self._has_pair)
        task = self.snapshot.season.task(name)
        if data:
            return model_comparison_page.task_data(self.comparisons, task, first, second)
        rows = self._rows_address(model_comparison_page.single_rows(task, first, second))
        pair = (self.comparisons, task, first, second)
        return model_comparison_page.task_page(*pair, self.context, rows, self._has_pair)

    def _rows_address(self, pair: tuple[SubmissionRecord, SubmissionRecord] | None) -> str:
        """The address of a comparison row by row; empty where there is none."""
        if pair is None or self._load_predictions is None:
            return ""
        digests = (pair[0].digest, pair[1].digest)
        there = self.context.served or tuple(digest[:12] for digest in digests) in self._row_pairs
        return address.of_pair(*digests) if there else ""

    def _pair(self, path: str) -> Page | None:
        if path.startswith(("compare/models/", "compare/tasks/")):
            return self._models(path)
        match = _PAIR.fullmatch(path)
        if match is None or self._load_predictions is None:
            return None
        first, second = (self.find_by_prefix(match[i]) for i in (1, 2))
        if first is None or second is None:
            return None
        compared = self._compared(first.digest, second.digest)
        if match[3] == "csv":
            return comparison_page.data(compared)
        return comparison_page.page(
            first, second, compared, self.snapshot.by_digest[first.digest], self.context
        )

    def _certificate(self, path: str) -> Page | None:
        match = _CERTIFICATE.fullmatch(path)
        entry = self.find_by_prefix(match[1]) if match else None
        content = self._load_certificate(entry.digest) if entry and entry.proof else None
        return None if content is None else Page(content, CERTIFICATE)

    def _proof(self, path: str) -> Page | None:
        match = _PROOF.fullmatch(path)
        entry = self.find_by_prefix(match[1]) if match else None
        if entry is None or entry.proof is None:
            return None
        return proof_page.page(entry, entry.proof, self.snapshot.by_digest[entry.digest], self.context)

    def find_by_prefix(self, digits: str) -> SubmissionRecord | None:
        """The only submission whose digest starts with at least eight digits; None when there is none or several."""
        if len(digits) < MIN_ID_DIGITS:
            return None
        found = [digest for digest in self.snapshot.by_digest if digest.startswith(digits)]
        return self.snapshot.by_digest[found[0]].by_digest[found[0]] if len(found) == 1 else None

    def _compare(self, first: str, second: str) -> list[ComparisonResult]:
        if self._load_predictions is None:
            raise InputError(
                "this board does not store predictions, so submissions cannot be compared row by row."
            )
        groups = self.snapshot.by_digest
        load = self._load_predictions
        return compare(*([(groups[digest].by_digest[digest], load(digest))] for digest in (first, second)))


def _parsed(path: str) -> tuple[str, str]:
    """Split the address of data into that of its page and the name of the data.

    >>> _parsed("tasks/gcd.strata.csv"), _parsed("tasks/gcd.html")
    (('tasks/gcd.html', 'strata'), ('tasks/gcd.html', ''))
    """
    if not path.endswith(".csv"):
        return path, ""
    at, _, what = path.removesuffix(".csv").rpartition(".")
    return f"{at}.html", what
