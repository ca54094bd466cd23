"""What is enqueued at a provider: its batches held against what was submitted from here, and the known limits."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tui.batches.batch import Batch, Status
from tui.batches.quota import Amount, Limit, Refusal, Room, enqueued, family, limits, pause_ends, refused, rooms
from tui.settings.profiles import Profile
from tui.store.journal import Journal
from tui.store.learned_limits import LearntLimits

# Seconds: a provider raises its limits and tells nobody. One refusal a day is what it costs to find that out.
_BELIEVED = 86400.0


@dataclass(frozen=True, slots=True)
class Stock:
    """By the name of a model's family the room there is, and the server's time at which a pause ends at the latest."""

    rooms: Mapping[str, Room]
    pauses: Mapping[str, float]


def stock(
    batches: Iterable[Batch],
    *,
    profile: Profile,
    journal: Journal,
    learnt: LearntLimits,
    now: float,
    going: Iterable[Amount] = (),
) -> Stock:
    """Take stock of `batches`, which are all that may be active and those that ended lately; for a thread.

    What refused batches tell of a limit is learnt on the way. `now` is the server's time; `going` counts as well.
    """
    batches, own = list(batches), _own(journal)
    names = {batch.id: name for batch in batches if (name := _model(batch, own))}
    _learn(batches, names, learnt)
    known = limits(profile.enqueued_tokens, profile.enqueued_requests, learnt.load(after=now - _BELIEVED))
    amounts = (enqueued(batch, own.get(batch.id)) for batch in batches if batch.active)
    pauses = {}
    for model, limit in known.items():
        of_model = [batch for batch in batches if names.get(batch.id) == model]
        if (until := pause_ends(limit, of_model, now)) is not None:
            pauses[model] = until
    return Stock(rooms((*amounts, *going), known), pauses)


def _own(journal: Journal) -> dict[str, Amount]:
    """By batch, what was known of it when it was submitted from here."""
    expected = journal.expected()
    return {
        batch_id: Amount(
            found.model, expected[batch_id].input_tokens if batch_id in expected else None, found.requests
        )
        for batch_id, found in journal.by_batch().items()
    }  # fmt: skip


def _model(batch: Batch, own: Mapping[str, Amount]) -> str | None:
    known = own.get(batch.id)
    name = known.model if known is not None and known.model else batch.model
    return None if name is None else family(name)


def _learn(batches: Iterable[Batch], names: Mapping[str, str], learnt: LearntLimits) -> None:
    before = learnt.load()
    told: list[tuple[float, str, Refusal]] = []
    for batch in batches:
        found, at = refused(batch), float(batch.failed_at or batch.created_at or 0)
        model = (found.model if found else None) or names.get(batch.id)
        limit = before.get(family(model), Limit()) if model else Limit()
        if model and found and at > (limit.refused_at or 0):
            told.append((at, model, found))
        elif model and found is None and _taken_in_after(limit, batch):
            learnt.taken_in(model, batch.in_progress_at or 0)
    for at, model, refusal in sorted(told, key=lambda each: each[0]):
        learnt.refused(model, refusal, at)


def _taken_in_after(limit: Limit, batch: Batch) -> bool:
    """Whether the provider has accepted `batch` since the refusals that `limit` counts."""
    if not limit.refusals or batch.status in {Status.VALIDATING, Status.FAILED}:
        return False
    return (batch.in_progress_at or 0) > (limit.refused_at or 0)
