"""Tasks of EleutherAI's lm-evaluation-harness: a YAML file per configuration and split, and groups."""

import json
import pprint
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import Any

from mathbench.dataset.manifest import Config
from mathbench.errors import InputError
from mathbench.formats import for_task
from mathbench.interop.copying import copy_files
from mathbench.interop.origin import KEY, Origin, identifier
from mathbench.interop.source import Measures, Progress, Source
from mathbench.scores.extraction import WHOLE, extraction

FUNCTIONS = "mathbench_functions"
STRICT = "strict"
INSTRUCTION = "Reply with the answer only.\n\n"
CHAT_TOKENS = 1024  # for models that talk, or think aloud
STRIP = {"function": "remove_whitespace"}
FIRST = {"function": "take_first"}


@dataclass(frozen=True)
class LmEvalOptions:
    """How the tasks ask and what they read.

    Args:
        name: of the group of all tasks, and the start of their names; by default that of the dataset.
        packaged: copy the Parquet files, so that the folder can be moved.
        chat: ask for the answer only, and do not stop at the end of a line.
        shots: the number of solved examples, from train.
        extract: the names of extractions that are read besides the whole text.
    """

    name: str = ""
    packaged: bool = False
    chat: bool = False
    shots: int = 0
    extract: Sequence[str] = ()


class Function(str):
    """A reference to a function, which stands in YAML without quotes."""


def write_lm_eval(
    source: Source,
    measures: dict[str, Measures],
    folder: Path,
    options: LmEvalOptions,
    progress: Progress = lambda rows: None,
) -> dict[str, list[str]]:
    """Write the tasks; return their names by split.

    Args:
        source: the dataset with the splits that are asked, and train.
        measures: of its configurations.
        folder: the empty folder to write to.
        options: how the tasks ask.
        progress: called with the number of rows copied since its last call.

    Raises:
        InputError: for solved examples without a train split, an unknown extraction, or files of an object store that
            are not copied.
    """
    check_options(source, options)
    prefix = identifier(options.name or f"mathbench_{source.name}")
    tasks: dict[str, list[str]] = {}
    for config in source.configs:
        for split in asked_splits(source, config):
            task = f"{prefix}_{identifier(config.name)}_{split}"
            document = _task(source, config, split, measures[config.name], options)
            _write_yaml(folder / f"{task}.yaml", {"task": task, "tag": f"{prefix}_tasks"} | document)
            tasks.setdefault(split, []).append(task)
    _write_groups(folder, prefix, tasks, options)
    _write_functions(folder, source.configs)
    if options.packaged:
        copy_files(source, folder, progress)
    return tasks


def with_train(source: Source) -> Source:
    """The dataset with its train split, of which the solved examples are taken."""
    return replace(source, splits=("train", *source.splits))


def asked_splits(source: Source, config: Config) -> list[str]:
    """The splits of a configuration that models are asked: all but train."""
    return [split for split in source.splits_of(config) if split != "train"]


def check_options(source: Source, options: LmEvalOptions) -> None:
    """Check what the tasks need; errors as for :func:`write_lm_eval`."""
    for name in options.extract:
        extraction(name)
    for config in source.configs:
        if options.shots and not config.sizes.get("train"):
            raise InputError(f"{config.name} has no train split, from which solved examples are taken.")
    if not options.packaged and not isinstance(source.dataset.folder, Path):
        raise InputError(f"{source.dataset.folder} is not on this disk: give --packaged to copy its files.")


def _task(
    source: Source, config: Config, split: str, measures: Measures, options: LmEvalOptions
) -> dict[str, Any]:
    """The content of a task's YAML file, without its name."""
    shown = {s: source.files(config, s) for s in ("train", split) if config.sizes.get(s)}
    few_shot = {"fewshot_split": "train"} if "train" in shown else {}
    return {
        **_data(source, shown, options),
        "test_split": split,
        **few_shot,
        "num_fewshot": options.shots,
        "output_type": "generate_until",
        **({"description": INSTRUCTION} if options.chat else {}),
        "doc_to_text": "Question: {{question}}\nAnswer:",
        "doc_to_target": "answer",
        "target_delimiter": " ",
        "fewshot_delimiter": "\n\n",
        "generation_kwargs": _generation(measures, options),
        "filter_list": _filters(config, options),
        "metric_list": [{"metric": "exact_match", "aggregation": "mean", "higher_is_better": True}],
        "metadata": {"version": 1.0, KEY: Origin.of(config, split).to_json()},
    }


