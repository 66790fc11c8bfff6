"""A dataset with excluded problems is complete in its folder: made again, continued and verified from there alone."""

import json
import shutil

import pytest

import mathbench
from mathbench.baselines.run import RunOptions, run
from mathbench.baselines.run_data import regenerate
from mathbench.baselines.spec import RunSpec
from mathbench.baselines.table import baseline
from mathbench.dataset import manifest
from mathbench.dataset.data import Data
from mathbench.dataset.manifest import Config, single_config
from mathbench.dataset.question_lists import excluding
from mathbench.dataset.read import open_dataset
from mathbench.dataset.request import dataset_request, requested_configs
from mathbench.dataset.shard_jobs import ShardPart
from mathbench.dataset.suite import load
from mathbench.dataset.verify import VerifyOptions, verify
from mathbench.dataset.write import generate, generate_part, merge
from mathbench.engine import make_engine
from mathbench.errors import CheckFailed, InputError
from mathbench.families import from_spec, task
from mathbench.reserve import Excluded
from mathbench.rows import Rows, open_rows
from mathbench.storage.location import storage_path

SIZES = {"train": 2500, "validation": 100, "interpolate": 200, "extrapolate": 100}
LISTED = [f"{a}+{b}" for a in range(40) for b in range(a + 1)]


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(manifest, "SHARD_ROWS", 1000)


def config(listed=LISTED, name="sums"):
    return Config(name, excluding(task("addition", train_share=0.5), listed), 3, SIZES)


@pytest.fixture
def folder(tmp_path):
    generate([config()], tmp_path / "ds")
    return tmp_path / "ds"


def list_of(folder):
    (path,) = folder.glob("excluded-*.jsonl")
    return path


def checks(folder, **options):
    return {(c.split, c.what): c for c in verify(open_dataset(folder), VerifyOptions(**options))}


def failed(folder, **options):
    return {key: check.detail for key, check in checks(folder, **options).items() if not check.passed}


def test_the_list_is_stored_and_the_manifest_and_the_card_say_so(folder):
    listed, stored = (
        config().task.exclude,
        json.loads((folder / "manifest.json").read_text())["configs"]["sums"],
    )
    assert list_of(folder).read_bytes() == listed.content
    assert stored["parameters"]["exclude"] == listed.digest and stored["parameters"]["train_share"] == 0.5
    assert stored["excluded"] == {"file": list_of(folder).name, "problems": 820}
    card = (folder / "README.md").read_text()
    assert f"820 listed problems (`{list_of(folder).name}`) are in neither train nor validation." in card
    assert "Train draws from 50 % of all problems." in card


def test_verify_needs_nothing_but_the_folder(folder, tmp_path):
    shutil.move(folder, tmp_path / "elsewhere")
    found = checks(tmp_path / "elsewhere", regenerate_all=True)
    assert all(check.passed for check in found.values())
    assert found["", "excluded problems"].detail.startswith("820 problems in excluded-")


@pytest.mark.parametrize("damage", ["missing", "changed", "more"])
def test_a_missing_or_changed_list_is_one_line_and_test_splits_are_still_verified(folder, damage):
    path = list_of(folder)
    if damage == "missing":
        path.unlink()
    else:
        content = path.read_bytes()
        path.write_bytes(
            content.replace(b"[39,39]", b"[39,38]") if damage == "changed" else content + b"[99,99]\n"
        )
    wrong = failed(folder)
    assert list(wrong) == [("", "excluded problems")]
    reason = "is missing." if damage == "missing" else "does not have the digest"
    assert path.name in wrong["", "excluded problems"] and reason in wrong["", "excluded problems"]
    assert ("interpolate", "regenerated rows") in checks(folder) and (
        "train",
        "regenerated rows",
    ) not in checks(folder)


def test_a_wrong_count_in_the_manifest_is_found(folder):
    path = folder / "manifest.json"
    path.write_text(path.read_text().replace('"problems": 820', '"problems": 821'))
    with pytest.raises(CheckFailed, match=r"the excluded problems of sums are not"):
        open_dataset(folder)


def test_verify_finds_an_excluded_problem_in_train(tmp_path):
    """Rows of a dataset without a list, stored as those of one with it."""
    generate([Config("sums", task("addition", train_share=0.5), 3, SIZES)], tmp_path)
    path = tmp_path / "manifest.json"
    content, listed = json.loads(path.read_text()), config().task.exclude
    spec = content["configs"]["sums"]
    spec["parameters"]["exclude"] = listed.digest
    (tmp_path / f"excluded-{listed.short}.jsonl").write_bytes(listed.content)
    spec["excluded"] = {"file": f"excluded-{listed.short}.jsonl", "problems": listed.count}
    path.write_text(json.dumps(content))
    wrong = failed(tmp_path, sample=2500)
    assert wrong["train", "problems in the train reserve"].endswith(" is excluded")
    assert "regenerated rows" in {what for split, what in wrong if split == "train"}
    assert not any(split == "interpolate" and "reserve" in what for split, what in wrong)


