"""Tests of `tui.ui.screens.submit`."""
