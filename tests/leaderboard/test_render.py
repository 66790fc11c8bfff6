"""Names from strangers in every format."""

import csv
import io
import json
import re
from dataclasses import fields, replace

import pytest
from rich.console import Console

from mathbench.leaderboard.ranking import render
from mathbench.leaderboard.ranking.macro import MacroAverage
from mathbench.leaderboard.ranking.overview import overview, task_pages
from mathbench.leaderboard.ranking.rank import open_tables, season_tables
from mathbench.leaderboard.ranking.tables import Entry, RankTable
from mathbench.leaderboard.ranking.terminal_plot import bar, rich_plot
from mathbench.leaderboard.store import folder
from mathbench.leaderboard.submission_record import BADGES

from .conftest import kept, ranked

HOSTILE = [
    "<script>alert(1)</script>",
    "[red]markup[/red] [/nothing]",
    "a|b|c",
    "`code` *bold* _it_ ~~x~~ **y**",
    "[link](javascript:alert(1)) ![i](http://x)",
    "https://evil.example www.evil.example @somebody #1",
    '=HYPERLINK("http://x")',
    "+1+1",
    "-2",
    "@SUM(A1)",
    'quote " comma , semicolon ;',
    "../../etc/passwd",
    "\\| \\",
    "$x$ &lt; <!-- leaderboard: end -->",
    "ünïcödé 数学 🎲",
]


@pytest.fixture(params=HOSTILE)
def name(request):
    return request.param


@pytest.fixture
def shown(task, name):
    named = {"encoding": {"name": name}, "recipe": {"name": name}, "framework": name[:50]}
    return tables_of(kept(task, 30, baseline=name, **named))


def tables_of(*records):
    """The tables of a season that have models."""
    tables = season_tables(ranked(list(records)))
    return [table for table in tables if table.lines]


