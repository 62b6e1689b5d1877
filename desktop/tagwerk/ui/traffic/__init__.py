"""Parts of the traffic panel."""
