"""The checker accepts a true certificate, made by hand, and refuses every change of it."""

import json
import struct
from fractions import Fraction

import numpy as np
import pytest

from mathbench.certificates import checker, document, second_order
from mathbench.errors import CheckFailed, InputError

SATURATED = np.float32(0.9)


def parity(base=3, scale=12.0):
    """A network for multiples of 2 in base 3, made by hand: its one state is the parity of the digits so far.

    tanh(s x) maps states near 0.9 to themselves and, for odd digits, to their opposite.
    """
    signs = [1.0 if digit % 2 == 0 else -1.0 for digit in range(base)]
    aim = float(np.tanh(scale * SATURATED))
    return {
        "matrices": np.array([[[scale * sign]] for sign in signs], np.float32),
        "bias": np.zeros((base, 1), np.float32),
        "start": np.array([SATURATED], np.float32),
        "weight": np.array([[-5.0], [5.0]], np.float32),
        "offset": np.zeros(2, np.float32),
        "centres": np.array([[aim], [-aim]], np.float32),
        "radius": np.array([0.125], np.float32),
        "first": np.array([0, 1, 0]),
        "table": np.array([[0, 1, 0], [1, 0, 1]]),
        "outputs": np.array([1, 0]),
    }


CLAIM = second_order.ResidueClaim(2, 3, second_order.true_labels(2))
CLASSES = ("false", "true")


def check(arrays, claim=CLAIM, classes=CLASSES):
    return checker.check(document.parse(written(arrays, claim, classes)))


def written(arrays, claim=CLAIM, classes=CLASSES):
    return document.write(second_order.NETWORK, arrays, second_order.claim_texts(claim, classes))


def test_a_network_made_by_hand_is_proved():
    verdict = check(parity())
    assert verdict.transitions == 9
    assert (
        verdict.claim == "whether a number is a multiple of 2, for numbers in base 3 of any number of digits"
    )
    assert verdict.covers_float32 and 0 < verdict.clearance < Fraction(1, 8)
    # over the box, the outputs differ by at least 2 * 5 * (centre - radius)
    assert verdict.margin == 10 * (Fraction(float(parity()["centres"][0, 0])) - Fraction(1, 8))


def changed(name, index, value):
    arrays = parity()
    arrays[name][index] = value
    return arrays


@pytest.mark.parametrize(
    "name, index, value, message",
    [
        ("matrices", (0, 0, 0), -12.0, "box 0 and digit 0 may leave box 0|start and digit 0"),
        ("matrices", (2, 0, 0), 1.0, "may leave"),
        ("bias", (1, 0), 30.0, "may leave"),
        ("start", 0, -0.9, "the start and digit 0 may leave box 0"),
        ("centres", (0, 0), 0.5, "may leave"),
        ("centres", (1, 0), 1.0, "may leave"),
        # one box over the other
        ("centres", (1, 0), SATURATED, "may leave"),
        ("weight", (1, 0), -6.0, "the output 1 is not everywhere the largest"),
        ("offset", 0, 20.0, "the output 1 is not everywhere the largest"),
        ("outputs", 0, 0, "wrong answer to the number with the digits 0"),
        ("first", 1, 0, "wrong answer to the number with the digits 1"),
        ("table", (0, 1), 0, "wrong answer to the number with the digits 0,1"),
        ("radius", 0, 0.0, "radius"),
        ("radius", 0, -0.125, "radius"),
        ("radius", 0, 1.05, "may leave"),
    ],
)
def test_every_changed_number_is_refused(name, index, value, message):
    with pytest.raises(CheckFailed, match=message):
        check(changed(name, index, value))


def test_a_single_rounded_weight_of_a_tight_box_is_noticed():
    """The image of a box may touch the edge of its target by less than a unit in the last place of float64."""
    arrays = parity()
    centre, radius = np.float32(1.0), np.float32(0.25)
    arrays["centres"], arrays["radius"] = np.array([[centre], [-centre]]), np.array([radius])
    least = np.arctanh(0.75) / 0.75  # the smallest scale at which the image of 0.75 is 0.75
    for factor, proved in ((0.9999, False), (1.0001, True)):
        arrays["matrices"] = np.array([[[s * least * factor]] for s in (1, -1, 1)], np.float32)
        if proved:
            assert 0 < check(arrays).clearance < Fraction(1, 10**4)
            assert not check(arrays).covers_float32 or check(arrays).clearance > check(arrays).rounding
        else:
            with pytest.raises(CheckFailed):
                check(arrays)


