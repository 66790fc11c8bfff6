"""The exported metric, loaded by `evaluate`, judges answers of five kinds as mathbench does."""

import sys
from importlib.metadata import version
from pathlib import Path

import evaluate
from answering import KINDS, Answers, run_mathbench


def main(work: Path) -> None:
    """Compare the metric on all answers, and on those of each kind."""
    data = work / "data"
    run_mathbench("generate", "--task", "subtraction", "--digits", "2", "--interpolate", "200", "--out", data)
    run_mathbench("export", "evaluate", work / "metrics")
    answers = Answers(str(data))
    metric = evaluate.load(str(work / "metrics" / "mathbench_exact_match"), module_type="metric")
    task, truths = answers.config.task, [row["answer"] for row in answers.rows]
    for extract in ("whole", "last-number", "after-answer"):
        expected = answers.grades(extract)
        settings = {"task": task.id, "parameters": task.parameters, "extract": extract}
        found = metric.compute(predictions=answers.texts, references=truths, **settings)
        assert found == expected.to_json(), (found, expected.to_json())
        for kind in KINDS:
            rows = [i for i, k in enumerate(answers.kinds) if k == kind]
            given = {"predictions": [answers.texts[i] for i in rows], "references": [truths[i] for i in rows]}
            share = metric.compute(**given, **settings)["exact_match"]
            assert share == expected.right[rows].mean(), (kind, share)
        print(f"evaluate {version('evaluate')}, {extract}: {found['exact_match']}")


main(Path(sys.argv[1]))
