"""Tests of `tui.flows.submit`."""
