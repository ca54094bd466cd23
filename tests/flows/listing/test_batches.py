"""The list of batches, as far back as it is wanted, whatever order the server has it in."""

import json
import time

from tests.conftest import OddServer
from tui.client.api import Wire
from tui.flows.listing.batches import active, newest_first
from tui.flows.listing.pager import Incomplete


def page(*stamps: int | None, more: bool) -> str:
    data = [{"id": f"b{at}", "created_at": at, "status": "in_progress"} for at in stamps]
    return json.dumps({"data": data, "has_more": more})


async def test_the_newest_first_ends_where_it_is_old_enough(odd: OddServer, odd_wire: Wire) -> None:
    odd.say(page(50, 40, 40, None, 20, 10, more=True))
    assert [batch.created_at async for batch in newest_first(odd_wire, since=30)] == [50, 40, None]
    assert len(odd.heads) == 1


async def test_what_begins_with_the_oldest_is_read_to_its_end(odd: OddServer, odd_wire: Wire) -> None:
    """Else nothing seems to run, and nothing to have been spent."""
    now = int(time.time())
    odd.say(page(10, 10, 20, more=True))
    odd.say(page(now - 60, now, more=False))
    assert [batch.created_at async for batch in newest_first(odd_wire, since=now - 100)] == [10, 20, now - 60, now]
    odd.answers.clear()
    odd.say(page(10, 20, more=True))
    odd.say(page(now - 60, now, more=False))
    assert [batch.created_at for batch in await active(odd_wire)][-1] == now


async def test_a_list_that_does_not_go_on_says_so(odd: OddServer, odd_wire: Wire) -> None:
    now = int(time.time())
    odd.say(page(now, now - 60, more=True))
    reasons: list[Incomplete] = []
    assert len(await active(odd_wire, reasons.append)) == 2
    assert [(why.read, why.error) for why in reasons] == [(4, None)]
