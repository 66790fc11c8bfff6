"""What a study file says, and what is wrong with one."""

import pytest

from mathbench.errors import InputError
from mathbench.leaderboard.seasons.files import load_season
from mathbench.storage.toml_file import parse
from mathbench.studies.plan import StudyPlan
from mathbench.studies.study_file import available, load_study


@pytest.mark.parametrize("name", available())
def test_every_study_that_comes_with_mathbench_can_be_run(name, tmp_path):
    study = load_study(name)
    plan = StudyPlan(study, tmp_path / "out", name)
    jobs = plan.jobs()
    assert len({job.out for job in jobs}) == len(jobs) >= len(study.learners)


@pytest.mark.parametrize(
    "name", [name for name in available() if "season" in parse(load_study(name).text, name)]
)
def test_runs_of_a_study_of_a_season_can_enter_it(name):
    season = load_season("core-1")
    for task in load_study(name).tasks:
        own = season.task(task.name)
        assert task.task == own.task and task.seed == own.seed
        assert {split: task.sizes[split] for split in own.rows} == dict(own.rows)


def test_learners_are_baselines_times_recipes_times_supervisions_times_settings(small):
    study = small(
        ('baseline = "gru-classifier"', 'baseline = ["gru-classifier", "lstm-classifier"]'),
        ("search = [", "vary = { batch = [16, 32] }\nsearch = ["),
    )
    gru = [learner.name for learner in study.learners if learner.name.startswith("gru")]
    assert gru == [
        f"gru-{cell}-classifier-{batch}{dense}"
        for cell in ("gru", "lstm")
        for batch in (16, 32)
        for dense in ("", "-dense")
    ]
    assert study.learners[1].settings == {
        "steps": 8,
        "evaluate": 4,
        "hidden": 4,
        "batch": 16,
        "auxiliary": "prefix-residue={k}",
    }


def test_parameters_of_the_task_fill_in_settings_and_special_settings_win(small):
    study = small(
        ("[learners.supervision]", '[learners.on]\n"thr*" = { hidden = 7 }\n[learners.supervision]')
    )
    dense, task = study.learners[1], study.task("threes")
    spec = dense.make_spec(task, 0)
    assert spec.settings.auxiliary == "prefix-residue=3" and spec.settings.hidden == 7
    assert spec.supervision(task.task) == "dense"


def test_shortcuts_are_run_once_where_they_make_sense(planned):
    cells = [(cell.task.name, cell.learner.name) for cell in planned().cells()]
    assert ("threes", "last-digit") in cells and ("sums", "last-digit") not in cells
    names = [job.title for job in planned().jobs()]
    assert "threes / constant" in names and "threes / gru / seed 1" in names
    assert len(names) == 2 * 3 + 5


def test_runs_come_by_wave_and_then_by_seed(planned):
    names = [job.title for job in planned().jobs()]
    assert names[-2:] == ["sums / mlp / seed 0", "sums / mlp / seed 1"]
    first, second = names.index("threes / gru-dense / seed 0"), names.index("threes / gru / seed 1")
    assert first < second


