"""Tests of reading results."""
