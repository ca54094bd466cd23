"""Result files: what their lines say, what is missing from them, which requests must run again."""
