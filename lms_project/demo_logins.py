"""The demonstration's logins, for `start` to print and for tests to use: (role, username, password, sees)."""

from adaptive.practice.demo.logins import LOGINS as DEMO_LOGINS

__all__ = ["DEMO_LOGINS"]
