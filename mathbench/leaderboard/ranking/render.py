"""Rankings as rich tables, Markdown, CSV and JSON. Names come from strangers and are escaped for each format."""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mathbench.leaderboard.ranking.tables import Entry, RankTable, grouped
from mathbench.leaderboard.submission_manifest import SUPERVISIONS
from mathbench.leaderboard.submission_record import BADGES
from mathbench.scores.labels import shortest_differences

if TYPE_CHECKING:
    from rich.table import Table as RichTable

COLUMNS = (
    "rank",
    "model",
    "submitter",
    "revision",
    "framework",
    "encoding",
    "exact match",
    "95 % interval",
    "better than",
    "seeds",
    "n",
    "parameters",
    "badge",
    "attempt",
    "submission",
)
FULL_WIDTH = 190  # characters of a terminal that fits all columns
# omitted from narrow terminals
OPTIONAL_COLUMNS = (
    "revision",
    "encoding",
    "better than",
    "parameters",
    "badge",
    "attempt",
    "n",
    "submission",
)
NARROW_WIDTH = 80  # characters of a terminal below which these are omitted too
NARROW_COLUMNS = ("submitter", "framework", "seeds")
NARROWEST_WIDTH = 56  # below it, the interval does not fit beside the name
MIN_NAME = 8  # characters of a line of the column of names
NUMBER_COLUMNS = {"rank", "exact match", "95 % interval", "better than", "seeds", "n", "parameters"}

CSV_COLUMNS = (
    "task",
    "split",
    "rank",
    "kind",
    "model",
    "framework",
    "encoding",
    "recipe",
    "data",
    "exact_match",
    "low",
    "high",
    "spread",
    "seeds",
    "n",
    "parameters",
    "badge",
    "submitted",
    "attempts",
    "submissions",
    "supervision",
    "proof",
    "season",
    "name",
    "submitter",
    "revision",
    "attempt",
    "complete",
    "external",
    "wins",
    "losses",
    "cpu_seconds",
)

HOST = "host"  # shown as the submitter of what the host put on the board
MARKS = ("<!-- leaderboard: begin -->", "<!-- leaderboard: end -->")

NOTE = (
    "Exact match on rows that training never saw; all models of a table of a season answered the same ones. Models "
    "that share a rank cannot be told apart by paired tests at 95 %, corrected for the number of pairs. Incomplete, "
    "claimed and open entries have no rank. *Floors* are shortcuts without understanding; floors and exact solver are "
    "computed from the season. † the submitter states another score than is shown."
)
SEALED_NOTE = (
    "In a sealed season this is different: every model answered rows of its own, drawn from the sealed seed and the "
    "digest of its weights, and tests are unpaired. A score is over all entries of the model in the round; an entry "
    "without answers has all of them wrong, since its questions were seen. Floors and exact solver are scored on one "
    "more draw."
)
SUPERVISION_NOTE = (
    "Ranks are among models of the same supervision: what training gives away beyond one answer per example."
)


def notes(tables: Sequence[RankTable]) -> str:
    """The text that explains some tables, with the badges in them."""
    stated = any(table.supervision is not None for table in tables)
    found = {line.badge for table in tables for line in table.lines}
    meanings = "; ".join(f"*{badge}*: {meaning}" for badge, meaning in BADGES.items() if badge in found)
    sealed = any(table.independent for table in tables)
    parts = (
        NOTE,
        SEALED_NOTE if sealed else "",
        SUPERVISION_NOTE if stated else "",
        meanings and f"{meanings}.",
    )
    return " ".join(part for part in parts if part)


def short_title(table: RankTable) -> str:
    """The name of the task of a table in its season, or the task's own."""
    return escape_control(table.title or table.task)


def title(table: RankTable, tables: Sequence[RankTable]) -> str:
    """The title of a table among others; it leaves out that supervision is not stated where no table states it."""
    stated = any(other.supervision is not None for other in tables)
    words = f", {SUPERVISIONS[table.supervision]}" if stated else ""
    return f"{short_title(table)}, {table.split}{words}{'' if table.season else ', open'}"


def cells(line: Entry) -> tuple[str, ...]:
    """The cells of one line as text, in the order of `COLUMNS`; control characters are replaced."""
    low, high = f"{line.low:.2%}", f"{line.high:.2%}"
    share = f"{line.exact_match:.2%}" + (f" ± {line.spread:.2%}" if line.spread is not None else "")
    return (
        str(line.rank) if line.rank else "",
        escape_control(display_name(line)),
        escape_control(submitter_of(line)),
        escape_control(line.revision),
        escape_control(line.framework or ""),
        escape_control(line.encoding),
        share + (" †" if line.differs else ""),
        f"{low[:-1]} to {high[:-1]}",
        str(line.wins) if line.rank else "",
        str(line.seeds) if line.kind == "model" else "",
        f"{line.n:,}",
        f"{line.parameters:,}" if line.parameters else "",
        line.badge,
        attempt_of(line),
        line.submissions[0][:8] if line.submissions else "",
    )


