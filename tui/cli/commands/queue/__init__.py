"""`lazybatch queue` and its verbs."""
