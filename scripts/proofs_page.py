"""Write the tables of docs/proofs.md from leaderboard/proofs/proofs.json and further.json."""

import json

from generated import ROOT, table, with_table, write_or_check

PAGE = "docs/proofs.md"
FOLDER = "leaderboard/proofs"
PROOFS = (
    "| claim | seed | labels | weights | training, CPU s | as trained: interpolate, extrapolate, 1,000 digits "
    "| certifying, CPU s | weights proved | steps | clearance | margin |"
)
FURTHER = (
    "| network and task | labels | weights | training, CPU s | as trained: interpolate, extrapolate, 1,000 digits "
    "| proved |"
)


def trained(proof: dict) -> list[str]:
    """What training gave: labels, weights, CPU seconds, scores."""
    scores = ", ".join(f"{proof['trained'][part]:.2%}" for part in ("interpolate", "extrapolate", "1000"))
    return [proof["supervision"], f"{proof['parameters']:,}", f"{proof['fit_cpu_s']:.1f}", scores]


def proved(proof: dict) -> list[str]:
    """One row of the proofs."""
    head = [proof["name"].replace("-", " "), str(proof["seed"]), *trained(proof)]
    if not proof["proved"]:
        return [*head, "-", "none", "-", "-", "-"]
    verdict = proof["verdict"]
    numbers = [f"{verdict['transitions']:,}", f"{verdict['clearance']:.4f}", f"{verdict['margin']:.2f}"]
    return [*head, f"{proof['certify_cpu_s']:.1f}", proof["weights"], *numbers]


def tried(proof: dict) -> list[str]:
    """One row of what else was tried."""
    verdict = (
        f"yes, {proof['weights']}" if proof["proved"] else f"no: {proof['reason'].removeprefix('error: ')}"
    )
    return [f"`{proof['baseline']}`, {proof['name'].replace('-', ' ')}", *trained(proof), verdict]


def main() -> None:
    """Write the page."""
    page = (ROOT / PAGE).read_text()
    for file, head, row in (("proofs.json", PROOFS, proved), ("further.json", FURTHER, tried)):
        rows = json.loads((ROOT / FOLDER / file).read_text())
        page = with_table(page, f"{FOLDER}/{file}", table(head, [row(proof) for proof in rows]))
    write_or_check({PAGE: page})


if __name__ == "__main__":
    main()
