"""The batches and sample files that the demo server starts with."""
