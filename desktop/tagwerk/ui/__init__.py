"""All that imports Qt. Gets plants handed in; never imports the link or a dialect."""
