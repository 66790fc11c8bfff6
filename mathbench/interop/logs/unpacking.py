"""Members of the zip files of Inspect, whose compression Python's own module does not read before 3.14."""

import lzma
import struct
import zipfile
import zlib
from typing import BinaryIO

import pyarrow as pa

from mathbench.errors import InputError

ZSTANDARD = 93  # the number of the method in a zip file
LOCAL_HEADER = 30  # bytes before the name of a member
CHUNK = 1 << 20
# what Python's module and the decompressors raise for damaged archives; RuntimeError includes NotImplementedError
DAMAGED = (
    *(OSError, ValueError, EOFError, RuntimeError, LookupError, OverflowError, struct.error),
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError),
)


def read_member(file: BinaryIO, info: zipfile.ZipInfo, maximum: int, where: str) -> bytes:
    """Read one member of a zip file, up to `maximum` bytes unpacked, whatever size it states.

    Args:
        file: the zip file.
        info: the member.
        maximum: the allowed bytes.
        where: the name of the file, for the error message.

    Raises:
        InputError: for a larger member, a damaged one, or an unknown compression.
    """
    try:
        data = _unpacked(file, info, maximum)
    except DAMAGED as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise InputError(f"{where} is damaged: {info.filename}: {reason}.") from None
    if len(data) > maximum:
        raise InputError(f"{where}: {info.filename} unpacks to more than {maximum:,} bytes.")
    if zlib.crc32(data) != info.CRC:
        raise InputError(f"{where} is damaged: the checksum of {info.filename} is wrong.")
    return data


def _unpacked(file: BinaryIO, info: zipfile.ZipInfo, maximum: int) -> bytes:
    """The bytes of a member, or one more than allowed."""
    if info.compress_type != ZSTANDARD:
        with zipfile.ZipFile(file) as archive, archive.open(info) as member:
            return member.read(maximum + 1)
    file.seek(info.header_offset)
    header = file.read(LOCAL_HEADER)
    if len(header) < LOCAL_HEADER or header[:4] != b"PK\x03\x04":
        raise ValueError("there is no member at its place")
    # the lengths of the name and of the extra field before the data
    file.seek(int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little"), 1)
    packed = file.read(info.compress_size)
    with pa.input_stream(pa.py_buffer(packed), compression="zstd") as stream:
        parts, size = [], 0
        while size <= maximum and (part := stream.read(min(CHUNK, maximum + 1 - size))):
            parts.append(part)
            size += len(part)
    return b"".join(parts)
