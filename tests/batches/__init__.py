"""Tests of what is known of batches."""
