"""The filter language of the batches: text to terms, terms to tests of a batch."""
