"""Result files: downloaded, checked against their requests, read line by line."""
