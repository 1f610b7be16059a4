"""Making events small before they are sealed: what is sealed is noise, and nothing after us can make it smaller.

Raw DEFLATE with a dictionary of what nearly all events have in common. The small window and memory are what an event
fits into; with zlib's own defaults its set-up costs six times the packing.
"""

from __future__ import annotations

import zlib
from typing import Final

WINDOW: Final = -13
"""8 KiB; negative: no header and no checksum, since sealing authenticates."""
MEMORY: Final = 6
FASTEST: Final = 1
MOST: Final = 1024 * 1024
"""Bytes of something unpacked; orders of 10 MiB make events of a few hundred KiB."""
# Never to be changed: what was packed with it opens with nothing else. A better one is another format.
COMMON: Final = (
    b'0123456789abcdef"fbc":"fb.1.1700000000000."fbp":"fb.1.1700000000000.,"item_price":19.99},{"id":"1000000000000",'
    b'"quantity":1},"contents":[{"id":"],"num_items":1"content_type":"product","content_ids":["'
    b"Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 "
    b"Mobile/15E148 Safari/604.1Mozilla/5.0 (Linux; Android 10; K) Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) "
    b"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
    b'"],"external_id":["country":["zp":["st":["ct":["ln":["fn":["ph":["em":["client_ip_address":"client_user_agent":"'
    b'"}},"custom_data":{"value":,"currency":"GBPUSDEUR","order_id":"{"event_name":"Purchase","event_time":17,'
    b'"event_id":"purchase.","action_source":"website","event_source_url":"https://","user_data":{"em":["'
)


class NotPacked(Exception):
    """These bytes were not packed here."""


def pack(clear: bytes) -> bytes:
    """Return the bytes made small; of an event, about a third remains."""
    packer = zlib.compressobj(FASTEST, zlib.DEFLATED, WINDOW, MEMORY, zlib.Z_DEFAULT_STRATEGY, COMMON)
    return packer.compress(clear) + packer.flush()


def unpack(packed: bytes) -> bytes:
    """Return what was packed.

    Raises:
        NotPacked: the bytes are something else, or more than MOST would come of them.
    """
    unpacker = zlib.decompressobj(WINDOW, COMMON)
    try:
        clear = unpacker.decompress(packed, MOST)
    except zlib.error:
        raise NotPacked from None
    if not unpacker.eof or unpacker.unused_data:
        raise NotPacked
    return clear
