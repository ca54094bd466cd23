"""One account at work: what a screen asks for, so that no screen has to know the wire or the state."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui.batches.batch import Batch
from tui.batches.names import Names
from tui.client.models import batch_from
from tui.errors import LazybatchError
from tui.flows.cost_view import Priced
from tui.settings.profiles import Profile
from tui.store.cache import Cache
from tui.store.database import connect
from tui.store.preferences import Preferences, load, save
from tui.store.samples import Samples

# The first frame needs the cache alone; what talks to the server is imported behind it.
if TYPE_CHECKING:
    from tui.batches.quota import Amount
    from tui.client.api import Wire
    from tui.flows.listing.coverage import Reach
    from tui.flows.monitor import Monitor, Offline, Seen
    from tui.flows.queue.quota_usage import Stock
    from tui.store.alerts import AlarmBook
    from tui.store.checks import Verdicts
    from tui.store.journal import Journal
    from tui.store.learned_limits import LearntLimits
    from tui.store.queue import Queue

_FIRST_FRAME = 60  # cached batches that are read before the first frame, a tall screen of them; the rest follow


class Session(Priced):
    """A profile, what is known of its batches, and the way to its server once `connect` has been awaited.

    Opening it reads the newest cached batches, so that the first frame can show them.
    """

    def __init__(self, profile: Profile, folder: Path, *, everything: bool = False) -> None:
        """`everything` follows the list of batches to its end, however old they are."""
        super().__init__(profile, folder)
        self.everything = everything
        self.reach: Reach | None = None  # how far the list has been followed, once that is known
        self._connections = connect(folder, self.trouble), connect(folder, self.trouble)
        self._cache = Cache(self._connections[0], profile.view)
        self.samples = Samples(self._connections[0], profile.view)
        self.preferences = load(self._connections[0])
        self._wire: Wire | None = None
        self._monitor: Monitor | None = None
        self._gone = self._cache.gone()
        self._take_in(_made_of(self._cache.load(limit=_FIRST_FRAME)))
        self.partial = len(self.book) == _FIRST_FRAME  # more may be remembered than is in the book yet
        self.seen_at = self._cache.seen_at()
        self.names = Names()
        self.doubted: set[str] = set()  # batches whose files do not hold what the server reports

    @cached_property
    def journal(self) -> "Journal":
        """What was done to the account on purpose."""
        from tui.store.journal import Journal

        return Journal(self._connections[1], self.profile.account, self.folder)

    @cached_property
    def queue(self) -> "Queue":
        """What waits here until there is room for it."""
        from tui.store.queue import Queue

        return Queue(self._connections[1], self.profile.account)

    @cached_property
    def learnt(self) -> "LearntLimits":
        """What refusals have told of the provider's limits."""
        from tui.store.learned_limits import LearntLimits

        return LearntLimits(self._connections[1], self.profile.account)

    @cached_property
    def verdicts(self) -> "Verdicts":
        """What was found out about batches from their files."""
        from tui.store.checks import Verdicts

        return Verdicts(self._connections[1], self.profile.account)

    @cached_property
    def alarms(self) -> "AlarmBook":
        """What its user has been told of, and has asked to be told."""
        from tui.store.alerts import AlarmBook

        return AlarmBook(self._connections[1], self.profile.view)

    @property
    def wire(self) -> "Wire":
        """The server; raises `LazybatchError` while the client is still being made."""
        if self._wire is None:
            raise LazybatchError(f"Still connecting to {self.profile.host}: try again in a moment.")
        return self._wire

    @property
    def now(self) -> float:
        return self._wire.now if self._wire else time.time()

    @property
    def results_folder(self) -> Path:
        """Where result files are kept, apart for each account, or for each profile in a folder of its user's choice."""
        if self.profile.downloads is not None:
            from tui.flows.host.pager import plain_name

            return self.profile.downloads / plain_name(self.profile.name)
        import hashlib

        digest = hashlib.sha256(self.profile.account.encode()).hexdigest()[:12]
        return self.folder / "results" / digest

    def folder_of(self, batch_id: str) -> Path:
        """Where the files of one batch are kept: in a folder that its user chose, each batch has one of its own."""
        if self.profile.downloads is None:
            return self.results_folder
        from tui.flows.results.download import plain_id

        return self.results_folder / plain_id(batch_id)

    async def connect(self, *, read_retries: int = 0) -> None:
        """Read the rest of the cache and make the client, both in threads.

        The screen asks again by itself; a command has its reads retried by the client.
        """
        from tui.client.address import Address
        from tui.client.api import Wire
        from tui.flows.listing.coverage import HORIZON
        from tui.flows.monitor import Monitor

        self._take_in(await asyncio.to_thread(self._all_remembered, _FIRST_FRAME))
        self.partial = False
        await asyncio.to_thread(self.samples.load)
        self.doubted |= await asyncio.to_thread(self.verdicts.doubted)
        key = self.profile.key
        if key is None:
            raise LazybatchError(f"No API key: set {self.profile.key_env}.")
        profile = self.profile
        address = Address(profile.base_url, key, profile.organization, profile.project, key_env=profile.key_env)
        self._wire = await Wire.connect(address, read_retries=read_retries)
        horizon = float("inf") if self.everything else HORIZON
        self._monitor = Monitor(self._wire, self.book, self._cache, samples=self.samples, horizon=horizon)
        self._monitor.interval = self.preferences.interval

    async def steps(self) -> "AsyncIterator[Seen | Offline]":
        """The monitor's steps, for ever; `connect` first."""
        from tui.flows.monitor import Seen

        if self._monitor is None:
            await self.connect()
        if self._monitor is not None:
            async for step in self._monitor.steps():
                if isinstance(step, Seen):
                    self.seen_at = step.at
                    self.reach = step.reach
                yield step

    @property
    def has_cancel(self) -> bool:
        """Whether batches can be cancelled, as far as the server has said."""
        return self._wire is None or self._wire.has_cancel

    @property
    def paused(self) -> bool:
        """Whether the server is only asked on demand; may be set once `connect` is over."""
        return self._monitor is not None and self._monitor.paused

    @paused.setter
    def paused(self, paused: bool) -> None:
        if self._monitor is not None:
            self._monitor.paused = paused

    @property
    def calls_per_minute(self) -> int:
        """The calls to the server in the last minute."""
        return self._monitor.calls_per_minute if self._monitor is not None else 0

    def prefer(self, preferences: Preferences) -> None:
        """Go by `preferences` from now on; `keep_preferences` writes them down."""
        self.preferences = preferences
        if self._monitor is not None:
            self._monitor.interval = preferences.interval

    async def keep_preferences(self) -> None:
        """Go by the present preferences at the next start too."""
        # What holds by then: of two threads the later may come first.
        await asyncio.to_thread(lambda: save(self._connections[0], self.preferences))

    def refresh(self, batch_id: str | None = None) -> None:
        """Ask the server now rather than at the next round; for the batch `batch_id` first, if that is given."""
        if self._monitor is not None:
            self._monitor.refresh(batch_id)

    def answer(self, batch_id: str) -> Mapping[str, Any] | None:
        """The server's own JSON of a batch, as it was last seen."""
        return self._cache.answer(batch_id)

    async def input_of(self, batch: Batch) -> Path | None:
        """The input file of `batch`: the one it was submitted from if that is unchanged, else downloaded."""
        from tui.flows.results.download import Downloaded, Part, collect

        if (here := await self.input_here(batch)) is not None:
            return here
        async for step in collect(batch, self.folder_of(batch.id), wire=self.wire, parts=[Part.INPUT]):
            if isinstance(step, Downloaded):
                return step.path
        return None

    async def input_here(self, batch: Batch) -> Path | None:
        """The input file of `batch`, if it is on this machine and unchanged."""
        from tui.flows.results.download import Part, result_path
        from tui.flows.submit.unchanged import is_still

        submission = (await asyncio.to_thread(self.journal.by_batch)).get(batch.id)
        if submission is not None:
            path = Path(submission.path)
            if await asyncio.to_thread(is_still, path, submission.bytes, submission.sha256):
                return path
        copy = result_path(self.folder_of(batch.id), batch.id, Part.INPUT)
        return copy if await asyncio.to_thread(copy.exists) else None

    async def stock(self, batches: Iterable[Batch] | None = None, going: Iterable["Amount"] = ()) -> "Stock":
        """What is enqueued of each model, by `batches` (else by the book), and the room that there is.

        `going` counts as well. Raises `LazybatchError` where the state cannot be used.
        """
        from tui.flows.queue.quota_usage import stock

        found = list(self.book if batches is None else batches)
        return await asyncio.to_thread(
            stock, found, profile=self.profile, journal=self.journal, learnt=self.learnt, now=self.now, going=going
        )

    async def recent_files(self, most: int) -> list[str]:
        """Paths of the input files submitted last."""
        return [found.path for found in await asyncio.to_thread(self.journal.recent, most)]

    async def learn_own_names(self) -> None:
        """Take in what was submitted from here, by whatever process."""
        await asyncio.to_thread(lambda: self.names.learn_submissions(self.journal.named()))

    async def learn_names(self, batches: Iterable[Batch]) -> bool:
        """Find out what those of `batches` are called that are called by their id so far; whether any has a name now.

        Raises `LazybatchError` where the state cannot be used.
        """
        from tui.flows.listing.file_names import ask_names

        nameless = await asyncio.to_thread(self.names.nameless, list(batches))
        if not nameless:
            return False
        await self.learn_own_names()
        told = await ask_names(self.names, nameless, self.wire)
        return told or len(self.names.nameless(nameless)) < len(nameless)

    async def close(self) -> None:
        if self._wire is not None:
            await self._wire.close()
        await asyncio.to_thread(self.samples.save)
        await self.close_costs()
        for connection in self._connections:
            connection.close()

    def _all_remembered(self, offset: int) -> list[Batch]:
        """The rest of the cache; ten thousand batches take a third of a second, so this is for a thread."""
        return _made_of(self._cache.each(offset=offset))

    def _take_in(self, remembered: Iterable[Batch]) -> None:
        # What has come from the server meanwhile is newer than what was remembered.
        fresh = [batch for batch in remembered if batch.id not in self.book]
        self.book.apply(fresh)
        self.book.mark_gone(self._gone.intersection(batch.id for batch in fresh))


def _made_of(answers: Iterable[Mapping[str, Any]]) -> list[Batch]:
    return [batch for answer in answers if (batch := batch_from(answer)) is not None]
