"""The one list of what a user can do.

Key bindings, the footer, the help screen, the command palette and the README's table of keys are all made from it, so
that a key means the same thing everywhere and nothing is left undocumented.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

HOME: Final = "batches"
COLUMNS: Final = "columns"
FILTER: Final = "filter"
FILES: Final = "files"
PICK: Final = "choose a file"
PATH: Final = "path"
SUBMIT: Final = "new batch"
BATCH: Final = "one batch"
RESULTS: Final = "results"
TRIAGE: Final = "what came back"
REFUSED: Final = "why it failed"
MONEY: Final = "money"
QUEUE: Final = "queue"
TABLES: Final = "every table"
EVERYWHERE: Final = "everywhere"
ROOMS: Final = (
    HOME, FILTER, COLUMNS, QUEUE, FILES, MONEY, PICK, PATH, SUBMIT, BATCH, RESULTS, TRIAGE, REFUSED, TABLES, EVERYWHERE,
)  # fmt: skip


class Action(NamedTuple):
    """Something a user can do in `room`.

    `name` is the method `action_<name>` of the screen; `keys` in Textual's names, the first of them shown; `label` the
    word in the footer, empty for what the footer leaves out; `help` a sentence. `writes` marks what changes something
    on the account: a read-only profile does not have it.
    """

    room: str
    name: str
    keys: str
    label: str
    help: str
    writes: bool = False

    @property
    def shown_keys(self) -> str:
        """The keys as people write them: `n`, `⏎`, `^l`."""
        return " ".join(_shown(key) for key in self.keys.split(","))

    def shown_key(self, key: str) -> str:
        """One of its keys as people write it."""
        return _shown(key)

    @property
    def typed(self) -> bool:
        """Whether its first key goes into the text while somebody types."""
        first = self.keys.split(",")[0]
        return len(first) == 1 or first in _TYPED


_TYPED: Final = {"space", "slash", "question_mark", "plus", "minus", "colon", "backspace"}
_GLYPHS: Final = {
    "enter": "⏎", "right": "→", "left": "←", "escape": "esc", "space": "space", "question_mark": "?", "slash": "/",
    "up": "↑", "down": "↓", "pageup": "pgup", "pagedown": "pgdn", "G": "G", "ctrl+@": "^space", "tab": "tab",
    "plus": "+", "minus": "-", "colon": ":",
}  # fmt: skip


def _shown(key: str) -> str:
    return _GLYPHS.get(key) or key.replace("ctrl+", "^")


ACTIONS: Final = (
    Action(HOME, "new_batch", "n", "new", "Choose an input file and make a batch of it.", writes=True),
    Action(HOME, "open", "enter", "open", "Show the batch under the cursor: timeline, errors, files, usage."),
    Action(HOME, "results", "o", "results", "Read the results of the batch under the cursor."),
    Action(
        HOME,
        "wait_again",
        "w",
        "wait and send again",
        "Have a batch that was refused for want of room wait, and go out again when there is some.",
        writes=True,
    ),
    Action(HOME, "cancel", "c", "cancel", "Cancel the marked batches, or the one under the cursor.", writes=True),
    Action(
        HOME, "download", "d", "download", "Download the results of the marked batches, or of the one under the cursor."
    ),
    Action(
        HOME, "files", "F", "files", "Show the files that the server keeps: size, age, days left, and what uses them."
    ),
    Action(HOME, "mark_all", "a", "", "Mark all batches that are shown; again to mark none."),
    Action(HOME, "tell_me", "N", "", "Call me when the batch ends, by bell and notification; again: do not."),
    Action(
        HOME,
        "filter",
        "slash",
        "filter",
        "Show only what fits: words, status:running, age:<2d, failed:>1%, cost:>5, !word.",
    ),
    Action(HOME, "sort", "s", "sort", "Sort by the next column; S turns the order round."),
    Action(HOME, "reverse", "S", "", "Turn the order round."),
    Action(HOME, "unfold", "right", "", "Open the row of a file's parts to one row for each."),
    Action(HOME, "fold", "left", "", "Close them to one row again."),
    Action(HOME, "choose_columns", "C", "", "Choose the columns: which are shown, and in which order."),
    Action(HOME, "refresh", "r", "refresh", "Ask the server now."),
    Action(HOME, "view_all", "1", "", "Show all batches."),
    Action(HOME, "view_active", "2", "", "Show only those that run."),
    Action(
        HOME,
        "view_attention",
        "3",
        "",
        "Show only what needs attention: failed or expired lately, runaways, results that disagree or soon expire.",
    ),
    Action(HOME, "money", "M", "", "Show what was spent: today, this month, and on each model."),
    Action(HOME, "pause", "p", "pause", "Ask the server no more by itself; again to go on."),
    Action(HOME, "slower", "plus", "", "Ask the server less often, down to every 5 minutes."),
    Action(HOME, "faster", "minus", "", "Ask the server more often, up to every 2 seconds."),
    Action(HOME, "queue", "Q", "", "Show what waits in the queue for room at the provider."),
    Action(HOME, "copy_id", "y", "", "Copy the id to the terminal's clipboard."),
    Action(HOME, "copy_json", "Y", "", "Copy the batch to the terminal's clipboard, as the server's JSON."),
    Action(FILTER, "submit", "enter", "keep it", "Back to the rows; the filter stays."),
    Action(FILTER, "drop", "escape", "no filter", "Back to the rows, without a filter."),
    Action(FILTER, "complete", "tab", "complete", "Complete a term: st becomes status:."),
    Action(COLUMNS, "step", "right,left,l,h,j,k", "", "Go to the next column, or to the one before."),
    Action(COLUMNS, "show_or_hide", "space", "show/hide", "Show the column, or hide it."),
    Action(COLUMNS, "done", "enter,escape", "done", "Back to the batches; the choice is kept for the next start."),
    Action(COLUMNS, "earlier", "K", "left", "Move it to the left."),
    Action(COLUMNS, "later", "J", "right", "Move it to the right."),
    Action(COLUMNS, "sort_by", "s", "sort", "Sort by it; again turns the order round."),
    Action(FILES, "open", "enter", "batch", "Show the batch that the file belongs to."),
    Action(FILES, "download", "d", "download", "Download the results of the batches that the marked files belong to."),
    Action(
        FILES,
        "delete",
        "x",
        "delete",
        "Delete the marked files, or the one under the cursor; what an active batch uses stays.",
        writes=True,
    ),
    Action(FILES, "mark_all", "a", "mark all", "Mark all files that are shown; again to mark none."),
    Action(FILES, "filter", "slash", "filter", "Show only what has these words: of its name, its kind, its batch."),
    Action(FILES, "sort", "s", "sort", "Sort by the next column; S turns the order round."),
    Action(FILES, "reverse", "S", "", "Turn the order round."),
    Action(FILES, "view_all", "1", "", "Show all files."),
    Action(FILES, "view_results", "2", "", "Show only results of batches that have ended."),
    Action(FILES, "view_orphans", "3", "orphans", "Show only orphans: uploads that no batch will use any more."),
    Action(FILES, "refresh", "r", "refresh", "Ask the server now."),
    Action(FILES, "copy_id", "y", "", "Copy the id to the terminal's clipboard."),
    Action(PICK, "choose", "enter", "choose", "Take the file under the cursor, or go into the folder."),
    Action(PICK, "path", "slash", "path", "Type a path; tab completes it."),
    Action(PICK, "up", "backspace", "folder up", "Go to the folder above."),
    Action(PATH, "submit", "enter", "go", "Take the file, or go into the folder."),
    Action(PATH, "leave", "escape", "leave it", "Back to the list."),
    Action(PATH, "complete", "tab", "complete", "Complete the path."),
    Action(SUBMIT, "validate", "r", "validate again", "Read the file again, after you have changed it."),
    Action(
        SUBMIT,
        "again",
        "A",
        "submit again",
        "Submit a file again that was submitted before, or may have been: a second batch, paid for twice.",
        writes=True,
    ),
    Action(SUBMIT, "send", "ctrl+s", "submit", "Upload the file and create the batch, after a question.", writes=True),
    Action(
        SUBMIT,
        "adopt",
        "u",
        "it is that one",
        "Say which batch a submission came to, where the server cannot tell: nothing is sent.",
        writes=True,
    ),
    Action(SUBMIT, "fold", "enter,right", "lines", "Open or close the group of problems under the cursor."),
    Action(SUBMIT, "edit", "e", "edit", "Open the file at the problem in your editor ($VISUAL, $EDITOR)."),
    Action(SUBMIT, "mend", "m", "mend", "Show what can be put right by itself, and write a copy with it put right."),
    Action(
        SUBMIT,
        "split",
        "s,ctrl+t",
        "split",
        "Cut a file over the limits into parts; they are submitted together. ^t does it from the fields.",
        writes=True,
    ),
    Action(
        SUBMIT,
        "wait",
        "ctrl+n",
        "wait",
        "Have it wait in the queue: it is submitted by itself when there is room, after a question now.",
        writes=True,
    ),
    Action(SUBMIT, "stop", "x", "stop", "Stop the upload; it can be gone on with later."),
    Action(BATCH, "results", "o", "results", "Read the results."),
    Action(BATCH, "download", "d", "download", "Download the results."),
    Action(BATCH, "cancel", "c", "cancel", "Cancel this batch.", writes=True),
    Action(
        BATCH,
        "wait_again",
        "w",
        "wait and send again",
        "Have it wait, and go out again when there is room.",
        writes=True,
    ),
    Action(BATCH, "refresh", "r", "refresh", "Ask the server now."),
    Action(BATCH, "copy_id", "y", "copy id", "Copy the id to the terminal's clipboard."),
    Action(BATCH, "copy_json", "Y", "", "Copy the batch to the terminal's clipboard, as the server's JSON."),
    Action(RESULTS, "stop", "x", "stop", "Stop what is under way: reading, searching, writing."),
    Action(
        RESULTS,
        "other_file",
        "e",
        "errors",
        "Change between the output file, the error file and, where several batches are read as one, all.",
    ),
    Action(RESULTS, "view", "v", "view", "Show the line as answer, as JSON, or the request that it answers."),
    Action(RESULTS, "triage", "t", "why", "Tell what came back, grouped: each failure with its reason and number."),
    Action(RESULTS, "remainder", "R", "run again", "Write the requests without a good answer to a file and submit it."),
    Action(RESULTS, "search", "slash", "search", "Search all lines for a text, as it stands in the file."),
    Action(RESULTS, "next", "n", "next", "Go to the next line with the text."),
    Action(RESULTS, "previous", "N", "", "Go to the line with the text before this one."),
    Action(RESULTS, "filter", "f", "filter", "Show only requests of one kind: failed, missing, length, a code."),
    Action(
        RESULTS,
        "export",
        "E",
        "export",
        "Write all requests with their answers to a file, as JSON Lines or as CSV with columns of your choice.",
    ),
    Action(RESULTS, "go_to", "colon", "go to", "Go to a line by its number, or by its custom_id."),
    Action(RESULTS, "pager", "P", "pager", "Read the whole line in your pager ($PAGER)."),
    Action(RESULTS, "save", "w", "write", "Write the line, in the view that is shown, to a file."),
    Action(RESULTS, "copy_id", "y", "copy id", "Copy the custom_id to the terminal's clipboard."),
    Action(RESULTS, "copy_text", "Y", "", "Copy the text that is shown to the terminal's clipboard."),
    Action(RESULTS, "detail", "tab", "", "Go into the text of the line, to scroll it; again to come back."),
    Action(TRIAGE, "choose", "enter", "show", "Show the requests of the group under the cursor."),
    Action(TRIAGE, "remainder", "R", "run again", "Run the requests of this failure again, or all that failed."),
    Action(REFUSED, "fetch", "enter", "fetch", "Fetch the input file, to see the lines that are meant."),
    Action(REFUSED, "next", "n", "next line", "Show the next line that has the problem."),
    Action(REFUSED, "previous", "N", "", "Show the line that has the problem before this one."),
    Action(REFUSED, "remainder", "R", "retry", "Submit the input file as a retry of this batch.", writes=True),
    Action(
        REFUSED,
        "wait_again",
        "w",
        "wait and send again",
        "Have the batch wait, and go out again when there is room.",
        writes=True,
    ),
    Action(QUEUE, "open", "enter", "open", "Show the batch that it came to, or what is to be sent."),
    Action(QUEUE, "move_up", "K", "up", "Have it go out before the one above it.", writes=True),
    Action(QUEUE, "move_down", "J", "down", "Have it go out after the one below it.", writes=True),
    Action(QUEUE, "remove", "x", "remove", "Take it out of the queue; its batch, if it has one, stays.", writes=True),
    Action(MONEY, "refresh", "r", "refresh", "Ask the server now."),
    Action(TABLES, "move", "down,up,j,k", "", "Move by a row."),
    Action(TABLES, "page", "pagedown,pageup", "", "Move by a page."),
    Action(TABLES, "half_page", "ctrl+d,ctrl+u", "", "Move by half a page."),
    Action(TABLES, "ends", "g,G,home,end", "", "Go to the first or the last row."),
    Action(TABLES, "mark", "space", "", "Mark the row, where rows can be marked; ^space marks up to here."),
    Action(EVERYWHERE, "back", "escape", "back", "Go back to where you came from."),
    Action(EVERYWHERE, "help", "question_mark", "help", "Show all keys."),
    Action(EVERYWHERE, "command_palette", "ctrl+p", "", "Find an action by its name."),
    Action(EVERYWHERE, "redraw", "ctrl+l", "", "Draw the whole screen anew."),
    Action(EVERYWHERE, "suspend", "ctrl+z", "", "Back to the shell; fg brings lazybatch back."),
    Action(EVERYWHERE, "quit", "q", "quit", "Leave lazybatch; batches run on."),
)


def of_room(room: str) -> Iterator[Action]:
    """The actions of one room, then those that every room has."""
    for action in ACTIONS:
        if action.room in {room, EVERYWHERE}:
            yield action


def key_table() -> str:
    """The README's table of keys, in Markdown."""
    rows = [f"| {known.room} | `{known.shown_keys}` | {known.help} |" for known in ACTIONS]
    return "\n".join(("| where | keys | what it does |", "|---|---|---|", *rows))
