"""Tests of `tui.flows.listing`."""
