"""Tests of `tui.format`."""
