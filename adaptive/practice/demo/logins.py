"""Logins of the demonstration. Only load_demo makes them; whoever runs a real school never does. No Django here."""

from typing import NamedTuple


class Login(NamedTuple):
    """What `start` prints: who, with which password, to see what."""

    role: str
    username: str
    password: str
    sees: str


STUDENT_PASSWORD = "demo-student"
TEACHER = Login("teacher", "teacher", "demo-teacher", "the reports of 7b and 8a, and answers that wait to be marked")
ADMIN = Login("administrator", "admin", "demo-admin", "Django's admin pages, at /admin/")

LOGINS: list[Login] = [
    TEACHER,
    Login("student", "alice", STUDENT_PASSWORD, "the middle of the fractions, with reviews that are due"),
    Login("student", "bob", STUDENT_PASSWORD, "a fresh start: nothing is known about him yet"),
    Login("student", "charlie", STUDENT_PASSWORD, "nearly everything mastered"),
    ADMIN,
]