def test_patterns_choose_tasks_learners_and_seeds(planned):
    chosen = planned(tasks=("thr*",), learners=("gru*",), seeds=(1,)).jobs()
    assert [job.title for job in chosen] == ["threes / gru / seed 1", "threes / gru-dense / seed 1"]
    assert chosen[0].options.command == "mathbench study small.toml --task threes --learner gru --seed 1"
    for options, words in (
        ({"tasks": ("sum",)}, "no task 'sum'. Did you mean 'sums'"),
        ({"learners": ("grus",)}, "no learner 'grus'. Did you mean 'gru'"),
        ({"seeds": (5,)}, "the seeds 0, 1. Received: 5"),
    ):
        with pytest.raises(InputError, match=words):
            planned(**options)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('name = "small"', 'nam = "small"', "unknown key 'nam' in the study. Did you mean 'name'"),
        ('name = "small"', "", "the study needs name"),
        ('name = "small"', 'name = "Small one"', "up to 60 lower-case letters"),
        ("seeds = 2", "seeds = 0", "seeds must be an integer of 1 or more"),
        ("seeds = 2", "seeds = [1, 1]", "seeds must be different integers"),
        ("seeds = 2", 'seeds = "two"', "seeds of the study must be an integer or a list"),
        ("seeds = 2", "solved = 99", "solved must be an exact match from 0 to 1"),
        ("seeds = 2", 'season = "core-2"', "unknown season 'core-2'. Did you mean 'core-1'"),
        ("seeds = 2", 'season = "core-1"\nsuite = "hofstadter"', "a season or of a suite. Received: both"),
        ("train = 300", "trian = 300", "trian"),
        ("train = 300", "train = -1", "train"),
        ('task = "divisible"', 'task = "divisable"', "Did you mean 'divisible'"),
        ("k = 3", "kay = 3", "kay"),
        ('name = "sums"', 'name = "threes"', "two tasks have the name 'threes'"),
        ("long = [6, 9]", "long = [0]", "long must be an integer of 1 or more"),
        ('name = "gru"', 'nome = "gru"', "unknown key 'nome' in the learner gru-classifier"),
        ('baseline = "gru-classifier"', "", "the learner gru needs baseline"),
        ('baseline = "gru-classifier"', 'baseline = "gru"', "unknown baseline 'gru'"),
        ('baseline = "gru-classifier"', 'baseline = "hf:model"', "is asked, not trained"),
        ('tasks = "threes"', 'tasks = "thees"', "no task is named 'thees'. Did you mean 'threes'"),
        ('tasks = "threes"', "tasks = []", "tasks of the learner gru must be text or a list of texts"),
        ("hidden = 4 }", "hidden = [4] }", "must be a table of values"),
        ('"rate=1e-2 hidden=6"', '"rate"', "search of the learner gru: a variant is a list of key=value"),
        ('"rate=1e-2 hidden=6"', '"hidden=5"', "has a variant twice"),
        ("examples = {}", "exmples = {}", "unknown supervision 'exmples'. Did you mean 'examples'"),
        ('baseline = "mlp"', 'baseline = "mlp"\nvary = { hidden = 5 }', "vary.hidden of the learner mlp must"),
        ("wave = 2", 'name = "gru-dense"\n[learners.on]\nthees = { hidden = 5 }', "no task is named 'thees'"),
        ('baseline = ["constant"', 'search = ["hidden=1"]\nbaseline = ["constant"', "constant is not trained"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_file_is_one_line(old, new, words, small):
    with pytest.raises(InputError) as refused:
        small((old, new))
    assert words in str(refused.value) and "\n" not in str(refused.value)
    assert str(refused.value).startswith("small.toml: ")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('supervision = "aligned"', 'supervision = "examples"', 'Write supervision = "aligned" under its [[learners]]'),
        ("prefix-residue={k}", "prefix-residue={m}", "has no such parameter; known are k, base"),
        ("hidden = 4 }", "hiden = 4 }", "Did you mean 'hidden'"),
        ("hidden = 4 }", "hidden = 0 }", "hidden must be an integer from 1"),
        ('"rate=1e-2 hidden=6"', '"rat=1e-2"', "Did you mean 'rate'"),
    ],
)  # fmt: skip
def test_settings_that_are_not_allowed_are_refused_before_anything_is_run(old, new, words, planned):
    plan = planned((old, new))
    with pytest.raises(InputError) as refused:
        plan.jobs()
    assert words in str(refused.value) and not plan.out.exists()


def test_studies_have_names_and_files(tmp_path):
    with pytest.raises(InputError, match="Did you mean 'five-minutes'"):
        load_study("five-minute")
    with pytest.raises(InputError, match="does not exist"):
        load_study(str(tmp_path / "none.toml"))
    (tmp_path / "bad.toml").write_text("name = ")
    with pytest.raises(InputError, match=r"bad\.toml is not valid TOML"):
        load_study(str(tmp_path / "bad.toml"))
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match="is not valid TOML"):
        load_study(str(tmp_path / "bytes.toml"))


def test_the_tasks_of_a_season_or_a_suite_are_those_of_the_study(small):
    study = small(
        ("seeds = 2", 'suite = "hofstadter"'),
        ('name = "sums"\ntask = "addition"\ndigits = 2', 'name = "multiples-of-?-base10"'),
        ('tasks = "sums"', 'tasks = "multiples-*"'),
    )
    assert [task.name for task in study.tasks] == ["threes", *(f"multiples-of-{k}-base10" for k in (3, 9, 7))]
    assert study.tasks[1].sizes["train"] == 300
    with pytest.raises(InputError, match="is given: its k cannot be changed"):
        small(
            ("seeds = 2", 'suite = "hofstadter"'),
            ('task = "addition"', "k = 5"),
            ('name = "sums"', 'name = "multiples-of-9-base10"'),
        )
