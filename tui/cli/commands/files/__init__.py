"""`lazybatch files`."""
