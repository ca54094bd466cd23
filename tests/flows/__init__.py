"""Tests of the verbs, on a demo server."""
