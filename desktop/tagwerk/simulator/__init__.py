"""The demo plant: a process model, and servers that speak a real runtime's interface."""
