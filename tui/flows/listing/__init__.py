"""The server's lists, page by page."""
