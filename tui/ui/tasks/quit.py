"""Quitting: at once, or after a question while something is on its way."""

from typing import TYPE_CHECKING

from tui.format.text import plural
from tui.ui.screens.base import Room

if TYPE_CHECKING:
    from tui.ui.app import LazybatchApp


async def leave(app: "LazybatchApp") -> None:
    """End `app`; what is being sent is asked about first, because it would stop half-way."""
    if not _unfinished(app):
        app.exit()
        return
    while not isinstance(app.screen, Room):
        # The palette, or a terminal that is too small: neither has a place for the question.
        await app.pop_screen()
    # A worker: the keys wait for the action that they called, and the answer is a key.
    app.screen.work(_ask(app, app.screen), "leave")


async def _ask(app: "LazybatchApp", room: Room) -> None:
    if await room.bottom.ask(_unfinished(app) or "Quit?"):
        app.exit()


def _unfinished(app: "LazybatchApp") -> str:
    """The question whether to leave while something is on its way; empty if nothing is."""
    # What was not begun in this run has not been made.
    begun = vars(app)
    if app.in_doubt:
        return "It is not known yet whether a batch was created. Quit? The next start asks the server again."
    if app.submitting or ("queueing" in begun and app.queueing.doing):
        return "A file is being submitted. Stop and quit? It can go on later."
    if left := app.cancelling.left if app.cancelled_some else 0:
        return f"{plural(left, 'cancel')} still to be sent. Stop and quit?"
    if left := app.deleting.left if "deleting" in begun else 0:
        return f"{plural(left, 'file')} still to be deleted. Stop and quit?"
    if doing := next((room.writing for room in app.screen_stack if isinstance(room, Room) and room.writing), ""):
        return f"Still {doing}. Stop and quit?"
    return "Results are being downloaded. Stop and quit? d goes on later." if app.downloading else ""
