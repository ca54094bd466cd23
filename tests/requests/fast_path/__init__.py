"""Tests of `tui.requests.fast_path`."""
