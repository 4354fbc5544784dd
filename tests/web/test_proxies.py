"""Behind reverse proxies: whose address counts, and that forms from the public address are taken."""

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory, override_settings

from anlan.web.proxies import BehindProxies, caller

PEER = "10.0.0.1"


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, "203.0.113.9", PEER),
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "1.2.3.4, 203.0.113.9", "203.0.113.9"),
        (2, "1.2.3.4, 203.0.113.9, 10.0.0.2", "203.0.113.9"),
        (1, "2001:DB8::1", "2001:db8::1"),
        (2, "203.0.113.9", PEER),
        (1, "", PEER),
        (1, "unknown", PEER),
    ],
)
def test_only_what_our_own_proxies_wrote_counts(proxies: int, forwarded: str, address: str) -> None:
    with override_settings(ANLAN_PROXIES=proxies):
        assert caller(PEER, forwarded) == address


def test_the_callers_address_is_the_requests() -> None:
    def answer(request: HttpRequest) -> HttpResponse:
        return HttpResponse(request.META["REMOTE_ADDR"])

    request = RequestFactory().get("/", REMOTE_ADDR=PEER, HTTP_X_FORWARDED_FOR="203.0.113.9")
    with override_settings(ANLAN_PROXIES=1):
        assert BehindProxies(answer)(request).content == b"203.0.113.9"


@pytest.mark.django_db
def test_a_form_from_the_public_address_is_taken_and_one_from_elsewhere_is_not() -> None:
    client = Client(enforce_csrf_checks=True)
    with override_settings(CSRF_TRUSTED_ORIGINS=["https://anlan.example"]):
        client.get("/sign-in")
        token = client.cookies["csrftoken"].value
        form = {"text": "large", "csrfmiddlewaretoken": token}
        assert client.post("/text-size", form, headers={"Origin": "https://anlan.example"}).status_code == 302
        assert client.post("/text-size", form, headers={"Origin": "https://elsewhere.example"}).status_code == 403
