"""The table that draws only the lines that are visible."""
