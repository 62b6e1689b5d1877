"""One connected plant, headless: its stores, its link, its sheet, its way to write.

The window's panels and the command line meet a server only through a `Plant`.
"""

from tagwerk.plant.plant import Frame, Plant

__all__ = ["Frame", "Plant"]
