import gc
import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lms_project.settings")
# One thread a matrix: those of several requests at once, waiting busily for each other, take ten times as long. It has
# to be said before numpy is read.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

from adaptive.recommendation.query_vector import encoder_load

application = get_wsgi_application()
# All views are read here, once, before the server forks; else the first visitor of each process would wait for them.
assert get_resolver().url_patterns
# The encoder of requests in words likewise; its weights are mapped, so that all processes share them.
encoder_load()
# What is loaded by now stays for good: looked through for garbage with everything else it costs a request 100 ms at a
# time (and each process its own copy of the pages that the count is kept in).
gc.collect()
gc.freeze()
gc.set_threshold(10_000, 20, 20)
