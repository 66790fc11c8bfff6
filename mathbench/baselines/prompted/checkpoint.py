"""Causal language models of transformers and their tokenizers, loaded from a folder or from the Hub.

No code that comes with a model is executed, and weights are not read by pickle's own machine.
"""

import hashlib
import json
import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer
from transformers.models.auto.modeling_auto import (
    MODEL_FOR_CAUSAL_LM_MAPPING_NAMES,
    MODEL_FOR_MASKED_LM_MAPPING_NAMES,
)
from transformers.utils import logging as transformers_logging

from mathbench.baselines.models.interface import DeviceConfig
from mathbench.baselines.models.torch.model import resolve_device
from mathbench.baselines.prompted import hub
from mathbench.baselines.prompted.model import ModelFacts
from mathbench.errors import InputError, one_line, shown

CONFIG_FILE = "config.json"
# in the order in which transformers looks for them
WEIGHTS = (
    "model.safetensors",
    "model.safetensors.index.json",
    "pytorch_model.bin",
    "pytorch_model.bin.index.json",
)
HUB_NAME = re.compile(r"[\w.-]+(/[\w.-]+)?", re.ASCII)
UNLIMITED = 1 << 62
MAX_REASON = 300  # characters of a message of transformers
CHUNK = 1 << 24


@dataclass(frozen=True)
class Checkpoint:
    """A model and its tokenizer.

    Args:
        network: the model, on its device.
        tokenizer: its tokenizer.
        revision: its commit on the Hub, or ``sha256:`` and the digest of its weights.
        device: where it computes.
    """

    network: Any
    tokenizer: Any
    revision: str
    device: str

    @property
    def ends(self) -> list[int]:
        """The tokens that end a reply."""
        stated = self.network.generation_config.eos_token_id
        every = stated if isinstance(stated, list) else [stated]
        return [end for end in dict.fromkeys([*every, self.tokenizer.eos_token_id]) if end is not None]

    @property
    def context(self) -> int:
        """The number of tokens that the model can read."""
        limit = getattr(self.network.config.get_text_config(), "max_position_embeddings", None)
        return limit if isinstance(limit, int) and limit > 0 else UNLIMITED

    def facts(self, more: Mapping[str, Any]) -> ModelFacts:
        """Return what is known of the model, with further details."""
        details = {
            "architecture": type(self.network).__name__,
            "dtype": str(self.network.dtype).removeprefix("torch."),
            **more,
        }
        if self.context < UNLIMITED:
            details["context"] = self.context
        return ModelFacts(self.revision, self.network.num_parameters(), self.device, details)


def open_checkpoint(source: str, revision: str, dtype: str, device_config: DeviceConfig) -> Checkpoint:
    """Load a causal model and its tokenizer.

    Args:
        source: a folder, or a name on the Hub.
        revision: of the Hub; of a folder, the expected digest of its weights, or empty.
        dtype: type of the weights; ``auto`` as stored.
        device_config: where to compute.

    Raises:
        InputError: one line, for everything that cannot be loaded.
    """
    torch.set_num_threads(device_config.threads)
    device = resolve_device(device_config.device)
    folder = _folder(source)
    digest = _digest_of(folder, revision) if folder else ""
    place = str(folder) if folder else source
    origin: dict[str, Any] = {"trust_remote_code": False}
    if not folder:
        origin["local_files_only"] = not hub.is_reachable()
        if revision:
            origin["revision"] = revision
    with _quiet(), _one_line(source):
        config = AutoConfig.from_pretrained(place, **origin)
        _check_causal(source, config)
        tokenizer = AutoTokenizer.from_pretrained(place, **origin)
        network, report = AutoModelForCausalLM.from_pretrained(
            place, config=config, dtype=dtype, output_loading_info=True, **origin
        )
        _check_complete(source, report)
        network = network.to(device).eval()
    return Checkpoint(network, tokenizer, digest or _commit(config) or revision, device)


