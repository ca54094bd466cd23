"""Tests of the driver: what really reaches a terminal."""
