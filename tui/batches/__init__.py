"""What is known of batches: pure, no I/O."""
