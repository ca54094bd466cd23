"""The commands, each in a file that is called as the command is typed."""
