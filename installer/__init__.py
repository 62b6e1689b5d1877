"""How the program is packaged: one folder by PyInstaller, and what each system wants around it.

`build.py` is the entry (python3 dev.py package). `folder.py` makes the folder from `tagwerk.spec`
and `contents.py`; `linux/` and `windows/` make archives and installers of it, `papers/` the licences
and the bill of materials, `icons/` the icons. Nothing here is part of the program.
"""
