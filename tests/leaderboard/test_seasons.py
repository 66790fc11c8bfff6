"""Seasons as files, and which submissions are about their rows."""

import json

import numpy as np
import pytest

from mathbench.errors import InputError
from mathbench.families import task as make_task
from mathbench.leaderboard.seasons import references
from mathbench.leaderboard.seasons.files import available, check_new_season, load_season, parse_season
from mathbench.leaderboard.seasons.season import SEASON_SPLITS, rows_key
from mathbench.leaderboard.seasons.standing import check_season, standing
from mathbench.leaderboard.store.any_board import add_season, load_ranked, load_seasons
from mathbench.leaderboard.store.board import Board
from mathbench.leaderboard.submission_manifest import summarise_manifest
from mathbench.rows import open_rows

from .conftest import from_anybody
from .season import GCDS, SEASON, SUMS, TEXT, Filled, tiny, wrong

CORE_DIGEST = "aa7668786699014ab4c25d4936ab6aa921bdab0a4cdf5b5581f427906a4d64c0"


def test_the_season_of_every_board_never_changes():
    assert available() == ["core-1"] and load_season("core-1").digest == CORE_DIGEST


def test_every_task_of_the_season_has_its_rows():
    season = load_season("core-1")
    assert len(season.tasks) == 32 and season.groups == ("categories", "operations", "lengths", "school")
    for task in season.tasks:
        for split in SEASON_SPLITS:
            assert open_rows(task.task, split, task.seed).capacity_up_to(2000) == task.rows[split] == 2000


def test_it_has_the_categories_of_hofstadter_with_their_parameters():
    from mathbench.dataset import suite

    asked = {config.task for config in suite.load("hofstadter").configs}
    assert asked == {task.task for task in load_season("core-1").tasks if task.group == "categories"}


def test_it_has_the_rows_that_a_default_run_answers():
    season = load_season("core-1")
    for name in ("addition", "subtraction", "multiplication", "division", "gcd"):
        made = make_task(name)
        assert rows_key(made.id, made.parameters, "0") in season.by_key


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name = 3", r"name of the season must be text\. Received: 3"),
        ("", "the season needs name and tasks"),
        ('name = "A b"\ntasks = []', "lower-case letters, digits and hyphens. Received: 'A b'"),
        ('name = "a"\ntasks = []', "from 1 to 200 tasks. Received: 0"),
        ('name = "a"\ntasks = [1]', "every entry of .* must be a table. Received: 1"),
        ('name = "a"\n[[tasks]]\nk = 3', "needs task"),
        (
            'name = "a"\n[[tasks]]\ntask = "gcd"',
            "must name its version, such as addition-v1. Received: 'gcd'",
        ),
        ('name = "a"\n[[tasks]]\ntask = "gcd-v1"', "must have from 1 to 1,000,000 rows in a split"),
        ('name = "a"\n[rows]\ninterpolate = -1\n[[tasks]]\ntask = "gcd-v1"', "from 1 to 1,000,000 rows"),
        ('name = "a"\n[rows]\ntrain = 9\n[[tasks]]\ntask = "gcd-v1"', "unknown key 'train'"),
        ('name = "a"\n[rows]\ninterpolate = true\n[[tasks]]\ntask = "gcd-v1"', "Received: True"),
        ('name = "a"\n[rows]\ninterpolate = 9\n[[tasks]]\ntask = "gcd-v9"', "unknown version 'gcd-v9'"),
        (
            'name = "a"\n[rows]\ninterpolate = 9\n[[tasks]]\ntask = "gcd-v1"\ndigit = 3',
            "Did you mean 'digits'",
        ),
        ('name = "a"\n[rows]\ninterpolate = 9\n[[tasks]]\ntask = "gcd-v1"\nweight = 0', "must be above 0"),
        (
            'name = "a"\n[rows]\ninterpolate = 9\n[[tasks]]\ntask = "addition-v1"\nformat = "reversed"',
            "plain text. Received: format=reversed",
        ),
        (
            'name = "a"\n[rows]\ninterpolate = 9\n[[tasks]]\ntask = "gcd-v1"\n[[tasks]]\ntask = "gcd-v1"\nname = "b"',
            "two tasks have one task and seed",
        ),
        (
            'name = "a"\n[rows]\ninterpolate = 9\n[[tasks]]\ntask = "gcd-v1"\n[[tasks]]\ntask = "gcd-v1"\nseed = 1',
            "two tasks have one name",
        ),
        ('name = "a"\nopens = 2026-01-01T00:00:00\ntasks = [1]', "every entry"),
        ("name = ", "is not valid TOML"),
    ],
    ids=range(19),
)
def test_a_wrong_file_is_one_line(text, words):
    with pytest.raises(InputError, match=words) as refusal:
        parse_season(text, "mine.toml")
    assert str(refusal.value).startswith("mine.toml") and "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ("opens = 2026-01-01T00:00:00", "must have a time zone"),
        ("opens = 2026-01-02T00:00:00Z\ncloses = 2026-01-01T00:00:00Z", "must close after it opens"),
        ('sealed = {commitment = "x"}', "sealed.commitment"),
        (f'sealed = {{commitment = "{"0" * 64}", seed = "{"1" * 64}"}}', "has seed and salt"),
        ("rules = {external = true}", "unknown key 'external' in rules"),
    ],
    ids=range(5),
)
def test_wrong_times_rules_and_seals_are_one_line(lines, words):
    with pytest.raises(InputError, match=words):
        tiny(lines)


