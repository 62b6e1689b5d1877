"""The trend: pens and panes, axes, the drawn view, its cursors, its legend, its exports."""
