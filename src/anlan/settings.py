"""Django's settings, all of them derived from the typed environment (`anlan.foundation.environment`)."""

from pathlib import Path
from typing import Any

from anlan.foundation import environment, postgres
from anlan.foundation.database import databases
from anlan.foundation.logging import configuration

ENVIRONMENT = environment.load()
SOURCE = Path(__file__).resolve().parent

SECRET_KEY = ENVIRONMENT.secret_key
DEBUG = ENVIRONMENT.debug
ALLOWED_HOSTS = ENVIRONMENT.allowed_hosts

ANLAN_HOME = ENVIRONMENT.home
ANLAN_CITY = ENVIRONMENT.city
ANLAN_SEALING_KEYS = ENVIRONMENT.sealing_ring
ANLAN_INDEX_KEY_ID = ENVIRONMENT.index_key_id
ANLAN_CIPHER_SUITE = ENVIRONMENT.cipher_suite
# What a report follows unless a service says otherwise.
ANLAN_INTAKE_PROCEDURE = "dispatching"
ANLAN_OPEN311_KEYS = ENVIRONMENT.open311_keys
ANLAN_FILES = ENVIRONMENT.home / "files"
ANLAN_NOTICE_SINK = ENVIRONMENT.notice_sink
ANLAN_CODE_SINK = ENVIRONMENT.code_destination
ANLAN_OIDC_ISSUER = ENVIRONMENT.oidc_issuer
ANLAN_OIDC_CLIENT_ID = ENVIRONMENT.oidc_client_id
ANLAN_OIDC_CLIENT_SECRET = ENVIRONMENT.oidc_client_secret
ANLAN_OIDC_LABEL = ENVIRONMENT.oidc_label
ANLAN_PUBLIC_URL = ENVIRONMENT.public_address
ANLAN_LLM_URL = ENVIRONMENT.llm_url or ""
ANLAN_LLM_KEY = ENVIRONMENT.llm_key
ANLAN_LLM_MODEL = ENVIRONMENT.llm_model
ANLAN_BANK = ENVIRONMENT.bank
ANLAN_PORT = ENVIRONMENT.port
ANLAN_PROXIES = ENVIRONMENT.proxies
ANLAN_LIVE_URL = ENVIRONMENT.live_url or ""
# Set by `serve` for its processes; without it nothing is live.
ANLAN_LIVE_PORT = ENVIRONMENT.live_port
ANLAN_LIVE_STREAMS = ENVIRONMENT.live_streams
ANLAN_LIVE_STREAMS_PER_ADDRESS = ENVIRONMENT.live_streams_per_address
ANLAN_MAP_TILES = ENVIRONMENT.map_tiles
ANLAN_MAP_TILES_ORIGIN = ENVIRONMENT.map_tiles_origin
ANLAN_MAP_ATTRIBUTION = ENVIRONMENT.map_attribution
# Whom residents can call instead; the national hotline of governments.
ANLAN_HOTLINE = "12345"

INSTALLED_APPS = [
    "anlan.foundation",
    "anlan.city.areas",
    "anlan.city.addresses",
    "anlan.city.people",
    "anlan.city.audit",
    "anlan.city.regulations",
    "anlan.ledger",
    "anlan.loop",
    "anlan.services.triage",
    "anlan.services.intake",
    "anlan.services.dispatch",
    "anlan.services.administration",
    "anlan.services.addressing",
    "anlan.services.inspection",
    "anlan.services.mediation",
    "anlan.services.prepaid",
    "anlan.insight",
    "anlan.web",
    "django.contrib.admin.apps.SimpleAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.postgres",
    "django.contrib.staticfiles",
    "django_cotton",
    "django_htmx",
    "leaflet",
]
# The reading room (`anlan.web.reading_room`) changes nothing, so it never has a message to show after a change.
SILENCED_SYSTEM_CHECKS = ["admin.E404", "admin.E406", "admin.E409"]
MIDDLEWARE = [
    "anlan.web.proxies.BehindProxies",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "anlan.web.middleware.RequestLog",
    "anlan.web.middleware.ContentPolicy",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "anlan.web.middleware.NotTooMuch",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "anlan.web.urls"
WSGI_APPLICATION = "anlan.web.wsgi.application"
AUTH_USER_MODEL = "people.Account"
LOGIN_URL = "sign-in"
SESSION_ENGINE = "anlan.city.people.session_store"
AUTH_PASSWORD_VALIDATORS: list[dict[str, Any]] = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "anlan.web.live.address.in_templates",
                "anlan.web.pages.in_templates",
            ]
        },
    }
]

DATABASES = databases(ENVIRONMENT, postgres.current())
DATABASE_ROUTERS = ["anlan.foundation.database.OwnerMigrates"]

LANGUAGE_CODE = ENVIRONMENT.language
LANGUAGES = [("zh-hans", "简体中文"), ("en", "English")]
LOCALE_PATHS = [SOURCE / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Asia/Shanghai"
STATIC_URL = "/static/"
# Served from where they lie in the packages: nothing need be collected before a start.
WHITENOISE_USE_FINDERS = True
WHITENOISE_MAX_AGE = 3600

# What a resident may send in one request; files have their own, larger limit in the file store.
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_500_000
FILE_UPLOAD_MAX_MEMORY_SIZE = 2_500_000
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = ENVIRONMENT.production
# Behind a proxy a form comes from an https page to a server that hears http.
CSRF_TRUSTED_ORIGINS = [ENVIRONMENT.public_origin] if ENVIRONMENT.public_origin else []
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if ENVIRONMENT.proxies else None
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
LOGGING = configuration(ENVIRONMENT.log_format)
