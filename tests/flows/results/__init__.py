"""Tests of `tui.flows.results`."""
