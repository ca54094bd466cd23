"""Results that the server will not keep much longer, as home tells of them."""

import asyncio
import contextlib
from typing import TYPE_CHECKING, Final

from tui.errors import LazybatchError
from tui.flows.results.expiry import Expiry

if TYPE_CHECKING:
    from tui.ui.screens.batches.monitor import Account

_EVERY: Final = 15.0  # seconds between two looks


class Expiring:
    """Keeps `home.expiring` true: which results expire soon and are not saved."""

    def __init__(self, home: "Account") -> None:
        self._home = home
        self._expiry = Expiry(home.session)
        self._look_now = asyncio.Event()

    async def watch(self) -> None:
        """Look again and again."""
        while True:
            self._look_now.clear()
            with contextlib.suppress(LazybatchError):
                # The monitor tells of a server that is not reached.
                await self._expiry.learn()
            before, self._home.expiring = self._home.expiring, await self._expiry.soon()
            if self._home.expiring != before:
                self._home.show()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._look_now.wait(), _EVERY)

    def look(self) -> None:
        """There may be results that were not there before, or some may have been saved."""
        self._look_now.set()

    def forget(self, file_id: str) -> None:
        """The server no longer has that file, which was deleted on purpose."""
        self._expiry.forget(file_id)
        self.look()
