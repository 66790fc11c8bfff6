"""Certifying a finished run: a new run beside it, with weights that are proved right for numbers of every length."""

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch

from mathbench.baselines import run_directory
from mathbench.baselines.certifying.column_linear import ColumnLinearProver
from mathbench.baselines.certifying.options import Proof, ProofOptions, Prover
from mathbench.baselines.certifying.second_order import SecondOrderProver
from mathbench.baselines.models.interface import DeviceConfig
from mathbench.baselines.models.torch.column_linear import ColumnLinear
from mathbench.baselines.models.torch.second_order import SecondOrderClassifier
from mathbench.baselines.predictor import TrainedNetwork, load_run, network_predictor
from mathbench.baselines.repeat import OriginalRun, load_original
from mathbench.baselines.result import Result
from mathbench.baselines.run import RunOptions, run_identity, store_result
from mathbench.baselines.trainer import FitResult
from mathbench.certificates import checker, document
from mathbench.certificates.verdict import Verdict
from mathbench.errors import InputError
from mathbench.storage import atomic

CERTIFICATE = "certificate.safetensors"


PROVERS: dict[type, Callable[..., Prover]] = {
    SecondOrderClassifier: SecondOrderProver,
    ColumnLinear: ColumnLinearProver,
}


@dataclass(frozen=True)
class CertifiedRun:
    """A certified run.

    Attributes:
        result: its result.
        verdict: what the checker has shown.
    """

    result: Result
    verdict: Verdict


@dataclass(frozen=True)
class CertifyOptions:
    """Options of a certification.

    Args:
        out: the directory of the new run.
        proof: options of the proof.
        force: delete an existing run.
        command: the command line, for the record.
    """

    out: Path
    proof: ProofOptions = field(default_factory=ProofOptions)
    force: bool = False
    command: str = ""


@dataclass(frozen=True)
class _Subject:
    """A run that can be certified.

    Attributes:
        original: its spec and rows.
        result: its result as plain values.
        trained: its network and encoding.
        prover: proves the network.
    """

    original: OriginalRun
    result: dict[str, Any]
    trained: TrainedNetwork
    prover: Prover


def certify(run: Path, options: CertifyOptions) -> CertifiedRun:
    """Prove a finished run right for numbers of every length, with fine-tuned weights in a new run.

    Raises:
        InputError: for a run that cannot be certified, or a directory with another run.
        CheckFailed: when the network is wrong, or the boxes do not close. Nothing is written then.
    """
    subject = _subject(run)
    identity = run_identity(subject.original.spec, subject.original.data)
    identity["certified"] = subject.result["id"]
    run_directory.is_finished(options.out, identity, force=options.force)
    started, cpu = time.perf_counter(), time.process_time()
    torch.set_num_threads(1)
    proof = subject.prover.prove(options.proof)
    verdict = checker.check(document.parse(proof.certificate))
    spent = {
        "certify_wall_s": time.perf_counter() - started,
        "certify_cpu_s": time.process_time() - cpu,
    }
    with run_directory.lock_run(options.out, identity, options.force):
        result = _store(subject, options, proof, spent)
    return CertifiedRun(result, verdict)


def _subject(run: Path) -> _Subject:
    """Load a run, and check that it can be certified."""
    loaded = load_run(run, DeviceConfig("cpu"))
    module = getattr(loaded.trained.network, "module", None) if loaded.trained else None
    if loaded.trained is None or type(module) not in PROVERS:
        raise InputError(
            "a certificate needs the baseline second-order-rnn or column-linear. "
            f"Received: {loaded.result['baseline']}."
        )
    prover = PROVERS[type(module)](module, loaded.task, loaded.trained.encoding)
    return _Subject(load_original(run), loaded.result, loaded.trained, prover)


def _store(subject: _Subject, options: CertifyOptions, proof: Proof, spent: dict[str, float]) -> Result:
    """Write weights, certificate, predictions and result of the new run."""
    old, trained = subject.result, subject.trained
    started = datetime.now(UTC).isoformat(timespec="seconds")
    fitted = FitResult(
        network_predictor(trained.network, trained.encoding),
        old["encoding"],
        old["parameters"],
        "cpu",
        {**old["timings"], **spent, "started": started},
        old["best"],
    )
    run_options = RunOptions(options.out, command=options.command, long=tuple(map(int, old.get("long", {}))))
    sha256 = "sha256:" + hashlib.sha256(proof.certificate).hexdigest()
    certificate = {"claim": str(subject.prover.claim), "sha256": sha256, "weights": proof.weights}
    trained.network.save(options.out)
    atomic.write(options.out / CERTIFICATE, proof.certificate)
    original = subject.original
    return store_result(original.spec, original.data, run_options, fitted, certificate=certificate)
