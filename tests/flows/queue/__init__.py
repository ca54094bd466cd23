"""Tests of `tui.flows.queue`."""
