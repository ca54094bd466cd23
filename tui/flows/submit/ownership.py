"""Whether an uploaded file may be deleted to take a create back."""

from tui.batches.stored_files import StoredFile
from tui.store.journal import Journal, Submission


def why_kept(stored: StoredFile, submission: Submission, journal: Journal) -> str | None:
    """Why the submission's uploaded file has to stay, in words that begin a sentence; None where it may go.

    It may where its name tells that this journal's submissions uploaded it, and no other of them goes on with it. What
    they have come to failed: a file is used again for no other reason. Blocks for the disk.
    """
    if journal.delete_refused(stored.id):
        return "the server has refused to delete the uploaded file"
    others = journal.sharing(submission)
    if any(other.open for other in others):
        return "another submission goes on with the uploaded file"
    name = stored.filename or ""
    if not any(each.id in name for each in (submission, *others)):
        return "nothing tells that the uploaded file is ours to delete"
    return None