def _data(source: Source, files: Mapping[str, list[str]], options: LmEvalOptions) -> dict[str, Any]:
    """Where the rows are: beside the YAML file, or at an absolute path, which a relative one is not to the file."""
    if options.packaged:
        return {"custom_dataset": Function(f"{FUNCTIONS}.load"), "dataset_kwargs": {"files": dict(files)}}
    folder = Path(str(source.dataset.folder)).absolute()
    paths = {split: [str(folder / name) for name in names] for split, names in files.items()}
    return {"dataset_path": "parquet", "dataset_kwargs": {"data_files": paths}}


def _generation(measures: Measures, options: LmEvalOptions) -> dict[str, Any]:
    """How to generate: with examples a model would go on with the next question, so it stops at the end of a line."""
    stop = [] if options.chat else ["\n\n" if measures.lines else "\n"]
    tokens = 2 * measures.answer + 16
    return {"until": stop, "do_sample": False, "max_gen_toks": max(tokens, CHAT_TOKENS * options.chat)}


def _filters(config: Config, options: LmEvalOptions) -> list[dict[str, Any]]:
    """The strict filter, which needs no mathbench where the right answer is one text, then the extractions."""
    graded = {"function": "custom", "filter_fn": Function(f"{FUNCTIONS}.{WHOLE}")}
    strict = [graded if for_task(config.task).steps else STRIP, FIRST]
    filters = [{"name": STRICT, "filter": strict}]
    for name in dict.fromkeys(extraction(name).name for name in options.extract):
        function = Function(f"{FUNCTIONS}.{identifier(name)}")
        filters.append(
            {
                "name": extraction(name).id,
                "filter": [{"function": "custom", "filter_fn": function}, FIRST],
            }
        )
    return filters


def _write_groups(folder: Path, prefix: str, tasks: Mapping[str, list[str]], options: LmEvalOptions) -> None:
    """Write a group per split, with the mean over its tasks, and a group of these."""
    names = [STRICT, *(extraction(name).id for name in options.extract)]
    for split, members in tasks.items():
        mean = {"metric": "exact_match", "aggregation": "mean", "weight_by_size": False, "filter_list": names}
        group = {"group": f"{prefix}_{split}", "task": members, "aggregate_metric_list": [mean]}
        _write_yaml(folder / f"_{prefix}_{split}.yaml", group | {"metadata": {"version": 1.0}})
    everything = {"group": prefix, "task": [f"{prefix}_{split}" for split in tasks]}
    _write_yaml(folder / f"_{prefix}.yaml", everything | {"metadata": {"version": 1.0}})


def _write_functions(folder: Path, configs: Sequence[Config]) -> None:
    template = (files("mathbench.interop") / "templates" / "lm_eval_functions.py.txt").read_text("utf-8")
    tasks = {config.task.name: (config.task.id, config.task.parameters) for config in configs}
    text = template.replace("$TASKS", pprint.pformat(tasks, width=110, sort_dicts=False))
    (folder / f"{FUNCTIONS}.py").write_text(text, encoding="utf-8")


def _write_yaml(path: Path, document: Mapping[str, Any]) -> None:
    """Write YAML in its JSON form, but for functions."""
    lines = [f"{key}: {_yaml(value)}\n" for key, value in document.items()]
    path.write_text("".join(lines), encoding="utf-8")


def _yaml(value: Any) -> str:
    if isinstance(value, Function):
        return f"!function {value}"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{json.dumps(key)}: {_yaml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_yaml, value)) + "]"
    return json.dumps(value, ensure_ascii=False)
