"""A taskset of verifiers (version 1 of its interface): endless for train, finite for the other splits.

verifiers finds a taskset in a module of its own. Write ``mathbench_taskset.py`` beside your work::

    from mathbench.rewards.verifiers import taskset
    Mathbench = taskset()
    __all__ = ["Mathbench"]
"""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from mathbench.errors import InputError
from mathbench.rewards.prompts import chat
from mathbench.rewards.rows import TASK_SPEC, judged_rows
from mathbench.rewards.strict import reward
from mathbench.scores.extraction import WHOLE
from mathbench.streaming.open import open_stream

Parameter = bool | int | float | str


def task_rows(
    family: str, split: str, seed: int | str, rows: int | None, parameters: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    """Rows with ``task_spec`` and ``id``: endless for train, each row of the other splits once.

    Args:
        family: the name of the task family.
        split: the split.
        seed: the seed of the rows.
        rows: the number of rows of an epoch; None: all of the split.
        parameters: parameters of the task.

    >>> row = next(task_rows("gcd", "interpolate", 0, None, {"digits": 2}))
    >>> row["id"]
    'gcd-base10-digits2-v1-seed0-interpolate-0'
    """
    epochs = None if split == "train" else 1
    return judged_rows(open_stream(family, split, seed, rows, None, parameters, ids=True, epochs=epochs))


@cache
def taskset() -> type:
    """The class of the taskset, a `verifiers.v1.Taskset`.

    Its configuration has ``family``, ``split``, ``seed``, ``rows``, ``parameters`` and ``extract``.

    Raises:
        InputError: when verifiers is not installed.
    """
    try:
        import verifiers.v1 as vf
    except ImportError:
        raise InputError("verifiers is not installed, or older than 0.4: pip install verifiers.") from None

    class Data(vf.TaskData):  # type: ignore[misc]
        """A row."""

        question: str
        answer: str
        stratum: str
        task_spec: str
        extract: str

    class Question(vf.Task[Data]):  # type: ignore[misc]
        """A question with its reward."""

        @property
        def key(self) -> str:
            """The name of the row."""
            return str(self.data.id)

        @vf.reward  # type: ignore[untyped-decorator]
        async def exact_match(self, trace: vf.Trace) -> float:
            """1.0 for the right answer, exactly, and 0.0 for any other."""
            return reward(trace.last_reply, self.data.model_dump(), extract=self.data.extract)

    class Config(vf.TasksetConfig):  # type: ignore[misc]
        """Which rows are asked, and how answers are read."""

        task: vf.TaskConfig = vf.TaskConfig()
        family: str = "addition"
        split: str = "train"
        seed: int | str = 0
        rows: int | None = None
        parameters: dict[str, Parameter] = {}  # noqa: RUF012 - pydantic copies it
        extract: str = WHOLE

    class Mathbench(vf.Taskset[Question, Config]):  # type: ignore[misc]
        """Rows of a task: endless for train, finite for the other splits."""

        INFINITE = True

        def __init__(self, config: Any):
            super().__init__(config)
            self.INFINITE = config.split == "train"

        def load(self) -> Iterator[Any]:
            """Yield the questions."""
            given = self.config
            for row in task_rows(given.family, given.split, given.seed, given.rows, given.parameters):
                beside = {name: row[name] for name in ("question", "answer", "stratum", TASK_SPEC, "id")}
                prompt = chat(row) if "messages" in row else row["question"]
                data = Data(prompt=prompt, name=row["id"], extract=given.extract, **beside)
                yield Question(data, given.task)

    return Mathbench