def test_an_unknown_season_is_named():
    with pytest.raises(InputError, match=r"unknown season 'core1'\. Did you mean 'core-1'"):
        load_season("core1")
    with pytest.raises(InputError, match="does not exist"):
        load_season("missing.toml")


def test_what_determines_the_rows_is_in_the_digest():
    assert SEASON.digest == parse_season(TEXT + "\n# a comment", "other.toml").digest
    for change in (
        ("300", "301"),
        ("seed = 0", "seed = 1"),
        ("digits = 2", "digits = 4"),
        ('"sums"', '"sum"'),
    ):
        assert parse_season(TEXT.replace(*change), "tiny.toml").digest != SEASON.digest
    assert tiny("closes = 2026-05-01T00:00:00Z").digest != SEASON.digest


def test_a_run_stands_where_its_rows_are_those_of_the_season():
    filled = Filled()
    exact = filled.add("a", 3)
    more = filled.add("b", {split: wrong(3, n + 50) for split, n in SUMS.rows.items()})
    fewer = filled.add("c", {"interpolate": wrong(0, 299), "extrapolate": wrong(0, 200)})
    one_split = filled.add("d", {"interpolate": wrong(0, 300)})
    words = filled.add("e", 0, data_seed="0")
    other_seed = filled.add("f", 0, data_seed=1)
    places = [standing(record, SEASON) for record in (exact, more, fewer, one_split, words, other_seed)]
    assert [place and place.complete for place in places] == [True, True, False, False, True, None]
    assert places[2].answered == {"interpolate": 299, "extrapolate": 200}
    assert filled.board.open == [other_seed]


def test_other_parameters_are_other_rows_but_the_format_is_not():
    filled = Filled()
    reversed_ = make_task("addition", digits=2, format="reversed")
    spec = {"id": reversed_.id, "name": reversed_.name, "parameters": reversed_.parameters}
    assert standing(filled.add("a", 0, task=SUMS), SEASON).task == SUMS
    record = filled.add("b", 0)
    object.__setattr__(record, "manifest", dict(record.manifest) | {"task": spec})
    assert standing(record, SEASON).task == SUMS
    other = make_task("addition", digits=3)
    changed = {"id": other.id, "name": other.name, "parameters": other.parameters}
    record = filled.add("c", 0)
    object.__setattr__(record, "manifest", dict(record.manifest) | {"task": changed})
    assert standing(record, SEASON) is None


def test_what_comes_too_early_or_too_late_is_open():
    record = Filled().add("a", 0)
    assert standing(
        record, tiny("opens = 2026-01-01T00:00:00Z\ncloses = 2026-01-01T00:00:00Z".splitlines()[0])
    )
    assert standing(record, tiny("opens = 2026-01-01T00:00:01Z")) is None
    assert standing(record, tiny("closes = 2025-12-31T23:59:59Z")) is None


def test_a_season_may_refuse_external_data():
    prompted = Filled().add("a", 0, supervision="prompted")
    assert standing(prompted, SEASON) and standing(prompted, tiny("rules = {external_data = false}")) is None


def named(season, seed=0, digits=2):
    made = make_task("addition", digits=digits)
    document = from_anybody(made) | {"schema_version": 3, "season": season, "supervision": "examples"}
    return summarise_manifest(document | {"data": {"seed": seed, "sizes": {"interpolate": 300}}})


