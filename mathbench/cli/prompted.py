"""What a request of a language model selects: how it is asked, where it is found, and the rows that it is scored on."""

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mathbench.cli.request import DataOptions, RunRequest
from mathbench.cli.selection import check_data_alone
from mathbench.errors import InputError

if TYPE_CHECKING:
    from mathbench.baselines.prompted.settings import AskingOptions, PromptingSettings
    from mathbench.baselines.spec import RunSpec
    from mathbench.dataset.data import Data
    from mathbench.task import Task

# a language model is slow: fewer rows than for networks; those of train are for the shortcuts
ROWS = {"train": 20_000, "validation": 2_000, "interpolate": 1_000, "extrapolate": 1_000}
TEST_SPLITS = ("interpolate", "extrapolate")


def is_prompted(name: str | None) -> bool:
    """Whether a baseline is a language model.

    >>> is_prompted("hf:models/mine"), is_prompted("mlp")
    (True, False)
    """
    from mathbench.baselines.table import PROMPTED

    prefix, colon, _ = (name or "").partition(":")
    return bool(colon) and prefix in PROMPTED


def _make_spec(request: RunRequest) -> "RunSpec":
    """Return the spec of a language model, without the words in which it is asked."""
    from mathbench.baselines.spec import RunSpec, choose_framework
    from mathbench.baselines.table import baseline
    from mathbench.hashing import check_seed

    entry = baseline(request.name or "")
    for option, given in (("--recipe", request.recipe), ("--budget", request.budget < math.inf)):
        if given:
            raise InputError(f"{entry.name} is not trained; it does not take {option}.")
    prompting, _ = _parse_settings(request)
    framework = choose_framework(entry, request.framework)
    return RunSpec(entry, framework, "", check_seed(request.seed), prompting=prompting)


def asking_options(request: RunRequest) -> "AskingOptions":
    """Return where the requested language model is found; of other baselines, nothing."""
    from mathbench.baselines.prompted.settings import AskingOptions

    return _parse_settings(request)[1] if is_prompted(request.name) else AskingOptions()


def _parse_settings(request: RunRequest) -> tuple["PromptingSettings", "AskingOptions"]:
    from mathbench.baselines.prompted.settings import parse_settings
    from mathbench.baselines.recipe import parse_overrides

    name, own = request.name or "", request.prompting
    texts = {key: text for key, text in (("url", own.url), ("extract", own.extract)) if text is not None}
    given = parse_overrides(list(request.settings))
    return parse_settings(name, given, source=name.partition(":")[2], **texts)


def select_prompted(request: RunRequest) -> tuple["RunSpec", "Data"]:
    """Return the spec of a language model, and the rows that it is scored on, without the words of its questions."""
    from mathbench.baselines.prompted.words import check_words, data_without_words

    spec = _make_spec(request)
    task, data = _from_dataset(request) if request.data.folder is not None else _from_task(request, spec)
    prompting = replace(spec.prompting_settings, words=_words(task, request.data))
    plain = data_without_words(data)
    check_words(prompting, plain.task)
    return replace(spec, prompting=prompting), _first_rows(plain, request.prompting.limit)


def _from_dataset(request: RunRequest) -> tuple["Task", "Data"]:
    """Return the task of a dataset, asked in the words of the request, and its rows."""
    from mathbench import formats
    from mathbench.dataset.mixed import open_data

    options = request.data
    check_data_alone(options, formats.OPTIONS)
    data = open_data(options.folder or "", options.config)
    given = options.parameters.parse()
    return replace(data.task, format=formats.with_options(data.task.format, given)), data


def _from_task(request: RunRequest, spec: "RunSpec") -> tuple["Task", "Data"]:
    """Return the requested task and its rows in plain text."""
    from mathbench.baselines.prompted.words import without_words
    from mathbench.dataset.data import Data, all_sizes
    from mathbench.rows import open_rows

    options, sizes = request.data, request.data.sizes.given
    if options.task is None:
        raise InputError(f"{spec.baseline.name} needs --task NAME or --data DIR.")
    if options.config is not None:
        raise InputError("--config goes with --data DIR.")
    task = options.parameters.make(options.task)
    plain = without_words(task)
    for split, count in sizes.items():
        open_rows(plain, split, options.seed).require(count)
    limit = request.prompting.limit
    defaults = {**ROWS, **(dict.fromkeys(TEST_SPLITS, limit) if limit else {})}
    return task, Data.generate(plain, all_sizes(plain, sizes, defaults, options.seed), options.seed)


def _words(task: "Task", options: DataOptions) -> str:
    """Return the words in which a task is asked: by default, after a few examples."""
    from mathbench import formats
    from mathbench.baselines.prompted.words import DEFAULT_WORDS, split_words

    words = split_words(task.format)[1]
    asked = {*formats.OPTIONS, "format"} & options.parameters.parse().keys()
    return DEFAULT_WORDS if words == formats.PLAIN and not asked else words


def preview(spec: "RunSpec", data: "Data") -> dict[str, Any]:
    """Return how many questions a language model would be asked, and the first of them as it would be sent.

    Only an opened model tells whether it has a chat template: a served one is taken to have one, a local one not.
    """
    from mathbench.baselines.prompted.words import first_question, resolve

    prompting = spec.prompting_settings
    chat = spec.baseline.name.startswith("openai:") or prompting.template == "chat"
    resolved = resolve(prompting, data, chat or "messages" in prompting.words)
    questions = sum(data.splits[split].num_rows for split in TEST_SPLITS if split in data.splits)
    first = first_question(resolved, data)
    return {"questions": questions, "first question": list(first.turns) or first.text}


def _first_rows(data: "Data", limit: int | None) -> "Data":
    """Return the data with at most `limit` rows in each test split."""
    if limit is None:
        return data
    splits = {
        split: rows.slice(0, limit) if split in TEST_SPLITS else rows for split, rows in data.splits.items()
    }
    return replace(data, splits=splits)
