"""Tests of `tui.ui.screens`."""
