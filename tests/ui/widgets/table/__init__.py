"""Tests of `tui.ui.widgets.table`."""
