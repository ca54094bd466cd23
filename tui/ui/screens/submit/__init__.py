"""The new-batch screen: choose a file, validate it, submit it."""
