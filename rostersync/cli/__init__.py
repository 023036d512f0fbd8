"""The commands: parse, call the pipeline, render, exit. One file a command."""
