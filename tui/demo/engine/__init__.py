"""What moves batches along in the demo server, and where it keeps them."""
