"""Settings of the host project that runs `adaptive` alone.

Everything that differs between installations comes from the environment (see .env.example); with nothing set,
one machine runs all of it from `.data`.
"""

import os
import sys
from pathlib import Path

from celery.schedules import crontab
from csp.constants import NONE, SELF

from lms_project import env, options

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = options.data_dir(os.environ, BASE_DIR)
DEBUG = options.flag(os.environ, "ADAPTIVE_DEBUG", default=False)
SECRET_KEY = options.secret_key(os.environ, DATA_DIR)
ALLOWED_HOSTS = options.words(os.environ, "ADAPTIVE_HOSTS", default=["127.0.0.1", "localhost", "[::1]", "testserver"])
CSRF_TRUSTED_ORIGINS = options.words(os.environ, "ADAPTIVE_ORIGINS", default=[])
HTTPS = options.flag(os.environ, "ADAPTIVE_HTTPS", default=False)

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "rest_framework",
    "drf_spectacular",
    "django_htmx",
    "csp",
    "axes",
    "adaptive",
    "lms_project",
]

MIDDLEWARE = [
    "adaptive.api.middleware.RequestIdMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "lms_project.urls"
WSGI_APPLICATION = "lms_project.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]

DATABASES = {"default": env.database_config(os.environ, DATA_DIR)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
if "pytest" in sys.modules:
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # a slow hash protects nobody in a test
LOGIN_URL = "adaptive:login"
LOGIN_REDIRECT_URL = "adaptive:home"
LOGOUT_REDIRECT_URL = "adaptive:login"
AXES_FAILURE_LIMIT = 8
AXES_COOLOFF_TIME = 0.1  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_LOCKOUT_TEMPLATE = "adaptive/locked_out.html"
AXES_ENABLED = "pytest" not in sys.modules
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2_000  # homework for a thousand learners, each a field of its form

# Nothing inline, nothing from another host: a stored text that slips through can run nothing and call nobody.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "Deutsch")]  # each in its own words; offered once all texts have it
# Before the apps' own: Django's admin has other words for some of ours.
LOCALE_PATHS = [BASE_DIR / "adaptive" / "locale"]
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_SECURE = HTTPS
TIME_ZONE = options.time_zone(os.environ)
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
if DEBUG or "pytest" in sys.modules:
    STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    WHITENOISE_USE_FINDERS = True
    WHITENOISE_AUTOREFRESH = True

# The row is the truth, the message a hint: a lost message costs a sweep, never an answer.
CELERY_BROKER_URL = env.broker_url(os.environ, DATA_DIR)
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_SOFT_TIME_LIMIT = 60
CELERY_TASK_TIME_LIMIT = 90
# A new process reads the models before it takes work; the first time they are converted, which takes a while.
CELERY_WORKER_PROC_ALIVE_TIMEOUT = 600.0
# A process whose memory has crept up is replaced after its job (kilobytes).
CELERY_WORKER_MAX_MEMORY_PER_CHILD = 1_400_000
CELERY_TASK_DEFAULT_QUEUE = "quick"
CELERY_TASK_CREATE_MISSING_QUEUES = True
CELERY_TASK_ROUTES = {
    "adaptive.attempt_assess": {"queue": "model"},
    "adaptive.resources_embed": {"queue": "model"},
    "adaptive.explanation_reword": {"queue": "model"},
    "adaptive.gaps_embed": {"queue": "model"},
    "adaptive.performance_reword": {"queue": "model"},
    # Minutes of work that nobody waits for: a worker of their own, so that no answer and no sweep waits behind them.
    "adaptive.learner_model_fit": {"queue": "slow"},
    "adaptive.finetune": {"queue": "slow"},
    "adaptive.relearn": {"queue": "slow"},
    "adaptive.states_replay": {"queue": "slow"},
    "adaptive.item_difficulties": {"queue": "slow"},
    "adaptive.difficulties_sweep": {"queue": "slow"},
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    # A killed worker's message comes back after this long; longer than the hard time limit, so nothing runs twice.
    "visibility_timeout": 120,
    # Publishing must not hold up an answer that is already stored: the sweeper finds it.
    "socket_timeout": 2,
    "socket_connect_timeout": 1,
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0.1,
    "interval_max": 0.2,
}
CELERY_TASK_PUBLISH_RETRY = False
CELERY_BEAT_SCHEDULE = {
    "sweep": {"task": "adaptive.sweep", "schedule": 10.0, "options": {"expires": 10}},
    "forget": {"task": "adaptive.forget", "schedule": 3600.0, "options": {"expires": 600}},
    "performance": {"task": "adaptive.performance_sweep", "schedule": 60.0, "options": {"expires": 50}},
    "tutor": {"task": "adaptive.tutor_sweep", "schedule": 20.0, "options": {"expires": 20}},
    # A week is assessed in the first hour after it; the hours after find what was lost.
    "performance_weeks": {
        "task": "adaptive.performance_weeks",
        "schedule": crontab(minute=7),
        "options": {"expires": 3000},
    },
    "gaps": {"task": "adaptive.gaps_embed", "schedule": 300.0, "options": {"expires": 280}},
    "co_practice": {"task": "adaptive.co_practice", "schedule": 300.0, "options": {"expires": 280}},
    "text_forecasts": {"task": "adaptive.text_forecasts", "schedule": 300.0, "options": {"expires": 280}},
    "embed": {"task": "adaptive.resources_embed", "schedule": 60.0, "options": {"expires": 50}},
    "relearn": {"task": "adaptive.relearn", "schedule": crontab(minute=23), "options": {"expires": 3000}},
    "difficulties": {"task": "adaptive.difficulties_sweep", "schedule": 60.0, "options": {"expires": 50}},
}
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["adaptive.api.authentication.TokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["adaptive.api.permissions.HasScope"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "adaptive.api.problems.exception_handler",
    "UNAUTHENTICATED_USER": None,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "adaptive",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "DESCRIPTION": "Adaptive learning for learning management systems.",
    "SERVE_INCLUDE_SCHEMA": False,
    # Names for sets of values that several shapes share; without them the document numbers them.
    "ENUM_NAME_OVERRIDES": {
        "ResourceKindEnum": "adaptive.catalog.checking.KINDS",
        "AssessorKindEnum": ["key", "llm", "teacher", "lms"],
        "AttemptStateEnum": ["queued", "assessed", "needs_review", "failed"],
        "ExplanationStateEnum": ["ready", "pending"],
        "SlatePurposeEnum": ["practice", "review", "feed", "catalogue"],
        "SessionPurposeEnum": ["learn", "review", "mock"],
        "EnrolmentRoleEnum": ["learner", "teacher"],
        "TutorRoleEnum": ["student", "tutor"],
        "DisagreementEnum": ["too_easy", "too_hard", "seen", "not_now"],
    },
}

ADAPTIVE = options.adaptive_settings(os.environ, DATA_DIR)

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": options.log_level(os.environ)},
    "loggers": {"django.request": {"level": "ERROR"}, "axes": {"level": "WARNING"}},
}
