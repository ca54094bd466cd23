"""Input files: what may be wrong with them, and how they are put right and cut up."""
