"""Open311 GeoReport v2, as other programs speak it."""

import json
import re
from datetime import timedelta
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from anlan.city.people.access import scope_of, scoped, system
from anlan.loop import clock, engine
from anlan.loop.models import Matter, Party
from anlan.loop.suggestions import categories
from anlan.services.dispatch.procedure import Dispatching
from anlan.services.intake.open311_formats import as_xml
from tests.cast import GRID, lamp

pytestmark = pytest.mark.django_db

V2 = "/open311/v2"
LAMP = {"service_code": "city.lighting", "description": "路灯不亮，请打13812345678", "address_string": "文三路123号2幢"}


def get(client: Client, address: str, status: int = 200, /, **told: str) -> Any:
    response = client.get(f"{V2}/{address}", told)
    assert response.status_code == status, response.content
    return ElementTree.fromstring(response.content) if ".xml" in address else json.loads(response.content)


def post(client: Client, status: int = 201, form: str = "json", /, **told: str) -> Any:
    response = client.post(f"{V2}/requests.{form}", told)
    assert response.status_code == status, response.content
    return ElementTree.fromstring(response.content) if form == "xml" else json.loads(response.content)


def matter() -> Matter:
    with scoped(scope_of(system())):
        return Matter.objects.get()


def test_discovery_names_the_endpoint_in_both_formats(client: Client, settings: Any) -> None:
    settings.ANLAN_PUBLIC_URL = "https://anlan.example"
    found = json.loads(client.get("/open311/discovery.json").content)
    assert found["endpoints"][0]["url"] == "https://anlan.example/open311/v2"
    assert found["endpoints"][0]["specification"] == "http://wiki.open311.org/GeoReport_v2"
    root = ElementTree.fromstring(client.get("/open311/discovery.xml").content)
    assert [element.tag for element in root] == ["changeset", "contact", "key_service", "endpoints"]
    assert [element.text for element in root.iter("format")] == ["text/xml", "application/json"]


def test_services_are_the_category_tree_in_both_formats(client: Client) -> None:
    listed = get(client, "services.json")
    assert {each["service_code"] for each in listed} == set(categories())
    lighting = next(each for each in listed if each["service_code"] == "city.lighting")
    assert (lighting["service_name"], lighting["group"]) == (categories()["city.lighting"].zh, categories()["city"].zh)
    assert (lighting["metadata"], lighting["type"]) == (False, "realtime")
    root = get(client, "services.xml")
    assert root.tag == "services"
    first = {element.tag: element.text for element in root[0]}
    assert list(first) == list(listed[0])
    assert first["metadata"] == "false"


def test_the_language_is_the_askers(client: Client) -> None:
    listed = json.loads(client.get(f"{V2}/services.json", headers={"accept-language": "en"}).content)
    assert categories()["city.lighting"].en in {each["service_name"] for each in listed}


def test_xml_says_what_it_is(client: Client) -> None:
    response = client.get(f"{V2}/services.xml")
    assert response["Content-Type"] == "text/xml; charset=utf-8"
    assert response.content.lower().startswith(b"<?xml version='1.0' encoding='utf-8'?>")


def test_a_service_definition_asks_nothing_more(client: Client) -> None:
    assert get(client, "services/city.lighting.json") == {"service_code": "city.lighting", "attributes": []}
    root = get(client, "services/city.lighting.xml")
    assert (root.tag, [element.tag for element in root]) == ("service_definition", ["service_code", "attributes"])


