"""What version 0.1.0 wrote is opened, checked, continued and scored; it stays what it was.

The files in `v0_1` were written by 0.1.0, as README.md tells. Only the command line and documented functions are used.
"""

import csv
import gzip
import importlib.util
import io
import json
import shutil
import sys
from pathlib import Path

import datasets
import pyarrow.parquet as pq
import pytest

import mathbench
from mathbench.__main__ import main
from mathbench.leaderboard.store.packed_record import unpack
from tests.conftest import absent

OLD = Path(__file__).with_name("v0_1")

MLP, COPY, STRANGER, WITHDRAWN = "59c4e7cf", "7984fcf2", "4bf03150", "5c8dd3f7"
MULTIPLES = ("--task", "divisible-v1", "--k", "7")
MULTIPLES_SIZES = {"train": 60, "validation": 20, "interpolate": 30, "extrapolate": 30}
SUMS_SIZES = {"train": 3000, "validation": 30, "interpolate": 40, "extrapolate": 40}
GCD = ("--task", "gcd", "--digits", "2", "--seed", "5")
GCD_SIZES = {"train": 30, "validation": 0, "interpolate": 20, "extrapolate": 0}
STOPPED = (
    "lstm-seq2seq",
    "--framework",
    "torch",
    "--task",
    "addition",
    "--digits",
    "2",
    "--format",
    "reversed",
)
STOPPED_SIZES = {"train": 500, "validation": 20, "interpolate": 30, "extrapolate": 30}
STOPPED_SETTINGS = ("hidden=4", "batch=32", "steps=300", "evaluate=100")


@pytest.fixture
def old(tmp_path, monkeypatch):
    """A copy of everything that 0.1.0 wrote, and the folder in which commands run."""
    place = tmp_path / "old"
    shutil.copytree(OLD, place)
    (place / "board.sqlite").write_bytes(gzip.decompress((place / "board.sqlite.gz").read_bytes()))
    monkeypatch.chdir(place)
    return place


@pytest.fixture
def mb(capsys, monkeypatch, tmp_path):
    """Call the command line; gives stdout and stderr, and the exit code must be the one that is expected."""
    monkeypatch.setenv("COLUMNS", "300")
    monkeypatch.setenv("MATHBENCH_BOARD", str(tmp_path / "never.sqlite"))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))

    def call(*words, code=0):
        monkeypatch.setattr(sys, "argv", ["mathbench", *map(str, words)])
        with pytest.raises(SystemExit) as stop:
            main()
        streams = capsys.readouterr()
        assert (stop.value.code or 0) == code, streams.err
        return streams

    return call


def sizes(wanted):
    return [word for split, rows in wanted.items() for word in (f"--{split}", rows)]


def document(path):
    return json.loads(Path(path).read_text())


