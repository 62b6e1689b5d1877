"""Small widgets and painter helpers that more than one panel uses. They know no plant."""
