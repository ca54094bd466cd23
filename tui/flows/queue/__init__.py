"""Submissions that wait here for the provider's quota, and how they are sent."""
