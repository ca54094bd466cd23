"""Tests of `tui.results.export`."""
