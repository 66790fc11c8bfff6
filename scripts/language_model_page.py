"""Write the tables of docs/language-models.md from leaderboard/language-models/adder.json."""

import json

from generated import ROOT, table, with_table, write_or_check

PAGE = "docs/language-models.md"
SOURCE = "leaderboard/language-models/adder.json"
SPLITS = ("interpolate", "extrapolate")


def share(score: dict) -> str:
    """An exact match with its interval."""
    return f"{score['exact_match']:.2%} ({100 * score['low']:.2f}-{100 * score['high']:.2f})"


def by_way(runs: list[dict]) -> str:
    """The table of all ways of asking, with the floors."""
    first = runs[0]
    counts = [f"{split} (n={first['scores'][split]['n']:,})" for split in SPLITS]
    rows = [
        [f"`{name}`", "", *(share(scores[split]) for split in SPLITS)]
        for name, scores in first["floors"].items()
    ]
    for run in runs:
        options = " ".join(
            word if word.startswith("--") or word.isdigit() else f'"{word}"' for word in run["options"]
        )
        rows.append(["`hf:adder`", f"`{options}`", *(share(run["scores"][split]) for split in SPLITS)])
    return table(f"| model | asked with | {' | '.join(counts)} |", rows)


def by_digits(run: dict) -> str:
    """The table of all strata of the first split."""
    strata = run["scores"][SPLITS[0]]["strata"]
    rows = [
        [name.removeprefix("digits=").replace("+", " + "), f"{score['n']:,}", share(score)]
        for name, score in strata.items()
    ]
    return table("| digits | n | exact match |", rows)


def by_dtype(batches: list[dict]) -> str:
    """The table of replies that depend on the batch."""
    few, many = batches[0]["batches"]
    head = f"| type | questions | replies that differ between batches of {few} and of {many} |"
    return table(head, [[f"`{one['dtype']}`", f"{one['n']:,}", f"{one['differing']:,}"] for one in batches])


def provenance(figures: dict) -> str:
    """How the figures were measured."""
    run = figures["runs"][0]
    seconds, commit = figures["training"]["cpu_s"], run["commit"][:12]
    versions = ", ".join(f"{name} {run['versions'][name]}" for name in ("transformers", "torch"))
    return (
        f"By `scripts/language-model` at commit `{commit}`, training seed {figures['training']['seed']}: training took "
        f"{seconds:.0f} CPU seconds on one thread ({run['hardware']['cpu']}; {versions}).\n"
    )


def main() -> None:
    """Write the page."""
    figures = json.loads((ROOT / SOURCE).read_text())
    runs = figures["runs"]
    made = "\n".join([provenance(figures), by_way(runs), by_digits(runs[0]), by_dtype(figures["batches"])])
    write_or_check({PAGE: with_table((ROOT / PAGE).read_text(), SOURCE, made)})


if __name__ == "__main__":
    main()
