"""The verbs: each an async generator of frozen steps, used by the screen and the commands alike."""