def test_a_report_becomes_a_matter_that_its_sender_can_follow(client: Client) -> None:
    (created,) = post(
        client,
        **LAMP,
        address_id=GRID.rpartition(".")[2],
        first_name="建国",
        last_name="王",
        phone="13812345678",
        email="wang@example.org",
        media_url="https://example.org/lamp.jpg",
    )
    opened = matter()
    assert created["service_request_id"] == opened.reference
    assert (opened.category, opened.area, opened.channel) == ("city.lighting", GRID, "api")
    assert "https://example.org/lamp.jpg" in opened.description
    with scoped(scope_of(system())):
        assert Party.objects.get().name == "王建国"
    token = re.findall(r"(?:[0-9A-Z]{4}-){3}[0-9A-Z]{4}", created["service_notice"])[0]
    (found,) = get(client, f"tokens/{token}.json")
    assert found == {"service_request_id": opened.reference, "token": token}
    (shown,) = get(client, f"requests/{opened.reference}.json")
    assert (shown["status"], shown["service_code"]) == ("open", "city.lighting")


def test_a_report_in_xml_is_answered_in_xml(client: Client) -> None:
    root = post(client, 201, "xml", **LAMP)
    assert (root.tag, root[0].tag) == ("service_requests", "request")
    assert root.findtext("request/service_request_id") == matter().reference


def test_a_report_needs_no_words(client: Client) -> None:
    post(client, service_code="city.lighting", address_string="文三路")
    assert matter().title == categories()["city.lighting"].zh


def test_fifteen_decimal_places_are_welcome_and_a_place_outside_the_city_is_not(client: Client) -> None:
    (error,) = post(client, 400, service_code="city.lighting", lat="41.902782123456789", long="12.496365123456789")
    assert error["code"] == 400
    assert error["description"].startswith("long: ")


@pytest.mark.parametrize(
    ("told", "status", "field"),
    [
        ({"service_code": ""}, 400, "service_code"),
        ({"service_code": "city.dragons"}, 404, "service_code"),
        ({"address_string": ""}, 400, "lat"),
        ({"lat": "30.1"}, 400, "long"),
        ({"lat": "north", "long": "120"}, 400, "lat"),
        ({"lat": "nan", "long": "inf"}, 400, ""),
        ({"address_id": "330199999"}, 400, "address_id"),
        ({"address_id": "x"}, 400, "address_id"),
        ({"phone": "ring me"}, 400, "phone"),
        ({"media_url": "javascript:alert(1)"}, 400, "media_url"),
        ({"description": "x\x00y"}, 400, "description"),
        ({"description": "长" * 30_000}, 400, "description"),
        ({"jurisdiction_id": "sfgov.org"}, 404, "jurisdiction_id"),
    ],
)
@pytest.mark.parametrize("form", ["json", "xml"])
def test_what_is_wrong_is_named_in_the_standards_own_shape(
    client: Client, told: dict[str, str], status: int, field: str, form: str
) -> None:
    answered = post(client, status, form, **{**LAMP, **told})
    if form == "xml":
        assert (answered.tag, answered[0].tag, answered[0][0].text) == ("errors", "error", str(status))
        description = answered[0][1].text
    else:
        assert answered[0]["code"] == status
        description = answered[0]["description"]
    assert description.startswith(f"{field}: " if field else "l")


def test_one_city_is_one_jurisdiction(client: Client, settings: Any) -> None:
    assert get(client, "services.json", jurisdiction_id=settings.ANLAN_CITY)
    assert get(client, "services.json", jurisdiction_id="")
    assert get(client, "services.json", 404, jurisdiction_id="x")[0]["code"] == 404


def test_where_keys_are_given_out_reporting_needs_one_and_reading_does_not(client: Client, settings: Any) -> None:
    settings.ANLAN_OPEN311_KEYS = ("k1", "k2")
    assert post(client, 403, **LAMP)[0]["code"] == 403
    assert post(client, 403, **LAMP, api_key="k3")[0]["description"].startswith("api_key: ")
    assert post(client, 201, **LAMP, api_key="k2")
    assert get(client, "requests.json")


