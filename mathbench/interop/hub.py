"""A dataset repository of the Hugging Face Hub: the dataset with a full card and `eval.yaml`, and its upload."""

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mathbench.dataset import card, exclusions
from mathbench.dataset.manifest import MANIFEST_FILE, Config, Manifest
from mathbench.dataset.read import sample_row
from mathbench.errors import InputError, one_line, shown
from mathbench.formats import for_task
from mathbench.interop.copying import copy_file, copy_files
from mathbench.interop.origin import identifier, identifiers
from mathbench.interop.source import TEST_SPLITS, Progress, Source
from mathbench.version import __version__

EVAL_FILE = "eval.yaml"
TOKEN = "HF_TOKEN"
# the whole text without white space around it, in Python's regular expressions
STRICT_PATTERN = r"^\s*((?s:.*?))\s*$"
REPOSITORY = r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}"
INSTRUCTION = "Reply with the answer only."
_SIZES = (
    (10**3, "n<1K"),
    (10**4, "1K<n<10K"),
    (10**5, "10K<n<100K"),
    (10**6, "100K<n<1M"),
    (10**7, "1M<n<10M"),
    (10**8, "10M<n<100M"),
    (10**9, "100M<n<1B"),
)


@dataclass(frozen=True)
class HubOptions:
    """How the repository is described.

    Args:
        title: its name for people; by default that of the dataset.
    """

    title: str = ""


def write_hub(
    source: Source, folder: Path, options: HubOptions, progress: Progress = lambda rows: None
) -> list[str]:
    """Write the repository; return the ids of the tasks in `eval.yaml`.

    It is a dataset of mathbench too, which `mathbench verify` checks.

    Args:
        source: the dataset, with all configurations and splits.
        folder: the empty folder to write to.
        options: how to describe it.
        progress: called with the number of rows copied since its last call.
    """
    dataset, manifest = source.dataset, source.dataset.manifest
    copy_files(source, folder, progress)
    for config in source.configs:
        if config.task.exclude:
            name = exclusions.file_name(config.task.exclude)
            copy_file(dataset.folder / name, folder / name)
    copy_file(dataset.folder / MANIFEST_FILE, folder / MANIFEST_FILE)
    plain = card.render(manifest, lambda config, split: sample_row(dataset.folder, config, split))
    title = options.title or f"mathbench: {source.name}"
    (folder / card.CARD_FILE).write_text(full_card(plain, manifest, title), encoding="utf-8")
    tasks = eval_tasks(source)
    (folder / EVAL_FILE).write_text(_eval_yaml(title, tasks), encoding="utf-8")
    return [task["id"] for task in tasks]


def full_card(plain: str, manifest: Manifest, title: str) -> str:
    """The card of a dataset with what the Hub shows and searches by, and a citation.

    Args:
        plain: the card of the dataset.
        manifest: its manifest.
        title: the name for people.
    """
    rows = sum(content.rows for content in manifest.contents.values())
    lines = [
        f"pretty_name: {json.dumps(title, ensure_ascii=False)}",
        "task_categories: [question-answering, text-generation]",
        f"size_categories: [{size_category(rows)}]",
        "multilinguality: [monolingual]",
        "source_datasets: [original]",
    ]
    opening = "---\n"
    return opening + "\n".join(lines) + "\n" + plain.removeprefix(opening) + _citation(manifest)


def size_category(rows: int) -> str:
    """The Hub's name of a number of rows.

    >>> size_category(999), size_category(1000), size_category(10**9)
    ('n<1K', '1K<n<10K', 'n>1B')
    """
    return next((name for limit, name in _SIZES if rows < limit), "n>1B")


def bibtex(manifest: Manifest) -> str:
    """How a dataset is cited: the version of mathbench and the digest of its content."""
    digests = " ".join(manifest.digest(config) for config in manifest.configs)[:71]
    return f"""@misc{{mathbench,
  title = {{mathbench: clean mathematical data for neural networks, baselines and exact-match scores}},
  author = {{{{the mathbench contributors}}}},
  year = {{2026}},
  note = {{version {manifest.version}, content {digests}}},
}}"""


