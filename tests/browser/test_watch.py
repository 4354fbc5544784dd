"""The tests of this folder see what they are there to see."""

import pytest
from playwright.sync_api import Page

from tests.browser.visiting import Visitor, Visits, latin_words, overflow, violations


@pytest.fixture
def page(visits: Visits) -> Page:
    return visits.open(Visitor(), "/styleguide")


def put(page: Page, html: str) -> None:
    page.evaluate("(html) => document.querySelector('main').insertAdjacentHTML('beforeend', html)", html)


@pytest.mark.parametrize(
    "html",
    [
        "<p style='color: red'>x</p>",
        "<img src=x onerror='alert(1)' alt=''>",
        "<img src='https://elsewhere.example/' alt=''>",
    ],
)
def test_a_breach_of_the_content_policy_is_a_fault(page: Page, visits: Visits, html: str) -> None:
    put(page, html)
    page.wait_for_timeout(100)
    assert any("Content Security Policy" in fault for fault in visits.faults)
    visits.faults.clear()


def test_an_error_in_a_script_is_a_fault(page: Page, visits: Visits) -> None:
    page.evaluate("setTimeout(() => { throw new Error('broken') })")
    page.wait_for_timeout(100)
    assert visits.faults == ["broken"]
    visits.faults.clear()


@pytest.mark.parametrize(
    ("html", "rule"),
    [
        ("<input type='text'>", "label"),
        ("<img src='/static/anlan/icon.svg'>", "image-alt"),
        ("<button></button>", "button-name"),
        ("<p class='faint'>Too faint to read</p>", "color-contrast"),
    ],
)
def test_what_shuts_somebody_out_is_found(page: Page, html: str, rule: str) -> None:
    put(page, html)
    page.evaluate("document.querySelectorAll('.faint').forEach((each) => { each.style.color = '#bbb' })")
    assert any(found.startswith(rule) for found in violations(page))


def test_targets_too_small_to_hit_are_found(page: Page) -> None:
    put(page, "<div><button class='tiny'>a</button><button class='tiny'>b</button></div>")
    page.evaluate(
        "document.querySelectorAll('.tiny').forEach((each) => each.style.cssText = "
        "'width: 12px; height: 12px; padding: 0; border: 0; font-size: 6px')"
    )
    assert any(found.startswith("target-size") for found in violations(page))


def test_a_page_wider_than_its_window_is_found(page: Page) -> None:
    put(page, "<div class='wide'></div>")
    page.evaluate("document.querySelector('.wide').style.cssText = 'width: 500px; height: 1px'")
    assert overflow(page) > 0


def test_english_left_on_a_chinese_page_is_found(page: Page) -> None:
    put(page, "<p>Left behind <span lang='en'>of course</span> <a aria-label='forgotten' href='/'>去</a> a.jpg</p>")
    assert {"Left", "behind", "forgotten"} <= latin_words(page)
    assert not {"of", "course", "jpg"} & latin_words(page)
