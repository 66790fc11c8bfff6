"""The strict reward for verl, and its rows.

verl reads rows from Parquet (:func:`write_rows`) and takes the reward by configuration::

    reward.custom_reward_function.path=pkg://mathbench.rewards.verl
    reward.custom_reward_function.name=compute_score
    +reward.custom_reward_function.reward_kwargs.extract=last-number
"""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from mathbench.rewards.prompts import chat, write_parquet
from mathbench.rewards.rows import TASK_SPEC, judged_rows
from mathbench.rewards.strict import reward
from mathbench.scores.extraction import WHOLE
from mathbench.streaming import Stream


def compute_score(
    data_source: str,
    solution_str: str,
    ground_truth: str,
    extra_info: Mapping[str, Any] | None = None,
    extract: str = WHOLE,
    **ignored: Any,
) -> float:
    """The reward of one answer, 1.0 or 0.0.

    Args:
        data_source: the name of the task, unused.
        solution_str: what the model wrote, without special tokens.
        ground_truth: the right answer.
        extra_info: `question` and `task_spec` of the row, as :func:`verl_row` writes them.
        extract: the name of the extraction.
        ignored: other arguments of verl, such as the address of a reward model.

    Raises:
        InputError: for an unknown extraction, or a specification that is not one.

    >>> compute_score("subtraction", "50", "-50"), compute_score("subtraction", "-50", "-50")
    (0.0, 1.0)
    """
    info = extra_info or {}
    row = {"answer": ground_truth, "question": info.get("question"), TASK_SPEC: info.get(TASK_SPEC)}
    return reward(solution_str, row, extract=extract)


def verl_row(index: int, row: Mapping[str, Any], split: str) -> dict[str, Any]:
    """A row in the columns of verl.

    Args:
        index: the number of the row in its file.
        row: a row with ``task_spec``.
        split: the name of its split.
    """
    beside = {name: row[name] for name in ("question", TASK_SPEC, "stratum", "row")}
    return {
        "data_source": f"mathbench/{row['task']}",
        "prompt": chat(row),
        "ability": "math",
        "reward_model": {"style": "rule", "ground_truth": row["answer"]},
        "extra_info": {"split": split, "index": index, **beside},
    }


def write_rows(stream: Stream, path: str | Path, rows: int) -> None:
    """Write the first rows of a stream as verl reads them, to Parquet.

    Args:
        stream: a stream of single rows of one task.
        path: the file.
        rows: the number of rows; fewer where the stream ends before.

    Raises:
        InputError: for a mixture, a stream of batches, or a file that cannot be written.
    """
    judged = judged_rows(stream)
    write_parquet(path, judged, rows, partial(verl_row, split=stream.source.spec["split"]))
