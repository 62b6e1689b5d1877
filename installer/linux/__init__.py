"""What Linux wants around the folder: a portable archive and a Debian package."""
