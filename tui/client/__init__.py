"""HTTP: the only room that knows `openai`."""