def test_an_overview_shows_the_best_and_says_how_many_there_are():
    models = [
        Entry("model", f"m{i}", 100, 1 - i / 100, 0.5, 1, "re-scored", rank=1 + i // 2) for i in range(5)
    ]
    models[1] = replace(models[1], badge="claimed", rank=None)
    floors = [
        Entry("floor", name, 100, share, 0, 1, "computed") for name, share in (("low", 0.1), ("high", 0.2))
    ]
    made = {"task_id": "gcd-v1", "parameters": {}, "split": "interpolate", "supervision": "examples"}
    table = RankTable("gcd-base10", lines=(*models, *floors), season="s", group="g", title="gcds", **made)
    text = overview([table], [], lambda task: f"at/{task}")
    (row,) = (line for line in text.splitlines() if "gcds" in line)
    best = (
        r"1\. m0 100.00% \(50.00 to 100.00\)<br>m1 99.00% \(50.00 to 100.00, claimed\)"
        r"<br>2\. m2 98.00% \(50.00 to 100.00\)"
    )
    assert row == f"| [gcds](at/gcd-base10) | interpolate | from examples | 5 | 1 | {best} | *high 20.00%* |"
    assert "### Season s" in text and "#### g" in text and "no model has" not in text
    assert list(task_pages([table])) == ["gcd-base10"] and "m4" in task_pages([table])["gcd-base10"]
    assert overview([], [], str) == "No submissions yet.\n"


def test_an_overview_ranks_the_models_that_answered_all_tasks():
    table = RankTable("t", "t-v1", {}, "interpolate", (), "examples", season="s")
    answers = MacroAverage(
        "model", "a|b", None, "interpolate", "", 0.5, 0.4, 0.6, 2, 3, supervision="examples"
    )
    assert "No model has answered all 3 tasks" in overview([table], [answers], str)
    ranked = [replace(answers, tasks=3, rank=1 + i, mean=0.5 - i / 100) for i in range(12)]
    rows = [line for line in overview([table], ranked, str).splitlines() if "a\\|b" in line]
    assert (
        rows[0] == r"| interpolate | from examples | 1 | a\|b | 50.00% | 40.00% to 60.00% |"
        and len(rows) == 10
    )


def test_markdown_shows_names_as_text(shown, name):
    text = render.markdown(shown[:1])
    lines = [line for line in text.splitlines() if line.startswith("| 1 |")]
    assert len(lines) == 1
    (line,) = lines
    bare = line.replace("\\\\", "").replace("\\|", "")
    assert bare.count("|") == len(render.COLUMNS) + 1
    for mark in ("](", "https://", "http://", "www.evil"):
        assert mark not in text
    assert not re.search(r"(?<!\\)[<>`@#$~]", line.replace("\\\\", ""))
    assert text.count(render.MARKS[1]) == 0


def read_csv(tables):
    return list(csv.DictReader(io.StringIO(render.tables_csv(tables))))


def test_csv_reads_back_and_holds_no_formula(shown, name):
    (row,) = [row for row in read_csv(shown[:1]) if row["kind"] == "model"]
    assert row["model"].lstrip("'") == name.lstrip("'")
    assert all(
        not row[key].startswith(("=", "+", "-", "@"))
        for key in ("model", "revision", "framework", "encoding")
    )


def test_json_reads_back(shown, name):
    record = json.loads(json.dumps(render.tables_json(shown, "b")))
    assert name in {line["model"] for line in record["tables"][0]["lines"]}


def test_terminal_shows_names_as_text(shown, name):
    console = Console(width=400, file=io.StringIO(), force_terminal=False)
    console.print(render.rich_table(shown[0]))
    assert name in console.file.getvalue()


def test_file_names_are_plain(task, name):
    made = folder.file_name(kept(task, 30, baseline=name, framework=None))
    assert set(made) <= set("abcdefghijklmnopqrstuvwxyz0123456789-.") and made.count(".") == 1


def test_control_characters_never_reach_a_terminal(task):
    entry = kept(task, 30, baseline="a\x1b[2J\nb\u202e", submitter="eve\x1b")
    tables = tables_of(entry)
    for text in (render.markdown(tables), render.tables_csv(tables)):
        assert "\x1b" not in text and "\u202e" not in text and "a?[2J?b?" in text.replace("\\", "")


def test_entries_that_look_alike_are_told_apart(task):
    text = render.markdown(tables_of(kept(task, 30), kept(task, 30, 1, recipe={"hidden": 7})))
    assert "lstm-seq2seq (hidden=7; train=1000 seed=0)" in text.replace("\\", "")
    assert "lstm-seq2seq (" not in render.markdown(tables_of(kept(task, 30)))
    # the revision already tells them apart
    text = render.markdown(tables_of(kept(task, 30), kept(task, 30, 1, recipe={"name": "classic"})))
    assert "lstm-seq2seq (" not in text and "| classic |" in text


def test_open_tables_say_so_and_have_no_ranks(task):
    tables = open_tables([kept(task, 30)])
    assert [render.title(table, tables) for table in tables] == [
        "addition-base10-digits2, interpolate, open",
        "addition-base10-digits2, extrapolate, open",
    ]
    assert {render.cells(line)[0] for table in tables for line in table.lines} == {""}


def test_an_empty_board_renders(task):
    assert render.markdown([]) == "No submissions yet.\n"
    assert render.tables_csv([]).count("\n") == 1


BEST = Entry(
    "model", "ours", 10_000, 0.9875, 0.9851, 0.9896, "re-scored", 1, "torch", "reversed", "classic", "train=5",
    1_234_567, 3, 0.0021, "2026-01-01T00:00:00Z", ("0123456789abcdef", "f" * 16), 4, True, "dense",
    submitter="ada", revision="v2", attempt=2, external=True, wins=5, losses=6, cpu_seconds=9.5,
)  # fmt: skip
FLOOR = Entry("floor", "constant", 100, 0.5, 0.4038, 0.5962, "computed", framework=None)
SOLVER = Entry("solver", "exact-solver", 200, 1.0, 0.9812, 1.0, "computed")
TABLE = RankTable(
    "sums",
    "sums-v1",
    {"digits": 2},
    "interpolate",
    (BEST, FLOOR, SOLVER),
    None,
    "small",
    "operations",
    "pairs",
)
MEANINGS = f"*re-scored*: {BADGES['re-scored']}."
HEAD = (
    "rank|model|submitter|revision|framework|encoding|exact match|95 % interval|better than|seeds|n|parameters|badge|"
    "attempt|submission"
)
CELLS = [
    "1|ours|ada|v2|torch|reversed|98.75% ± 0.21% †|98.51 to 98.96|5|3|10,000|1,234,567|re-scored|2nd of 4|01234567",
    "|floor: constant|||||50.00%|40.38 to 59.62|||100||computed||",
    "|exact-solver|||||100.00%|98.12 to 100.00|||200||computed||",
]


def printed(shown, width):
    console = Console(width=width, file=io.StringIO(), force_terminal=False)
    console.print(shown)
    return console.file.getvalue().splitlines()


def test_the_cells_of_every_kind_of_line():
    assert ["|".join(render.cells(line)) for line in TABLE.lines] == CELLS
    plain = Entry("model", "m", 1, 0, 0, 0, "b", rank=2, seeds=1, spread=0.0, parameters=0)
    assert "|".join(render.cells(plain)) == "2|m|host||||0.00% ± 0.00%|0.00 to 0.00|0|1|1||b||"
    unranked = replace(BEST, rank=None, attempt=0)
    assert "|".join(render.cells(unranked)) == CELLS[0][1:].replace("|5|3|", "||3|").replace("2nd of 4", "4")


@pytest.mark.parametrize(
    ("attempt", "words"),
    [
        (1, "1st"),
        (2, "2nd"),
        (3, "3rd"),
        (4, "4th"),
        (11, "11th"),
        (13, "13th"),
        (22, "22nd"),
        (111, "111th"),
    ],
)
def test_the_number_of_an_attempt_in_words(attempt, words):
    assert render.attempt_of(replace(BEST, attempt=attempt, attempts=200)) == f"{words} of 200"


def test_markdown_as_a_whole():
    head, *cells = ([cell for cell in row.split("|")] for row in (HEAD, *CELLS))
    rule = ["---:", *["---"] * 5, *["---:"] * 6, *["---"] * 3]
    cells[1:] = [[f"*{cell}*" if cell else "" for cell in row] for row in cells[1:]]
    cells[1][1] = r"*floor\: constant*"
    rows = [f"| {' | '.join(row)} |" for row in (head, rule, *cells)]
    one = "\n".join([r"### pairs, interpolate", "", *rows, ""])
    assert render.markdown([TABLE, TABLE]) == "\n".join([one, one, f"{render.NOTE} {MEANINGS}", ""])


def test_csv_as_a_whole():
    assert render.tables_csv([TABLE]).splitlines() == [
        "task,split,rank,kind,model,framework,encoding,recipe,data,exact_match,low,high,spread,seeds,n,parameters,"
        "badge,submitted,attempts,submissions,supervision,proof,season,name,submitter,revision,attempt,complete,"
        "external,wins,losses,cpu_seconds",
        "sums,interpolate,1,model,ours,torch,reversed,classic,train=5,0.9875,0.9851,0.9896,0.0021,3,10000,1234567,"
        "re-scored,2026-01-01T00:00:00Z,4,0123456789abcdef ffffffffffffffff,,,small,pairs,ada,v2,2,True,True,5,6,9.5",
        "sums,interpolate,,floor,constant,,,,,0.5,0.4038,0.5962,,0,100,,computed,,0,,,,small,pairs,,,0,True,False,0,0,",
        "sums,interpolate,,solver,exact-solver,,,,,1.0,0.9812,1.0,,0,200,,computed,,0,,,,small,pairs,,,0,True,False,0,0,",
    ]


def test_cells_of_csv_are_quoted_only_where_a_spreadsheet_evaluates_them():
    cells = ["=1", "+1", "-1", "@1", "1=", "a-b", "", "\x07", -1, -0.5, None, '"']
    assert render.csv_text(["a"], [cells]) == "a\n'=1,'+1,'-1,'@1,1=,a-b,,?,-1,-0.5,,\"\"\"\"\n"


def test_json_as_a_whole():
    lines = [{key: value for key, value in vars(line).items() if key != "settings"} for line in TABLE.lines]
    assert lines[0]["submissions"] == BEST.submissions and [*lines[0]] == [
        field.name for field in fields(Entry) if field.name != "settings"
    ]
    found = render.tables_json([TABLE], "a board")
    assert (found["schema_version"], found["board"], len(found["tables"])) == (1, "a board", 1)
    assert found["tables"][0] == {
        "task": "sums",
        "task_id": "sums-v1",
        "parameters": {"digits": 2},
        "split": "interpolate",
        "lines": lines,
        "supervision": None,
        "season": "small",
        "group": "operations",
        "title": "pairs",
        "independent": False,
    }


def test_tables_say_their_supervision_where_one_of_them_states_it():
    stated = replace(TABLE, supervision="aligned+dense")
    assert [render.title(table, [TABLE, stated]) for table in (TABLE, stated)] == [
        "pairs, interpolate, supervision not stated",
        "pairs, interpolate, aligned input, dense labels",
    ]
    assert render.title(TABLE, [TABLE]) == "pairs, interpolate"
    assert render.notes([stated]) == f"{render.NOTE} {render.SUPERVISION_NOTE} {MEANINGS}"
    assert "### pairs, interpolate, aligned input, dense labels\n" in render.markdown([TABLE, stated])
    assert [row["supervision"] for row in read_csv([stated])] == ["aligned+dense"] * 3
    assert printed(rich_plot(stated, 90), 90)[0].startswith(
        "pairs, interpolate, aligned input, dense labels: exact"
    )


def test_a_proved_line_says_so_as_its_badge():
    proved = replace(TABLE, lines=(replace(BEST, badge="proved", proof="=all numbers"), SOLVER))
    assert "proved" in render.cells(proved.lines[0]) and "computed" in render.cells(FLOOR)
    assert render.notes([proved]) == f"{render.NOTE} *proved*: {BADGES['proved']}."
    assert [row["proof"] for row in read_csv([proved])] == ["'=all numbers", ""]
    both = [BEST, proved.lines[0]]
    assert render.disambiguate_names(both) == both


def test_the_meanings_of_all_badges_that_are_shown_stand_below():
    claimed = replace(TABLE, lines=(BEST, replace(BEST, badge="claimed", rank=None)))
    assert render.notes([claimed]).endswith(f"*claimed*: {BADGES['claimed']}; {MEANINGS}")


@pytest.mark.parametrize(("width", "omitted"), [(190, ()), (189, render.OPTIONAL_COLUMNS)])
def test_the_table_of_a_terminal(width, omitted):
    title, _, head, _, *body, _ = printed(render.rich_table(TABLE, width), 200)
    columns = HEAD.split("|")
    left = [at for at, column in enumerate(columns) if column not in omitted]
    assert title.strip() == "pairs, interpolate"
    for line, cells in zip((head, *body), (HEAD, *CELLS), strict=True):
        shown = [cell.strip() for cell in re.split("[┃│]", line)[1:-1]]
        assert shown == [cells.split("|")[at] for at in left]
    shown = render.rich_table(TABLE, width)
    justified = {column.header: column.justify for column in shown.columns}
    numbers = {"rank", "exact match", "95 % interval", "better than", "seeds", "n", "parameters"}
    assert justified == {c: "right" if c in numbers else "left" for c in columns if c not in omitted}
    wraps = {column.header for column in shown.columns if not column.no_wrap}
    assert wraps == {"model", "submitter", "revision", "encoding"} - set(omitted)
    styles = [{cell.style for cell in list(column.cells)} for column in shown.columns]
    assert all(style == {"", "dim"} for style in styles)
    assert [cell.style for cell in list(shown.columns[1].cells)] == ["", "dim", "dim"]


@pytest.mark.parametrize(
    ("width", "columns"),
    [
        (79, ["rank", "model", "exact match", "95 % interval"]),
        (55, ["rank", "model", "exact match"]),
    ],
)
def test_names_stay_readable_on_a_narrow_terminal(width, columns):
    shown = render.rich_table(TABLE, width)
    assert [column.header for column in shown.columns] == columns
    printed_rows = printed(render.rich_table(TABLE, 40), 40)
    assert all(len(line) <= 40 for line in printed_rows)
    assert "".join(BEST.model.split()) in "".join(re.sub("[┃│]", " ", " ".join(printed_rows)).split())


@pytest.mark.parametrize("column", ["submitter", "framework"])
def test_a_narrower_terminal_keeps_it_too(column):
    alike = replace(TABLE, lines=(BEST, replace(BEST, **{column: "another"})))
    heads = [head.header for head in render.rich_table(alike, 40).columns]
    assert heads == [c for c in render.COLUMNS if c in ("rank", "model", column, "exact match")]


@pytest.mark.parametrize("column", ["revision", "encoding"])
def test_a_narrow_terminal_keeps_the_column_that_tells_two_entries_apart(column):
    alike = replace(TABLE, lines=(BEST, replace(BEST, **{column: "another"}), SOLVER))
    heads = {head.header for head in render.rich_table(alike, 80).columns}
    assert heads == {*render.COLUMNS} - {*render.OPTIONAL_COLUMNS} | {column}


def test_names_are_told_apart_only_where_nothing_else_does():
    about = ("torch", "reversed", "tuned", "train=9")
    alike = {"supervision": "dense", "submitter": "ada", "revision": "v2"}
    other = Entry("model", "ours", 9, 0.5, 0.4, 0.6, "b", 2, *about, **alike)
    for different in (
        {"submitter": "eve"},
        {"revision": "v3"},
        {"kind": "floor"},
        {"supervision": "examples"},
        {"framework": "keras"},
        {"encoding": "plain"},
        {"model": "theirs"},
    ):
        lines = [BEST, Entry(**vars(other) | different)]
        assert render.disambiguate_names(lines) == lines
    assert [line.model for line in render.disambiguate_names([BEST, other, FLOOR])] == [
        "ours (classic; train=5)",
        "ours (tuned; train=9)",
        "constant",
    ]


def test_lines_of_one_recipe_are_told_apart_by_their_settings_and_budgets():
    same = {"recipe": "classic", "data": "train=5", "submissions": ("0123456789abcdef",)}

    def line(**settings):
        return Entry(
            "model",
            "ours",
            9,
            0.5,
            0.4,
            0.6,
            "b",
            **same,
            settings={"name": "classic", "rate": 0.1, **settings},
        )

    def names(*lines):
        return [line.model for line in render.disambiguate_names(lines)]

    assert names(line(steps=100), line(steps=2000)) == ["ours (steps=100)", "ours (steps=2000)"]
    assert names(line(budget="60 s"), line()) == ["ours (budget=60 s)", "ours"]
    assert names(line(), line()) == ["ours (01234567)"] * 2
    other = replace(line(steps=100), data="train=9")
    assert names(line(steps=100), line(steps=200), other) == [
        "ours (steps=100; train=5)",
        "ours (steps=200; train=5)",
        "ours (steps=100; train=9)",
    ]


def test_every_mark_of_markdown_is_escaped_and_nothing_else():
    marks = "\\`*_{}[]()<>#!|~&:@$"
    assert render.escape_markdown(marks) == "".join("\\" + mark for mark in marks)
    others = "aZ09 .,;-+=?/'\"^%é数"
    assert render.escape_markdown(others) == others
    assert render.escape_markdown("www.a WWW.b xwww.c") == r"www\.a WWW\.b xwww.c"


def test_a_block_is_replaced_between_its_marks_only():
    begin, end = render.MARKS
    new = f"{begin}\nnew\n{end}"
    assert render.replace_marked_block(f"{begin}{end}", " new\n") == new
    assert render.replace_marked_block(f"a{begin}b{end}c", "new") == f"a{new}c"
    for text in ("", begin, end, f"{end}{begin}"):
        assert render.replace_marked_block(text, "new") is None


def test_the_plot_as_a_whole():
    assert [line.rstrip() for line in printed(rich_plot(TABLE, 90), 90)] == [
        "pairs, interpolate: exact match with 95 % interval",
        "                 0 %                 50 %             100 %",
        "ours             █████████████████████████████████████████┼   98.75%",
        "floor: constant  ████████████████├────┼───┤                   50.00%",
        "exact-solver     █████████████████████████████████████████┼  100.00%",
    ]
    styles = [[cell.style for cell in list(column.cells)] for column in rich_plot(TABLE, 90).columns]
    assert styles[0] == styles[2] == ["", "dim", "dim"]
    assert [[(s.start, s.end, s.style) for s in bar(line, 42).spans] for line in TABLE.lines] == [
        [(0, 41, "cyan")],
        [(0, 16, "dim")],
        [(0, 41, "dim")],
    ]
    assert [column.no_wrap for column in rich_plot(TABLE, 90).columns] == [False, True, True]


@pytest.mark.parametrize(("width", "columns"), [(0, 20), (68, 20), (69, 21), (70, 22), (148, 100)])
def test_the_plot_fits_its_terminal_and_its_axis_the_bars(width, columns):
    axis = rich_plot(TABLE, width).columns[1].header
    assert len(axis) == columns and axis.startswith("0 % ") and axis.endswith(" 100 %")
    assert axis.index("50 %") == columns // 2 - 1
    for at in range(columns):
        drawn = bar(Entry("model", "m", 9, *[(at + 0.5) / columns] * 3, "b"), columns).plain
        assert drawn == "█" * at + "┼" + " " * (columns - 1 - at)
