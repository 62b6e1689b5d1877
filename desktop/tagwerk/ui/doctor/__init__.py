"""The connection doctor: a window that looks at a server step by step and says what to do."""
