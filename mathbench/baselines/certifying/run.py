"""Certifying a finished run: a new run beside it, with weights that are proved right for numbers of every length."""

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import torch

from mathbench.baselines import run_directory
from mathbench.baselines.certifying.extraction import Extraction, extract
from mathbench.baselines.certifying.second_order import (
    BoundsOptions,
    BoxedNetwork,
    close_boxes,
    state_machine,
    weights_of,
)
from mathbench.baselines.models.interface import DeviceConfig
from mathbench.baselines.models.torch.second_order import SecondOrderClassifier
from mathbench.baselines.predictor import LoadedRun, TrainedNetwork, load_run, network_predictor
from mathbench.baselines.repeat import OriginalRun, load_original
from mathbench.baselines.result import Result
from mathbench.baselines.run import RunOptions, run_identity, store_result
from mathbench.baselines.trainer import FitResult
from mathbench.certificates import checker, document
from mathbench.certificates.automaton import difference, residues
from mathbench.errors import CheckFailed, InputError
from mathbench.numbers import text
from mathbench.storage import atomic

CERTIFICATE = "certificate.safetensors"


@dataclass(frozen=True)
class CertifiedRun:
    """A certified run.

    Attributes:
        result: its result.
        verdict: what the checker has shown.
        extraction: the automaton that was read off the network as trained.
    """

    result: Result
    verdict: checker.Verdict
    extraction: Extraction


@dataclass(frozen=True)
class CertifyOptions:
    """Options of a certification.

    Args:
        out: the directory of the new run.
        bounds: options of the fine-tuning.
        seed: seed of the words that are read to find states.
        force: delete an existing run.
        command: the command line, for the record.
        extracted: called with the automaton before the fine-tuning.
    """

    out: Path
    bounds: BoundsOptions = field(default_factory=BoundsOptions)
    seed: int = 0
    force: bool = False
    command: str = ""
    extracted: Callable[[Extraction], None] = lambda extraction: None


@dataclass(frozen=True)
class _Subject:
    """A run that can be certified.

    Attributes:
        original: its spec and rows.
        loaded: its result and task.
        trained: its network and encoding.
        module: the module of the network.
        claim: what is to be proved.
    """

    original: OriginalRun
    loaded: LoadedRun
    trained: TrainedNetwork
    module: SecondOrderClassifier
    claim: document.Claim

    @property
    def classes(self) -> tuple[str, ...]:
        """The answer of each output."""
        return self.trained.encoding.classes


def certify(run: Path, options: CertifyOptions) -> CertifiedRun:
    """Prove a finished run right for numbers of every length, with fine-tuned weights in a new run.

    Raises:
        InputError: for a run that cannot be certified, or a directory with another run.
        CheckFailed: when the automaton of the network is wrong, or the boxes do not close. Nothing is written then.
    """
    subject = _subject(run)
    identity = run_identity(subject.original.spec, subject.original.data)
    identity["certified"] = subject.loaded.result["id"]
    run_directory.is_finished(options.out, identity, force=options.force)
    started, cpu = time.perf_counter(), time.process_time()
    extraction = _extract(subject, options)
    content = _closed(subject, extraction, options.bounds)
    verdict = checker.check(document.parse(content))
    spent = {
        "certify_wall_s": time.perf_counter() - started,
        "certify_cpu_s": time.process_time() - cpu,
    }
    with run_directory.lock_run(options.out, identity, options.force):
        result = _store(subject, options, content, spent)
    return CertifiedRun(result, verdict, extraction)


def _subject(run: Path) -> _Subject:
    """Load a run, and check that it can be certified."""
    loaded = load_run(run, DeviceConfig("cpu"))
    answers = loaded.task.answers_by_residue() if loaded.task is loaded.task.plain else None
    if answers is None:
        raise InputError(
            f"a certificate needs a task whose answers depend on a residue. Received: {loaded.task.name}."
        )
    module = getattr(loaded.trained.network, "module", None) if loaded.trained else None
    form = module.reader.form if isinstance(module, SecondOrderClassifier) else ""
    if loaded.trained is None or not isinstance(module, SecondOrderClassifier) or form != "tanh":
        raise InputError(
            "a certificate needs the baseline second-order-rnn with form=tanh. "
            f"Received: {loaded.result['baseline']} {form}".rstrip()
            + "."
        )
    encoding, base = loaded.trained.encoding, loaded.task.number_base
    if encoding.choices.query != "forward" or encoding.alphabet != text.DIGITS[:base]:
        raise InputError(
            "a certificate needs query=forward, and training questions with every digit of the base."
        )
    claim = document.Claim(len(answers), base, tuple(answers))
    return _Subject(load_original(run), loaded, loaded.trained, module, claim)


def _extract(subject: _Subject, options: CertifyOptions) -> Extraction:
    """Read an automaton off the network, and compare it with the true one."""
    claim, machine = subject.claim, state_machine(subject.module, subject.classes)
    truth = residues(claim.k, claim.base, claim.answers)
    states = len(truth.minimal().table)
    extraction = extract(machine, states, options.seed, by_class=states == len(machine.answers) > 2)
    options.extracted(extraction)
    word = difference(extraction.automaton, truth)
    if word is not None:
        number = "".join(text.DIGITS[symbol] for symbol in word)
        raise CheckFailed(
            f"the {states} clusters of states are not the automaton of the claim: they answer "
            f"{extraction.automaton.answer(word)} to {number}."
        )
    return extraction


def _closed(subject: _Subject, extraction: Extraction, bounds: BoundsOptions) -> bytes:
    """Fine-tune the network in place until its boxes close, and return the certificate."""
    torch.set_num_threads(1)
    network = BoxedNetwork(subject.module, extraction)
    if not close_boxes(network, bounds):
        raise CheckFailed(
            "the boxes did not close; nothing was written. Try a longer --budget, or train with noise or dense labels."
        )
    arrays = network.arrays(bounds.radius)
    with torch.no_grad():
        for name, target in weights_of(subject.module).items():
            target.copy_(torch.from_numpy(arrays[name]))
    return document.write(arrays, subject.claim, subject.classes)


def _store(subject: _Subject, options: CertifyOptions, content: bytes, spent: dict[str, float]) -> Result:
    """Write weights, certificate, predictions and result of the new run."""
    old, trained = subject.loaded.result, subject.trained
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
    proof = {"claim": str(subject.claim), "sha256": "sha256:" + hashlib.sha256(content).hexdigest()}
    trained.network.save(options.out)
    atomic.write(options.out / CERTIFICATE, content)
    original = subject.original
    return store_result(original.spec, original.data, run_options, fitted, certificate=proof)
