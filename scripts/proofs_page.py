"""Write the table of docs/proofs.md from leaderboard/proofs/proofs.json."""

import json

from generated import ROOT, table, write_or_check

PAGE = "docs/proofs.md"
START = (
    "<!-- from here made by scripts/docs from leaderboard/proofs/proofs.json; scripts/proofs makes that -->"
)
STOP = "<!-- to here -->"
HEAD = (
    "| multiples of | seed | labels | weights | training, CPU s | as trained: interpolate, extrapolate, 1,000 digits "
    "| certifying, CPU s | clearance | margin | proved |"
)


def row(proof: dict) -> list[str]:
    """One row of the table."""
    base = proof["task"]["parameters"]["base"]
    trained = [f"{proof['trained'][part]:.2%}" for part in ("interpolate", "extrapolate", "1000")]
    verdict = proof.get("verdict") or {}
    return [
        f"{proof['k']} (base {base})",
        str(proof["seed"]),
        proof["supervision"],
        f"{proof['parameters']:,}",
        f"{proof['fit_cpu_s']:.1f}",
        ", ".join(trained),
        f"{proof['certify_cpu_s']:.1f}" if verdict else "-",
        f"{verdict['clearance']:.4f}" if verdict else "-",
        f"{verdict['margin']:.1f}" if verdict else "-",
        "yes" if proof["proved"] else "no",
    ]


def main() -> None:
    """Write the page."""
    proofs = json.loads((ROOT / "leaderboard" / "proofs" / "proofs.json").read_text())
    before, _, rest = (ROOT / PAGE).read_text().partition(START)
    after = rest.partition(STOP)[2]
    rows = [row(proof) for proof in proofs]
    write_or_check({PAGE: f"{before}{START}\n\n{table(HEAD, rows)}\n{STOP}{after}"})


if __name__ == "__main__":
    main()
