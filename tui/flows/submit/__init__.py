"""A validated file becomes a batch, exactly once."""
