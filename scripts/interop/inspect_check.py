"""Inspect scores answers of five kinds as mathbench does, its stock scorers do not, and its logs come back."""

import json
import subprocess
import sys
from contextlib import chdir
from importlib.metadata import version
from pathlib import Path

from answering import KINDS, Answers, run_mathbench
from inspect_ai import Task, eval
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import ModelOutput, ModelUsage, get_model
from inspect_ai.scorer import exact, match
from inspect_ai.solver import generate

from mathbench.scores.results import Score

EXTRACTIONS = ("whole", "last-number", "after-answer")


def model_of(answers: Answers):
    """Inspect's own model for tests, which gives the answers."""

    def answer(messages, tools, tool_choice, config):
        out = ModelOutput.from_content("mockllm", answers.by_question[messages[-1].text])
        # without the numbers, a tokenizer would be downloaded
        out.usage = ModelUsage(input_tokens=1, output_tokens=1, total_tokens=2)
        return out

    return get_model("mockllm/model", custom_outputs=answer)


def run(task, answers: Answers, log: Path, **options):
    """Evaluate a task; return its log."""
    (done,) = eval(task, model=model_of(answers), display="none", log_dir=str(log), **options)
    assert done.status == "success", done.error
    return done


def metrics(done) -> dict[str, float]:
    """The metrics of a log by name."""
    (score,) = done.results.scores
    return {name: metric.value for name, metric in score.metrics.items()}


def check_export(task: str, answers: Answers, work: Path) -> None:
    """The exported task has our score, interval and strata, and both forms of its log come back."""
    for name, form in zip(EXTRACTIONS, ("eval", "json", "eval"), strict=True):
        expected, log = answers.grades(name), work / f"log-{name}"
        done = run(task, answers, log, task_args={"extract": name, "shots": 2}, log_format=form)
        check_metrics(metrics(done), expected.score, answers)
        check_import(log, work / f"imported-{name}", name, expected.score.correct)
        print(f"inspect-ai {version('inspect-ai')}, {name}: {expected.score.exact_match}")


def check_metrics(found: dict[str, float], expected: Score, answers: Answers) -> None:
    """The metrics of a log are our score with its interval, and have every stratum."""
    stated = (found["accuracy"], found["lower"], found["upper"])
    for one, two in zip(stated, (expected.exact_match, *expected.interval), strict=True):
        assert abs(one - two) < 1e-6, (found, expected)
    assert {row["stratum"] for row in answers.rows} < set(found), found


def check_import(log: Path, out: Path, extract: str, correct: int) -> None:
    """Import a log and submit it."""
    words = (
        "import",
        "inspect",
        next(log.iterdir()),
        out,
        "--revision",
        "v1",
        "--extract",
        extract,
        "--json",
    )
    (config,) = json.loads(run_mathbench(*words))["configs"].values()
    assert config["interpolate"]["correct"] == correct, config
    run_mathbench("submit", out)


def check_kinds(task: str, answers: Answers, work: Path) -> None:
    """Each answer is judged as by mathbench, whatever its kind."""
    done = run(task, answers, work / "log-kinds")
    right = answers.grades().right
    for kind in KINDS:
        rows = [i for i, k in enumerate(answers.kinds) if k == kind]
        judged = {sample.metadata["row"]: sample.scores["exact"].value for sample in done.samples}
        assert [judged[i] == "C" for i in rows] == right[rows].tolist(), kind


def show_stock_scorers(answers: Answers, work: Path) -> None:
    """What the stock scorers give to a model that never writes a minus sign."""
    unsigned = [row["answer"].lstrip("-") for row in answers.rows]
    answers.by_question = dict(zip((row["question"] for row in answers.rows), unsigned, strict=True))
    samples = [Sample(input=row["question"], target=row["answer"]) for row in answers.rows]
    for scorer in (exact(), match(), match(numeric=True)):
        task = Task(dataset=MemoryDataset(samples), solver=generate(), scorer=scorer)
        done = run(task, answers, work / "log-stock")
        values = [next(iter(sample.scores.values())).value for sample in done.samples]
        correct = sum(v in ("C", 1, 1.0) for v in values)
        params = done.results.scores[0].params
        print(
            f"stock scorer {done.results.scores[0].name} {params}: {correct} of {len(values)} without a sign"
        )
    truth = sum(row["answer"] == text for row, text in zip(answers.rows, unsigned, strict=True))
    print(f"mathbench: {truth} of {len(answers.rows)} without a sign")


def main(work: Path) -> None:
    """Check an export by its file, and one that is installed."""
    data = work / "data"
    run_mathbench("generate", "--task", "subtraction", "--digits", "2", "--interpolate", "200", "--out", data)
    answers = Answers(str(data))
    run_mathbench("export", "inspect", data, work / "tasks", "--name", "sums")
    # Inspect 0.3.285 refuses absolute paths
    with chdir(work / "tasks"):
        check_export("sums/tasks.py", answers, work)
        check_kinds("sums/tasks.py", answers, work)
    run_mathbench("export", "inspect", data, work / "package", "--name", "sums_package", "--packaged")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--force-reinstall"]
    subprocess.run([*pip, str(work / "package")], check=True)
    data.rename(work / "elsewhere")
    done = run("sums_package/subtraction_base10_digits2", answers, work / "log-installed")
    assert metrics(done)["accuracy"] == answers.share(), metrics(done)
    print("installed package: found in the register, without the dataset")
    show_stock_scorers(answers, work)


main(Path(sys.argv[1]))
