"""Tests of `tui.settings`."""
