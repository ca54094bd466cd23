"""Faults that the demo server can be told to show."""
