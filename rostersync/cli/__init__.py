"""The commands: parse, call the workflow, render, exit. One file a command."""
