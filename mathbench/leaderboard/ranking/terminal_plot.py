"""A ranking as bars in the terminal: the share of right answers with its 95 % interval."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mathbench.leaderboard.ranking.render import disambiguate_names, display_name, escape_control, title
from mathbench.leaderboard.ranking.tables import Entry, RankTable

if TYPE_CHECKING:
    from rich.table import Table as RichTable
    from rich.text import Text

MIN_BAR_WIDTH = 20  # characters
LABEL_WIDTH = 48  # characters for names and numbers


def rich_plot(table: RankTable, width: int, tables: Sequence[RankTable] = ()) -> "RichTable":
    """Bars from 0 to 100 %, best first, with the interval drawn over their ends.

    Args:
        table: the ranking.
        width: of the terminal, in characters.
        tables: all tables that are shown.
    """
    from rich.table import Table as RichTable
    from rich.text import Text

    shown = RichTable(
        title=Text(f"{title(table, tables or [table])}: exact match with 95 % interval"),
        title_justify="left",
        title_style="bold",
        box=None,
        pad_edge=False,
    )
    columns = max(MIN_BAR_WIDTH, width - LABEL_WIDTH)
    shown.add_column("", overflow="fold")
    shown.add_column(_axis(columns), no_wrap=True)
    shown.add_column("", justify="right", no_wrap=True)
    for line in disambiguate_names(table.lines):
        style = "" if line.kind == "model" else "dim"
        share = Text(f"{line.exact_match:.2%}", style=style)
        shown.add_row(Text(escape_control(display_name(line)), style=style), bar(line, columns), share)
    return shown


def _axis(columns: int) -> str:
    return "0 %".ljust(columns // 2 - 1) + "50 %".ljust(columns - columns // 2 - 4) + "100 %"


def bar(line: Entry, columns: int) -> "Text":
    """One bar: filled up to the lower bound, with the interval as a line with two ends.

    >>> bar(Entry("model", "m", 100, 0.5, 0.4, 0.6, "re-scored"), 20).plain
    '████████├─┼─┤       '
    """
    from rich.text import Text

    low, middle, high = (
        min(columns - 1, int(share * columns)) for share in (line.low, line.exact_match, line.high)
    )
    cells = ["█"] * low + ["─"] * (high - low + 1) + [" "] * (columns - high - 1)
    cells[low], cells[high], cells[middle] = "├", "┤", "┼"
    drawn = Text("".join(cells))
    drawn.stylize("cyan" if line.kind == "model" else "dim", 0, low)
    return drawn
