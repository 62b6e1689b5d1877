"""Tagwerk, the commissioning desk for WinCC.

The package is a stack of layers that may only import downwards; docs/architecture.md draws
it, and the import contracts in pyproject.toml enforce it.
"""

__version__ = "0.1.0"
