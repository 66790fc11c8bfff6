"""Commands for proofs: certify a run, check a certificate."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mathbench.cli.command import CommandGroup
from mathbench.cli.options import Force, Json, RunArgument
from mathbench.cli.output import out, print_json, print_message
from mathbench.storage.location import beside

if TYPE_CHECKING:
    from mathbench.certificates.verdict import Verdict

REPORT_EVERY = 500  # steps of the fine-tuning

certificates = CommandGroup(help="Check proofs that a network is right for numbers of every length.")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(certify)
    certificates.command()(check)
    app.add_typer(certificates, name="certificate")


def certify(
    run: RunArgument,
    out_dir: Annotated[
        Path | None,
        typer.Option("--out", help="Directory of the new run. Default: RUN-certified.", metavar="DIR"),
    ] = None,
    budget: Annotated[
        str | None, typer.Option(help="Wall-clock time for the fine-tuning, such as 2m. Default: unlimited.")
    ] = None,
    radius: Annotated[
        float | None,
        typer.Option(help="Half the width of the boxes around states. Default: what suits the network."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the words whose states are clustered.")] = 0,
    force: Force = False,
    json: Json = False,
) -> None:
    """Prove a finished run right for numbers of every length.

    Reads a finite automaton off the network, compares it with the true one, and
    fine-tunes the weights until boxes around its states are closed. The new
    weights, a certificate and new predictions are a run of their own; the old
    run stays. Exits with code 1, and writes nothing, if there is no proof.

    Examples:
      mathbench certify runs/second-order-rnn-torch-divisible-7-base10-seed0

      mathbench certify runs/mine --budget 2m --out runs/proved
    """
    from mathbench.baselines.certifying.options import ProofOptions
    from mathbench.baselines.certifying.run import CertifyOptions
    from mathbench.baselines.certifying.run import certify as prove
    from mathbench.cli.running import command, parse_duration

    folder = out_dir or beside(run, "-certified")
    proof = ProofOptions(radius, budget=parse_duration(budget), seed=seed, report=_report, note=print_message)
    options = CertifyOptions(folder, proof, force, command())
    proved = prove(run, options)
    if json:
        print_json({"out": str(folder), **proved.result.to_json(), "verdict": verdict_json(proved.verdict)})
        return
    _print(proved.verdict)
    shares = {split: f"{score['exact_match']:.2%}" for split, score in proved.result.scores.items()}
    print_message(f"new run {folder}: " + ", ".join(f"{split} {share}" for split, share in shares.items()))


def check(
    file: Annotated[
        Path, typer.Argument(help="Certificate, such as RUN/certificate.safetensors.", metavar="FILE")
    ],
    json: Json = False,
) -> None:
    """Check a certificate, and state what it proves.

    The check uses exact sums and integer bounds of tanh, and no library. Exits
    with code 1 if the certificate does not prove its claim.

    Examples:
      mathbench certificate check runs/mine-certified/certificate.safetensors
    """
    from mathbench.certificates import checker, document

    verdict = checker.check(document.read(file))
    if json:
        print_json(verdict_json(verdict))
    else:
        _print(verdict)


def verdict_json(verdict: "Verdict") -> dict[str, Any]:
    """Return a verdict as JSON values."""
    numbers = ("clearance", "margin", "rounding", "output_rounding")
    return {
        "claim": verdict.claim,
        "transitions": verdict.transitions,
        **{name: float(getattr(verdict, name)) for name in numbers},
        "covers_float32": verdict.covers_float32,
    }


def _print(verdict: "Verdict") -> None:
    covered = (
        f"The same holds in float32: a step errs by at most {float(verdict.rounding):.1e}, "
        f"if {verdict.function} errs by at most 2^-20."
        if verdict.covers_float32
        else "It holds for exact arithmetic; the boxes leave too little room for the rounding of float32."
    )
    out.print(
        f"Proved: the network is right about {verdict.claim}.\n"
        f"{verdict.transitions} transitions stay at least {float(verdict.clearance):.4f} inside their boxes, and the "
        f"outputs lead by at least {float(verdict.margin):.2f}.\n{covered}",
        soft_wrap=True,
        markup=False,
    )


def _report(step: int, violation: float, margin: float) -> None:
    if step % REPORT_EVERY == 0 or not violation:
        print_message(f"step {step}: boxes violated by at most {violation:.4f}, outputs lead by {margin:.2f}")
