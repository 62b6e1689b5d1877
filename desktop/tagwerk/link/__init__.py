"""Where bytes move: HTTP, TLS, sessions, the value stream. asyncio and sockets, never Qt.

`connector.HttpConnector` is what the composition root hands to the window; `login.open_client`
serves the command line.
"""
