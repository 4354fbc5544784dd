"""A real OpenID Connect provider for the tests: django-oauth-toolkit in a process of its own, with its own SQLite.

`python oidc_provider.py DIRECTORY PORT CALLBACK CLIENT_SECRET` serves it; `Provider` starts and stops it and walks
its pages as a browser would.
"""

import os
import re
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urljoin

import httpx

CLIENT_ID, SECRET = "anlan", "a-secret-of-the-tests"
PASSWORD = "resident-of-the-province"
USERS = ("wangxiuying", "lijianguo")
LOGIN_PAGE = "<form method=post>{% csrf_token %}{{ form.as_p }}</form>"


class Provider:
    """The provider while it runs; `issuer` is what it calls itself."""

    def __init__(self, directory: Path, port: int, callback: str) -> None:
        self.issuer = f"http://127.0.0.1:{port}/o"
        command = [sys.executable, __file__, str(directory), str(port), callback]
        environment = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
        self._process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def wait(self) -> None:
        while self._process.poll() is None:
            try:
                httpx.get(f"{self.issuer}/.well-known/openid-configuration").raise_for_status()
                return
            except httpx.HTTPError:
                time.sleep(0.1)
        raise AssertionError(f"the provider ended with {self._process.returncode}")

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait()

    def agree(self, address: str, *, user: str = USERS[0], allow: bool = True) -> str:
        """Sign in there and agree (or not), as a browser would; returns the address it sends the browser back to."""
        with httpx.Client() as browser:
            page = browser.get(address, follow_redirects=True)
            form = {"csrfmiddlewaretoken": _token(page), "username": user, "password": PASSWORD}
            page = browser.post(str(page.url), data=form, follow_redirects=True)
            fields = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.text))
            answer = browser.post(str(page.url), data={**fields, **({"allow": "Authorize"} if allow else {})})
            return urljoin(str(page.url), answer.headers["location"])


def _token(page: httpx.Response) -> str:
    found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
    assert found, page.text
    return found[1]


def _serve(directory: Path, port: int, callback: str) -> None:
    import django
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa
    from django.conf import settings
    from django.urls import include, path

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    settings.configure(
        SECRET_KEY="only for the tests" * 4,
        DEBUG=True,
        ALLOWED_HOSTS=["127.0.0.1"],
        ROOT_URLCONF=__name__,
        LOGIN_URL="/login/",
        INSTALLED_APPS=[
            *("django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions"),
            *("django.contrib.messages", "oauth2_provider"),
        ],
        MIDDLEWARE=[
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "django.contrib.messages.middleware.MessageMiddleware",
        ],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": directory / "provider.sqlite3"}},
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "OPTIONS": {
                    "loaders": [
                        ("django.template.loaders.locmem.Loader", {"login.html": LOGIN_PAGE}),
                        "django.template.loaders.app_directories.Loader",
                    ],
                    "context_processors": [
                        "django.template.context_processors.request",
                        "django.contrib.auth.context_processors.auth",
                        "django.contrib.messages.context_processors.messages",
                    ],
                },
            }
        ],
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        OAUTH2_PROVIDER={
            "OIDC_ENABLED": True,
            "OIDC_RSA_PRIVATE_KEY": key.decode(),
            "OIDC_ISS_ENDPOINT": f"http://127.0.0.1:{port}/o",
            "SCOPES": {"openid": "who you are"},
            "PKCE_REQUIRED": True,
            "ALLOWED_REDIRECT_URI_SCHEMES": ["http", "https"],
        },
    )
    django.setup()
    from django.contrib.auth.models import User
    from django.contrib.auth.views import LoginView
    from django.core.management import call_command
    from oauth2_provider.models import Application

    call_command("migrate", verbosity=0)
    for name in USERS:
        # A number that another resident has: it must open nothing.
        User.objects.create_user(name, "13911112222@example.com", PASSWORD)
    Application.objects.create(
        client_id=CLIENT_ID,
        client_secret=SECRET,
        client_type="confidential",
        authorization_grant_type="authorization-code",
        redirect_uris=callback,
        algorithm="RS256",
        name="Anlan",
    )
    urlpatterns.extend(
        [
            path("o/", include("oauth2_provider.urls", namespace="oauth2_provider")),
            path("login/", LoginView.as_view(template_name="login.html")),
        ]
    )
    call_command("runserver", f"127.0.0.1:{port}", use_reloader=False, verbosity=0)


urlpatterns: list[object] = []

if __name__ == "__main__":
    _serve(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
