"""The HTTP routes of the demo server."""
