"""`lazybatch submit`."""
