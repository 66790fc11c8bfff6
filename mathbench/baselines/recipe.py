"""Recipes: hyperparameters, encoding, task and sizes of a result, as TOML files in ``baselines/``."""

import os
import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from typing import Any

from mathbench.baselines.settings import OPTIONAL, EncodingOptions, TrainingSettings
from mathbench.baselines.spec import make_settings
from mathbench.baselines.table import BASELINES, Baseline
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
        name: the name of its file, or of the baseline whose default it is.
        baseline: the name of its baseline, or of several, the first of which it was made for.
        summary: one phrase.
        source: origin of the numbers.
        published: results of the source: ``exact`` and ``extrapolate`` (exact match from 0 to 1), ``parameters``, and
            a ``note`` on what was measured.
        task: the default task: its ``name`` and parameters.
        sizes: rows per split.
        encoding: choices of the encoding.
        settings: hyperparameters. Those under the name of a framework or of a baseline override the common ones.
    """

    name: str
    baseline: str | Sequence[str]
    summary: str = ""
    source: str = ""
    published: dict[str, Any] = field(default_factory=dict)
    task: dict[str, Any] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
    encoding: dict[str, Any] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        listed = isinstance(self.baseline, list | tuple) and all(
            isinstance(name, str) for name in self.baseline
        )
        if not self.baseline or not (listed or isinstance(self.baseline, str)):
            raise InputError(
                f"recipe {self.name}: baseline must be a name or a list of names. Received: {self.baseline!r}."
            )
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

    @property
    def baselines(self) -> tuple[str, ...]:
        """The names of all baselines that the recipe suits."""
        return (self.baseline,) if isinstance(self.baseline, str) else tuple(self.baseline)

    def require(self, baseline: str) -> None:
        """Check that the recipe suits a baseline.

        Raises:
            InputError: lists the baselines that it suits.
        """
        if baseline not in self.baselines:
            raise InputError(f"recipe {self.name} is for {', '.join(self.baselines)}. Received: {baseline}.")

    def settings_for(self, baseline: Baseline, framework: str) -> dict[str, Any]:
        """Return the hyperparameters of one baseline in one framework.

        Raises:
            InputError: for settings under any other name.
        """
        names = (*self.baselines, *baseline.frameworks)
        tables = {key: value for key, value in self.settings.items() if isinstance(value, dict)}
        for key in tables.keys() - {*names}:
            raise InputError(f"recipe {self.name}: unknown key 'settings.{key}'. {did_you_mean(key, names)}")
        common = {key: value for key, value in self.settings.items() if key not in tables}
        return common | tables.get(framework, {}) | tables.get(baseline.name, {})

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
    return sorted(_builtin_recipes())


def _builtin_recipes() -> dict[str, Path]:
    """Return the file of each recipe. A file with the name of a baseline is the default of all its baselines."""
    files = {path.stem: path for path in builtin_folder("baselines").glob("*.toml")}
    for stem in files.keys() & BASELINES.keys():
        for name in Recipe(stem, **_read_toml(files[stem])).baselines:
            files.setdefault(name, files[stem])
    return files


def read_recipe(name: str) -> Recipe:
    """Read a built-in recipe by its name, or another one by the path of its file.

    Raises:
        InputError: for an unknown recipe, unreadable TOML, an unknown key, or a setting that a baseline lacks.

    >>> read_recipe("addition-rnn").baselines
    ('lstm-seq2seq',)
    """
    path = local_path(name) if name.endswith(".toml") else builtin_folder("baselines") / f"{name}.toml"
    own = path.stem
    if not os.path.isfile(path):
        known = _builtin_recipes()
        if name not in known:
            raise InputError(f"unknown recipe '{name}'. {did_you_mean(name, known)}")
        path, own = known[name], name
    recipe = Recipe(own, **_read_toml(path))
    for entry in (BASELINES[name] for name in recipe.baselines if name in BASELINES):
        _check_keys(recipe, entry)
    return recipe


def _read_toml(path: Path) -> dict[str, Any]:
    """Return the content of the file of a recipe."""
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
    return content


def _check_keys(recipe: Recipe, baseline: Baseline) -> None:
    """Check that a baseline has all settings of a recipe.

    Raises:
        InputError: names the setting that it lacks.
    """
    if not baseline.settings:
        raise InputError(f"recipe {recipe.name}: {baseline.name} is not trained by a recipe.")
    keys = [key for framework in baseline.frameworks for key in recipe.settings_for(baseline, framework)]
    for key in dict.fromkeys((*keys, *recipe.encoding)):
        _check_key(f"recipe {recipe.name}: {baseline.name}", baseline, key)


def _check_key(what: str, baseline: Baseline, key: str) -> None:
    known = override_keys(baseline)
    if key in known:
        return
    if key not in OPTIONAL:
        raise InputError(f"{what} has no setting '{key}'. {did_you_mean(key, known)}")
    users = [entry.name for entry in BASELINES.values() if entry.settings and key in override_keys(entry)]
    raise InputError(f"{what} does not use the setting '{key}'. It is for {', '.join(users)}.")


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
    recipe: Recipe,
    baseline: Baseline,
    framework: str,
    overrides: Mapping[str, Any],
    varied: Collection[str] = (),
) -> tuple[TrainingSettings, EncodingOptions]:
    """Return the hyperparameters and the encoding of a recipe in one framework, with overrides applied.

    Args:
        recipe: the recipe.
        baseline: the baseline.
        framework: ``torch`` or ``keras``.
        overrides: settings by name.
        varied: settings that a sweep varies: others may depend on them.

    Raises:
        InputError: for an unknown key, a value of the wrong type, or an override without effect.
    """
    own, kind = recipe.settings_for(baseline, framework), load(baseline.settings)
    encoding_keys = {f.name for f in fields(EncodingOptions)}
    for key in overrides:
        _check_key(baseline.name, baseline, key)
    chosen = {key: value for key, value in overrides.items() if key in encoding_keys}
    others = {key: value for key, value in overrides.items() if key not in encoding_keys}
    settings = make_settings(baseline, parse(kind, f"recipe {recipe.name}", {**own, **others}))
    for key, (other, need) in settings.idle().items():
        if key in overrides and not {key, other} & {*varied}:
            raise InputError(f"{baseline.name}: {key} has no effect without {need}.")
    if settings.auxiliary_labels and framework != "torch":
        raise InputError(f"auxiliary requires the framework torch. Received: {framework}.")
    return settings, EncodingOptions(
        **parse(EncodingOptions, f"recipe {recipe.name}", {**recipe.encoding, **chosen})
    )


def override_keys(baseline: Baseline) -> set[str]:
    """Return the keys that ``--set`` accepts: hyperparameters and choices of the encoding that the network uses."""
    return {f.name for part in (settings_fields(baseline), encoding_fields(baseline)) for f in part}


def settings_fields(baseline: Baseline) -> list[Field[Any]]:
    """Return the hyperparameters that a network uses."""
    kind: type[TrainingSettings] = load(baseline.settings)
    return [f for f in fields(kind) if f.name not in kind.unused()]


def encoding_fields(baseline: Baseline) -> list[Field[Any]]:
    """Return the choices of the encoding that a network uses."""
    unused = load(baseline.settings).unused()
    return [f for f in fields(EncodingOptions) if f.name not in unused]


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
