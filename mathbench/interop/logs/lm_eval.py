"""Logs of lm-evaluation-harness: `results_TIME.json`, with a file of samples per task beside it."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mathbench.errors import InputError, shown
from mathbench.interop.logs.model_log import (
    MAX_HEADER,
    ModelLog,
    Sample,
    SplitLog,
    as_object,
    check_count,
    find_log,
    make_sample,
    parse_json,
    read_lines,
)
from mathbench.interop.origin import KEY, Origin
from mathbench.scores.untrusted import read_limited

_SETTINGS = ("doc_to_text", "description", "target_delimiter", "fewshot_delimiter", "generation_kwargs")
_TASK_NAME = r"\w{1,200}"
_MODEL_KEYS = ("model", "pretrained")  # of the arguments of a model, its name


def read_lm_eval(path: Path) -> ModelLog:
    """Read a log.

    Args:
        path: the file of results, or a folder with one.

    Raises:
        InputError: for a damaged log, one without samples, or of tasks that mathbench has not exported.
    """
    file = find_log(path, "results_*.json", "one results_TIME.json")
    results = as_object(parse_json(read_limited(file, MAX_HEADER), file.name), file.name)
    configs = as_object(results.get("configs"), f"{file.name}: configs")
    ours = {name: config for name, config in configs.items() if KEY in _metadata(config)}
    if not ours:
        names = ", ".join(list(configs)[:3]) or "none"
        raise InputError(
            f"{file.name} has no task of `mathbench export lm-eval`. Received the tasks: {shown(names)}."
        )
    splits = [_split(file, results, name, config) for name, config in ours.items()]
    run = as_object(results.get("config"), f"{file.name}: config")
    return ModelLog(
        model=_model_name(results, run),
        revision=_revision(run),
        tool=f"lm-eval {results.get('lm_eval_version') or 'of an unknown version'}",
        asked=_asked(results, run, ours),
        environment={key: results.get(key) for key in ("lm_eval_version", "transformers_version", "date")},
        splits=splits,
    )


def _metadata(config: object) -> Mapping[str, Any]:
    metadata = config.get("metadata") if isinstance(config, dict) else None
    return metadata if isinstance(metadata, dict) else {}


def _split(file: Path, results: Mapping[str, Any], name: str, config: Mapping[str, Any]) -> SplitLog:
    """The answers to one task."""
    origin = Origin.from_json(_metadata(config)[KEY], f"{file.name}: the metadata of {name}")
    if not re.fullmatch(_TASK_NAME, name):
        raise InputError(
            f"{file.name} has a task whose name is none of `mathbench export`. Received: {shown(name)}."
        )
    beside = file.with_name(f"samples_{name}_{file.stem.removeprefix('results_')}.jsonl")
    if not beside.is_file():
        raise InputError(
            f"{beside.name} is missing beside {file.name}. Run the evaluation with --log_samples."
        )
    samples = _samples(beside)
    counts = (results.get("n-samples") or {}).get(name) or {}
    return SplitLog(origin, samples, limited=counts.get("effective") == len(samples) < origin.rows)


def _samples(path: Path) -> list[Sample]:
    """The answers in a file of samples, which repeats each of them for every filter."""
    samples: list[Sample] = []
    first: object = None
    with path.open("rb") as file:
        for number, line in read_lines(file, path.name):
            first = line.get("filter") if first is None else first
            if line.get("filter") == first:
                samples.append(_sample(line, f"{path.name}: line {number}"))
                check_count(samples, path.name)
    return samples


def _sample(line: Mapping[str, Any], where: str) -> Sample:
    row = as_object(line.get("doc"), f"{where}: doc")
    responses = line.get("resps")
    texts = responses[0] if isinstance(responses, list) and len(responses) == 1 else responses
    if not isinstance(texts, list) or len(texts) != 1:
        raise InputError(f"{where}: there must be one answer to each question. Received: {shown(responses)}.")
    return make_sample(row.get("row"), row.get("question"), row.get("answer"), texts[0], where)


def _model_name(results: Mapping[str, Any], run: Mapping[str, Any]) -> str:
    arguments = run.get("model_args")
    given = arguments if isinstance(arguments, dict) else {}
    names = [given.get(key) for key in _MODEL_KEYS] + [results.get("model_name"), run.get("model")]
    return next((name for name in names if isinstance(name, str) and name), "")


def _revision(run: Mapping[str, Any]) -> str | None:
    found = [run.get(key) for key in ("model_sha", "model_revision")]
    return next((text for text in found if isinstance(text, str) and text), None)


def _asked(results: Mapping[str, Any], run: Mapping[str, Any], ours: Mapping[str, Any]) -> dict[str, Any]:
    """How the model was asked. Addresses and other arguments are left out: they may hold what is nobody's business."""
    first, config = next(iter(ours.items()))
    shots = results.get("n-shot")
    about = {key: config.get(key) for key in _SETTINGS}
    return {
        "harness": "lm-eval",
        "backend": run.get("model"),
        "shots": shots.get(first) if isinstance(shots, dict) else None,
        **about,
        "gen_kwargs": run.get("gen_kwargs"),
        "fewshot_seed": run.get("fewshot_seed"),
        "system_instruction": results.get("system_instruction"),
        "chat_template": results.get("chat_template_sha") or bool(results.get("chat_template")),
        "fewshot_as_multiturn": results.get("fewshot_as_multiturn"),
    }
