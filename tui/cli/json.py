"""A batch as the JSON object that scripts read."""

from typing import Any

from tui.batches.batch import Batch, Counts, Status, Usage, timeline
from tui.batches.cost import Cost, counts_nothing


def batch_object(batch: Batch, name: str, cost: Cost | None) -> dict[str, Any]:
    """The fields of the contract; what is unknown is null. Times are Unix seconds, costs US dollars.

    `cost` is that so far, an estimate unless `cost_measured`; `cost_at_end` is an estimate while the batch is active.
    """
    counts = Counts() if batch.counts is None or counts_nothing(batch) else batch.counts
    return {
        "id": batch.id,
        "status": status_word(batch),
        "raw_status": None if batch.raw_status == "?" else batch.raw_status,
        "name": name,
        "endpoint": batch.endpoint,
        "model": batch.model,
        "created_at": batch.created_at,
        "expires_at": batch.expires_at,
        "requests": {"total": counts.total, "completed": counts.completed, "failed": counts.failed},
        "usage": _usage(batch.usage),
        "cost": None if cost is None else _dollars(cost.so_far),
        "cost_at_end": None if cost is None else _dollars(cost.at_end),
        "cost_measured": None if cost is None else cost.measured,
        "metadata": dict(batch.metadata),
        "input_file_id": batch.input_file_id,
        "output_file_id": batch.output_file_id,
        "error_file_id": batch.error_file_id,
        "errors": [
            {"code": error.code, "line": error.line, "message": error.message, "param": error.param}
            for error in batch.errors
        ],
    }


def batch_object_with_timeline(batch: Batch, name: str, cost: Cost | None) -> dict[str, Any]:
    """The same with the states that it went through, oldest first."""
    stages = [{"status": stage.status.value, "at": stage.at} for stage in timeline(batch)]
    return {**batch_object(batch, name, cost), "timeline": stages}


def status_word(batch: Batch) -> str | None:
    """The state in OpenAI's words; None where the provider's word has no equivalent there."""
    return None if batch.status is Status.UNKNOWN else batch.status.value


def _dollars(amount: float | None) -> float | None:
    return None if amount is None else round(amount, 6)


def _usage(usage: Usage | None) -> dict[str, Any] | None:
    """As the API itself has it."""
    if usage is None:
        return None
    return {
        "input_tokens": usage.input_tokens,
        "input_tokens_details": {"cached_tokens": usage.cached_tokens},
        "output_tokens": usage.output_tokens,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning_tokens},
        "total_tokens": usage.total_tokens,
    }
