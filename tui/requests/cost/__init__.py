"""What an input file will cost: its tokens, counted or estimated, and the prices of its models."""
