"""What math-verify takes for right: the question itself, and numbers without their sign. mathbench takes neither."""

import sys
from importlib.metadata import version
from pathlib import Path

from answering import Answers, run_mathbench
from math_verify import parse, verify

import mathbench


def main(work: Path) -> None:
    """Count the answers of some kinds that math-verify and mathbench take for right."""
    data = work / "data"
    run_mathbench("generate", "--task", "subtraction", "--digits", "2", "--interpolate", "200", "--out", data)
    rows = Answers(str(data)).rows
    kinds = {
        "the right answers": [row["answer"] for row in rows],
        "the questions repeated": [row["question"] for row in rows],
        "the right answers without their sign": [row["answer"].lstrip("-") for row in rows],
    }
    for kind, texts in kinds.items():
        pairs = zip(rows, texts, strict=True)
        theirs = sum(verify(parse(row["answer"]), parse(text)) for row, text in pairs)
        ours = mathbench.grade_all(texts, [row["answer"] for row in rows]).score.correct
        print(f"{kind}: math-verify {version('math-verify')} {theirs}, mathbench {ours} of {len(rows)}")
        assert ours == sum(text == row["answer"] for row, text in zip(rows, texts, strict=True))


main(Path(sys.argv[1]))
