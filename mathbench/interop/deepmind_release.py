"""The published data of DeepMind's `mathematics_dataset`: text files in a folder or a tar archive.

A file ``REGIME/AREA__MODULE.txt`` has a question and its answer on alternate lines. The regimes are the three levels of
training and the two test sets. Extrapolation has modules of its own, such as ``arithmetic__add_or_sub_big``; they are
the extrapolation set of the module without the last word.
"""

import re
import tarfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path, PurePosixPath
from tarfile import HeaderError, ReadError
from typing import IO, Any, NamedTuple, Self

import pyarrow.compute as pc

from mathbench.dataset.imported.blocks import Block
from mathbench.dataset.imported.overlap import chosen_for_validation
from mathbench.errors import InputError, did_you_mean, shown
from mathbench.interop.untrusted_files import bounded_lines, open_bytes, readable
from mathbench.numbers.text import from_list

# regime -> split, position among the files of the split, stratum
REGIMES = {
    "train-easy": ("train", 0, "easy"),
    "train-medium": ("train", 1, "medium"),
    "train-hard": ("train", 2, "hard"),
    "interpolate": ("interpolate", 0, "interpolate"),
    "extrapolate": ("extrapolate", 0, "extrapolate"),
}
TRAIN_FILES = 3
BLOCK_ROWS = 1 << 14
BLOCK_BYTES = 4 << 20
_EXTENDED = re.compile(r"_(big|longer|more|more_samples)$")
_MAX_HEADER = 1 << 16  # bytes of a name or comment in an archive
_NAMES = (tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK, tarfile.XHDTYPE, tarfile.XGLTYPE)


@dataclass(frozen=True)
class Selection:
    """Which rows of the release are read.

    Args:
        modules: names of modules; empty: all.
        validation_share: the share of train that becomes validation.
        limits: rows per split and module at most. The limit of train and of validation is spread over the levels.
    """

    modules: tuple[str, ...] = ()
    validation_share: float = 0.02
    limits: dict[str, int] = field(default_factory=dict)

    def wants(self, module: str) -> bool:
        """Whether a module is read."""
        return not self.modules or module in self.modules

    def rule(self) -> str:
        """How validation was made, in words."""
        return (
            f"validation is {self.validation_share:.4g} of the questions of train, chosen by a hash of their text "
            "without case and white space"
        )


class _File(NamedTuple):
    """One text file of the release: its name for errors, its regime and its module."""

    name: str
    regime: str
    module: str


def read_release(path: Path, selection: Selection) -> Iterator[Block]:
    """Read the release, block by block, as one configuration for each module.

    Args:
        path: the folder of the regimes, a folder that contains only that one, or a tar archive, compressed or not.
        selection: which rows.

    Raises:
        InputError: one line for anything that is not such a release.
    """
    read: set[tuple[str, str]] = set()
    with _archive_errors(path):
        files = _files_of_folder(path) if path.is_dir() else _files_of_archive(path)
        for file, opened in files:
            module = base_module(file.module)
            if (file.regime, file.module) in read:
                raise InputError(f"{path} has two files {file.regime}/{file.module}.txt.")
            read.add((file.regime, file.module))
            if selection.wants(module):
                yield from _blocks(file, module, _pairs(opened, file.name), selection)
    found = {base_module(module) for _, module in read}
    if not found:
        raise InputError(
            f"{path} has no files such as train-easy/arithmetic__mul.txt, so it is not a release of the "
            "mathematics dataset."
        )
    for module in selection.modules:
        if module not in found:
            raise InputError(f"{path} has no module {shown(module)}. {did_you_mean(module, found)}")


def base_module(module: str) -> str:
    """The module that a module of the extrapolation set belongs to.

    >>> base_module("arithmetic__add_or_sub_big"), base_module("measurement__conversion")
    ('arithmetic__add_or_sub', 'measurement__conversion')
    """
    return _EXTENDED.sub("", module)


def _files_of_folder(path: Path) -> Iterator[tuple[_File, IO[bytes]]]:
    """The text files of a folder, in the order of regimes and modules."""
    root = _root(path)
    for regime in REGIMES:
        for file in sorted((root / regime).glob("*__*.txt")):
            with open_bytes(file) as opened:
                yield _File(str(file), regime, file.name.removesuffix(".txt")), opened


def _root(path: Path) -> Path:
    if not any((path / regime).is_dir() for regime in REGIMES):
        folders = [entry for entry in sorted(path.iterdir()) if entry.is_dir()]
        if len(folders) == 1:
            return folders[0]
    return path


def _files_of_archive(path: Path) -> Iterator[tuple[_File, IO[bytes]]]:
    """The text files of a tar archive, in their order there. Nothing is unpacked to disk.

    Raises:
        InputError: for an archive that is damaged or cut off, or has anything but files and folders inside it.
    """
    with (
        open_bytes(path) as file,
        tarfile.open(fileobj=file, mode="r|", tarinfo=_BoundedInfo, bufsize=1 << 18) as archive,
    ):
        for member in archive:
            _check_member(path, member)
            parts = PurePosixPath(member.name).parts
            opened = archive.extractfile(member) if _is_text_file(parts) else None
            if opened is not None:
                yield _File(f"{path}: {member.name}", parts[-2], parts[-1].removesuffix(".txt")), opened
        # the checksum of a compressed file is behind the end of the archive
        while file.read(1 << 20):
            pass


