"""Parts of the setpoint panel: rows, their painting, editors, dialogs. `panels/setpoints.py` wires."""
