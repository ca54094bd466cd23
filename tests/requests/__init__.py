"""The input file, from a byte that is not UTF-8 to a file of too many requests."""