@contextmanager
def _archive_errors(path: Path) -> Iterator[None]:
    """Convert errors of reading a release to one line, also those of members that are read outside of the archive."""
    try:
        with readable(path):
            yield
    except tarfile.TarError as error:
        raise InputError(f"{path} is not a tar archive, or is cut off or damaged: {error}.") from None


def _is_text_file(parts: Sequence[str]) -> bool:
    named = len(parts) > 1 and parts[-2] in REGIMES
    return named and re.fullmatch(r"[a-z0-9]\w*__\w+\.txt", parts[-1]) is not None


def _check_member(path: Path, member: tarfile.TarInfo) -> None:
    """Refuse an archive that would write outside of its folder, or anything but files.

    Nothing is unpacked, so it could do no harm here. But it is not the release.
    """
    name = member.name
    if name.startswith(("/", "\\")) or ".." in re.split(r"[/\\]", name) or re.match("[A-Za-z]:", name):
        raise InputError(f"{path} is not read: {shown(name)} leads out of its folder.")
    if not (member.isreg() or member.isdir()):
        raise InputError(f"{path} is not read: {shown(name)} is a link or a device, not a file.")


class _BoundedInfo(tarfile.TarInfo):
    """Headers of an archive: names have a limited length, and the end has its mark."""

    def _proc_member(self, tarfile: Any) -> Any:
        """Read what belongs to a header; long names would be read into memory whole."""
        if self.type in _NAMES and self.size > _MAX_HEADER:
            raise InputError(f"the archive has a name or comment of {self.size:,} bytes. It is not read.")
        return super()._proc_member(tarfile)  # type: ignore[misc]

    @classmethod
    def fromtarfile(cls, tarfile: Any) -> Self:
        """Read the next header. `TarFile.next` would take a missing or damaged one for the end of the archive."""
        try:
            return super().fromtarfile(tarfile)
        except HeaderError as error:
            if isinstance(error, _END_MARK):
                raise
            raise ReadError(str(error)) from None


_END_MARK: Any = tarfile.EOFHeaderError  # type: ignore[attr-defined]


def _pairs(file: IO[bytes], name: str) -> Iterator[tuple[list[str], list[str]]]:
    """Questions and answers, some at a time.

    Raises:
        InputError: for an odd number of lines, an empty line, or text that is not UTF-8.
    """
    lines, number = bounded_lines(file, name), 0
    while chunk := _chunk(lines):
        texts = [_text(line, name, number + i) for i, line in enumerate(chunk, 1)]
        number += len(chunk)
        if len(chunk) % 2:
            raise InputError(
                f"{name}: questions and answers must alternate. Received: {number:,} lines, an odd number."
            )
        yield texts[::2], texts[1::2]
    if not number:
        raise InputError(f"{name} is empty.")


def _chunk(lines: Iterator[bytes]) -> list[bytes]:
    """The next lines, an even number unless they are the last."""
    found: list[bytes] = []
    size = 0
    while size < BLOCK_BYTES and len(found) < 2 * BLOCK_ROWS:
        pair = list(islice(lines, 2))
        found += pair
        size += sum(map(len, pair))
        if len(pair) < 2:
            break
    return found


def _text(line: bytes, name: str, number: int) -> str:
    try:
        text = line.rstrip(b"\r\n").decode()
    except UnicodeDecodeError:
        raise InputError(f"{name}: line {number:,} is not UTF-8 text.") from None
    if not text.strip():
        raise InputError(f"{name}: line {number:,} is empty.")
    return text


def _blocks(
    file: _File, module: str, pairs: Iterable[tuple[list[str], list[str]]], selection: Selection
) -> Iterator[Block]:
    """The rows of one file: those of train also give the validation split."""
    split, part, stratum = REGIMES[file.regime]
    remaining = _limits(split, part, selection)
    for questions, answers in pairs:
        block = Block(
            module,
            split,
            from_list(questions),
            from_list(answers),
            from_list([stratum] * len(questions)),
            part,
        )
        for piece in _divided(block, selection) if split == "train" else [block]:
            left = remaining.get(piece.split)
            kept = piece if left is None else piece.first(left)
            if left is not None:
                remaining[piece.split] = left - len(kept.questions)
            if len(kept.questions):
                yield kept
        # without a limit of train, all is read, however few rows validation may have
        if split in remaining and not any(remaining.values()):
            return


def _limits(split: str, part: int, selection: Selection) -> dict[str, int]:
    """The rows that one file may give to each split that has a limit."""
    if split != "train":
        return {split: selection.limits[split]} if split in selection.limits else {}
    limits = {name: selection.limits[name] for name in ("train", "validation") if name in selection.limits}
    return {name: (rows + TRAIN_FILES - 1 - part) // TRAIN_FILES for name, rows in limits.items()}


def _divided(block: Block, selection: Selection) -> list[Block]:
    """The rows of train and those that become validation."""
    chosen = chosen_for_validation(block.questions, selection.validation_share)
    return [block.where(pc.invert(chosen), "train"), block.where(chosen, "validation")]
