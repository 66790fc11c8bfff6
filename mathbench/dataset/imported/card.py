"""The dataset card of imported data: its source, what is not promised, and what was measured."""

from collections.abc import Mapping
from typing import Any

from mathbench.dataset.card import FirstRow, front_matter, split_table, strata_table
from mathbench.dataset.imported.overlap import EXACT, LOOSE, MEASURES, NUMBERS
from mathbench.dataset.manifest import Config, Manifest

FIELDS = ("tags: [mathematics, mathbench, imported]",)
NOT_PROMISED = (
    "The answers are those of the source. Nothing here has solved the questions.",
    "The splits are those of the source, or are cut from it by the stated rule. They are not disjoint by construction: "
    "what they share is measured below.",
    "Problems that are equal by a symmetry, such as `3 + 5` and `5 + 3`, are not known to be equal.",
)


def render(manifest: Manifest, first_row: FirstRow) -> str:
    """Render the card of a dataset.

    Args:
        manifest: the manifest of the dataset.
        first_row: returns the stored first row of a split of a configuration.
    """
    parts = [front_matter(manifest, FIELDS), _opening(manifest)]
    parts += [_section(manifest, config, first_row) for config in manifest.configs]
    return "\n".join(parts) + _CLOSING


def _opening(manifest: Manifest) -> str:
    rows = sum(content.rows for content in manifest.contents.values())
    about = {key: value for key, value in manifest.configs[0].imported.items() if key != "overlap"}
    source = "\n".join(f"- {key.replace('_', ' ')}: {value}" for key, value in about.items())
    promised = "\n".join(f"- {line}" for line in NOT_PROMISED)
    return (
        f"# Imported questions\n\n{rows:,} questions in {len(manifest.configs)} configuration(s), imported by "
        f"mathbench {manifest.version}. The licence is that of the source.\n\n{source}\n\n"
        f"## Not promised\n\n{promised}\n"
    )


def _section(manifest: Manifest, config: Config, first_row: FirstRow) -> str:
    lines = [
        f"## {config.name}",
        "",
        f"`{config.task.name}`",
        "",
        *split_table(manifest, config, first_row),
        "",
    ]
    return "\n".join([*lines, strata_table(manifest, config), *_overlap(config.imported["overlap"])])


def _overlap(found: Mapping[str, Any]) -> list[str]:
    """The tables of repeated and shared questions, line by line."""
    lines = ["Rows of a split whose question occurs in another one:", ""]
    lines += [
        "| rows of | found in | rows | same question | same text | same numbers |",
        "|---|---|" + "---:|" * 4,
    ]
    for pair in found["shared"]:
        counts = " | ".join(f"{pair[key]:,}" for key in ("rows", EXACT, LOOSE, NUMBERS))
        lines.append(f"| {pair['split']} | {pair['with']} | {counts} |")
    lines += ["", *(f"- {name}: {MEASURES[key]}." for name, key in _NAMES.items()), ""]
    repeated = (
        f"{entry[EXACT]:,} of {entry['rows']:,} in {split}" for split, entry in found["repeats"].items()
    )
    lines.append(f"Rows whose question occurred before in their split: {', '.join(repeated)}.")
    lines.append(f"Questions with several answers: {found['contradictions']:,}.")
    return [*lines, ""]


_NAMES = {"same question": EXACT, "same text": LOOSE, "same numbers": NUMBERS}

_CLOSING = (
    "\n## Check it\n\n`mathbench verify .` compares the files with the digests in `manifest.json`, and measures again "
    "what the splits share.\n"
)
