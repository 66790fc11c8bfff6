"""Write docs/deepmind.md from the modules and the newest figures; `--check` only says whether it is up to date."""

import inspect
import json
from typing import Any

from generated import ROOT, write_or_check

from mathbench.generators.deepmind import MODULES, TASKS
from mathbench.generators.deepmind.kernel.module import DifficultyLevel, Module
from mathbench.rows import Rows

PAGE = ROOT / "docs" / "deepmind.md"
FIGURES = ROOT / "benchmarks" / "results"
FIRST = 50  # rows among which every level has one
MADE = "<!-- from here on made by scripts/docs from the modules themselves; edit those, then run scripts/docs -->"


def page() -> str:
    """The head, which is written by hand, then a table and a section per module."""
    head = PAGE.read_text().partition(MADE)[0] if PAGE.is_file() else "# School mathematics\n\n"
    figures = newest()
    areas = dict.fromkeys(name.partition("__")[0] for name in MODULES)
    parts = [head + MADE + "\n", overview(figures)]
    for area in areas:
        parts.append(f"\n## {area}\n")
        parts += [
            section(module, figures) for name, module in MODULES.items() if name.startswith(f"{area}__")
        ]
    return "\n".join(parts)


def newest() -> dict[str, list[dict[str, Any]]]:
    """The newest figures beside the original, per module."""
    files = sorted(FIGURES.glob("*-deepmind.json"))
    found: dict[str, list[dict[str, Any]]] = {}
    for figure in json.loads(files[-1].read_text())["figures"] if files else []:
        found.setdefault(figure["module"], []).append(figure)
    return found


def overview(figures: dict[str, list[dict[str, Any]]]) -> str:
    """One line per module."""
    head = "| module | asks | extrapolates to | rows per CPU second | times the original |"
    lines = [head, "|---|---|---|---:|---:|"]
    for name, module in MODULES.items():
        asks = inspect.cleandoc(module.__doc__ or "").splitlines()[0]
        axes = ", ".join(level.name + (" (published)" if level.published else "") for level in module.axes)
        lines.append(f"| [{name}](#{name}) | {asks} | {axes} | {speed(figures.get(name, []))} |")
    return "\n".join(lines) + "\n"


def speed(figures: list[dict[str, Any]]) -> str:
    """Rows per CPU second over the levels of train, each with the same number of rows, and the ratio."""
    train = [f for f in figures if f["level"].startswith("train")]
    if not train:
        return "- | -"
    ours, theirs = (len(train) / sum(1 / f[who] for f in train) for who in ("ours/s", "theirs/s"))
    return f"{ours:,.0f} | {ours / theirs:,.0f}"


def section(module: Module, figures: dict[str, list[dict[str, Any]]]) -> str:
    """One module: what it is, its levels with a sample each."""
    text = " ".join(inspect.cleandoc(module.__doc__ or "").split("\n\n")[0].split()).replace("``", "`")
    version = f" Version {module.version}." if module.version > 1 else ""
    parts = [f"### {module.name}\n\n{text} One problem up to: {module.symmetry}.{version}\n"]
    parts.append("| level | entropy | modules | settings | question | answer |\n|---|---|---|---|---|---|")
    samples = first_rows(module)
    for level in module.all_levels:
        question, answer = samples[level.name]
        parts.append(f"| {described(level)} | `{question}` | `{answer}` |")
    alike = figures.get(module.name, [])
    return "\n".join(parts) + "\n" + (("\n" + distances(alike)) if alike else "")


def described(level: DifficultyLevel) -> str:
    """A level in cells."""
    entropy, modules = (ends(*pair) for pair in (level.entropy, level.modules))
    settings = ", ".join(f"{name} {value}" for name, value in level.settings.items())
    name = f"{level.name} ({level.published})" if level.published else level.name
    return f"`{name}` | {entropy} | {modules} | {settings}"


def ends(low: float, high: float) -> str:
    """A range, or its one value."""
    return f"{low:.4g}" if low == high else f"{low:.4g}-{high:.4g}"


def first_rows(module: Module) -> dict[str, tuple[str, str]]:
    """The first question and answer of each level, from train, extrapolate or the published interpolate."""
    found: dict[str, tuple[str, str]] = {}
    task = TASKS[f"deepmind/{module.name}"](difficulty="published")
    for split in ("train", "extrapolate", "interpolate"):
        rows = Rows(task, split).batch(range(FIRST))
        for row in reversed(rows.to_pylist()):
            found[row["stratum"]] = (row["question"], row["answer"])
    return found


def distances(figures: list[dict[str, Any]]) -> str:
    """How the levels compare with the original's."""
    head = "| beside the original | question length | answer length | digits | noise | minus | fraction | distinct |"
    lines = [head, "|---|---:|---:|---:|---:|---:|---:|---:|"]
    for f in figures:
        apart = " | ".join(f"{f[what]:.2f}" for what in ("question", "answer", "digits", "noise"))
        shares = " | ".join(
            f"{100 * f[what][0]:.0f} / {100 * f[what][1]:.0f} %" for what in ("minus", "fraction", "distinct")
        )
        lines.append(f"| {f['level'].removeprefix('train-')} | {apart} | {shares} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    write_or_check({"docs/deepmind.md": page()})
