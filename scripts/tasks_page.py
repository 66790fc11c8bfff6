"""Write docs/tasks.md from the tasks themselves; `--check` only says whether it is up to date."""

import inspect

from generated import table, write_or_check

from mathbench.families import tasks
from mathbench.parameters import allowed, default_text
from mathbench.reserve import SPLITS
from mathbench.rows import Rows
from mathbench.task import Task

SAMPLES = 3
STRATA = 6

HEAD = """# Tasks

<!-- made by scripts/docs from the tasks themselves; edit those, then run scripts/docs -->

This page is the reference of all tasks, for everyone who generates data: parameters, splits and sample rows of each. A
task is a family of problems with its parameters fixed. `mathbench tasks NAME` shows what is below for any parameters:
`mathbench tasks divisible --k 29`. All samples are the first rows under seed 0 at the default parameters.
How splits, strata and reserves work is in [splits.md](splits.md).

"""


def page() -> str:
    """The whole page."""
    lines = ["| task | question -> answer | one problem up to | extrapolates to |", "|---|---|---|---|"]
    for name, family in tasks().items():
        lines.append(
            f"| [{name}](#{name}) | `{family.summary}` | {family.symmetry} | {family.extrapolates} |"
        )
    return HEAD + "\n".join(lines) + "\n" + "".join(section(family()) for family in tasks().values())


def section(task: Task) -> str:
    """One task at its defaults."""
    text = inspect.cleandoc(type(task).__doc__ or "").partition(">>>")[0].strip().replace("``", "`")
    shared = "" if task.reserve_family == task.family else f" Reserves: shared with `{task.reserve_family}`."
    parts = [f"\n## {task.family}\n\n`{task.id}`. {text}\n"]
    parts.append(f"One problem up to: {task.symmetry}. Extrapolates to: {task.extrapolates}.{shared}\n")
    parts.append(table("| parameter | default | allowed | meaning |", parameters(task)))
    parts.append(table("| split | rows it holds | strata |", strata(task)))
    parts.append(table("| split | row | question | answer | stratum |", samples(task)))
    return "\n".join(parts)


def parameters(task: Task) -> list[list[str]]:
    """One line per parameter."""
    default = {f.name: default_text(f) for f in task.fields()}
    return [
        [f"`{f.name}`", f"`{default[f.name]}`" if default[f.name] else "-", allowed(f), f.metadata["help"]]
        for f in task.fields()
    ]


def strata(task: Task) -> list[list[str]]:
    """How many rows each split holds, and the names of its strata."""
    found = []
    for split in SPLITS:
        rows = Rows(task, split)
        names = [f"`{s.name}`" for s in rows.strata]
        more = f" ... ({len(names)} in all)" if len(names) > STRATA else ""
        found.append([split, f"{len(rows):,}", " ".join(names[:STRATA]) + more])
    return found


def samples(task: Task) -> list[list[str]]:
    """The first rows of every split."""
    found = []
    for split in SPLITS:
        for row in Rows(task, split).batch(range(SAMPLES)).to_pylist():
            cells = [f"`{row[column]}`" for column in ("question", "answer", "stratum")]
            found.append([split, str(row["row"]), *cells])
    return found


if __name__ == "__main__":
    write_or_check({"docs/tasks.md": page()})