def cells_by_column(line: Entry) -> dict[str, str]:
    """The cells of one line by their column."""
    return dict(zip(COLUMNS, cells(line), strict=True))


def submitter_of(line: Entry) -> str:
    """The submitter of a model, or that the host put it on the board; empty for floors and exact solver."""
    return (line.submitter or HOST) if line.kind == "model" else ""


def attempt_of(line: Entry) -> str:
    """Which attempt is shown, of how many.

    >>> attempt_of(Entry("model", "m", 1, 1, 1, 1, "re-scored", attempt=3, attempts=5))
    '3rd of 5'
    """
    if line.round_entries:
        return line.round_entries
    if not line.attempt:
        return str(line.attempts or "")
    ending = {1: "st", 2: "nd", 3: "rd"}.get(line.attempt % 10, "th")
    ending = "th" if 10 < line.attempt % 100 < 20 else ending
    return f"{line.attempt}{ending} of {line.attempts}"


def display_name(line: Entry) -> str:
    """The displayed name of a line, not escaped."""
    return f"floor: {line.model}" if line.kind == "floor" else line.model


def disambiguate_names(lines: Sequence[Entry]) -> list[Entry]:
    """Append what differs to model names that would otherwise be identical: recipe, data, or settings and budgets.

    Lines that do not differ in what they state have the start of the digest of their submission.
    """
    named = list(lines)
    for alike in grouped(range(len(lines)), lambda i: _appearance(lines[i])).values():
        if len(alike) > 1:
            for i, words in zip(alike, _differences([lines[i] for i in alike]), strict=True):
                named[i] = replace(lines[i], model=f"{lines[i].model} ({words})") if words else lines[i]
    return named


def _appearance(line: Entry) -> tuple[object, ...]:
    told_apart = line.submitter, line.revision, line.framework, line.encoding, line.supervision
    return line.kind, line.model, *told_apart, bool(line.proof)


def _differences(lines: Sequence[Entry]) -> list[str]:
    known = [(line.recipe, line.data) for line in lines]
    if len(set(known)) == len(lines):
        return [f"{recipe}; {data}" for recipe, data in known]
    data = [line.data if len({line.data for line in lines}) > 1 else "" for line in lines]
    settings = shortest_differences([line.settings for line in lines])
    words = ["; ".join(filter(None, pair)) for pair in zip(settings, data, strict=True)]
    return [
        "; ".join(filter(None, (own, _digest(line)))) if words.count(own) > 1 else own
        for own, line in zip(words, lines, strict=True)
    ]


def _digest(line: Entry) -> str:
    return line.submissions[0][:8] if line.submissions else ""


def escape_control(text: str) -> str:
    r"""Replace characters that do not print, such as line ends and marks for the direction of writing.

    >>> escape_control("a\nb\u202e")
    'a?b?'
    """
    return "".join(c if c.isprintable() else "?" for c in text)


def rich_table(table: RankTable, width: int = 200, tables: Sequence[RankTable] = ()) -> "RichTable":
    """A ranking as a rich table for a terminal; names are plain text, not markup.

    Args:
        table: the ranking.
        width: of the terminal, in characters.
        tables: all tables that are shown.
    """
    from rich.table import Table as RichTable
    from rich.text import Text

    shown = RichTable(title=Text(title(table, tables or [table])), title_justify="left", title_style="bold")
    omitted = _omitted(table.lines, width)
    for column in (c for c in COLUMNS if c not in omitted):
        wraps = column in ("model", "submitter", "revision", "encoding")
        shown.add_column(
            column,
            justify="right" if column in NUMBER_COLUMNS else "left",
            overflow="fold",
            no_wrap=not wraps,
            # rich would leave it no width at all on a narrow terminal
            min_width=MIN_NAME if column == "model" else None,
        )
    for line in disambiguate_names(table.lines):
        style = "" if line.kind == "model" else "dim"
        by_column = cells_by_column(line).items()
        shown.add_row(*(Text(cell, style=style) for column, cell in by_column if column not in omitted))
    return shown