def test_what_is_sent_as_anything_but_a_form_is_refused(client: Client) -> None:
    response = client.post(f"{V2}/requests.json", json.dumps(LAMP), content_type="application/json")
    assert response.status_code == 400
    wide = client.post(f"{V2}/requests.json", b"a=b", content_type="application/x-www-form-urlencoded; charset=gbk")
    broken = client.post(f"{V2}/requests.json", b"--", content_type="multipart/form-data")
    huge = client.post(f"{V2}/requests.json", {"description": "x" * 3_000_000})
    many = client.post(f"{V2}/requests.json", {str(n): "x" for n in range(2_000)})
    fields = "&".join(f"a{n}=" for n in range(2_000))
    encoded = client.post(f"{V2}/requests.json", fields, content_type="application/x-www-form-urlencoded")
    assert {each.status_code for each in (wide, broken, many, encoded)} == {400}
    assert huge.status_code in (400, 413)
    assert all(json.loads(each.content)[0]["description"] for each in (wide, broken, huge, many, encoded))


@pytest.mark.parametrize("address", ["services", "services.csv", "requests/1", "x.json", "tokens/.json", ""])
def test_where_nothing_is_the_answer_is_an_error_of_the_standard(client: Client, address: str) -> None:
    response = client.get(f"{V2}/{address}")
    assert response.status_code == 404
    assert b"404" in response.content


def test_a_method_that_an_address_does_not_take_is_refused(client: Client) -> None:
    assert client.delete(f"{V2}/requests.json").status_code == 405
    assert client.post(f"{V2}/services.xml").status_code == 405


def test_nobody_who_only_looks_learns_who_reported_or_where_they_live(client: Client) -> None:
    post(client, **LAMP, first_name="王建国", phone="13987654321", lon="1")
    (shown,) = get(client, "requests.json")
    assert shown["description"] == "路灯不亮，请打138****5678"
    assert shown["address"] == "文三路****"
    text = json.dumps(shown, ensure_ascii=False)
    assert "王建国" not in text
    assert "13987654321" not in text


def test_a_position_is_shown_to_a_hundred_metres(client: Client) -> None:
    engine.open_matter(Dispatching, lamp(lon=120.123456, lat=30.287654), by=system())
    (shown,) = get(client, "requests.json")
    assert (shown["long"], shown["lat"]) == (120.123, 30.288)


def test_what_was_told_to_the_hotline_is_listed_without_its_words(client: Client) -> None:
    engine.open_matter(Dispatching, lamp(channel="hotline", description="张三家"), by=system())
    (shown,) = get(client, "requests.json")
    assert shown["description"] is None
    assert shown["address"] == "西湖区文新街道德加社区"


@pytest.mark.parametrize("klass", ["police", "urgent", "inquiry"])
def test_what_is_not_ordinary_is_not_listed(client: Client, klass: str) -> None:
    opened = engine.open_matter(Dispatching, lamp(klass=klass), by=system()).matter
    assert get(client, "requests.json") == []
    assert get(client, f"requests/{opened.reference}.json", 404)[0]["code"] == 404


def test_an_urgent_report_that_came_this_way_shows_only_that_it_is_there(client: Client) -> None:
    opened = engine.open_matter(
        Dispatching, lamp(klass="urgent", source_id="open311", lon=120.1, lat=30.2, address="文三路"), by=system()
    ).matter
    (shown,) = get(client, f"requests/{opened.reference}.json")
    assert shown["status"] == "open"
    assert {shown[name] for name in ("description", "address", "lat", "long")} == {None}