def _citation(manifest: Manifest) -> str:
    return f"""
## Citation

```bibtex
{bibtex(manifest)}
```

## Scores

`{EVAL_FILE}` has tasks for Inspect with strict exact match; `mathbench export inspect` makes them with the score of
each stratum and the Wilson interval, and `mathbench export lm-eval` for lm-evaluation-harness.
"""


def eval_tasks(source: Source) -> list[dict[str, Any]]:
    """The tasks of `eval.yaml`: one for each configuration and split with one right text per question."""
    names = identifiers([config.name for config in source.configs])
    return [
        _eval_task(config, split, names[config.name])
        for config in source.configs
        # after steps of calculation more than one text is right, which no pattern can judge
        if not for_task(config.task).steps
        for split in TEST_SPLITS
        if config.sizes.get(split)
    ]


def task_id(config: str, split: str) -> str:
    """The id of a task in `eval.yaml`, of a configuration whose name no other one resembles.

    >>> task_id("addition-base10", "interpolate")
    'addition_base10_interpolate'
    """
    return f"{identifier(config)}_{split}"


def _eval_task(config: Config, split: str, name: str) -> dict[str, Any]:
    return {
        "id": task_id(name, split),
        "config": config.name,
        "split": split,
        "field_spec": {"input": "question", "target": "answer", "metadata": ["row", "stratum", "task"]},
        "solvers": [
            {"name": "system_message", "args": {"template": INSTRUCTION}},
            {"name": "generate"},
        ],
        "scorers": [{"name": "pattern", "args": {"pattern": STRICT_PATTERN, "ignore_case": False}}],
    }


def _eval_yaml(title: str, tasks: list[dict[str, Any]]) -> str:
    """YAML in its JSON form, one task per line."""
    about: Mapping[str, Any] = {
        "name": title,
        "description": "Exact match of whole answers.",
        "evaluation_framework": "inspect-ai",
    }
    lines = [f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in about.items()]
    return "\n".join([*lines, "tasks:", *(f"- {json.dumps(task)}" for task in tasks), ""])


def check_push(repository: str) -> str:
    """Check what an upload needs, before anything is written; return the token.

    Raises:
        InputError: for a name that is not OWNER/NAME, or without a token.
    """
    if not re.fullmatch(REPOSITORY, repository):
        raise InputError(
            f"--push takes the name of a dataset on the Hub, as OWNER/NAME. Received: {shown(repository)}."
        )
    if not (token := os.environ.get(TOKEN, "").strip()):
        raise InputError(
            f"an upload needs a token of the Hub in the environment variable {TOKEN}. Received: none."
        )
    return token


def push(folder: Path, repository: str, token: str, public: bool = False) -> str:
    """Upload a folder as a dataset; return its address.

    Args:
        folder: the folder that :func:`write_hub` wrote.
        repository: OWNER/NAME; it is made if it does not exist.
        token: of the Hub.
        public: whether a new repository is public.

    Raises:
        InputError: when the Hub refuses it or cannot be reached.
    """
    from huggingface_hub import HfApi

    api = HfApi(token=token, library_name="mathbench", library_version=__version__)
    try:
        api.create_repo(repository, repo_type="dataset", private=not public, exist_ok=True)
        commit = api.upload_folder(
            repo_id=repository,
            repo_type="dataset",
            folder_path=folder,
            commit_message=f"Dataset made by mathbench {__version__}",
        )
    except Exception as error:  # of HTTP, of the client and of its checks; none may show the token
        reason = one_line(str(error).strip() or type(error).__name__).replace(token, "***")
        raise InputError(f"{shown(repository)} was not uploaded: {reason[:300]}") from None
    return str(getattr(commit, "repo_url", "") or commit)
