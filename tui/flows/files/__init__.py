"""The files that the server keeps: which there are, what uses them, how they are deleted."""
