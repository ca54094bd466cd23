"""Tests of `tui.requests.cost`."""
