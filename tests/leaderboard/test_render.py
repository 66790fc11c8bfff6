"""Names from strangers in every format."""

import csv
import io
import json
import re

import pytest
from rich.console import Console

from mathbench.leaderboard.ranking import render
from mathbench.leaderboard.ranking.rank import rank_tables
from mathbench.leaderboard.store import folder

from .test_ranking import kept

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
    return rank_tables([kept(task, 900, baseline=name, encoding={"name": name}, framework=name[:50])])


def test_markdown_shows_names_as_text(shown, name):
    text = render.markdown(shown)
    lines = [line for line in text.splitlines() if line.startswith("| 1 |")]
    assert len(lines) == 1
    (line,) = lines
    bare = line.replace("\\\\", "").replace("\\|", "")
    assert bare.count("|") == len(render.COLUMNS) + 1
    for mark in ("](", "https://", "http://", "www.evil"):
        assert mark not in text
    assert not re.search(r"(?<!\\)[<>`@#$~]", line.replace("\\\\", ""))
    assert text.count(render.MARKS[1]) == 0


def test_csv_reads_back_and_holds_no_formula(shown, name):
    rows = list(csv.DictReader(io.StringIO(render.tables_csv(shown))))
    (row,) = [row for row in rows if row["kind"] == "model"]
    assert row["model"].lstrip("'") == name.lstrip("'")
    assert all(not row[key].startswith(("=", "+", "-", "@")) for key in ("model", "framework", "encoding"))


def test_json_reads_back(shown, name):
    record = json.loads(json.dumps(render.tables_json(shown, "b")))
    assert name in {line["model"] for line in record["tables"][0]["lines"]}


def test_terminal_shows_names_as_text(shown, name):
    console = Console(width=400, file=io.StringIO(), force_terminal=False)
    console.print(render.rich_table(shown[0]))
    assert name in console.file.getvalue()


def test_file_names_are_plain(task, name):
    made = folder.file_name(kept(task, 900, baseline=name, framework=None))
    assert set(made) <= set("abcdefghijklmnopqrstuvwxyz0123456789-.") and made.count(".") == 1


def test_control_characters_never_reach_a_terminal(task):
    entry = kept(task, 900, baseline="a\x1b[2J\nb\u202e")
    for text in (render.markdown(rank_tables([entry])), render.tables_csv(rank_tables([entry]))):
        assert "\x1b" not in text and "\u202e" not in text and "a?[2J?b?" in text.replace("\\", "")


def test_entries_that_look_alike_are_told_apart(task):
    text = render.markdown(rank_tables([kept(task, 900), kept(task, 900, 1, recipe={"name": "classic"})]))
    assert "lstm-seq2seq (classic; train=1000 seed=0)" in text.replace("\\", "")
    assert "lstm-seq2seq (" not in render.markdown(rank_tables([kept(task, 900)]))


def test_an_empty_board_renders(task):
    assert render.markdown([]) == "No submissions yet.\n"
    assert render.tables_csv([]).count("\n") == 1
