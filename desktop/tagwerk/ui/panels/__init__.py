"""One module a panel. `PANELS` is the registry: the window docks what it lists."""
