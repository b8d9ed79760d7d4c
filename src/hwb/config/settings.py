"""Django's settings, all from the environment. docs/settings.md says what each variable means."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from csp.constants import NONE, SELF
from django.utils.functional import lazy
from psycopg.conninfo import conninfo_to_dict

from hwb.config import environment
from hwb.config.secret_key import secret_key

PACKAGE = Path(__file__).resolve().parent.parent

HWB_PRODUCTION = environment.flag("HWB_PRODUCTION")
HWB_MAIL_DOMAIN = environment.text("HWB_MAIL_DOMAIN", "hwbcymru.net")
HWB_PORT = environment.whole("HWB_PORT", 8000)
HWB_BIND = environment.text("HWB_BIND", "127.0.0.1")
HWB_BASE_URL = environment.text("HWB_BASE_URL", f"http://localhost:{HWB_PORT}").rstrip("/")
# A worker silent for this long is taken for dead, and its jobs go back to the queue.
HWB_JOB_STALLED_SECONDS = environment.number("HWB_JOB_STALLED_SECONDS", 30)
HWB_WORKER_POLL_SECONDS = environment.number("HWB_WORKER_POLL_SECONDS", 5)
HWB_WORKER_CONCURRENCY = environment.whole("HWB_WORKER_CONCURRENCY", 1)
HWB_WEB_THREADS = environment.whole("HWB_WEB_THREADS", 4)
# The newest first; without any, first passwords are kept under a key derived from the secret key.
HWB_PASSWORD_KEYS = environment.names("HWB_PASSWORD_KEYS")

DEBUG = False
SECRET_KEY = lazy(secret_key, str)()  # made and read when first needed
ALLOWED_HOSTS = environment.names("HWB_HOSTS", "" if HWB_PRODUCTION else "localhost,127.0.0.1,[::1]")
ROOT_URLCONF = "hwb.config.urls"
WSGI_APPLICATION = "hwb.config.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "hwb.config",
    "hwb.directory",
    "procrastinate.contrib.django",
    "django.contrib.staticfiles",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "hwb.config.addresses.LocalhostMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [PACKAGE / "templates"],
        "OPTIONS": {"context_processors": ["django.template.context_processors.request"]},
    }
]

DATABASES: dict[str, dict[str, Any]] = {
    "default": {
        "ENGINE": "hwb.config.postgresql",
        "NAME": conninfo_to_dict(environment.text("HWB_DATABASE_URL")).get("dbname", "hwb"),
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {"prepare_threshold": None, "application_name": "hwb"},
    }
}
PROCRASTINATE_AUTODISCOVER_MODULE_NAME = ""
PROCRASTINATE_IMPORT_PATHS = ["hwb.jobs.tasks"]

USE_TZ = True
TIME_ZONE = "Europe/London"
USE_I18N = True
LANGUAGE_CODE = "en-gb"
LANGUAGES = [("en", "English"), ("cy", "Cymraeg")]

STATIC_URL = "/static/"
STATICFILES_DIRS = [PACKAGE / "static"]
WHITENOISE_USE_FINDERS = True
WHITENOISE_ROOT = PACKAGE / "static/root"  # robots.txt

# 19 MiB, two passes, one lane: OWASP's figure, and ten times the sign-ins of Django's default on two cores.
PASSWORD_HASHERS = ["hwb.config.hashing.LightArgon2Hasher"]

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SECURE_SSL_REDIRECT = HWB_PRODUCTION
SECURE_HSTS_SECONDS = 31_536_000 if HWB_PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HWB_PRODUCTION
SECURE_REDIRECT_EXEMPT = [r"^healthz$"]
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HWB_PRODUCTION
CSRF_COOKIE_HTTPONLY = SESSION_COOKIE_HTTPONLY = True
# Only a proxy that sets this header itself, and drops a visitor's, may be trusted with it.
if environment.flag("HWB_BEHIND_PROXY"):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "base-uri": [SELF],
        "connect-src": [SELF],
        "font-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "img-src": [SELF],
        "object-src": [NONE],
        "style-src": [SELF],
    }
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": environment.text("HWB_LOG_LEVEL", "WARNING").upper()},
}
