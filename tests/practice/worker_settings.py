"""The project's settings on the running test's own database, for a worker in another process."""

import os

from lms_project.settings import *  # noqa: F403
from lms_project.settings import DATABASES

DATABASES["default"]["NAME"] = os.environ["ADAPTIVE_TEST_DATABASE"]
