"""Curricula: stages that restrict training for a share of the steps, followed by all strata.

A stage trains on the rows of some strata, or on a stream of the same task with other parameters: ``task digits=3``.
"""

from dataclasses import dataclass
from itertools import accumulate

from mathbench.errors import InputError
from mathbench.integers import parse_number

TASK = "task "  # what a stage with other parameters begins with


@dataclass(frozen=True)
class CurriculumStage:
    """A share of the steps, and the strata they train on.

    Args:
        share: share of all steps, from 0 to 1.
        pattern: pattern of the names of strata, with ``*``, ``?`` and ``[...]`` as in a shell; or ``task`` and
            parameters of the task that differ.

    >>> CurriculumStage(0.1, "task digits=3").changes
    {'digits': '3'}
    """

    share: float
    pattern: str

    @property
    def changes(self) -> dict[str, str]:
        """The parameters of the task that differ; empty for a stage of strata.

        Raises:
            InputError: for a parameter without a value.
        """
        if not self.pattern.startswith(TASK):
            return {}
        changes = {}
        for word in self.pattern.removeprefix(TASK).split():
            name, _, value = word.partition("=")
            if not (name and value):
                raise InputError(
                    f"curriculum: a stage of another task must be like 'task digits=3'. Received: '{self.pattern}'."
                )
            changes[name] = value
        return changes


def parse_stages(words: str) -> tuple[CurriculumStage, ...]:
    """Read stages such as ``0.2 digits=1*; 0.3 digits=[12]*``.

    Raises:
        InputError: for a stage that is not a share and a pattern, or shares that add up to more than 1.

    >>> parse_stages("0.2 digits=1*; 0.3 digits=[12]*")
    (CurriculumStage(share=0.2, pattern='digits=1*'), CurriculumStage(share=0.3, pattern='digits=[12]*'))
    """
    stages = tuple(_stage(part) for part in words.split(";") if part.strip())
    for stage in stages:
        _ = stage.changes
    if sum(stage.share for stage in stages) > 1 + 1e-9:
        raise InputError(
            f"curriculum: the shares of the stages must add up to at most 1. Received: '{words}'."
        )
    return stages


def _stage(part: str) -> CurriculumStage:
    share, _, pattern = part.strip().partition(" ")
    try:
        stage = CurriculumStage(parse_number(share), pattern.strip())
    except ValueError:
        stage = CurriculumStage(0.0, "")
    if not (0 < stage.share <= 1 and stage.pattern):
        raise InputError(
            "curriculum: a stage must be a share of the steps above 0 and a pattern of strata, such as "
            f"'0.2 digits=1*'. Received: '{part.strip()}'."
        )
    return stage


def stage_starts(stages: tuple[CurriculumStage, ...], steps: int) -> tuple[int, ...]:
    """Return the first step of each stage, and the first step after the last stage.

    >>> stage_starts(parse_stages("0.2 digits=1*; 0.3 digits=2*"), 100)
    (0, 20, 50)
    """
    return (0, *(round(done * steps) for done in accumulate(stage.share for stage in stages)))
