"""The metric of Hugging Face's `evaluate`: a folder with a module of its name."""

from importlib.resources import files
from pathlib import Path

NAME = "mathbench_exact_match"
_CARD = f"""\
---
title: Mathbench exact match
emoji: "\N{ABACUS}"
sdk: gradio
tags: [evaluate, metric]
description: Exact match of whole answers, with the Wilson 95 % interval.
---

# {NAME}

```python
import evaluate

metric = evaluate.load("{NAME}", module_type="metric")
metric.compute(predictions=["80", "-80"], references=["-80", "-80"])
```

Needs `evaluate` and `mathbench-toolkit`.
"""


def write_evaluate(folder: Path) -> list[str]:
    """Write the metric to a folder; return its name.

    The folder holds `mathbench_exact_match/mathbench_exact_match.py`, because `evaluate.load` expects a module of the
    folder's name.
    """
    inner = folder / NAME
    inner.mkdir()
    code = (files("mathbench.interop") / "templates" / "evaluate_metric.py.txt").read_text("utf-8")
    (inner / f"{NAME}.py").write_text(code, encoding="utf-8")
    (inner / "README.md").write_text(_CARD, encoding="utf-8")
    (inner / "requirements.txt").write_text("mathbench-toolkit\n", encoding="utf-8")
    return [NAME]