def test_a_submission_in_a_file_names_its_season():
    record = Filled().add("a", 0)
    for season, place in (("tiny", True), ("other", False), (None, False)):
        object.__setattr__(record, "manifest", record.manifest)
        record.__dict__["summary"] = named(season)
        assert (standing(record, SEASON) is not None) == place


def test_a_named_season_must_be_there_and_have_these_rows():
    check_season(named("tiny"), [SEASON])
    check_season(named(None, seed=7), [SEASON])
    with pytest.raises(InputError, match=r"no season 'winter'\. Allowed: tiny, or null"):
        check_season(named("winter"), [SEASON])
    with pytest.raises(InputError, match=r"data seed '?7'?\. Its seed for this task is 0"):
        check_season(named("tiny", seed=7), [SEASON])
    with pytest.raises(InputError, match="has no rows of addition-base10-digits5"):
        check_season(named("tiny", digits=5), [SEASON])


@pytest.mark.parametrize("kind", ["database", "folder"])
def test_a_season_is_added_once_and_never_changes(tmp_path, kind):
    target = tmp_path / "board"
    if kind == "folder":
        target.mkdir()
    else:
        Board(target)
    found = references.compute_references(SEASON)
    add_season(target, TEXT, SEASON, found)
    seasons = load_seasons(target)
    assert list(seasons) == ["core-1", "tiny"] and seasons["tiny"][0].digest == SEASON.digest
    assert seasons["tiny"][1]["sums"]["interpolate"]["exact-solver"].exact_match == 1
    assert load_ranked(target, "tiny")[1].season.name == "tiny"
    other = parse_season(TEXT.replace("300", "30"), "tiny.toml")
    known = [season for season, _ in seasons.values()]
    check_new_season(SEASON, known)
    with pytest.raises(InputError, match="another season tiny; a season never changes"):
        check_new_season(other, known)
    with pytest.raises(InputError, match=r"has no season 'tinny'\. Did you mean 'tiny'"):
        load_ranked(target, "tinny")


def test_another_season_of_a_name_is_refused_by_a_board(tmp_path):
    board = Board(tmp_path / "board.sqlite")
    board.add_season(TEXT, SEASON, references.compute_references(SEASON))
    text = TEXT.replace("300", "30")
    with pytest.raises(InputError, match="never changes"):
        board.add_season(text, parse_season(text, "t"), {"season": "0" * 64, "scores": {}})


def test_references_are_those_of_all_rows_and_of_this_season():
    found = references.compute_references(SEASON)
    scores = references.parse_references(json.loads(json.dumps(found)), SEASON, "r.json")
    assert set(scores) == {"sums", "gcds"} and set(scores["sums"]) == set(SEASON_SPLITS)
    solver = scores["sums"]["interpolate"]["exact-solver"]
    assert (solver.n, solver.correct) == (300, 300)
    constant = scores["gcds"]["extrapolate"]["constant"]
    truth = open_rows(GCDS.task, "extrapolate", 0).batch(range(200))["answer"].to_pylist()
    assert (constant.n, constant.correct) == (200, truth.count("1"))
    with pytest.raises(InputError, match="the floors of another season than"):
        references.parse_references(found, parse_season(TEXT.replace("300", "30"), "t"), "r.json")


@pytest.mark.slow
def test_the_references_that_come_with_mathbench_are_found_again():
    """About a minute."""
    ((season, scores),) = references.builtin_seasons()
    again = references.parse_references(references.compute_references(season), season, "again")
    assert again == scores


def test_the_references_that_come_with_mathbench_are_of_its_season():
    ((season, scores),) = references.builtin_seasons()
    assert set(scores) == {task.name for task in season.tasks}
    for splits in scores.values():
        for named_scores in splits.values():
            assert named_scores["exact-solver"].correct == 2000 and "constant" in named_scores


def test_rows_of_a_season_are_prefixes():
    """A run that answered more rows answered those of the season: the first ones of the same split."""
    long, short = (open_rows(SUMS.task, "interpolate", 0).batch(range(n)) for n in (400, 300))
    assert long.slice(0, 300).select(["question"]).equals(short.select(["question"]))
    assert np.array_equal(long["row"].to_numpy()[:300], short["row"].to_numpy())