def test_an_interrupted_generation_continues_from_the_folder_alone(folder, tmp_path):
    finished, request = (folder / "manifest.json").read_text(), manifest.read(folder)
    (folder / "manifest.json").unlink()
    shutil.rmtree(folder / "data")
    (folder / ".generating.json").write_text(json.dumps(dataset_request(request.configs)))
    configs = requested_configs(folder)
    assert configs[0].task.exclude.count == 820
    generate(configs, folder)
    assert (folder / "manifest.json").read_text() == finished
    list_of(folder).unlink()
    (folder / "manifest.json").unlink()
    (folder / ".generating.json").write_text(json.dumps(dataset_request(request.configs)))
    with pytest.raises(InputError, match=r"excluded-\w+.jsonl\) are not known here"):
        open_rows.cache_clear()
        generate(requested_configs(folder), folder)


def test_generating_again_restores_the_list_and_another_list_is_another_dataset(folder):
    list_of(folder).unlink()
    generate([config()], folder)
    assert not failed(folder)
    with pytest.raises(InputError, match=r"contains another dataset \(different: sums\)"):
        generate([config(LISTED[1:])], folder)
    (folder / "excluded-by-me.jsonl").write_text("mine")
    generate([config(LISTED[1:])], folder, force=True)
    (folder / "excluded-by-me.jsonl").unlink()
    assert list_of(folder).read_bytes() == config(LISTED[1:]).task.exclude.content and not failed(folder)


def test_parts_and_worker_processes_write_the_same_dataset(folder, tmp_path):
    for number in (2, 1):
        generate_part([config()], tmp_path / "parts", ShardPart(number, 2))
    merge(tmp_path / "parts")
    generate([config()], tmp_path / "workers", engine=make_engine(workers=2))
    digests = [manifest.read(tmp_path / place).digest(config()) for place in ("ds", "parts", "workers")]
    assert len(set(digests)) == 1
    assert list_of(tmp_path / "parts").read_bytes() == list_of(folder).read_bytes()


def test_on_a_remote_store(folder):
    place = storage_path("memory://excluded/ds")
    made = generate([config()], place)
    assert made.digest(config()) == manifest.read(folder).digest(config())
    assert all(check.passed for check in verify(open_dataset(place)))


def test_two_configurations_with_a_list_each(tmp_path):
    generate(
        [config(), config(LISTED[5:], "other"), Config("all", task("gcd"), 0, {"train": 10})], tmp_path / "ds"
    )
    assert len(list((tmp_path / "ds").glob("excluded-*.jsonl"))) == 2 and not failed(tmp_path / "ds")


def test_a_suite_names_a_file_beside_it(tmp_path):
    (tmp_path / "list.txt").write_text("\n".join(LISTED))
    (tmp_path / "mine.toml").write_text(
        'name = "mine"\n[sizes]\ntrain = 50\n'
        '[[tasks]]\ntask = "addition"\nexclude = "list.txt"\ntrain_share = 0.3\n'
        '[[tasks]]\ntask = "prime"\nlabels = "natural"\n'
    )
    sums, primes = load(str(tmp_path / "mine.toml")).configs
    assert sums.task.exclude == Excluded.of([(a, b) for a in range(40) for b in range(a + 1)])
    assert (sums.task.train_share, primes.task.labels) == (0.3, "natural")


@pytest.mark.parametrize(
    "words",
    [{"prompt": "Add {numbers}."}, {"choices": 3}, {"shots": 2}, {"format": "grouped"}, {"messages": True}],
)
def test_a_dataset_in_words_is_opened_without_the_list(words, tmp_path):
    """Reading the manifest makes the task before the list is read."""
    made = excluding(task("addition", digits=2, **words), ["57+8", "3+4"])
    generate(
        [single_config(made, {"train": 50, "interpolate": 9, "validation": 0, "extrapolate": 0})],
        tmp_path / "ds",
    )
    assert all(check.passed for check in verify(open_dataset(tmp_path / "ds"), None))
    alone = from_spec(made.id, json.loads(json.dumps(made.parameters)))
    if "shots" not in words:
        rows = Rows(alone, "interpolate").batch(range(9))
        assert rows.equals(Rows(made, "interpolate").batch(range(9)))


def test_solved_examples_come_from_what_is_left_of_train(tmp_path):
    options = {
        "digits": 1,
        "shots": 2,
        "exclude": ["3+5", "9+9"],
        "train": 10,
        "validation": 0,
        "extrapolate": 50,
    }
    made = mathbench.generate("addition", tmp_path / "ds", **options).configs[0]
    assert not failed(tmp_path / "ds")
    texts = open_dataset(tmp_path / "ds").table(made, "extrapolate")["question"].to_pylist()
    assert not any(question in text for text in texts for question in ("3+5\n", "5+3\n", "9+9\n"))
    list_of(tmp_path / "ds").unlink()
    assert not manifest.read(tmp_path / "ds").configs[0].task.knows_train


def test_scores_of_a_dataset_do_not_need_the_list(folder):
    list_of(folder).unlink()
    rows = open_dataset(folder).table(config(), "interpolate").to_pylist()
    answers = {row["row"]: row["answer"] for row in rows}
    assert mathbench.score(answers, data=folder).total.exact_match == 1


def test_a_run_keeps_the_list(tmp_path):
    made = config().task
    data = Data.generate(made, {"train": 50, "validation": 10, "interpolate": 10})
    result = run(RunSpec(baseline("constant"), "", "", 0), data, RunOptions(tmp_path / "run"))
    again = regenerate(result.task, result.data, tmp_path / "run")
    assert again.digest == data.digest and list_of(tmp_path / "run").read_bytes() == made.exclude.content
