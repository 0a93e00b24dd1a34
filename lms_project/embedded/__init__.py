"""PostgreSQL and Redis of this installation, run from binaries in the virtual environment.

No module here imports Django: settings and the test suite use them before Django is set up.
"""