def _omitted(lines: Sequence[Entry], width: int) -> tuple[str, ...]:
    """The columns that a terminal of a width leaves out: not those in which entries of one name differ."""
    omitted: tuple[str, ...] = OPTIONAL_COLUMNS if width < FULL_WIDTH else ()
    omitted += NARROW_COLUMNS if width < NARROW_WIDTH else ()
    omitted += ("95 % interval",) if width < NARROWEST_WIDTH else ()
    named = grouped(lines, lambda line: (line.kind, line.model)).values()
    alike = grouped(lines, lambda line: (line.kind, line.model, line.submitter, line.framework)).values()
    told_apart = _differing(named, ("submitter", "framework")) | _differing(alike, ("revision", "encoding"))
    return tuple(column for column in omitted if column not in told_apart)


def _differing(groups: Iterable[Sequence[Entry]], columns: Sequence[str]) -> set[str]:
    """The columns in which entries of a group differ."""
    return {
        column
        for column in columns
        for entries in groups
        if len({cells_by_column(entry)[column] for entry in entries}) > 1
    }


def markdown(tables: Sequence[RankTable]) -> str:
    """All tables as GitHub Markdown."""
    if not tables:
        return "No submissions yet.\n"
    return "\n".join([*(_markdown(table, tables) for table in tables), notes(tables), ""])


def _markdown(table: RankTable, tables: Sequence[RankTable]) -> str:
    rule = ["---:" if column in NUMBER_COLUMNS else "---" for column in COLUMNS]
    body = [
        [_emphasised(line, escape_markdown(cell)) for cell in cells(line)]
        for line in disambiguate_names(table.lines)
    ]
    rows = [f"| {' | '.join(row)} |" for row in [list(COLUMNS), rule, *body]]
    return "\n".join([f"### {escape_markdown(title(table, tables))}", "", *rows, ""])


def _emphasised(line: Entry, cell: str) -> str:
    return f"*{cell}*" if cell and line.kind != "model" else cell


def escape_markdown(text: str) -> str:
    r"""Escape text for Markdown, so that it starts no table cell, link, tag, emphasis or mention.

    >>> print(escape_markdown("a|b <i> *c* https://x"))
    a\|b \<i\> \*c\* https\://x
    """
    text = re.sub(r"([\\`*_{}\[\]()<>#!|~&:@$])", r"\\\1", text)
    # GitHub makes links of bare addresses; a backslash prevents that
    return re.sub(r"(?i)\bwww\.", lambda match: match[0][:-1] + "\\.", text)


def tables_csv(tables: Sequence[RankTable]) -> str:
    """All tables as one CSV table."""
    return csv_text(CSV_COLUMNS, (_csv_row(table, line) for table in tables for line in table.lines))


def _csv_row(table: RankTable, line: Entry) -> list[Any]:
    own = {"task": table.task, "split": table.split, "supervision": table.supervision}
    own |= {"season": table.season, "name": table.title}
    values = vars(line) | own | {"submissions": " ".join(line.submissions)}
    return [values[column] for column in CSV_COLUMNS]


def csv_text(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """A table as CSV; cells that spreadsheets would evaluate are quoted."""
    sink = io.StringIO()
    writer = csv.writer(sink, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_csv_cell(value) for value in row] for row in rows)
    return sink.getvalue()


def _csv_cell(value: Any) -> Any:
    """Quote text that a spreadsheet would evaluate as a formula."""
    if not isinstance(value, str):
        return value
    text = escape_control(value)
    return f"'{text}" if text[:1] in ("=", "+", "-", "@") else text


def tables_json(tables: Sequence[RankTable], board: str) -> dict[str, Any]:
    """All tables as JSON.

    The keys are schema_version, board and tables: a list of `RankTable`, whose lines are `Entry`, each as an object of
    its fields (see `mathbench.leaderboard.ranking.tables`).
    """
    shown = [vars(table) | {"lines": [_line_json(line) for line in table.lines]} for table in tables]
    return {"schema_version": 1, "board": board, "tables": shown}


def _line_json(line: Entry) -> dict[str, Any]:
    return {name: value for name, value in vars(line).items() if name != "settings"}


def replace_marked_block(text: str, block: str) -> str | None:
    """Replace the block between the marks of a text; None when it has no marks.

    >>> print(replace_marked_block(f"a {MARKS[0]} old {MARKS[1]} z", "new"))
    a <!-- leaderboard: begin -->
    new
    <!-- leaderboard: end --> z
    """
    begin, end = text.find(MARKS[0]), text.find(MARKS[1])
    if begin < 0 or end < begin:
        return None
    return f"{text[: begin + len(MARKS[0])]}\n{block.strip()}\n{text[end:]}"