def test_requests_are_found_by_number_service_status_and_date(client: Client) -> None:
    one = engine.open_matter(Dispatching, lamp(), by=system()).matter
    two = engine.open_matter(Dispatching, lamp(category="city.road"), by=system()).matter
    listed = get(client, "requests.json")
    assert [each["service_request_id"] for each in listed] == [two.reference, one.reference]
    both = get(client, "requests.json", service_request_id=f"{one.reference}, {two.reference},x,9", status="nonsense")
    assert len(both) == 2
    (road,) = get(client, "requests.json", service_code="city.road")
    assert road["service_request_id"] == two.reference
    assert len(get(client, "requests.json", status="open,closed")) == 2
    assert get(client, "requests.json", status="closed") == []
    now = clock.now()
    assert len(get(client, "requests.json", start_date=(now - timedelta(days=1)).isoformat())) == 2
    assert get(client, "requests.json", end_date=(now - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")) == []
    assert len(get(client, "requests.json", end_date=clock.today().isoformat())) == 2


def test_a_closed_matter_is_closed(client: Client) -> None:
    engine.open_matter(Dispatching, lamp(), by=system())
    with scoped(scope_of(system())):
        Matter.objects.update(closed_at=clock.now())
    (shown,) = get(client, "requests.json", status="closed")
    assert shown["status"] == "closed"


@pytest.mark.parametrize(
    ("told", "status"),
    [
        ({"start_date": "2026-01-01T00:00:00Z", "end_date": "2026-06-01T00:00:00Z"}, 400),
        ({"start_date": "2026-02-01T00:00:00Z", "end_date": "2026-01-01T00:00:00Z"}, 400),
        ({"start_date": "yesterday"}, 400),
        ({"start_date": "2026-13-01"}, 400),
        ({"start_date": "2026-01-01T00:00:00"}, 400),
        ({"start_date": "9999-12-31"}, 400),
        ({"end_date": "0001-01-01"}, 400),
        ({"status": "lost"}, 400),
        ({"service_code": "city.dragons"}, 404),
        ({"service_request_id": "9" * 30}, 200),
        ({"service_request_id": "²-²,\x00"}, 200),
    ],
)
def test_a_question_that_makes_no_sense_is_refused_with_the_reason(
    client: Client, told: dict[str, str], status: int
) -> None:
    get(client, "requests.json", status, **told)


def test_the_reference_has_to_be_the_whole_one(client: Client) -> None:
    opened = engine.open_matter(Dispatching, lamp(), by=system()).matter
    get(client, f"requests/{opened.number}.json", 404)
    get(client, f"requests/000101-{opened.number}.json", 404)
    get(client, "tokens/AAAA-AAAA-AAAA-AAAA.json", 404)


def test_xml_leaves_out_what_xml_can_not_hold_and_escapes_the_rest() -> None:
    root = ElementTree.fromstring(as_xml("errors", [{"code": 1, "description": "<a>&\x00\x0b\ud800\ufffe😀"}]))
    assert root.findtext("error/description") == "<a>&😀"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    told=st.dictionaries(
        st.sampled_from((*LAMP, "lat", "long", "address_id", "first_name", "phone", "media_url", "api_key")),
        st.text(max_size=40),
        max_size=5,
    ),
    form=st.sampled_from(["json", "xml"]),
)
def test_nothing_that_is_sent_breaks_it(client: Client, told: dict[str, str], form: str) -> None:
    sent = {name: text.encode("utf-8", "replace").decode() for name, text in {**LAMP, **told}.items()}
    response = client.post(f"{V2}/requests.{form}", sent)
    assert response.status_code in (201, 400, 404)


def test_a_client_of_the_standard_can_report_and_follow(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    georeport = pytest.importorskip("georeport", reason="the client library is not installed")
    requests = pytest.importorskip("requests")

    def over_django(url: str, params: dict[str, str]) -> Any:
        answered, response = client.get(urlsplit(url).path, params), requests.Response()
        response.status_code, response.raw = answered.status_code, BytesIO(answered.content)
        return response

    monkeypatch.setattr(requests, "get", over_django)
    for _n in range(2):
        post(client, **LAMP)
    for form in ("json", "xml"):
        city = georeport.GeoReport("http://testserver/open311/v2", output_format=form)
        assert {each["service_code"] for each in city.get_service_list()} == set(categories())
        assert city.get_service_definition("city.lighting")["service_code"] == "city.lighting"
        newest, other = city.get_service_requests(service_code="city.lighting", status="open")
        assert city.get_service_request(newest["service_request_id"]) == newest
        assert newest["service_request_id"] != other["service_request_id"]
