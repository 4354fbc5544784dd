"""A language model outside, where the city has set one up: `ANLAN_LLM_URL`, in the form of OpenAI's chat completions.

It is asked by a click of somebody on duty and never by the program itself. Whatever it answers is shown, marked with
the model's name, and kept nowhere; where it doesn't answer, nothing else changes.
"""

import json
import time
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httpx
from django.conf import settings
from django.utils.translation import gettext as _

CONNECT_SECONDS, WHOLE_SECONDS = 3.0, 20.0
MOST_BYTES = 200_000
LONGEST_ANSWER = 6_000
MOST_TOKENS = 1_200


class Unavailable(Exception):
    """It gave no answer that can be used; the message says why, for people, and holds nothing of what was sent."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where it is and which model is asked; `seconds` is the most that a whole answer may take."""

    url: str
    model: str
    key: str = field(default="", repr=False)
    seconds: float = WHOLE_SECONDS

    @property
    def host(self) -> str:
        """Whom it is sent to, for people."""
        return urlsplit(self.url).netloc.rpartition("@")[2]

    def ask(self, instruction: str, text: str) -> str:
        """The model's words. Raises Unavailable. A redirect is not followed: nobody else is asked."""
        asked = {
            "model": self.model,
            "messages": [{"role": "system", "content": instruction}, {"role": "user", "content": text}],
            "temperature": 0,
            "max_tokens": MOST_TOKENS,
        }
        try:
            return _words(self._answer(asked))
        except httpx.TimeoutException:
            raise Unavailable(_("It took too long.")) from None
        except (httpx.HTTPError, httpx.InvalidURL):
            raise Unavailable(_("It cannot be reached.")) from None

    def _answer(self, asked: dict[str, object]) -> bytes:
        """The body of the answer. The limits of httpx are for each piece: one that drips is cut off here."""
        until = time.monotonic() + self.seconds
        # Neither proxies nor passwords of the machine's environment: what goes where is said in one place.
        client = httpx.Client(
            timeout=httpx.Timeout(self.seconds, connect=min(CONNECT_SECONDS, self.seconds)),
            follow_redirects=False,
            trust_env=False,
        )
        headers = {"Authorization": f"Bearer {self.key}"} if self.key else {}
        address = f"{self.url.rstrip('/')}/chat/completions"
        with client, client.stream("POST", address, json=asked, headers=headers) as response:
            if response.status_code != httpx.codes.OK:
                raise Unavailable(_("It answered with the error %(status)d.") % {"status": response.status_code})
            body = b""
            for piece in response.iter_bytes():
                body += piece
                if len(body) > MOST_BYTES:
                    raise Unavailable(_("Its answer cannot be read."))
                if time.monotonic() > until:
                    raise Unavailable(_("It took too long."))
        return body


def endpoint() -> Endpoint | None:
    """The one that is set up, if any."""
    if not settings.ANLAN_LLM_URL:
        return None
    return Endpoint(settings.ANLAN_LLM_URL, settings.ANLAN_LLM_MODEL, settings.ANLAN_LLM_KEY)


def _words(body: bytes) -> str:
    """What the model said. Raises Unavailable where that is nothing that can be shown."""
    try:
        said = json.loads(body)["choices"][0]["message"]["content"]
    except (ValueError, LookupError, TypeError, RecursionError):
        raise Unavailable(_("Its answer cannot be read.")) from None
    words = "".join(each for each in said if each.isprintable() or each == "\n") if isinstance(said, str) else ""
    if not words.strip():
        raise Unavailable(_("Its answer cannot be read."))
    return words.strip()[:LONGEST_ANSWER]
