"""Tests of `tui.ui.tasks`."""
