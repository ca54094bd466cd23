"""Tests of `tui.batches.query`."""
