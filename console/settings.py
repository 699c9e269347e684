"""Settings of every process, read from the environment; without one, an embedded default is used.

| variable | meaning | default |
| --- | --- | --- |
| CMC_VAR | folder for everything written at run time | var/ beside manage.py |
| CMC_CACHE | folder for what set-up makes once: the font of the PDF reports | var/cache/ beside manage.py |
| CMC_PORT | port of the console | 8000 |
| CMC_VENUE_PORTS | `any`: simulated venues take free ports, not the configured ones | configured where free |
| CMC_HOSTS | host names the console answers to, separated by commas | this machine only |
| CMC_TLS | 1 behind a TLS proxy: secure cookies, HSTS | 0 |
| CMC_ENVIRONMENT | SIM, CANARY or LIVE, shown on every screen | SIM |
| CMC_SECRET_KEY | signing key | made once, in var/secrets.json |
| CMC_LOG_LEVEL | least severe line that is logged | INFO |
| DATABASE_URL | postgresql://... | SQLite in var/ |
| REDIS_URL | redis://... | the embedded server that `manage.py up` starts |
| RECORDED_TICKS | folder that connections with recorded input read from | none |
"""

import os
from datetime import timedelta
from pathlib import Path

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from console import database, local_secrets
from console.paths import Paths

BASE_DIR = Path(__file__).resolve().parent.parent

CMC_PATHS = Paths(
    var=Path(os.environ.get("CMC_VAR") or BASE_DIR / "var").resolve(),
    cache=Path(os.environ.get("CMC_CACHE") or BASE_DIR / "var" / "cache").resolve(),
)
CMC_PATHS.make_private()

CMC_PORT = int(os.environ.get("CMC_PORT") or 8000)
CMC_VENUE_PORTS = os.environ.get("CMC_VENUE_PORTS", "")
CMC_TLS = os.environ.get("CMC_TLS") == "1"
RECORDED_TICKS = os.environ.get("RECORDED_TICKS", "")

CMC_ENVIRONMENT = os.environ.get("CMC_ENVIRONMENT") or "SIM"
if CMC_ENVIRONMENT not in ("SIM", "CANARY", "LIVE"):
    raise ImproperlyConfigured(f"CMC_ENVIRONMENT is {CMC_ENVIRONMENT!r}; use SIM, CANARY or LIVE.")

SECRET_KEY = os.environ.get("CMC_SECRET_KEY") or local_secrets.load_or_create(CMC_PATHS.secrets).secret_key
DEBUG = False
ALLOWED_HOSTS = [
    *filter(None, os.environ.get("CMC_HOSTS", "").split(",")),
    "localhost",
    "127.0.0.1",
    "[::1]",
]

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "channels",
    "rest_framework",
    "drf_spectacular",
    "axes",
    "csp",
    "console",
    "trading",
    "risk",
    "audit",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "console.urls"
ASGI_APPLICATION = "console.asgi.application"
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]

# --- Storage and messages -------------------------------------------------------------------------

_database_url = os.environ.get("DATABASE_URL")
DATABASES = {"default": database.from_url(_database_url) if _database_url else database.sqlite(CMC_PATHS.database)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"


def _redis_url() -> str:
    if url := os.environ.get("REDIS_URL"):
        return url
    if CMC_PATHS.redis_url.exists():
        return CMC_PATHS.redis_url.read_text().strip()
    return "redis://127.0.0.1:6379/0"


REDIS_URL = _redis_url()

# The client's own ceiling of 100 connections turns a thousand screens into failed handshakes. Its own read timeout
# of 5 s equals the layer's blocking read, so that every idle live socket would end with a TimeoutError.
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.core.RedisChannelLayer",
        "CONFIG": {
            "hosts": [{"address": REDIS_URL, "max_connections": 5000, "socket_timeout": 15}],
            "prefix": "cmc.channel",
        },
    }
}

