"""How the screen's frames reach the terminal: in as few bytes as it takes, never waiting for a slow line."""
