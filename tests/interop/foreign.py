"""Small data in the layouts of other tools, written by hand."""

import gzip
import io
import tarfile

MODULE = "arithmetic__add_or_sub"
REGIMES = ("train-easy", "train-medium", "train-hard", "interpolate")


def sums(start, rows):
    """Text of questions and answers on alternate lines, no question twice."""
    return "".join(f"What is {n} plus {n + 1}?\n{2 * n + 1}\n" for n in range(start, start + rows))


def release(rows=40, module=MODULE):
    """The files of a release by their names, as bytes; every file has questions of its own."""
    starts = {regime: 10 ** (i + 1) for i, regime in enumerate(REGIMES)}
    files = {f"{regime}/{module}.txt": sums(start, rows).encode() for regime, start in starts.items()}
    files[f"extrapolate/{module}_big.txt"] = sums(10**9, rows // 2).encode()
    return files


def write_folder(folder, files):
    """Write files into a folder."""
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def archive(files, prefix="mathematics_dataset-v1.0/", compressed=True, kind=None, links=None):
    """A tar archive of files; `links` are names of other members, each with a type and a target."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, content in files.items():
            info = tarfile.TarInfo(prefix + name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
        for name, (kind, target) in (links or {}).items():
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, target
            tar.addfile(info)
    data = buffer.getvalue()
    return gzip.compress(data, 1, mtime=0) if compressed else data
