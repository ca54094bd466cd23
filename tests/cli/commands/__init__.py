"""Tests of `tui.cli.commands`."""
