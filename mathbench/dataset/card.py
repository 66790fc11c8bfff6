"""The dataset card: `README.md` with the YAML header that `datasets` and the Hub read, and a description."""

import json
import re
from collections.abc import Callable, Mapping, Sequence

from mathbench.dataset import digest, exclusions
from mathbench.dataset.data import empty_splits
from mathbench.dataset.layout import split_pattern
from mathbench.dataset.manifest import Config, Manifest
from mathbench.errors import shortened
from mathbench.reserve import SPLITS
from mathbench.sampling.sampled import Sampled

CARD_FILE = "README.md"
ALL = "all"  # the configuration with the rows of all others
MAX_STRATA = 12
_YAML_WORDS = ("null", "true", "false", "yes", "no", "on", "off", "y", "n")
REPEAT_ROWS = 100_000  # rows of train that are searched for repeats

FirstRow = Callable[[Config, str], Mapping[str, str]]


def render(manifest: Manifest, first_row: FirstRow) -> str:
    """Render the card of a dataset.

    Args:
        manifest: the manifest of the dataset.
        first_row: returns the stored first row of a split of a configuration.
    """
    parts = [front_matter(manifest), _opening(manifest)]
    parts += [_section(manifest, config, first_row) for config in manifest.configs]
    return "\n".join(parts) + _closing(manifest)


OWN_FIELDS = (
    "license: cc0-1.0",
    "annotations_creators: [machine-generated]",
    "language: [en]",
    "tags: [mathematics, arithmetic, mathbench]",
)


def front_matter(manifest: Manifest, fields: Sequence[str] = OWN_FIELDS) -> str:
    """The YAML header.

    Args:
        manifest: the manifest of the dataset.
        fields: its lines before the configurations.
    """
    lines = ["---", *fields, "configs:"]
    for config in manifest.configs:
        files = {split: [_files(config, split)] for split in config.spec()["sizes"]}
        lines += _config(config.name, _description(manifest, [config]), files)
    if is_mixture(manifest.configs):
        # what `datasets` loads where no configuration is named; cards of layout 1 stay as they were
        default = manifest.layout > 1
        lines += _config(
            ALL, _description(manifest, manifest.configs), _files_of_all(manifest.configs), default
        )
    return "\n".join([*lines, "---", ""])


def _description(manifest: Manifest, configs: Sequence[Config]) -> str:
    """The content digest and the optional columns of some configurations, because `datasets` caches by this text."""
    digests = [manifest.digest(config) for config in configs]
    return " ".join([digests[0] if len(configs) == 1 else digest.combined(digests), *configs[0].columns])


def is_mixture(configs: Sequence[Config]) -> bool:
    """Whether a dataset gets a configuration `all`: several configurations with the same columns, not imported.

    The configuration adds no files. It refers to those of the others, whose rows differ in their column `task`.
    """
    schemas = {config.column_names for config in configs}
    generated = all(config.task.generated for config in configs)
    return (
        generated
        and len(configs) > 1
        and len(schemas) == 1
        and ALL not in (config.name for config in configs)
    )


def _files_of_all(configs: Sequence[Config]) -> dict[str, list[str]]:
    files = {split: [_files(c, split) for c in configs if c.sizes.get(split)] for split in SPLITS}
    return {split: paths for split, paths in files.items() if paths}


def _files(config: Config, split: str) -> str:
    return split_pattern(config.layout, config.name, split)


def _yaml(name: str) -> str:
    """Write a name in YAML: quoted where it would be read as a number, a truth value or nothing.

    >>> _yaml("gcd-base10"), _yaml("1e3"), _yaml("null")
    ('gcd-base10', '"1e3"', '"null"')
    """
    plain = re.fullmatch(r"[A-Za-z]\S*", name) and name.casefold() not in _YAML_WORDS
    return name if plain else json.dumps(name)


def _config(name: str, description: str, files: Mapping[str, list[str]], default: bool = False) -> list[str]:
    lines = [f"- config_name: {_yaml(name)}", f'  description: "{description}"']
    lines += ["  default: true"] * default + ["  data_files:"]
    for split, paths in files.items():
        lines += [f"  - split: {split}", "    path:" + (f" {paths[0]}" if len(paths) == 1 else "")]
        lines += [f"    - {path}" for path in paths if len(paths) > 1]
    return lines


ENUMERATED_NOTE = (
    "80 % of all problems may appear in train, 10 % in validation, 10 % in interpolate (the same strata as train) and "
    "extrapolate (strata that train never shows)"
)
SAMPLED_NOTE = (
    "60 % of all problems may appear in train, 10 % in validation, 15 % in interpolate (the same strata as train), "
    "15 % in extrapolate (strata that train never shows)"
)


