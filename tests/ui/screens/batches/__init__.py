"""Tests of `tui.ui.screens.batches`."""
