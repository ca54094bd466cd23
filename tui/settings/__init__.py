"""Profiles and their limits, budgets and guard rules, from the settings file and the environment."""
