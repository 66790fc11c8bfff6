"""The strict reward for OpenRLHF, and its rows.

OpenRLHF loads ``reward_func`` from a file, ``--reward.remote_url FILE.py``. The file of this module is one; another one
chooses the extraction and the end of a turn::

    from mathbench.rewards.openrlhf import make_reward_func
    reward_func = make_reward_func(extract="last-number", ends=("<|im_end|>",))

Prompts come from Parquet (:func:`write_rows`) with ``--data.input_key input --data.label_key label``.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from mathbench.errors import InputError, shown
from mathbench.rewards.prompts import chat, write_parquet
from mathbench.rewards.rows import TASK_SPEC, judged_rows
from mathbench.rewards.strict import reward
from mathbench.scores.extraction import WHOLE
from mathbench.streaming import Stream

# the last token of a turn in common chat templates, which OpenRLHF leaves in the text
ENDS = ("<|im_end|>", "<|endoftext|>", "<|eot_id|>", "<end_of_turn>", "<eos>", "</s>")
_COLUMNS = ("question", "answer", TASK_SPEC)

RewardFunc = Callable[[Sequence[str], Sequence[str], Sequence[str]], dict[str, Any]]


def answers_and_rows(
    queries: Sequence[str], prompts: Sequence[str], labels: Sequence[str], ends: Sequence[str] = ENDS
) -> tuple[list[str], list[dict[str, Any]]]:
    """The answers in queries and the rows in labels.

    Args:
        queries: prompts followed by answers, with special tokens.
        prompts: the prompts.
        labels: the rows as :func:`label` writes them.
        ends: tokens of which one is removed from the end of an answer.

    Raises:
        InputError: for a query that does not start with its prompt, and labels of another kind.

    >>> row = {"question": "57+8", "answer": "65"}
    >>> answers_and_rows(["57+8=65</s>"], ["57+8="], [json.dumps(row)])
    (['65'], [{'question': '57+8', 'answer': '65'}])
    """
    answers = [_answer(query, prompt, ends) for query, prompt in zip(queries, prompts, strict=True)]
    return answers, [_row(text) for text in labels]


def make_reward_func(extract: str = WHOLE, ends: Sequence[str] = ENDS) -> RewardFunc:
    """Make a reward function of OpenRLHF.

    Args:
        extract: the name of the extraction.
        ends: tokens that end a turn, of which one is removed from the end of an answer.
    """

    def strict_reward(
        queries: Sequence[str], prompts: Sequence[str], labels: Sequence[str]
    ) -> dict[str, Any]:
        """The rewards of some answers as tensors, float32 (n,)."""
        import torch

        answers, rows = answers_and_rows(queries, prompts, labels, ends)
        rewards = torch.tensor(reward(answers, rows, extract=extract))
        return {"rewards": rewards, "scores": rewards, "extra_logs": {"exact_match": rewards}}

    return strict_reward


reward_func = make_reward_func()


def label(row: Mapping[str, Any]) -> str:
    """What judges the answers to a row, as JSON text."""
    return json.dumps({name: row[name] for name in _COLUMNS if name in row})


def write_rows(stream: Stream, path: str | Path, rows: int, as_chat: bool = False) -> None:
    """Write the first rows of a stream as OpenRLHF reads them, to Parquet.

    Args:
        stream: a stream of single rows of one task.
        path: the file.
        rows: the number of rows; fewer where the stream ends before.
        as_chat: whether prompts are chats, for ``--data.apply_chat_template``, or text.

    Raises:
        InputError: for a mixture, a stream of batches, or a file that cannot be written.
    """

    def convert(index: int, row: Mapping[str, Any]) -> dict[str, Any]:
        prompt = chat(row) if as_chat else row["question"]
        return {"input": prompt, "label": label(row), "datasource": f"mathbench/{row['task']}"}

    write_parquet(path, judged_rows(stream), rows, convert)


def _answer(query: str, prompt: str, ends: Sequence[str]) -> str:
    # decoders add or drop a space at the start
    text, start = query.lstrip(), prompt.lstrip()
    if not text.startswith(start):
        raise InputError(
            f"a query must start with its prompt, whole: raise the longest length. Received: {shown(query)}."
        )
    answer = text[len(start) :].rstrip()
    return next((answer.removesuffix(end) for end in ends if answer.endswith(end)), answer)


def _row(text: str) -> dict[str, Any]:
    try:
        row = json.loads(text)
    except (TypeError, ValueError, RecursionError):
        row = None
    if not isinstance(row, dict):
        raise InputError(f"a label must be the text of rewards.openrlhf.label(row). Received: {shown(text)}.")
    return row
