"""Write the tables of docs/foreign-data.md from leaderboard/transfer/transfer.json."""

import json

from generated import ROOT, table, with_table, write_or_check

PAGE = "docs/foreign-data.md"
SOURCE = "leaderboard/transfer/transfer.json"
HEAD = (
    "| module | trained on | tested on | split | n | exact match (95 %) | constant | new wording "
    "| known wording alone |"
)
RUNS = "| module | trained on | weights | training, CPU s | commit |"
WORDS = "| module | trained on | tested on | words that training never showed |"


def percent(share: float) -> str:
    """A share in percent."""
    return f"{100 * share:.1f}"


def score_rows(run: dict) -> list[list[str]]:
    """The rows of one network: the test sets of both sides."""
    rows = []
    for tested, splits in run["tests"].items():
        for split, score in splits.items():
            known = score["known_wording"]
            alone = f"{percent(known['correct'] / known['n'])} (n={known['n']:,})" if known["n"] else "none"
            interval = f"{percent(score['low'])} to {percent(score['high'])}"
            rows.append(
                [
                    *(f"`{run['module']}`", run["trained_on"], tested, split, f"{score['n']:,}"),
                    *(f"{percent(score['exact_match'])} ({interval})", percent(score["constant"])),
                    *(percent(score["new_wording"]), alone),
                ]
            )
    return rows


def word_rows(run: dict) -> list[list[str]]:
    """The words of the other side that training never showed."""
    other = next(side for side in run["tests"] if side != run["trained_on"])
    words = sorted({word for score in run["tests"][other].values() for word in score["new_words"]})
    return [[f"`{run['module']}`", run["trained_on"], other, ", ".join(words) or "none"]]


def run_row(run: dict) -> list[str]:
    """One training."""
    dirty = " (changed)" if run["dirty"] else ""
    seconds = f"{run['fit_cpu_s']:.0f}"
    commit = f"`{run['commit'][:10]}`{dirty}"
    return [f"`{run['module']}`", run["trained_on"], f"{run['parameters']:,}", seconds, commit]


def main() -> None:
    """Write the page."""
    runs = json.loads((ROOT / SOURCE).read_text())
    first = runs[0]
    parts = [
        table(HEAD, [row for run in runs for row in score_rows(run)]),
        table(WORDS, [row for run in runs for row in word_rows(run)]),
        table(RUNS, [run_row(run) for run in runs]),
        f"Command of the first: `{first['command']}`. "
        f"{first['hardware']['cpu']}, {first['hardware']['threads']} thread; "
        + ", ".join(f"{name} {version}" for name, version in first["versions"].items())
        + ".\n",
    ]
    write_or_check({PAGE: with_table((ROOT / PAGE).read_text(), SOURCE, "\n".join(parts))})


if __name__ == "__main__":
    main()
