"""The files that the server keeps."""
