"""Tests of `tui.flows.files`."""
