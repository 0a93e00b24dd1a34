"""Everything is killed with -9 in turn while answers come in. `python -m tests.chaos` prints the figures."""
