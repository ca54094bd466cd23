"""Tests of `tui.flows.host`."""
