"""Passes valid lines many at a time, so that only the others are checked rule by rule."""
