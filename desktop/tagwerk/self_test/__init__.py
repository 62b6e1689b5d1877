"""The self test of an installed program: ``tagwerk --self-test``.

Looks at everything that a package can lack or a computer can spoil (modules, fonts, translations,
the keyring, the certificate store, the screen), then drives the whole program once against a demo
plant of its own: connect, value, write, alarm, picture. Needs nothing and leaves nothing behind.
Called by the command line; wires like `tagwerk.app`.
"""