def contents(folder):
    """Every file below a folder: when it was written, and its bytes."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return {str(path.relative_to(folder)): (path.stat().st_mtime_ns, path.read_bytes()) for path in files}


def needs(library):
    if importlib.util.find_spec(library) is None:
        absent(f"{library} is not installed")


def counts(scores):
    return {split: (score["correct"], score["n"]) for split, score in scores.items()}


# datasets


@pytest.mark.parametrize("name, rows", [("divisible", 140), ("suite", 266)])
def test_a_dataset_holds(mb, name, rows):
    found = json.loads(mb("verify", OLD / "datasets" / name, "--all", "--json").out)
    assert found["passed"] and all(check["passed"] for check in found["checks"])
    anew = [check["detail"] for check in found["checks"] if check["what"] == "regenerated rows"]
    assert sum(int(detail.split()[0]) for detail in anew) == rows


def test_a_dataset_is_described(mb):
    found = json.loads(mb("describe", OLD / "datasets" / "divisible", "--json").out)["divisible-7-base10"]
    assert {split: about["rows"] for split, about in found.items()} == MULTIPLES_SIZES
    assert found["train"]["answers"] == {"false": 0.5, "true": 0.5}
    assert found["train"]["strata"]["digits=4,residue=0"] == 9


def test_rows_are_read_by_datasets(tmp_path):
    def read(name, config):
        return datasets.load_dataset(str(OLD / "datasets" / name), config, cache_dir=str(tmp_path))

    multiples = read("divisible", "divisible-7-base10")
    assert {split: table.num_rows for split, table in multiples.items()} == MULTIPLES_SIZES
    first = {"question": "20439", "answer": "false", "task": "divisible-7-base10", "row": 0, "label": 0}
    assert multiples["train"][0] == {**first, "stratum": "digits=5,residue=6"}
    assert multiples["train"].features["label"].names == ["false", "true"]
    steps = "multiplication-base10-digits2-reversed+scratchpad"
    for config, question, answer in [
        (steps, "64*56", "64*6=384;64*50=3200;384+3200=3584#4853"),
        ("numbers__gcd", "Give the highest common factor of 56140 and 15204.", "28"),
        ("school", "Solve 110*c + 55100 = -583*c - 757*c for c.", "-38"),
    ]:
        row = read("suite", config)["interpolate"][0]
        assert (row["question"], row["answer"]) == (question, answer)
    sums = read("suite", "long-sums")["extrapolate"]
    assert all(eval(row["question"]) == int(row["answer"]) for row in sums)
    assert max(len(row["answer"]) for row in sums) in (120, 121)


def test_the_same_rows_are_made_in_memory():
    fresh = mathbench.load("divisible-v1", k=7, **MULTIPLES_SIZES)
    for split, table in fresh.items():
        file = OLD / f"datasets/divisible/divisible-7-base10/{split}-00000-of-00001.parquet"
        assert pq.read_table(file, partitioning=None).to_pylist() == table.to_list()
    stream = mathbench.stream("divisible-v1", "extrapolate", k=7)
    assert [stream[i]["question"] for i in range(30)] == fresh["extrapolate"]["question"][:]


def described(manifest):
    """A manifest without what is not promised: versions, and the names and bytes of files."""
    for config in manifest["configs"].values():
        for file in config["files"].values():
            file.pop("sha256", None)
        config["files"] = list(config["files"].values())
    return {key: value for key, value in manifest.items() if key not in ("mathbench", "schema_version")}


def test_a_fresh_dataset_has_the_digests_of_the_old_one(mb, old):
    mb("generate", *MULTIPLES, *sizes(MULTIPLES_SIZES), "--out", "one")
    mb("generate", "--suite", "suite.toml", "--out", "many")
    for fresh, name in (("one", "divisible"), ("many", "suite")):
        made, stored = document(f"{fresh}/manifest.json"), document(f"datasets/{name}/manifest.json")
        assert described(made) == described(stored)
    made = document("one/manifest.json")["configs"]["divisible-7-base10"]
    assert made["digest"] == "sha256:167dc3bc33b831d7d0737365923b19eea14ad10e2c57bc09c45d7d49da9af150"
    card = (old / "datasets/divisible/README.md").read_text().replace("0.1.0", mathbench.__version__)
    for split in MULTIPLES_SIZES:
        card = card.replace(
            f"divisible-7-base10/{split}-*.parquet", f"data/{split}-?????-of-?????-divisible-7-base10.parquet"
        )
    assert (old / "one/README.md").read_text() == card


def test_a_finished_dataset_is_not_made_again(mb, old):
    folder = old / "datasets"
    before = {name: stamp for name, stamp in contents(folder).items() if name.endswith(".parquet")}
    mb("generate", *MULTIPLES, *sizes(MULTIPLES_SIZES), "--out", "datasets/divisible")
    mb("generate", "--suite", "suite.toml", "--out", "datasets/suite")
    mb("generate", "--out", "datasets/divisible")
    assert {name: stamp for name, stamp in contents(folder).items() if name.endswith(".parquet")} == before
    refused = mb("generate", "--task", "divisible-v1", "--k", "9", "--out", "datasets/divisible", code=2).err
    assert "datasets/divisible" in refused and "Traceback" not in refused


def test_half_a_dataset_is_completed(mb, old):
    half = old / "datasets/part/gcd-base10-digits2/train-00000-of-00001.parquet"
    before = half.stat().st_mtime_ns
    mb("generate", *GCD, *sizes(GCD_SIZES), "--shard", "2/2", "--out", "datasets/part")
    merged = json.loads(mb("merge", "datasets/part", "--json").out)["configs"]["gcd-base10-digits2"]
    assert half.stat().st_mtime_ns == before and not (old / "datasets/part/data").exists()
    assert merged["digest"] == "sha256:7baf58391e4a563a9cfcea3ffdb8c1a4b8a2882a271315459e9ac64d5f0ea57c"
    assert json.loads(mb("verify", "datasets/part", "--all", "--json").out)["passed"]


# runs


@pytest.mark.parametrize(
    "run, right",
    [
        ("sums/seed0", {"validation": (8, 30), "interpolate": (13, 40), "extrapolate": (0, 40)}),
        ("sums/seed1", {"validation": (8, 30), "interpolate": (8, 40), "extrapolate": (0, 40)}),
        ("copy", {"validation": (7, 30), "interpolate": (2, 40), "extrapolate": (2, 40)}),
        ("solver", {"validation": (20, 20), "interpolate": (30, 30), "extrapolate": (30, 30)}),
        ("keras", {"validation": (8, 20), "interpolate": (19, 30), "extrapolate": (15, 30)}),
    ],
)
def test_a_run_scores_what_it_scored(mb, run, right):
    found = json.loads(mb("score", OLD / "runs" / run, "--json").out)
    assert found == document(OLD / "runs" / run / "result.json")["scores"] and counts(found) == right


def predicted(path):
    return sorted((row["split"], row["row"], row["prediction"]) for row in pq.read_table(path).to_pylist())


def answers_again(mb, run, data):
    mb("predict", f"runs/{run}", "--data", data, "--out", "again.parquet")
    assert predicted("again.parquet") == predicted(f"runs/{run}/predictions.parquet")


def test_runs_without_a_network_answer_as_they_did(mb, old):
    mathbench.generate("addition", "sums", digits=2, **SUMS_SIZES)
    answers_again(mb, "copy", "sums")
    answers_again(mb, "solver", "datasets/divisible")
    assert mb("ask", "runs/copy", "5+894").out.split() == ["894"]
    assert mb("ask", "runs/solver", "49", "50").out.split() == ["true", "false"]
    found = mathbench.score("again.parquet", data="datasets/divisible", split="extrapolate")
    assert (found.total.n, found.total.correct) == (30, 30)


def test_a_torch_network_answers_as_it_did(mb, old):
    needs("torch")
    mathbench.generate("addition", "sums", digits=2, **SUMS_SIZES)
    answers_again(mb, "sums/seed0", "sums")
    answers_again(mb, "sums/seed1", "sums")
    asked = json.loads(mb("ask", "runs/sums/seed0", "12+29", "36+36", "4+17", "--json").out)
    assert [one["answer"] for one in asked] == ["51", "72", "21"]
    assert asked[1]["confidence"][1] == {"text": "2", "probability": pytest.approx(0.9987, abs=1e-3)}


def test_a_keras_network_answers_as_it_did(mb, old):
    needs("keras")
    answers_again(mb, "keras", "datasets/divisible")
    asked = json.loads(mb("ask", "runs/keras", "88341", "41295", "--json").out)
    assert [one["answer"] for one in asked] == ["false", "true"]


def test_a_finished_run_is_shown_and_not_run_again(mb, old):
    before = contents(old / "runs/copy")
    words = ("--task", "addition", "--digits", "2", *sizes(SUMS_SIZES), "--out", "runs/copy", "--no-submit")
    for resume in ((), ("--resume",)):
        shown = json.loads(mb("run-baseline", "copy-operand", *words, *resume, "--json").out)
        assert shown == {"out": "runs/copy", **document("runs/copy/result.json")}
    refused = mb("run-baseline", "constant", *words, code=2).err
    assert "another run" in refused and contents(old / "runs/copy") == before


def test_a_finished_sweep_of_a_users_recipe_is_shown_and_not_run_again(mb, old):
    needs("torch")
    before = contents(old / "runs/sums")
    words = (
        "--framework",
        "torch",
        "--recipe",
        "recipe.toml",
        "--seeds",
        "2",
        "--out",
        "runs/sums",
        "--resume",
    )
    shown = json.loads(mb("run-baseline", "mlp", *words, "--no-submit", "--no-plots", "--json").out)
    (line,) = shown["lines"]
    assert line["splits"]["interpolate"]["mean"] == pytest.approx((13 + 8) / 80)
    after = contents(old / "runs/sums")
    assert after.pop("sweep.json")[1] == before.pop("sweep.json")[1] and after == before


def test_a_run_is_repeated_from_its_directory(mb, old):
    again = mb("run-baseline", "--from", "runs/copy", "--out", "again", "--no-submit").err
    assert "compared with runs/copy: predictions the same bits" in again
    was, now = document("runs/copy/result.json"), document("again/result.json")
    assert was["data"] == now["data"] and was["scores"] == now["scores"] and was["floors"] == now["floors"]


def test_a_network_is_trained_again_from_its_directory(mb, old):
    needs("torch")
    said = mb("run-baseline", "--from", "runs/sums/seed0", "--out", "again", "--no-submit", "--no-plots").err
    assert "compared with runs/sums/seed0: predictions" in said and "weights not kept" not in said
    was, now = document("runs/sums/seed0/result.json"), document("again/result.json")
    for key in (
        "baseline",
        "framework",
        "recipe",
        "encoding",
        "task",
        "data",
        "seed",
        "parameters",
        "floors",
    ):
        assert was[key] == now[key], key
    assert now["timings"]["steps"] == 1200  # bits may differ on another processor, by little
    low, high = (was["scores"]["interpolate"][key] for key in ("low", "high"))
    assert low <= now["scores"]["interpolate"]["exact_match"] <= high


def test_a_stopped_run_goes_on(mb, old):
    needs("torch")
    settings = [word for setting in STOPPED_SETTINGS for word in ("--set", setting)]
    words = (*STOPPED, *sizes(STOPPED_SIZES), *settings, "--out", "runs/stopped", "--no-submit", "--no-plots")
    said = mb("run-baseline", *words, "--resume").err
    assert "step 100/300" not in said and "step 200/300" not in said  # these were done
    loss = float(said.partition("step 300/300  loss ")[2].split()[0])
    assert loss == pytest.approx(1.6253, abs=5e-3)  # that of a run in 0.1.0 that was not stopped
    made = document("runs/stopped/result.json")
    assert made["timings"]["steps"] == 300 and made["task"]["name"] == "addition-base10-digits2-reversed"
    assert counts(made["ceiling"]) == {
        "validation": (20, 20),
        "interpolate": (30, 30),
        "extrapolate": (30, 30),
    }


# boards


def test_a_board_shows_what_it_showed(mb, old):
    """Its submissions are open ones now: without ranks, and without the floors that they reported."""
    shown = mb("leaderboard", "export", "--board", "board.sqlite", "--format", "csv").out
    rows = list(csv.DictReader(io.StringIO(shown)))
    was = [row for row in csv.DictReader((old / "board.csv").open(newline="")) if row["submissions"]]
    # floors that were submitted are submissions like others
    expected = [row | {"rank": "", "kind": "model"} for row in was]
    assert len(rows) == 18 and by_submission(was[0], rows) == by_submission(was[0], expected)
    later = {"supervision": "", "proof": "", "season": "", "name": "", "submitter": ""}
    assert all(row.items() >= later.items() for row in rows)
    macro = json.loads(mb("leaderboard", "show", "--macro", "--board", "board.sqlite", "--json").out)
    assert {line["kind"] for line in macro} == {"floor", "solver"}
    (gone,) = json.loads(mb("leaderboard", "show", "--withdrawn", "--board", "board.sqlite", "--json").out)
    assert gone["submission"].startswith(WITHDRAWN) and gone["reason"] == "trained on too few rows"
    last = mb("leaderboard", "show", "--board", "board.sqlite").err
    assert "submissions: 11, sent 12 times, 2 refused, 1 withdrawn" in last


def by_submission(columns, rows):
    """Some columns of the rows, in an order of their own."""
    chosen = [{column: row[column] for column in columns} for row in rows]
    return sorted(chosen, key=lambda row: (row["task"], row["split"], row["submissions"]))


def test_a_board_holds(mb, old):
    found = json.loads(mb("leaderboard", "verify", "--board", "board.sqlite", "--json").out)
    assert found["submissions"] == 11 and found["findings"] == []


def test_two_models_of_a_board_are_compared(mb, old):
    found = json.loads(mb("leaderboard", "compare", MLP, COPY, "--board", "board.sqlite", "--json").out)
    total = {split["split"]: split["total"] for split in found["splits"]}["interpolate"]
    tables = {key: total[key] for key in ("both", "only_first", "only_second", "neither")}
    assert tables == {"both": 0, "only_first": 13, "only_second": 2, "neither": 25}
    assert total["p"] == pytest.approx(0.00739, abs=1e-5)


def test_a_board_is_exported_as_it_was(mb, old):
    mb("leaderboard", "export", "--board", "board.sqlite", "--format", "json", "--out", "results")
    kept = sorted((old / "leaderboard/results").iterdir())
    assert len(kept) == 4 and len(list((old / "results").rglob("*.json"))) == 11
    for file in kept:
        (path,) = (old / "results").rglob(file.name)
        written = unpack(document(path))
        added = {key: written[key] for key in ("wrong_answers_sha256", "submitter", "number")}
        assert written == document(file) | added and added["submitter"] is None and added["number"] > 0
    found = json.loads(mb("leaderboard", "verify", "--board", "results", "--json").out)
    assert len(found["recomputed"]) == 11 and found["claimed"] == found["findings"] == []
    told = mb(
        *("leaderboard", "export", "--board", "board.sqlite", "--format", "html"),
        *("--out", "site", "--rounds", "rounds"),
    )
    assert "files in site" in told.err
    assert "without carry to hundreds" in (old / "site/open/addition-base10-digits2.html").read_text()
    assert "winter" in (old / "site/rounds.html").read_text()


def test_a_folder_of_results_holds(mb, old):
    """Its files have no answers, so that its scores are claims now."""
    found = json.loads(mb("leaderboard", "verify", "--board", "leaderboard", "--json").out)
    assert found["submissions"] == len(found["claimed"]) == 4
    assert found["findings"] == found["recomputed"] == []
    was = (old / "leaderboard/README.md").read_text()
    mb("leaderboard", "build", "leaderboard")
    assert "all 4 submissions" in mb("leaderboard", "build", "leaderboard", "--check").err
    text = (old / "leaderboard/README.md").read_text()
    assert text.startswith("# Results of a user\n") and text.rstrip().endswith("This line stays.")
    # the complete tables lie beside the results of each task now
    pages = sorted((old / "leaderboard/results").glob("*/README.md"))
    rows, expected = [row for page in pages for row in table_rows(page.read_text())], table_rows(was)
    assert by_table(row | {"table": row["table"].removesuffix(", open")} for row in rows) == by_table(
        expected
    )
    assert len(rows) == 6 and {row["table"][-6:] for row in rows} == {", open"}
    tables = json.loads(mb("leaderboard", "show", "--open", "--board", "leaderboard", "--json").out)["tables"]
    lines = [line for table in tables for line in table["lines"]]
    assert {(line["rank"], line["badge"]) for line in lines} == {(None, "claimed")} and len(lines) == 6


def by_table(rows):
    return sorted(rows, key=lambda row: (row["table"], row["submission"]))


def table_rows(page):
    """What a page says of each submission, with the title of its table."""
    rows, title, head = [], "", []
    for line in page.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("### "):
            title = line.removeprefix("### ")
        elif line.startswith("| rank"):
            head = cells
        elif line.startswith("|") and "---" not in line and cells[-1]:
            rows.append({"table": title} | dict(zip(head, cells, strict=True)))
    kept = (
        "table",
        "model",
        "framework",
        "encoding",
        "exact match",
        "95 % interval",
        "seeds",
        "n",
        "submission",
    )
    return [{name: row[name] for name in kept} for row in rows]


@pytest.mark.parametrize(
    "run, digest",
    [
        ("runs/sums/seed0", MLP),
        ("runs/keras", WITHDRAWN),
        ("stranger", STRANGER),
        ("stranger/submission.json", STRANGER),
    ],
)
def test_an_old_submission_has_the_same_id_on_a_new_board(mb, old, run, digest):
    told = mb("submit", run, "--board", "new.sqlite", "--json")
    kept = json.loads(told.out)
    assert kept["digest"].startswith(digest) and kept["new"] and kept["badge"] == "re-scored"
    if digest == STRANGER:
        assert counts(kept["scores"]) == {"interpolate": (32, 40), "extrapolate": (11, 40)}
        assert "claimed 100.0000% (40 of 40), recomputed 80.0000% (32 of 40)" in told.err
    else:
        claimed = counts(document(f"{run}/result.json")["scores"])
        assert counts(kept["scores"]) == claimed


@pytest.mark.parametrize("run, digest", [("runs/copy", COPY), ("runs/solver", "60be2d88")])
def test_an_old_floor_needs_a_name_of_its_own(mb, old, run, digest):
    """The board computes floors and exact solver itself."""
    assert "is reserved" in mb("submit", run, "--board", "new.sqlite", code=2).err
    kept = json.loads(mb("submit", run, "--name", "mine", "--board", "new.sqlite", "--json").out)
    assert kept["new"] and kept["model"] == "mine" and not kept["digest"].startswith(digest)
    assert counts(kept["scores"]) == counts(document(f"{run}/result.json")["scores"])


def test_an_old_board_takes_submissions(mb, old):
    kept = json.loads(mb("submit", "runs/sums/seed0", "--board", "board.sqlite", "--json").out)
    assert kept["digest"].startswith(MLP) and not kept["new"] and kept["attempts"] == 2
    made = mb(
        "run-baseline", "constant", *MULTIPLES, *sizes(MULTIPLES_SIZES), "--out", "runs/new", "--no-submit"
    )
    assert "run directory runs/new" in made.out
    send = ("submit", "runs/new", "--board", "board.sqlite")
    assert "is reserved" in mb(*send, code=2).err
    kept = json.loads(mb(*send, "--name", "mine", "--json").out)
    assert kept["new"] and counts(kept["scores"])["interpolate"] == (14, 30)
    told = mb("leaderboard", "verify", "--board", "board.sqlite")
    assert "all 12 submissions" in told.err


def test_a_run_of_an_old_board_is_reproduced(mb, old):
    needs("torch")
    words = ("leaderboard", "reproduce", MLP, "--board", "board.sqlite", "--out", "runs/again", "--json")
    found = json.loads(mb(*words).out)  # exit code 0: every new score lies in the interval of the old one
    assert counts({"interpolate": found["scores"]["interpolate"]["kept"]}) == {"interpolate": (13, 40)}
    mb("leaderboard", "export", "--board", "board.sqlite", "--format", "json", "--out", "exported")
    badges = {made["digest"][:8]: made["badge"] for made in map(document, (old / "exported").rglob("*.json"))}
    assert [digest for digest, badge in badges.items() if badge == "reproduced"] == [MLP]


# sealed rounds


def right(mb, folder):
    entries = json.loads(mb("leaderboard", "round", "show", folder, "--json").out)["entries"]
    return {(line["entry"], line["task"], line["split"]): line["right"] for line in entries}


def test_a_revealed_round_holds(mb, old):
    words = ("leaderboard", "round", "verify", "rounds/winter", "--weights", "weights.bin", "--json")
    receipt = "49c32e8d4432cc8281fc15feaef803a008727f715da55cbfce0036638e053e98"
    found = json.loads(mb(*words, "--receipt", receipt).out)
    silent = ["silent (host): 0 of 1 entries answered"]
    assert found == {"entries": 3, "revealed": True, "problems": [], "unanswered": silent}
    scores = right(mb, "rounds/winter")
    assert scores["e1", "addition-base10-digits2", "interpolate"] == 12
    assert scores["e2", "addition-base10-digits2", "interpolate"] == 10
    assert scores["e2", "addition-base10-digits2", "extrapolate"] == 4
    assert scores["e3", "gcd-base10-digits2", "extrapolate"] == 0
    mb("leaderboard", "round", "verify", "rounds/winter", "--receipt", "0" * 64, code=1)


def test_a_revealed_round_has_the_same_ids_on_any_board(mb, old):
    publish = ("leaderboard", "round", "publish", "rounds/winter", "--json", "--board")
    known, fresh = (json.loads(mb(*publish, board).out) for board in ("board.sqlite", "new.sqlite"))
    # the entry without answers was not published by 0.1.0
    assert [one["new"] for one in known] == [False] * 4 + [True] * 2
    assert [one["new"] for one in fresh] == [True] * 6
    assert [one["digest"] for one in known] == [one["digest"] for one in fresh]
    assert fresh[0]["digest"].startswith("db1402c2")


def test_an_open_round_is_played_to_its_end(mb, old):
    found = json.loads(mb("leaderboard", "round", "verify", "rounds/spring", "--json").out)
    assert found == {"entries": 2, "revealed": False, "problems": [], "unanswered": []}
    secret = ("--secret", "secrets/spring.json")
    (old / "new.bin").write_bytes(b"new weights")
    entry = ("leaderboard", "round", "challenge", "rounds/spring", "--weights", "new.bin", "--model", "new")
    assert "e3: 20 questions" in mb(*entry, "--out", "asked.jsonl", *secret).err
    with (old / "answers.jsonl").open("w") as file:
        for line in (old / "asked.jsonl").read_text().splitlines():
            row = json.loads(line)
            row["prediction"] = str(sum(map(int, row.pop("question").split("+"))))
            print(json.dumps(row), file=file)
    mb("leaderboard", "round", "answer", "rounds/spring", "e3", "answers.jsonl", "--weights", "new.bin")
    mb("leaderboard", "round", "close", "rounds/spring")
    mb("leaderboard", "round", "reveal", "rounds/spring", *secret)
    found = json.loads(mb("leaderboard", "round", "verify", "rounds/spring", "--json").out)
    silent = ["theirs (host): 0 of 1 entries answered"]
    assert found == {"entries": 3, "revealed": True, "problems": [], "unanswered": silent}
    scores = {(entry, split): count for (entry, _, split), count in right(mb, "rounds/spring").items()}
    assert scores["e1", "interpolate"] == 11 and scores["e1", "extrapolate"] == 4  # answered in 0.1.0
    assert scores["e2", "interpolate"] == 0 and scores["e2", "extrapolate"] == 0  # never answered
    assert scores["e3", "interpolate"] == 12 and scores["e3", "extrapolate"] == 8
