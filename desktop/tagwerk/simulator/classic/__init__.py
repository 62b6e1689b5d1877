"""The plant behind WinCC V7's and V8's REST service: ``/WinCCRestService``, Basic, nothing pushed."""
