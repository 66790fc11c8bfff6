"""The learners in the file of a study. An entry may list several baselines, recipes, frameworks and supervisions."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from itertools import product
from pathlib import PurePath
from typing import Any

from mathbench.baselines.recipe import canonical_key
from mathbench.dataset.manifest import check_sizes
from mathbench.errors import InputError, did_you_mean
from mathbench.storage.toml_file import check_table
from mathbench.studies.file_values import check_name, read_lengths, read_seeds, read_texts
from mathbench.studies.study import SUPERVISIONS, Learner
from mathbench.studies.variant import Variant, parse_variant

_KEYS: dict[str, Any] = {
    "name": str,
    "baseline": (str, list),
    "recipe": (str, list),
    "framework": (str, list),
    "supervision": (str, dict),
    "tasks": (str, list),
    "settings": dict,
    "vary": dict,
    "on": dict,
    "format": str,
    "sizes": dict,
    "seeds": (int, list),
    "long": list,
    "wave": int,
    "search": list,
}


def read_learners(
    entries: Sequence[Any], settings: Mapping[str, Any], tasks: Sequence[str]
) -> tuple[Learner, ...]:
    """Return the learners of all entries.

    Args:
        entries: the tables of ``[[learners]]``.
        settings: of every network of the study.
        tasks: the names of the tasks of the study.

    Raises:
        InputError: for an unknown key, a value that is not allowed, and a pattern that no task matches.
    """
    return tuple(learner for entry in entries for learner in _learners(entry, settings, tasks))


def _learners(entry: Any, settings: Mapping[str, Any], tasks: Sequence[str]) -> list[Learner]:
    """Return the learners of an entry: one for every combination of what it lists."""
    name = entry.get("name", entry.get("baseline", "?")) if isinstance(entry, dict) else "?"
    where = f"the learner {name!s:.60}"
    check_table(where, entry, _KEYS, required=("baseline",))
    common = _common(where, entry, tasks)
    axes: dict[str, Sequence[str | None]] = {
        key: read_texts(where, key, entry[key]) if key in entry else (None,)
        for key in ("baseline", "recipe", "framework")
    }
    variants = _variants(where, entry.get("vary", {}))
    supervisions = _supervisions(where, entry.get("supervision", "examples"))
    found = []
    chosen = [dict(zip(axes, values, strict=True)) for values in product(*axes.values())]
    for one, variant, supervision in product(chosen, variants, supervisions):
        parts = {**one, "supervision": supervision}
        varied = {key for key, values in axes.items() if len(values) > 1}
        if supervision != next(iter(supervisions)):
            varied.add("supervision")
        label = _label(entry.get("name"), parts, varied, [_short(str(value)) for value in variant.values()])
        own = {**settings, **common["settings"], **variant, **supervisions[supervision]}
        found.append(_complete(Learner(label, **{**common, **parts}), own, settings))
    return found


def _common(where: str, entry: Mapping[str, Any], tasks: Sequence[str]) -> dict[str, Any]:
    """Return what all learners of an entry share."""
    seeds = read_seeds(entry["seeds"]) if "seeds" in entry else None
    return {
        "tasks": _patterns(where, read_texts(where, "tasks", entry.get("tasks", "*")), tasks),
        "settings": read_settings(where, entry.get("settings", {})),
        "special": {
            pattern: read_settings(where, settings)
            for pattern, settings in entry.get("on", {}).items()
            if _patterns(where, (pattern,), tasks)
        },
        "format": entry.get("format"),
        "sizes": check_sizes(where, entry.get("sizes", {})),
        "seeds": seeds,
        "long": read_lengths(entry["long"]) if "long" in entry else None,
        "wave": entry.get("wave", 1),
        "search": _search(where, entry.get("search", [])),
    }


def _patterns(where: str, patterns: tuple[str, ...], tasks: Sequence[str]) -> tuple[str, ...]:
    for pattern in patterns:
        if not any(fnmatchcase(task, pattern) for task in tasks):
            raise InputError(f"{where}: no task is named '{pattern}'. {did_you_mean(pattern, tasks)}")
    return patterns


def read_settings(where: str, values: Any) -> dict[str, Any]:
    """Return settings by their names in the code.

    Raises:
        InputError: for a value that is a table or a list.
    """
    if not isinstance(values, dict) or any(isinstance(value, dict | list) for value in values.values()):
        raise InputError(f"the settings of {where} must be a table of values. Received: {values!r:.100}.")
    return {canonical_key(key): value for key, value in values.items()}


def _variants(where: str, axes: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return every combination of the values that settings are given, one empty one where there are none."""
    for key, values in axes.items():
        if (
            not isinstance(values, list)
            or not values
            or any(isinstance(value, dict | list) for value in values)
        ):
            raise InputError(f"vary.{key} of {where} must be a list of values. Received: {values!r:.100}.")
    keys = [canonical_key(key) for key in axes]
    return [dict(zip(keys, values, strict=True)) for values in product(*axes.values())]


def _supervisions(where: str, value: Any) -> dict[str, dict[str, Any]]:
    """Return the supervisions, each with its settings."""
    found = {value: {}} if isinstance(value, str) else value
    for name in found:
        if name.removesuffix("+self") not in SUPERVISIONS:
            raise InputError(f"{where}: unknown supervision '{name}'. {did_you_mean(name, SUPERVISIONS)}")
    if not found:
        raise InputError(f"{where} has no supervision.")
    return {name: read_settings(where, settings) for name, settings in found.items()}


def _search(where: str, variants: list[Any]) -> tuple[str, ...]:
    """Return the variants of a search, each as text such as ``rate=3e-3 sizes.train=20000``."""
    known: list[Variant] = []
    for variant in variants:
        if not isinstance(variant, str) or not variant.strip():
            raise InputError(
                f"search of {where} must be a list such as ['rate=3e-3']. Received: {variant!r:.60}."
            )
        try:
            parsed = parse_variant(variant)
        except InputError as error:
            raise InputError(f"search of {where}: {error}") from None
        if parsed in known:
            raise InputError(f"search of {where} has a variant twice. Received: '{variant}'.")
        known.append(parsed)
    return tuple(" ".join(variant.split()) for variant in variants)


def _label(name: str | None, parts: Mapping[str, str | None], varied: set[str], values: Sequence[str]) -> str:
    """Return the name of a learner: that of its entry or its baseline, and what varies within the entry.

    Of several supervisions the first has no mark.
    """
    shown = {key: _short(str(value)) for key, value in parts.items() if value is not None}
    words = [name] if name else [shown["baseline"]]
    named = [key for key in parts if key in varied and not (key == "baseline" and not name)]
    label = "-".join([*words, *(shown[key] for key in named if key != "supervision"), *values])
    label += f"-{shown['supervision']}" if "supervision" in named else ""
    check_name(label, "a learner")
    return label


def _short(value: str) -> str:
    """Return a value for use in a name.

    >>> _short("guests/mine.py:TinyGRU"), _short("aligned+dense")
    ('tinygru', 'aligned-dense')
    """
    last = PurePath(value.rpartition(":")[2]).name.removesuffix(".toml").lower()
    return re.sub(r"[^a-z0-9]+", "-", last).strip("-")


def _complete(learner: Learner, settings: Mapping[str, Any], shared: Mapping[str, Any]) -> Learner:
    """Return a learner with its settings; what is not trained has neither settings nor supervision."""
    if learner.trained:
        return replace(learner, settings=settings)
    if learner.search or settings != dict(shared):
        raise InputError(f"{learner.name} is not trained: it has no settings and no search.")
    return replace(learner, settings={}, supervision="")
