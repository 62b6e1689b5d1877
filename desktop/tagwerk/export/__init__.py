"""Rows to files: one module a format. Called by panels and the command line; knows no plant."""
