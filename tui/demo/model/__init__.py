"""The stand-in for a model: answers that are always the same for the same request."""
