"""A local Batch API server, so that all of lazybatch runs with no key, no network, no cost."""
