"""Recipes: hyperparameters, encoding, task and sizes of a result, as TOML files in ``baselines/``."""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from mathbench.baselines.settings import EncodingOptions, TrainingSettings
from mathbench.baselines.spec import make_settings
from mathbench.baselines.table import Baseline
from mathbench.errors import InputError, did_you_mean
from mathbench.parameters import parse
from mathbench.registry import builtin_folder, load
from mathbench.storage.location import local_path

_SHARE: tuple[Any, float, str] = ((int, float), 1, "an exact match from 0 to 1")
# published figures: type, largest value, description
PUBLISHED_FIELDS: dict[str, tuple[Any, float, str]] = {
    "exact": _SHARE,
    "extrapolate": _SHARE,
    "parameters": (int, 1e15, "a number of weights"),
    "note": (str, 0, "text"),
}

SPLITS = ("train", "validation", "interpolate", "extrapolate")


@dataclass(frozen=True)
class Recipe:
    """The content of a recipe file.

    Args:
        name: the name of its file.
        baseline: the name of its baseline.
        summary: one phrase.
        source: origin of the numbers.
        published: results of the source: ``exact`` and ``extrapolate`` (exact match from 0 to 1), ``parameters``, and
            a ``note`` on what was measured.
        task: the default task: its ``name`` and parameters.
        sizes: rows per split.
        encoding: choices of the encoding.
        settings: hyperparameters. Those under the name of a framework override the common ones.
    """

    name: str
    baseline: str
    summary: str = ""
    source: str = ""
    published: dict[str, Any] = field(default_factory=dict)
    task: dict[str, Any] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
    encoding: dict[str, Any] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for split, count in self.sizes.items():
            if split not in SPLITS:
                raise InputError(
                    f"recipe {self.name}: unknown key 'sizes.{split}'. {did_you_mean(split, SPLITS)}"
                )
            if not isinstance(count, int) or isinstance(count, bool) or count < 0:
                raise InputError(
                    f"recipe {self.name}: sizes.{split} must be a number of rows. Received: {count!r}."
                )
        if "name" not in self.task:
            raise InputError(f"recipe {self.name}: the key 'task.name' is missing.")
        for key, value in self.published.items():
            self._check_published(key, value)

    def _check_published(self, key: str, value: Any) -> None:
        """Check one published figure."""
        if key not in PUBLISHED_FIELDS:
            raise InputError(
                f"recipe {self.name}: unknown key 'published.{key}'. {did_you_mean(key, PUBLISHED_FIELDS)}"
            )
        kinds, highest, words = PUBLISHED_FIELDS[key]
        right = isinstance(value, kinds) and not isinstance(value, bool)
        if not right or (highest and not 0 <= value <= highest):
            raise InputError(f"recipe {self.name}: published.{key} must be {words}. Received: {value!r}.")


def recipe_names() -> list[str]:
    """Return the names of the recipes that come with mathbench."""
    return sorted(path.stem for path in builtin_folder("baselines").glob("*.toml"))


def read_recipe(name: str) -> Recipe:
    """Read a built-in recipe by its name, or another one by the path of its file.

    Raises:
        InputError: for an unknown recipe, unreadable TOML or an unknown key.

    >>> read_recipe("addition-rnn").baseline
    'lstm-seq2seq'
    """
    path = local_path(name) if name.endswith(".toml") else builtin_folder("baselines") / f"{name}.toml"
    if not os.path.isfile(path):
        raise InputError(f"unknown recipe '{name}'. {did_you_mean(name, recipe_names())}")
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is not valid TOML: {error}.") from None
    known = [f.name for f in fields(Recipe) if f.name != "name"]
    for key in content:
        if key not in known:
            raise InputError(f"recipe {path.stem}: unknown key '{key}'. {did_you_mean(key, known)}")
    if "baseline" not in content:
        raise InputError(f"recipe {path.stem}: the key 'baseline' is missing.")
    return Recipe(path.stem, **content)


def default_recipe(baseline: Baseline) -> Recipe:
    """Return the recipe of a network's name, or of a guest the one that its class has.

    Raises:
        InputError: for a recipe of a guest with an unknown key or value.
    """
    if baseline.origin is None:
        return read_recipe(baseline.name)
    try:
        return _of_guest(baseline.name, load(baseline.target).recipe)
    except InputError as error:
        raise InputError(f"{baseline.name}: {error}") from None


def _of_guest(name: str, content: Mapping[str, Any]) -> Recipe:
    """Return the recipe that the class of a guest has as a dict."""
    title, known = (
        name.rpartition(":")[2],
        [f.name for f in fields(Recipe) if f.name not in ("name", "baseline")],
    )
    for key, value in content.items():
        if key not in known:
            raise InputError(f"recipe {title}: unknown key {key!r:.60}. {did_you_mean(key, known)}")
        if not isinstance(value, str if key in ("summary", "source") else Mapping):
            raise InputError(f"recipe {title}: '{key}' must be a dict. Received: {value!r:.60}.")
    return Recipe(title, name, **{"task": {"name": "addition"}, **content})


def apply_overrides(
    recipe: Recipe, baseline: Baseline, framework: str, overrides: Mapping[str, Any]
) -> tuple[TrainingSettings, EncodingOptions]:
    """Return the hyperparameters and the encoding of a recipe in one framework, with overrides applied.

    Raises:
        InputError: for an unknown key, or a value of the wrong type.
    """
    common = {key: value for key, value in recipe.settings.items() if not isinstance(value, dict)}
    for key, value in recipe.settings.items():
        if isinstance(value, dict) and key not in baseline.frameworks:
            raise InputError(
                f"recipe {recipe.name}: unknown key 'settings.{key}'. {did_you_mean(key, baseline.frameworks)}"
            )
    own = {**common, **recipe.settings.get(framework, {})}
    kind = load(baseline.settings)
    encoding_keys, known = {f.name for f in fields(EncodingOptions)}, override_keys(baseline)
    for key in overrides:
        if key not in known:
            raise InputError(f"{baseline.name} has no setting '{key}'. {did_you_mean(key, known)}")
    chosen = {key: value for key, value in overrides.items() if key in encoding_keys}
    others = {key: value for key, value in overrides.items() if key not in encoding_keys}
    settings = make_settings(baseline, parse(kind, f"recipe {recipe.name}", {**own, **others}))
    return settings, EncodingOptions(
        **parse(EncodingOptions, f"recipe {recipe.name}", {**recipe.encoding, **chosen})
    )


def override_keys(baseline: Baseline) -> set[str]:
    """Return the keys that ``--set`` accepts: hyperparameters and choices of the encoding."""
    return {f.name for kind in (EncodingOptions, load(baseline.settings)) for f in fields(kind)}


def canonical_key(key: str) -> str:
    """Return the name of a setting in the code. The learning rate has the alias `lr`.

    >>> canonical_key("lr"), canonical_key("warm-up")
    ('rate', 'warm_up')
    """
    key = key.strip().replace("-", "_")
    return {"lr": "rate"}.get(key, key)


def parse_overrides(pairs: list[str]) -> dict[str, str]:
    """Read ``--set key=value`` options.

    >>> parse_overrides(["hidden=256", "padding=left"])
    {'hidden': '256', 'padding': 'left'}
    """
    overrides = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not (key and equals and value):
            raise InputError(f"--set must be key=value. Received: '{pair}'.")
        if canonical_key(key) in overrides:
            raise InputError(f"--set {key}=... may be given once for each setting. Received: '{pair}' too.")
        overrides[canonical_key(key)] = value.strip()
    return overrides
