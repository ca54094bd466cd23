"""The home screen: the table of batches."""
