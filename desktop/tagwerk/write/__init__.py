"""The only way to change the plant: guarded, confirmed, audited, read back, never repeated.

`request` says what is to be written, `guard` judges it, `arming` keeps the lock, `audit` the
evidence, and `service` alone calls the client's write. No Qt and no sockets in here.
"""
