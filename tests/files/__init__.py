"""Tests of `tui.files`."""
