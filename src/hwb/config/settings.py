"""Django's settings, all from the environment. docs/settings.md says what each variable means."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from csp.constants import NONCE, NONE, SELF
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
# Shown under "Get help" on every page.
HWB_HELP_TELEPHONE = environment.text("HWB_HELP_TELEPHONE", "01632 960 000")
HWB_HELP_EMAIL = environment.text("HWB_HELP_EMAIL", "help@example.wales")
# Without it, messages are kept in HWB_HOME/mail, and in production in the outbox.
HWB_SMTP_URL = environment.text("HWB_SMTP_URL")
HWB_MAIL_FROM = environment.text("HWB_MAIL_FROM", f"Hwb <no-reply@{HWB_MAIL_DOMAIN}>")
# The newest first; without any, first passwords are kept under a key derived from the secret key.
HWB_PASSWORD_KEYS = environment.names("HWB_PASSWORD_KEYS")
# Makes what services know people by; without it one derived from the secret key does. Never to be changed.
HWB_PAIRWISE_KEY = environment.text("HWB_PAIRWISE_KEY")

DEBUG = False
SECRET_KEY = lazy(cache(secret_key), str)()  # made and read when first needed
ALLOWED_HOSTS = environment.names("HWB_HOSTS", "" if HWB_PRODUCTION else "localhost,127.0.0.1,[::1]")
ROOT_URLCONF = "hwb.config.urls"
WSGI_APPLICATION = "hwb.config.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "hwb.config",
    "hwb.directory",
    "hwb.web",
    "hwb.signin",
    "procrastinate.contrib.django",
    "django.contrib.staticfiles",
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "allauth",
    "allauth.account",
    "allauth.idp.oidc",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "hwb.config.static.DigestMiddleware",
    "csp.middleware.CSPMiddleware",
    "hwb.config.addresses.LocalhostMiddleware",
    "hwb.web.language.LanguageMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "hwb.web.session.PersonMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "hwb.signin.oidc.pending.FormActionMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [PACKAGE / "templates"],
        "OPTIONS": {
            "context_processors": ["django.template.context_processors.request", "hwb.web.frame.context"],
            "builtins": ["hwb.web.templatetags.words", "hwb.web.templatetags.parts"],
            "libraries": {"words": "hwb.web.templatetags.words", "parts": "hwb.web.templatetags.parts"},
        },
    }
]

DATABASES: dict[str, dict[str, Any]] = {
    "default": {
        "ENGINE": "hwb.config.postgresql",
        "NAME": conninfo_to_dict(environment.text("HWB_DATABASE_URL")).get("dbname", "hwb"),
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
        # A school's rows travel as parameters, not as a literal to be quoted here and read again there.
        "OPTIONS": {"prepare_threshold": None, "application_name": "hwb", "server_side_binding": True},
    }
}
PROCRASTINATE_AUTODISCOVER_MODULE_NAME = ""
PROCRASTINATE_IMPORT_PATHS = ["hwb.jobs.tasks"]

USE_TZ = True
TIME_ZONE = "Europe/London"
USE_I18N = True
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("cy", "Cymraeg")]

STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "hwb.config.static.DigestStorage"},
}
STATIC_URL = "/static/"
STATICFILES_DIRS = [PACKAGE / "static"]
WHITENOISE_USE_FINDERS = True
WHITENOISE_ROOT = PACKAGE / "static/root"  # robots.txt

# 19 MiB, two passes, one lane: OWASP's figure, and ten times the sign-ins of Django's default on two cores.
# Usernames are unique by the identifier table, which also holds all earlier ones.
SILENCED_SYSTEM_CHECKS = ["auth.W004"]
PASSWORD_HASHERS = ["hwb.config.hashing.LightArgon2Hasher"]

# Signing in: allauth's flow, our pages (hwb.signin). Its limits count by address, and a whole school has one.
AUTH_USER_MODEL = "directory.Account"
AUTHENTICATION_BACKENDS = ["hwb.signin.backend.PasswordBackend"]
ACCOUNT_ADAPTER = "hwb.signin.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_RATE_LIMITS = False
ACCOUNT_SESSION_REMEMBER = False
# Signing in to services: allauth's OpenID Connect provider, completed in hwb.signin.oidc.
IDP_OIDC_ADAPTER = "hwb.signin.oidc.adapter.Adapter"
IDP_OIDC_AUTH_METHODS = ["client_secret_basic", "client_secret_post"]
IDP_OIDC_INTROSPECTION_ENABLED = True
IDP_OIDC_ACCESS_TOKEN_EXPIRES_IN = 15 * 60
IDP_OIDC_REFRESH_TOKEN_EXPIRES_IN = 30 * 24 * 60 * 60
IDP_OIDC_RATE_LIMITS = False  # they count by address, and a whole school has one
LOGIN_URL = "sign-in"
CSRF_FAILURE_VIEW = "hwb.web.errors.not_authentic"
SESSION_ENGINE = "hwb.web.session_store"
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_AGE = 12 * 60 * 60  # hwb.web.session ends idle sessions earlier
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
# A __Host- cookie must be Secure, and a browser drops it on the plain http of a loopback.
_COOKIE_PREFIX = "__Host-" if HWB_PRODUCTION else ""
SESSION_COOKIE_NAME = f"{_COOKIE_PREFIX}sessionid"
CSRF_COOKIE_NAME = f"{_COOKIE_PREFIX}csrftoken"
LANGUAGE_COOKIE_NAME = f"{_COOKIE_PREFIX}language"
DEVICE_COOKIE_NAME = f"{_COOKIE_PREFIX}class-device"
HWB_DEVICE_COOKIE_NAME = f"{_COOKIE_PREFIX}device"
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5_000

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
HWB_BEHIND_PROXY = environment.flag("HWB_BEHIND_PROXY")
if HWB_BEHIND_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "base-uri": [NONE],
        "connect-src": [SELF],  # "Stay signed in"
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "img-src": [SELF],
        "object-src": [NONE],
        "script-src": [NONCE],
        "style-src": [SELF],
    }
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"()": "hwb.config.logs.Line", "format": "{asctime} {levelname} {name} {message}", "style": "{"}
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "loggers": {"django": {"handlers": []}},  # its own would write lines of their own, or mail whole requests
    "root": {"handlers": ["console"], "level": environment.text("HWB_LOG_LEVEL", "WARNING").upper()},
}
