"""The terminal face, driven by keys on the demo server and read from what it draws."""
