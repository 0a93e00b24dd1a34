import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

# One thread a matrix: those of several requests at once, waiting busily for each other, take ten times as long.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lms_project.settings")
application = get_wsgi_application()
# All views are read here, once, before the server forks; else the first visitor of each process would wait for them.
assert get_resolver().url_patterns
