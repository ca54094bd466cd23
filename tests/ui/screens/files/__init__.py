"""Tests of `tui.ui.screens.files`."""
