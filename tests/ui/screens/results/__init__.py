"""Tests of `tui.ui.screens.results`."""
