"""Text files, arrays and records hold the rows of the dataset, whatever their columns and characters."""

import csv
import json

import numpy as np
import pytest

import mathbench
from mathbench.dataset.read import open_dataset
from mathbench.interop import arrays, text_files
from mathbench.interop.source import open_source
from tests.commands import outcome

FEW = {"train": 12, "validation": 0, "interpolate": 5, "extrapolate": 3}


def exported(tmp_path, kind, folder, *words):
    """Export a dataset; return the folder."""
    code, _, err = outcome("export", kind, folder, tmp_path / "out", *words)
    assert code == 0, err
    return tmp_path / "out"


def all_rows(folder, split="interpolate"):
    dataset = open_dataset(folder)
    return dataset.table(dataset.config(), split).to_pylist()


@pytest.fixture(scope="module")
def talking(tmp_path_factory):
    """A dataset with chats, labels, ids, several lines and characters beyond ASCII."""
    folder = tmp_path_factory.mktemp("data") / "talking"
    options = {"k": 3, "digits": 3, "prompt": "Ist {a} »teilbar«?\nJa: true", "messages": True}
    mathbench.generate("divisible", folder, ids=True, **options, **FEW)
    return folder


@pytest.fixture(scope="module")
def school(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data") / "school"
    mathbench.generate("deepmind/numbers__gcd", folder, **FEW)
    return folder


def test_json_lines_are_the_rows(tmp_path, differences, rows):
    out = exported(tmp_path, "jsonl", differences)
    lines = (out / "subtraction-base10-digits2" / "interpolate.jsonl").read_text().splitlines()
    assert list(map(json.loads, lines)) == rows
    assert sorted(path.stem for path in out.rglob("*.jsonl")) == [
        "extrapolate",
        "interpolate",
        "train",
        "validation",
    ]


def test_json_lines_keep_chats_and_characters(tmp_path, talking):
    path = next(exported(tmp_path, "jsonl", talking).rglob("interpolate.jsonl"))
    assert [json.loads(line) for line in path.read_text("utf-8").splitlines()] == all_rows(talking)
    assert "»teilbar«" in path.read_text("utf-8")


def test_csv_is_the_rows_with_chats_as_json(tmp_path, talking):
    path = next(exported(tmp_path, "csv", talking).rglob("interpolate.csv"))
    with path.open(newline="", encoding="utf-8") as file:
        found = list(csv.DictReader(file))
    for row, right in zip(found, all_rows(talking), strict=True):
        assert json.loads(row.pop("messages")) == right.pop("messages")
        assert row == {key: str(value) for key, value in right.items()}


def test_text_files_alternate_questions_and_answers(tmp_path, differences, rows):
    out = exported(tmp_path, "txt", differences)
    lines = (out / "interpolate" / "subtraction-base10-digits2.txt").read_text().splitlines()
    assert list(zip(lines[::2], lines[1::2], strict=True)) == [(r["question"], r["answer"]) for r in rows]
    assert (out / "train" / "subtraction-base10-digits2.txt").is_file()


def test_difficulties_of_school_mathematics_are_the_published_folders(tmp_path, school):
    out = exported(tmp_path, "txt", school)
    for level in ("easy", "medium", "hard"):
        lines = (out / f"train-{level}" / "numbers__gcd.txt").read_text().splitlines()
        right = [r for r in all_rows(school, "train") if r["stratum"] == f"difficulty={level}"]
        assert lines == [text for row in right for text in (row["question"], row["answer"])] and lines
    # the published tests have no difficulties, whatever the strata
    assert sorted(path.name for path in out.iterdir() if path.is_dir()) == [
        *("extrapolate", "interpolate", "train-easy", "train-hard", "train-medium"),
    ]


def test_several_lines_are_refused_in_text_files(tmp_path, talking):
    code, out, err = outcome("export", "txt", talking, tmp_path / "out")
    assert (code, out) == (2, "") and "text of several lines" in err and not any(tmp_path.iterdir())


def test_arrays_hold_text_and_tokens(tmp_path, talking):
    path = next(exported(tmp_path, "npz", talking).rglob("train.npz"))
    rows = all_rows(talking, "train")
    with np.load(path, allow_pickle=False) as found:
        assert set(found) == {
            *("question", "answer", "stratum", "row", "question_tokens", "answer_tokens", "vocabulary"),
        }
        vocabulary = found["vocabulary"]
        assert vocabulary[0] == "" and "»" in vocabulary.tolist() and len(set(vocabulary)) == len(vocabulary)
        assert found["row"].tolist() == list(range(12)) and found["row"].dtype == np.int64
        assert found["stratum"].tolist() == [row["stratum"] for row in rows]
        for column in ("question", "answer"):
            texts = [row[column] for row in rows]
            assert found[column].tolist() == texts
            tokens = found[f"{column}_tokens"]
            assert tokens.dtype == np.uint8 and ["".join(vocabulary[t]) for t in tokens] == texts


def test_tokens_are_the_same_in_every_split(tmp_path, differences):
    out = exported(tmp_path, "npz", differences)
    files = [np.load(path) for path in sorted(out.rglob("*.npz"))]
    assert len(files) == 4 and len({tuple(file["vocabulary"]) for file in files}) == 1
    assert len({file["question_tokens"].shape[1] for file in files}) == 1


def test_equal_datasets_are_equal_archives(tmp_path, differences):
    for name in ("a", "b"):
        outcome("export", "npz", differences, tmp_path / name)
    one, two = (sorted((tmp_path / name).rglob("*.npz")) for name in ("a", "b"))
    assert [path.read_bytes() for path in one] == [path.read_bytes() for path in two]


def test_rows_are_read_in_parts(differences, tmp_path, monkeypatch):
    """Writers take one table at a time; the parts of a split are joined in order."""
    source = open_source(str(differences))
    measures = source.check()
    whole = {split: list(source.tables(source.configs[0], split)) for split in source.splits}

    def parts(self, config, split):
        for table in whole[split]:
            yield from (table.slice(i, 7) for i in range(0, table.num_rows, 7))

    writers = {"jsonl": text_files.write_jsonl, "csv": text_files.write_csv, "txt": text_files.write_txt}
    for kind, writer in {**writers, "npz": arrays.write_npz}.items():
        for name in ("whole", "parts"):
            (tmp_path / kind / name).mkdir(parents=True)
            with monkeypatch.context() as patch:
                if name == "parts":
                    patch.setattr(type(source), "tables", parts)
                writer(source, measures, tmp_path / kind / name)
        files = {
            name: {p.relative_to(tmp_path / kind / name): p for p in (tmp_path / kind / name).rglob("*.*")}
            for name in ("whole", "parts")
        }
        assert files["whole"].keys() == files["parts"].keys()
        for path, file in files["whole"].items():
            if kind == "npz":
                one, two = np.load(file), np.load(files["parts"][path])
                assert all((one[key] == two[key]).all() for key in one)
            else:
                assert file.read_bytes() == files["parts"][path].read_bytes()


def test_records_need_tensorflow_before_anything_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr("mathbench.errors.find_spec", lambda name: None)
    code, out, err = outcome("export", "tfrecord", tmp_path / "none", tmp_path / "out")
    assert (code, out) == (2, "") and "pip install 'mathbench-toolkit[keras]'" in err


@pytest.mark.slow
def test_records_have_a_feature_for_each_column(tmp_path, talking):
    tf = pytest.importorskip("tensorflow")
    path = next(exported(tmp_path, "tfrecord", talking).rglob("interpolate-00000-of-00001.tfrecord"))
    rows = all_rows(talking)
    for record, row in zip(tf.data.TFRecordDataset([str(path)]).as_numpy_iterator(), rows, strict=True):
        features = tf.train.Example.FromString(record).features.feature
        assert set(features) == set(row)
        assert features["question"].bytes_list.value[0].decode() == row["question"]
        assert features["label"].int64_list.value[0] == row["label"]
        assert json.loads(features["messages"].bytes_list.value[0]) == row["messages"]


def test_json_says_what_was_written(tmp_path, differences):
    code, out, _ = outcome("export", "jsonl", differences, tmp_path / "out", "--json", "--split", "train")
    found = json.loads(out)
    assert code == 0 and found["kind"] == "jsonl" and found["out"] == str(tmp_path / "out")
    assert found["configs"]["subtraction-base10-digits2"]["rows"] == {"train": 40}
    stored = json.loads((tmp_path / "out" / "mathbench-export.json").read_text())
    assert stored["configs"] == found["configs"]