def _folder(source: str) -> Path | None:
    """The folder that a source names; None for a name on the Hub."""
    path = Path(source).expanduser()
    if path.is_dir():
        if not (path / CONFIG_FILE).is_file():
            raise InputError(f"{source} has no {CONFIG_FILE}, so it is not a model of transformers.")
        return path
    if path.exists():
        raise InputError(f"hf: takes a folder or a name on the Hub. Received: {source}, a file.")
    if not HUB_NAME.fullmatch(source) or source.startswith("."):
        raise InputError(f"there is no folder {shown(source)}, and it is not a name on the Hub.")
    return None


def _digest_of(folder: Path, expected: str) -> str:
    """The digest of the weights in a folder.

    Raises:
        InputError: when there are none, or not the expected ones.
    """
    state = hashlib.sha256()
    for path in _weight_files(folder):
        try:
            with path.open("rb") as file:
                while chunk := file.read(CHUNK):
                    state.update(chunk)
        except OSError as error:
            raise InputError(f"{path} cannot be read: {error.strerror}.") from None
    found = f"sha256:{state.hexdigest()}"
    if expected not in ("", found):
        raise InputError(
            f"{folder} has other weights than expected. Received: {found}, expected: {expected}."
        )
    return found


def _weight_files(folder: Path) -> list[Path]:
    """The files of the weights that transformers loads, in order of their names."""
    path = next((folder / name for name in WEIGHTS if (folder / name).is_file()), None)
    if path is None:
        raise InputError(f"{folder} has no weights. Allowed: {WEIGHTS[0]} or {WEIGHTS[2]}, or their parts.")
    if path.suffix != ".json":
        return [path]
    try:
        names = set(json.loads(path.read_text(encoding="utf-8"))["weight_map"].values())
        return [folder / name for name in sorted(names)]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise InputError(f"{path} is damaged.") from None


def _check_causal(source: str, config: Any) -> None:
    """Check that a model continues text."""
    kind = config.model_type
    # architectures for masked words are causal only if their configuration says so
    masked = kind in MODEL_FOR_MASKED_LM_MAPPING_NAMES and not getattr(config, "is_decoder", False)
    if kind not in MODEL_FOR_CAUSAL_LM_MAPPING_NAMES or masked:
        raise InputError(
            f"hf:{source} does not continue text: only causal language models do. Received: {kind}."
        )


def _check_complete(source: str, report: Mapping[str, Any]) -> None:
    """Check that no weights are missing. transformers would draw them at random."""
    missing = sorted(report["missing_keys"])
    if missing:
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise InputError(f"hf:{source} lacks weights of the model: {missing[0]}{more}.")


def _commit(config: Any) -> str:
    return getattr(config, "_commit_hash", None) or ""


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep bars and notes of transformers and the Hub's client off the terminal."""
    client = logging.getLogger("huggingface_hub")
    before, level = transformers_logging.get_verbosity(), client.level
    bars = transformers_logging.is_progress_bar_enabled()
    transformers_logging.set_verbosity(logging.CRITICAL)
    transformers_logging.disable_progress_bar()
    client.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        transformers_logging.set_verbosity(before)
        client.setLevel(level)
        if bars:
            transformers_logging.enable_progress_bar()


@contextmanager
def _one_line(source: str) -> Iterator[None]:
    """Turn what transformers and the libraries below raise into one line."""
    try:
        yield
    except InputError:
        raise
    except Exception as error:  # files of others fail in any way
        raise InputError(f"hf:{source} cannot be loaded: {_reason(error)}") from None


def _reason(error: Exception) -> str:
    """The beginning of a message of transformers, in words that fit here where it is known."""
    text = str(error)
    if "trust_remote_code" in text:
        return "it comes with Python code of its own, which is not executed."
    if "couldn't connect" in text or "offline" in text.lower():
        return hub.absent_model()
    line = one_line(next(iter(text.strip().splitlines()), "")) or type(error).__name__
    return line if len(line) <= MAX_REASON else f"{line[:MAX_REASON]}..."
