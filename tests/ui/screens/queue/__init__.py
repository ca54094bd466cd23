"""Tests of `tui.ui.screens.queue`."""
