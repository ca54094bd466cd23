"""Results joined to their requests, written as JSON Lines, as CSV, or as a file to retry."""
