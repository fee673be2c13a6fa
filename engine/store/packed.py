"""JSON that is only read back whole, kept small: orjson, then zstd."""

from __future__ import annotations

from typing import Any

import orjson
import zstandard

LEVEL = 3
LARGEST = 64_000_000  # bytes unpacked: what a row may unfold to


def pack(value: Any) -> bytes:
    """Raises TypeError for what JSON does not know."""
    # A new compressor each time: the objects may not be shared by threads.
    return zstandard.ZstdCompressor(level=LEVEL).compress(orjson.dumps(value))


def unpack(packed: bytes) -> Any:
    return orjson.loads(zstandard.ZstdDecompressor().decompress(packed, max_output_size=LARGEST))
