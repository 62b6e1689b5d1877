"""The parts of the alarm panel: cells and colours, model and table, dialogs, history."""
