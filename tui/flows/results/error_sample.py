"""Whether the failures of a running batch are alike, from the error file of a server that offers it so early."""

import asyncio

from tui.batches.batch import Batch
from tui.client.api import Wire
from tui.results.failures import Triage
from tui.results.row import read_row

_MOST = 256 << 10  # bytes: some hundred lines


async def alike(batch: Batch, *, wire: Wire) -> int | None:
    """Requests of `batch` that failed with the commonest error, as far as the head of its error file tells.

    None where the server offers no such file yet. Raises `WireError`.
    """
    if batch.error_file_id is None:
        return None
    head = b""
    async with wire.download(batch.error_file_id) as download:
        async for chunk in download.chunks:
            head += chunk
            if len(head) >= _MOST:
                break
    return await asyncio.to_thread(_commonest, head[:_MOST])


def _commonest(head: bytes) -> int:
    triage = Triage()
    for number, line in enumerate(head.split(b"\n")):
        row = read_row(line)
        # The last line may be on its way yet: it is none.
        if not row.ok and row.kind != "not_json":
            triage.add(row.status_code, row.error_code or None, row.error_message, row.custom_id, number)
    return max((group.count for group in triage.groups()), default=0)
