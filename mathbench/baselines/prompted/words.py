"""The words in which a language model is asked, kept apart from the format of the data that it is scored on.

A model may be asked in any words, with examples or in a chat, and is still compared on the plain task: rows, floors and
ranks do not depend on how it was asked.
"""

import dataclasses
from dataclasses import replace

import pyarrow as pa

from mathbench import formats
from mathbench.baselines.prompted.model import Question
from mathbench.baselines.prompted.settings import PromptingSettings
from mathbench.dataset.data import Data
from mathbench.errors import InputError
from mathbench.formats.format import Format
from mathbench.formats.words.messages import Messages
from mathbench.formats.words.prompt import Prompt
from mathbench.formats.words.shots import Shots
from mathbench.task import Task

WORDS = (Prompt, Shots, Messages)
DEFAULT_WORDS = "shots:n=4"
CHAT, TEXT = "chat", "text"
CHAT_TOKENS = 1024


def split_words(format: str) -> tuple[str, str]:
    """Split a format into that of the data and the words of a question.

    >>> split_words("padded+shots:n=2+messages")
    ('padded', 'shots:n=2+messages')
    """
    kinds = formats.parse(format)
    words = tuple(kind for kind in kinds if isinstance(kind, WORDS))
    rest = tuple(kind for kind in kinds if not isinstance(kind, WORDS))
    return formats.name_of(rest), formats.name_of(words)


def without_words(task: Task) -> Task:
    """The task whose rows a model is scored on."""
    return dataclasses.replace(task, format=split_words(task.format)[0])


def data_without_words(data: Data) -> Data:
    """The same rows without words."""
    task = without_words(data.task)
    if task == data.task:
        return data
    written, plain = formats.for_task(task), data.plain()
    splits = {split: written.rows(rows, data.seed, split) for split, rows in plain.splits.items()}
    return Data(task, data.seed, splits)


def resolve(prompting: PromptingSettings, data: Data, has_template: bool) -> PromptingSettings:
    """Replace the settings that depend on the model and the data by their values.

    Raises:
        InputError: for a chat with a model that has no chat template.
    """
    words, stop = formats.parse(prompting.words), prompting.stop.replace("\\n", "\n")
    chat = _is_chat(prompting.template, words, has_template)
    if not chat:
        tokens = prompting.max_tokens or 2 * _longest_answer(data) + 16
        return replace(prompting, template=TEXT, stop=stop or _stop(words), max_tokens=tokens)
    if not _has(words, Messages):
        words = (*words, Messages())
    tokens = prompting.max_tokens or CHAT_TOKENS
    return replace(prompting, words=formats.name_of(words), template=CHAT, stop=stop, max_tokens=tokens)


def _is_chat(template: str, words: tuple[Format, ...], has_template: bool) -> bool:
    """Whether a model is asked in a chat."""
    wanted = template == CHAT or _has(words, Messages)
    if template == TEXT and wanted:
        raise InputError("messages make a chat. Received also: template=text.")
    if wanted and not has_template:
        raise InputError("the model has no chat template; leave out messages and template=chat.")
    return wanted or (template != TEXT and has_template)


def _stop(words: tuple[Format, ...]) -> str:
    return next((kind.after for kind in words if isinstance(kind, Shots)), "\n")


def _longest_answer(data: Data) -> int:
    return max(len(answer) for rows in data.splits.values() for answer in rows["answer"].to_pylist())


def _has(words: tuple[Format, ...], kind: type[Format]) -> bool:
    return any(isinstance(found, kind) for found in words)


def questions_for(
    prompting: PromptingSettings, task: Task, rows: pa.Table, seed: int | str, split: str
) -> list[Question]:
    """Write questions for a model.

    Args:
        prompting: how it is asked, after `resolve`.
        task: the task of the data.
        rows: its rows in plain text: question, answer and row.
        seed: the seed of the data, which chooses examples from train.
        split: the split of the rows.
    """
    kinds = _all_formats(prompting, task)
    asked = formats.FormattedTask(task.plain, kinds).rows(rows, seed, split)
    if prompting.template == CHAT:
        return [Question(turns=tuple(turns[:-1])) for turns in asked[formats.MESSAGES].to_pylist()]
    between = next((kind.between for kind in kinds if isinstance(kind, Shots)), "")
    return [Question(text=text + between) for text in asked["question"].to_pylist()]


def first_question(prompting: PromptingSettings, data: Data) -> Question:
    """The first question of the data as it is asked, with settings after `resolve`."""
    split = next(name for name in ("interpolate", "extrapolate", *data.splits) if name in data.splits)
    plain = formats.for_task(data.task).undo(data.splits[split].slice(0, 1))
    return questions_for(prompting, data.task, plain, data.seed, split)[0]


def check_words(prompting: PromptingSettings, task: Task) -> None:
    """Check that a task can be asked in these words.

    Raises:
        InputError: when it cannot.
    """
    dataclasses.replace(task, format=formats.name_of(_all_formats(prompting, task)))


def _all_formats(prompting: PromptingSettings, task: Task) -> tuple[Format, ...]:
    """The formats of the data and the words, in the order in which they are applied."""
    kinds = (*formats.parse(task.format), *formats.parse(prompting.words))
    return tuple(sorted(kinds, key=lambda kind: kind.order))


def cut(text: str, stop: str) -> str:
    r"""The part of a reply before `stop`, which ends it; white space before the reply does not.

    >>> cut("\n65\n\n7+8", "\n\n"), cut("65", "")
    ('65', '65')
    """
    return text.lstrip().partition(stop)[0] if stop else text
