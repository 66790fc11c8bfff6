"""Submissions with certificates, made from those of the repository."""

import hashlib
import json
import struct

import numpy as np

from mathbench.certificates import document, second_order
from mathbench.families import task as make_task
from mathbench.registry import builtin_folder
from tests.certificates import test_column_linear

from .conftest import from_anybody, manifest, replaced, right, write_run, written_by_anybody

THREE = make_task("divisible", k=3)
CLAIM = "whether a number is a multiple of 3, for numbers in base 10 of any number of digits"
NAME = "weights.safetensors"


def content(name="divisible-3-seed0"):
    """The bytes of a certificate of the repository."""
    return (builtin_folder("leaderboard") / "proofs" / f"{name}.safetensors").read_bytes()


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def stated(made, content, supervision="examples", **changes):
    """A submission.json of version 2."""
    entry = None if content is None else {"file": NAME, "sha256": sha256(content)}
    own = {"schema_version": 2, "supervision": supervision, "certificate": entry}
    return from_anybody(made) | own | changes


def write(folder, content, made=THREE, table=None, **changes):
    """Write a submission with the bytes of a certificate; the path of its directory."""
    table = right(made).drop_columns("task") if table is None else table
    written_by_anybody(folder, stated(made, content, **changes), table, "predictions.parquet")
    if content is not None:
        (folder / NAME).write_bytes(content)
    return folder


def write_certified_run(folder, certificate, claim=CLAIM):
    """Write what `certify` leaves behind."""
    proof = {"claim": claim, "sha256": "sha256:" + sha256(certificate), "weights": "fine-tuned"}
    run = write_run(folder, manifest(THREE, certificate=proof, supervision="examples"), right(THREE))
    (run / "certificate.safetensors").write_bytes(certificate)
    return run


def arrays(certificate):
    """The arrays of a certificate."""
    whole = {"first", "table", "outputs"}
    names = ("matrices", "bias", "start", "weight", "offset", "centres", "first", "table", "outputs")
    found = {n: np.array(getattr(certificate, n), np.int64 if n in whole else np.float32) for n in names}
    return found | {"radius": np.array([certificate.radius], np.float32)}


def changed(name, at, value, of="divisible-3-seed0"):
    """The bytes of a certificate with another number in one of its arrays."""
    parsed = document.parse(content(of))
    numbers = arrays(parsed)
    numbers[name][at] = value
    return document.write(
        second_order.NETWORK, numbers, second_order.claim_texts(parsed.claim, parsed.classes)
    )


def with_header(change, data=None):
    """The bytes of a certificate with a changed header."""
    data = content() if data is None else data
    (length,) = struct.unpack_from("<Q", data)
    header = json.loads(data[8 : 8 + length])
    change(header)
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data[8 + length :]


def sums(base=10, operands=2, answer="sum", **changes):
    """The bytes of a certificate of sums, with weights made by hand."""
    about = test_column_linear.claim(base, operands, answer, 1 if operands <= base else 2)
    arrays = test_column_linear.adder(base, operands)
    changed = {name: np.array(value, np.float32) for name, value in changes.items()}
    return test_column_linear.written({**arrays, **changed}, about)


def one_wrong(made=THREE):
    """The right predictions but for the first of each split."""
    return replaced(right(made), 1).drop_columns("task")