def _opening(manifest: Manifest) -> str:
    rows = sum(content.rows for content in manifest.contents.values())
    sampled = {isinstance(config.task, Sampled) for config in manifest.configs}
    shares = "; ".join(
        note for kind, note in ((False, ENUMERATED_NOTE), (True, SAMPLED_NOTE)) if kind in sampled
    )
    return (
        f"# Mathematical questions by mathbench\n\n{rows:,} questions in {len(manifest.configs)} configuration(s), "
        f"made by mathbench {manifest.version}. Every row is a function of task, version, seed, split and row number "
        "alone. Which split a problem may appear in is a property of the problem, the same for every seed and setting, "
        f"so train shares no problem with any test split of any mathbench dataset of the same family: {shares}.\n\n"
        "```python\n"
        "from datasets import load_dataset\n"
        f'rows = load_dataset("PATH", "{manifest.configs[0].name}", split="interpolate")\n'
        "```\n"
        + (
            f"\nThe configuration `{ALL}` has the rows of all others.\n"
            if is_mixture(manifest.configs)
            else ""
        )
    )


def _narrowed(config: Config) -> list[str]:
    """How train was narrowed by the user, in words."""
    task, words = config.task, []
    if task.train_share < task.reserves["train"].share:
        words.append(f"Train draws from {100 * task.train_share:.4g} % of all problems.")
    if task.exclude:
        file = exclusions.file_name(task.exclude)
        words.append(
            f"{task.exclude.count:,} listed problems (`{file}`) are in neither train nor validation."
        )
    return [" ".join(words), ""] if words else []


def _section(manifest: Manifest, config: Config, first_row: FirstRow) -> str:
    parameters = ", ".join(f"{name}={value}" for name, value in config.task.parameters.items())
    lines = [f"## {config.name}", "", f"`{config.task.id}`, seed `{config.seed}`: {parameters}.", ""]
    lines += _narrowed(config)
    lines += [f"One problem up to: {config.task.symmetry}. Extrapolates to: {config.task.extrapolates}.", ""]
    lines += split_table(manifest, config, first_row)
    return "\n".join([*lines, "", *_missing(config), *_repeats(config), strata_table(manifest, config)])


def split_table(manifest: Manifest, config: Config, first_row: FirstRow) -> list[str]:
    """The table of splits, with the first row of each, line by line."""
    lines = ["| split | rows | strata | example question | answer |", "|---|---:|---:|---|---|"]
    for split in SPLITS:
        if config.sizes.get(split):
            row, strata = first_row(config, split), len(manifest.strata(config, split))
            cells = (
                split,
                f"{config.sizes[split]:,}",
                str(strata),
                f"`{_cell(row['question'])}`",
                f"`{_cell(row['answer'])}`",
            )
            lines.append(f"| {' | '.join(cells)} |")
    return lines


def _cell(text: str) -> str:
    """A text of several lines in a cell of a table."""
    return shortened(text).replace("|", "\\|")


def _missing(config: Config) -> list[str]:
    """A sentence on splits that the task has no problems for."""
    missing = empty_splits(config.task, config.sizes, config.seed)
    return [f"The task has too few problems for {', '.join(missing)}.", ""] if missing else []


def _repeats(config: Config) -> list[str]:
    """The share of repeated problems in train, for tasks whose train split may repeat."""
    rows = min(config.sizes.get("train", 0), REPEAT_ROWS)
    if not isinstance(config.task, Sampled) or not rows:
        return []
    share = config.task.repeated_rows(config.seed, rows)
    return [
        f"Of the first {rows:,} rows of train, {share:.2%} repeat an earlier problem; test splits repeat none.",
        "",
    ]


def strata_table(manifest: Manifest, config: Config) -> str:
    """The table of rows per stratum, cut to the first `MAX_STRATA`."""
    splits = [split for split in SPLITS if config.sizes.get(split)]
    counts = {split: manifest.strata(config, split) for split in splits}
    names = list(dict.fromkeys(name for split in splits for name in counts[split]))
    lines = ["| stratum | " + " | ".join(splits) + " |", "|---|" + "---:|" * len(splits)]
    for name in names[:MAX_STRATA]:
        cells = " | ".join(f"{counts[split].get(name, 0):,}" for split in splits)
        lines.append(f"| `{name}` | {cells} |")
    more = (
        f"\n... and {len(names) - MAX_STRATA} more strata; all are in the manifest.\n"
        if len(names) > MAX_STRATA
        else ""
    )
    return "\n".join(lines) + "\n" + more


def _closing(manifest: Manifest) -> str:
    digests = "\n".join(f"- `{config.name}`: `{manifest.digest(config)}`" for config in manifest.configs)
    return (
        "\n## Check or make it again\n\n`mathbench verify .` regenerates the rows and compares them; "
        f"`manifest.json` holds every parameter and digest. Content digests:\n\n{digests}\n\n"
        "Licence: CC0 1.0. Arithmetic facts belong to everybody.\n"
    )
