"""Write the tables of docs/reinforcement.md from leaderboard/reinforcement/reinforcement.json."""

import json

from generated import ROOT, table, with_table, write_or_check

PAGE = "docs/reinforcement.md"
SOURCE = "leaderboard/reinforcement/reinforcement.json"
ARMS = {
    "warm-start": "before",
    "supervised": "labels",
    "uniform": "uniform",
    "adaptive": "adaptive, bound 0.9",
    "eager": "adaptive, bound 0.7",
    "expert": "expert iteration, bound 0.9",
}
SHOWN = ("1", "2", "3", "4", "6", "8", "10", "11", "12", "13", "14")
ENOUGH = 0.9


def percent(score: list[int]) -> str:
    """Right answers of n in percent."""
    right, n = score
    return f"{right / n:.1%}".removesuffix("%")


def accuracy(runs: list[dict], decoding: str) -> str:
    """Accuracy by length, a row for each arm and seed."""
    head = "| arm | seed | " + " | ".join(SHOWN) + " |"
    counts = ["problems", ""] + [str(runs[0]["scores"][decoding][length][1]) for length in SHOWN]
    rows = [
        [ARMS[run["arm"]], str(run["seed"]), *(percent(run["scores"][decoding][length]) for length in SHOWN)]
        for run in runs
    ]
    return table(head, [counts, *rows])


def reached(run: dict) -> list[str]:
    """The step and the CPU seconds of the first validation that is good at all lengths."""
    for point in run["curve"]:
        if min(point["accuracy"]) >= ENOUGH:
            return [f"{point['step']:,}", f"{point['cpu_s']:.0f}"]
    return [f"not in {run['steps']:,}", f"not in {run['cpu_s']:.0f}"]


def speed(runs: list[dict]) -> str:
    """How long each run took, and when it was good at all lengths."""
    head = "| arm | seed | steps | CPU s | all of 1-12 at 90 %: step | CPU s | last frontier |"
    rows = [
        [
            ARMS[run["arm"]],
            str(run["seed"]),
            f"{run['steps']:,}",
            f"{run['cpu_s']:.0f}",
            *reached(run),
            str(run["curve"][-1]["frontier"]),
        ]
        for run in runs
        if run["arm"] != "warm-start"
    ]
    return table(head, rows)


def origin(runs: list[dict]) -> str:
    """The code and the machine of the runs."""
    first = runs[0]
    assert all(run["commit"] == first["commit"] and not run["dirty"] for run in runs)  # noqa: S101
    versions, hardware = first["versions"], first["hardware"]
    head = "| command | commit | seeds | hardware | versions |"
    seeds = ", ".join(str(seed) for seed in sorted({run["seed"] for run in runs}))
    where = f"{hardware['cpu']}, {hardware['cores']} cores, one thread"
    used = f"Python {versions['python']}, PyTorch {versions['torch']}"
    return table(head, [[f"`{first['command']}`", f"`{first['commit'][:12]}`", seeds, where, used]])


def main() -> None:
    """Write the page."""
    runs = json.loads((ROOT / SOURCE).read_text())
    runs.sort(key=lambda run: (list(ARMS).index(run["arm"]), run["seed"]))
    page = (ROOT / PAGE).read_text()
    for name, made in (
        ("greedy", accuracy(runs, "greedy")),
        ("sampled", accuracy(runs, "sampled")),
        ("speed", speed(runs)),
        ("origin", origin(runs)),
    ):
        page = with_table(page, f"{SOURCE}: {name}", made)
    write_or_check({PAGE: page})


if __name__ == "__main__":
    main()
