"""Other programs and the file system of this machine: editor, pager, file browser, notify command."""
