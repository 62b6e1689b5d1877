"""The parts of the tag browser: item model, view with its painter, search field, details strip."""
