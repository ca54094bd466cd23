"""Tests of the wire, through the real client."""