CELERY_BROKER_URL = REDIS_URL
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_SERIALIZER = "json"
CELERY_TIMEZONE = "UTC"
# Queues: `engine.<desk>` for one desk's commands, named by the caller, and `jobs` for everything else.
CELERY_TASK_DEFAULT_QUEUE = "jobs"
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
# A task that outlives the visibility timeout would be delivered again; no job may run an hour.
CELERY_TASK_TIME_LIMIT = 3000
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 3600,
    "socket_connect_timeout": 2,
    "socket_timeout": 5,
    "socket_keepalive": True,
    # A web request must not hang while Redis is away: it is told at once, and says so.
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0.1,
    "interval_max": 0.1,
}
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 1, "interval_start": 0, "interval_max": 0.2}
# A run that no worker takes before the next one is due is dropped, so that none pile up.
CELERY_BEAT_SCHEDULE: dict[str, dict[str, object]] = {
    "deliver-limits": {"task": "risk.deliver_limits", "schedule": 10.0, "options": {"expires": 10}},
    "escalate-alerts": {"task": "risk.escalate_alerts", "schedule": 5.0, "options": {"expires": 5}},
    "watch-trail": {"task": "risk.watch_trail", "schedule": 300.0, "options": {"expires": 300}},
}
CELERY_BEAT_SCHEDULE_FILENAME = str(CMC_PATHS.run / "beat-schedule")

# --- Who may do what ------------------------------------------------------------------------------

AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 15},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]

AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_CALLABLE = "console.errors.locked_out"
AXES_VERBOSE = False

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["console.sessions.SessionAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["audit.access.HasPermission"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "console.errors.to_response",
}

SPECTACULAR_SETTINGS = {
    "TITLE": "cross_market_connect",
    "DESCRIPTION": "Everything the console can do. Prices, quantities and money are decimal strings.",
    "VERSION": "0.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAuthenticated"],
    "SCHEMA_PATH_PREFIX": "/api",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {"ReachabilityEnum": ["up", "down"]},
}

# --- Browser security (ASVS 3.3, 3.4, 3.5) --------------------------------------------------------

_cookie_prefix = "__Host-" if CMC_TLS else ""
SESSION_COOKIE_NAME = f"{_cookie_prefix}sessionid"
SESSION_COOKIE_AGE = 12 * 60 * 60  # seconds from the login, whatever happens in between
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Strict"
SESSION_COOKIE_SECURE = CMC_TLS
CSRF_COOKIE_NAME = f"{_cookie_prefix}csrftoken"
CSRF_COOKIE_SAMESITE = "Strict"
CSRF_COOKIE_SECURE = CMC_TLS
CSRF_FAILURE_VIEW = "console.errors.csrf_failure"
CSRF_TRUSTED_ORIGINS = [f"https://{host}" for host in ALLOWED_HOSTS] if CMC_TLS else []

X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
if CMC_TLS:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = [r"^livez$", r"^readyz$"]
    SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True

# Everything the browser runs comes from this server as a file; nothing is inline, so no nonce is needed.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "base-uri": [NONE],
        "object-src": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

# --- Pages, words and logs ------------------------------------------------------------------------

STATIC_URL = "static/"
FRONTEND_DIST = BASE_DIR / "frontend" / "dist"
STATIC_ROOT = FRONTEND_DIST
# Vite puts a hash of the content into the name of everything below assets/.
WHITENOISE_IMMUTABLE_FILE_TEST = r"^/static/assets/.+-[\w-]{8}\.\w+$"

LANGUAGE_CODE = "en"
LANGUAGES = [("zh-hans", "简体中文"), ("en", "English")]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(levelname)s %(name)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": os.environ.get("CMC_LOG_LEVEL") or "INFO"},
    "loggers": {
        "daphne": {"level": "WARNING"},
        "axes": {"level": "WARNING"},
        # A line for each run of a schedule that runs every few seconds tells nobody anything.
        "celery.app.trace": {"level": "WARNING"},
        "celery.beat": {"level": "WARNING"},
        "celery.worker.strategy": {"level": "WARNING"},
    },
}