@pytest.mark.parametrize(
    "claim",
    [
        second_order.ResidueClaim(3, 3, second_order.true_labels(3)),
        second_order.ResidueClaim(4, 3, second_order.true_labels(4)),
        second_order.ResidueClaim(2, 3, second_order.residue_texts(2, 3)),
    ],
)
def test_another_claim_is_refused(claim):
    with pytest.raises(CheckFailed, match="wrong answer"):
        check(parity(), claim)


def test_residues_are_proved_too():
    claim = second_order.ResidueClaim(2, 3, second_order.residue_texts(2, 3))
    assert "residue" in check(parity(), claim, ("1", "0")).claim


def test_classes_belong_to_outputs():
    with pytest.raises(CheckFailed, match="wrong answer"):
        check(parity(), classes=("true", "false"))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("name", ["matrices", "bias", "start", "weight", "offset", "centres", "radius"])
def test_numbers_that_are_not_finite_are_refused(name, value):
    arrays = parity()
    arrays[name].flat[0] = value
    with pytest.raises(InputError, match="finite"):
        check(arrays)


@pytest.mark.parametrize(
    "name, value", [("first", -1), ("first", 2), ("table", 2), ("outputs", 2), ("outputs", -1)]
)
def test_indices_outside_are_refused(name, value):
    arrays = parity()
    arrays[name].flat[0] = value
    with pytest.raises(InputError, match=f"{name} must have integers from 0 to 1. Received: {value}"):
        check(arrays)


def test_missing_and_misshapen_arrays_are_refused():
    for name in parity():
        arrays = parity()
        del arrays[name]
        with pytest.raises(InputError, match="a certificate has the arrays"):
            check(arrays)
        wrong = parity()
        wrong[name] = np.concatenate([wrong[name], wrong[name]])
        with pytest.raises((InputError, CheckFailed)):
            check(wrong)


def test_files_that_are_cut_or_lengthened_are_refused():
    content = written(parity())
    for end in range(0, len(content), 7):
        with pytest.raises(InputError):
            document.parse(content[:end])
    for more in (b"\0", b"\0" * 4):
        with pytest.raises(InputError, match="damaged"):
            document.parse(content + more)


def test_a_changed_header_is_refused():
    content = written(parity())
    (length,) = struct.unpack_from("<Q", content)
    header = json.loads(content[8 : 8 + length])
    changes = [
        lambda h: h["__metadata__"].update(version="2"),
        lambda h: h["__metadata__"].update(format="other"),
        lambda h: h["__metadata__"].update(claim='{"k": 1, "base": 3, "answers": ["true"]}'),
        lambda h: h["__metadata__"].update(claim='{"k": 2, "base": 3, "answers": ["false", "true"]}'),
        lambda h: h["__metadata__"].update(claim='{"k": true, "base": 3, "answers": ["true"]}'),
        lambda h: h["__metadata__"].update(claim="[" * 100_000),
        lambda h: h["__metadata__"].update(classes='["true", "true"]'),
        lambda h: h["start"].update(data_offsets=[0, 4]),
        lambda h: h["start"].update(shape=[1, 1]),
        lambda h: h["start"].update(shape=[-1]),
        lambda h: h["start"].update(dtype="F64"),
        lambda h: h.pop("__metadata__"),
    ]
    for change in changes:
        copy = json.loads(json.dumps(header))
        change(copy)
        text = json.dumps(copy).encode()
        with pytest.raises((InputError, CheckFailed)):
            checker.check(document.parse(struct.pack("<Q", len(text)) + text + content[8 + length :]))


def test_large_files_are_refused_unread(tmp_path):
    path = tmp_path / "large"
    path.write_bytes(b"\0" * (document.MAX_BYTES + 1))
    with pytest.raises(InputError, match="at most 4,194,304 bytes"):
        document.read(path)


def test_the_checker_needs_no_network_library():
    import subprocess
    import sys

    code = (
        "import sys; from mathbench.certificates import checker, document; "
        "print(sorted({'numpy', 'torch', 'keras', 'pyarrow', 'sympy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
