"""The list of the seasons of a board: their rules, times, tasks and rows."""

from collections.abc import Mapping
from dataclasses import dataclass

from mathbench.leaderboard.ranking.detectable import detectable_difference, detectable_season_difference
from mathbench.leaderboard.seasons.season import Season
from mathbench.leaderboard.site import address
from mathbench.leaderboard.site.page import Page, PageContext, render_page
from mathbench.leaderboard.site.snapshot import SCORED_SPLITS

NEAR = (0.5, 0.9, 0.99)  # accuracies of models that are to be told apart


@dataclass(frozen=True)
class Detectable:
    """The smallest differences that are found with a power of 80 %, per accuracy in `NEAR`.

    Args:
        task: between two models on one task.
        season: between two means over the season, when the difference is the same on all tasks.
    """

    task: dict[float, float]
    season: dict[float, float]


def page(seasons: Mapping[str, Season], context: PageContext) -> Page:
    """Render the list.

    Args:
        seasons: the seasons by the folder of their pages, that of the front page first.
        context: the values that all pages share.
    """
    found = {folder: _detectable(season) for folder, season in seasons.items()}
    return render_page("seasons.html", context, address.SEASONS, seasons=seasons, detectable=found, near=NEAR)


def _detectable(season: Season) -> dict[str, Detectable]:
    """The smallest differences that the rows of a season can show, by the names of the splits that have them."""
    rows = {split: [t.rows[split] for t in season.tasks if split in t.rows] for split in SCORED_SPLITS}
    named: dict[tuple[int, ...], list[str]] = {}
    for split, counts in rows.items():
        if counts:
            named.setdefault(tuple(counts), []).append(split)
    return {
        " and ".join(splits): Detectable(
            {share: detectable_difference(min(counts), share) for share in NEAR},
            {share: detectable_season_difference(counts, share) for share in NEAR},
        )
        for counts, splits in named.items()
    }
