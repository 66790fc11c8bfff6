"""The list of open submissions: kept, but not about the rows of the season, and never ranked or averaged."""

from mathbench.leaderboard.site import address
from mathbench.leaderboard.site.page import Page, PageContext, render_page
from mathbench.leaderboard.site.snapshot import Snapshot


def page(snapshot: Snapshot, context: PageContext) -> Page:
    """Render the list: the tasks of open submissions, with the best score on each split."""
    return render_page(
        "open.html", context, address.OPEN, groups=snapshot.open_groups, season=snapshot.season
    )
