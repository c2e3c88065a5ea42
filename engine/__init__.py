"""Millpond without a window: the headless library and the command line."""
