"""The commands that compile the loops on other systems, and the code for MSVC with GCC in its place."""

import ctypes
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from mathbench import compiled
from mathbench.compiled import build
from mathbench.generators import gcd
from mathbench.generators.toolkit.carries import CarryRule
from mathbench.numbers import primality, text

NAMES = ["carries.c", "draw.c", "expressions.c", "numbers.c", "text.c"]
OUT = str(Path("out/loops.lib"))
DEFINE = f'DVERSION="{build.version()}"'


def command_on(monkeypatch, system, *, on_path=(), cc=None, platform=None, built_with="cc -pthread"):
    monkeypatch.setattr(build.shutil, "which", lambda name: name if name in on_path else None)
    monkeypatch.setattr(build.sysconfig, "get_platform", lambda: platform)
    monkeypatch.setattr(build.sysconfig, "get_config_var", lambda name: built_with)
    monkeypatch.delenv("CC", raising=False)
    if cc:
        monkeypatch.setenv("CC", cc)
    monkeypatch.setattr(build, "SYSTEM", system)
    words = build.command(Path(OUT))
    assert [Path(word).name for word in words[-len(NAMES) :]] == NAMES
    return words[: -len(NAMES)]


def test_linux_uses_the_compiler_of_python(monkeypatch):
    flags = [
        "-std=c11",
        "-O3",
        "-shared",
        "-fPIC",
        "-fvisibility=hidden",
        f"-{DEFINE}",
        "-o",
        "out/loops.lib",
    ]
    assert command_on(monkeypatch, "linux") == ["cc", "-pthread", *flags]
    assert command_on(monkeypatch, "linux", cc="zig cc") == ["zig", "cc", *flags]
    assert command_on(monkeypatch, "linux", built_with=None) == ["cc", *flags]


def test_msvc_comes_first_on_windows(monkeypatch):
    flags = ["/nologo", "/std:c11", "/O2", "/LD", f"/{DEFINE}", f"/Fe:{OUT}"]
    assert command_on(monkeypatch, "win32", on_path=("gcc", "clang", "cl")) == ["cl", *flags]
    assert command_on(monkeypatch, "win32", cc="clang-cl") == ["clang-cl", *flags]
    # nothing is there: the command fails and names what was not found
    assert command_on(monkeypatch, "win32") == ["cl", *flags]


def test_clang_and_gcc_on_windows_get_no_flags_that_they_refuse(monkeypatch):
    flags = ["-std=c11", "-O3", "-shared", f"-{DEFINE}", "-o", OUT]
    assert command_on(monkeypatch, "win32", on_path=("gcc", "clang")) == ["clang", *flags]
    assert command_on(monkeypatch, "win32", on_path=("gcc",)) == ["gcc", *flags]
    assert command_on(monkeypatch, "win32", cc=r"C:\LLVM 20\clang.exe") == [r"C:\LLVM 20\clang.exe", *flags]


@pytest.mark.parametrize(
    "platform, oldest, processors",
    [
        ("macosx-11.0-arm64", "11.0", ["-arch", "arm64"]),
        ("macosx-10.13-x86_64", "10.13", ["-arch", "x86_64"]),
        ("macosx-10.9-universal2", "10.9", ["-arch", "arm64", "-arch", "x86_64"]),
    ],
)
def test_a_mac_gets_the_processors_of_the_tag(monkeypatch, platform, oldest, processors):
    flags = command_on(monkeypatch, "darwin", platform=platform)
    start = flags.index(f"-mmacosx-version-min={oldest}")
    assert flags[start + 1 : start + 1 + len(processors)] == processors
    assert flags.count("-arch") == len(processors) // 2


@pytest.mark.parametrize(
    "stderr, stdout, line",
    [
        ("", "draw.c\ndraw.c(3): error C2065: 'x'\nnumbers.c\n", "draw.c(3): error C2065: 'x'"),
        ("a.c:1: warning: w\na.c:2: fatal error: no.h\nterminated.\n", "", "a.c:2: fatal error: no.h"),
        ("killed\n", "", "killed"),
        ("", "", "exit code 3"),
    ],
)
def test_the_reason_is_one_line(stderr, stdout, line):
    assert build._reason(subprocess.CompletedProcess([], 3, stdout, stderr)) == line


def test_a_failed_build_leaves_nothing_and_keeps_the_old_library(monkeypatch, tmp_path):
    source, library = tmp_path / "draw.c", tmp_path / "loops.so"
    source.write_text("no C")
    library.write_text("old")
    monkeypatch.setattr(build, "FOLDER", tmp_path)
    monkeypatch.setattr(build, "LIBRARY", library)
    assert "error" in (build.make() or "")
    assert sorted(tmp_path.iterdir()) == [source, library]
    assert library.read_text() == "old"


INTRINSICS = """
#define __forceinline inline __attribute__((always_inline))
static inline unsigned long long __umulh(unsigned long long a, unsigned long long b) {
    return (unsigned long long)((unsigned __int128)a * b >> 64);
}
static inline void _BitScanForward64(unsigned long *bit, unsigned long long x) { *bit = __builtin_ctzll(x); }
static inline void _BitScanReverse64(unsigned long *bit, unsigned long long x) { *bit = 63 - __builtin_clzll(x); }
"""


@pytest.fixture(scope="module")
def library_by_msvc_code(tmp_path_factory):
    """The library from the code for MSVC; GCC compiles it, with MSVC's intrinsics in GCC's words."""
    folder = tmp_path_factory.mktemp("msvc")
    (folder / "intrin.h").write_text(INTRINSICS)
    words = build.command(folder / "loops.so")
    if b"clang" in subprocess.run([words[0], "--version"], capture_output=True).stdout:
        pytest.skip("Clang takes the other branch")
    as_msvc = [*words[:1], "-D_MSC_VER=1940", f"-I{folder}", *words[1:], "-O1"]
    subprocess.run(as_msvc, check=True, capture_output=True)
    return ctypes.CDLL(str(folder / "loops.so"))


@pytest.mark.skipif(bool(compiled.MISSING), reason=compiled.MISSING)
@pytest.mark.skipif(sys.platform != "linux", reason="needs GCC")
def test_the_code_for_msvc_computes_the_same(monkeypatch, library_by_msvc_code):
    random = np.random.default_rng(3)
    numbers = np.concatenate([np.arange(2000), random.integers(0, (1 << 63) - 1, 2000)])
    others = random.permutation(numbers)

    carries, chains = CarryRule(7, borrows=False), np.array([[5], [3], [2]])
    points = random.integers(0, 3, (4, 2000)).astype(np.uint64)

    def results():
        words = text.number(numbers, 7)
        return [
            gcd._gcd(numbers, others),
            primality.are_prime(numbers),
            primality.with_smallest_factor(numbers, 7, 97),
            text.length(numbers, 36),
            carries.draw(points, chains),
            carries.chain_starts(np.stack([numbers, others]), 20, 2),
            *(array for word in words for array in (word.characters, word.lengths)),
        ]

    expected = results()
    compiled._loop.cache_clear()
    monkeypatch.setattr(compiled, "LIBRARY", library_by_msvc_code)
    try:
        found = results()
    finally:
        compiled._loop.cache_clear()
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)
