"""What outlives the process: SQLite in WAL mode, readable by its owner alone."""
