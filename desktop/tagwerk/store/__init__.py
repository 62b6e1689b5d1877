"""What we know now: plain synchronous Python and numpy, filled by the link, drained in frames.

Every store has the same shape: `put…` may be called from the value stream's thread and only
queues or replaces; `drain` is called by the frame on the window's thread and tells what changed.
"""
