"""lazybatch: the terminal tool for OpenAI-style batch jobs."""

__version__ = "0.1.0"
