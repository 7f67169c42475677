"""Translators for tests: real HTTP servers that speak the documented protocols, and "translate" into capitals.

    with microsoft() as server, override_settings(MS_TRANSLATOR_KEY=KEY, MS_TRANSLATOR_URL=server.url): ...

Sources: Microsoft's v3 reference and its status-response-codes; DeepL's OpenAPI description of /v2/translate;
LibreTranslate's /spec and what its app answers to a pair that it has no model for.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import unescape
from html.parser import HTMLParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any
from unittest.mock import patch
from urllib.parse import parse_qs, urlsplit

from blog.translate import calls

KEY = "a-key-that-nobody-may-see"
Reply = tuple[int, Any]  # a status, and what becomes JSON (or bytes, sent as they are)


@dataclass
class Request:
    path: str
    query: dict[str, str]
    headers: Any
    body: Any  # JSON, or a form's fields


@dataclass
class Translator:
    """A server under way: what it was asked, and what to do instead of answering as documented."""

    protocol: Callable[[Request], Reply]
    url: str = ""
    asked: list[Request] = field(default_factory=list)
    reply: Reply | None = None
    said: Callable[[str], str] | None = None  # instead of capitals, for one piece of HTML
    delay: float = 0.0  # seconds before it answers
    drip: float = 0.0  # seconds between the bytes of its answer
    over: Event = field(default_factory=Event)

    @property
    def lines(self) -> list[str]:
        """The pieces of HTML that were sent last."""
        body = self.asked[-1].body
        if isinstance(body, list):
            return [item["Text"] for item in body]
        return body["text"] if "text" in body else body["q"]


@contextmanager
def serving(protocol: Callable[[Request], Reply]) -> Iterator[Translator]:
    """Serve; a busy machine has more time for an answer than a reader would."""
    translator = Translator(protocol)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            parts = urlsplit(self.path)
            is_json = self.headers.get("Content-Type", "").startswith("application/json")
            body = json.loads(raw) if is_json else {k: v[0] for k, v in parse_qs(raw.decode()).items()}
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            request = Request(parts.path, query, self.headers, body)
            translator.asked.append(request)
            translator.over.wait(translator.delay)
            status, content = translator.reply or protocol(say_as(translator, request))
            self.answer(status, content if isinstance(content, bytes) else json.dumps(content).encode())

        def answer(self, status: int, content: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json; charset=utf-8")
            self.send_header("Content-Length", str(len(content)))
            try:
                self.end_headers()
                for start in range(0, len(content), 1 if translator.drip else len(content) or 1):
                    self.wfile.write(content[start : start + (1 if translator.drip else len(content))])
                    if translator.over.wait(translator.drip) and translator.drip:
                        return
            except OSError:
                pass  # the other side waits no longer

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    translator.url = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        with patch.object(calls, "PATIENCE", 30):
            yield translator
    finally:
        translator.over.set()
        server.shutdown()
        server.server_close()
        thread.join()


def say_as(translator: Translator, request: Request) -> Request:
    request.say = translator.said or capitals  # type: ignore[attr-defined]
    return request


class Capitals(HTMLParser):
    """HTML with its words in capitals, except where `translate="no"` or `class="notranslate"` forbids it."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.out: list[str] = []
        self.spared: list[bool] = []

    def handle_starttag(self, tag: str, attrs: list) -> None:
        given = dict(attrs)
        self.spared.append(given.get("translate") == "no" or "notranslate" in (given.get("class") or ""))
        self.out.append(self.get_starttag_text() or "")

    def handle_endtag(self, tag: str) -> None:
        self.spared.pop()
        self.out.append(f"</{tag}>")

    def handle_data(self, words: str) -> None:
        self.out.append(words if any(self.spared) else words.upper())

    def handle_entityref(self, name: str) -> None:
        self.out.append(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self.out.append(f"&#{name};")


def capitals(html: str) -> str:
    parser = Capitals()
    parser.feed(html)
    parser.close()
    return "".join(parser.out)


# ------------------------------------------------------------------------------------------------ Microsoft
MICROSOFT = {"ar", "de", "en", "es", "he", "ja", "nb", "pt", "pt-pt", "ru", "sr-Cyrl", "sr-Latn", "zh-Hans", "zh-Hant"}


def microsoft_error(code: int, message: str = "An error.") -> Reply:
    return code // 1000, {"error": {"code": code, "message": message}}


def microsoft_protocol(request: Request) -> Reply:
    if request.headers.get("Ocp-Apim-Subscription-Key") != KEY:
        return microsoft_error(401000, "The request is not authorized because credentials are missing or invalid.")
    if request.headers.get("Ocp-Apim-Subscription-Region", "westeurope") != "westeurope":
        return microsoft_error(401000)
    if request.path != "/translate" or request.query.get("api-version") != "3.0":
        return microsoft_error(400021)
    if request.query.get("to") not in MICROSOFT:
        return microsoft_error(400036, 'The target language ("To" field) is missing or invalid.')
    if request.query.get("from", "en") not in MICROSOFT:
        return microsoft_error(400035, 'The source language ("From" field) is not valid.')
    if request.query.get("textType") not in ("plain", "html"):
        return microsoft_error(400071)
    if not isinstance(request.body, list) or not all(isinstance(item.get("Text"), str) for item in request.body):
        return microsoft_error(400074)
    to = request.query["to"]
    return 200, [{"translations": [{"text": request.say(item["Text"]), "to": to}]} for item in request.body]


def microsoft() -> Any:
    return serving(microsoft_protocol)


# ------------------------------------------------------------------------------------------------ DeepL
DEEPL_SOURCES = {"AR", "DE", "EN", "ES", "HE", "JA", "NB", "PT", "RU", "ZH"}
DEEPL_TARGETS = DEEPL_SOURCES - {"EN", "PT", "ZH"} | {"EN-GB", "EN-US", "PT-BR", "PT-PT", "ZH-HANS", "ZH-HANT"}


def deepl_protocol(request: Request) -> Reply:
    if request.headers.get("Authorization") != f"DeepL-Auth-Key {KEY}":
        return 403, {"message": "Authorization failed. Please supply a valid `DeepL-Auth-Key`."}
    if request.path != "/v2/translate":
        return 404, {"message": "The requested resource could not be found."}
    for name, known in (("source_lang", DEEPL_SOURCES), ("target_lang", DEEPL_TARGETS)):
        if request.body.get(name, "EN" if name == "source_lang" else None) not in known:
            return 400, {"message": f"Value for '{name}' not supported."}
    if request.body.get("tag_handling") not in ("html", "xml") or not isinstance(request.body.get("text"), list):
        return 400, {"message": "Bad request. Please check error message and your parameters."}
    return 200, {
        "translations": [{"detected_source_language": "EN", "text": request.say(text)} for text in request.body["text"]]
    }


def deepl() -> Any:
    return serving(deepl_protocol)


# ------------------------------------------------------------------------------------------------ LibreTranslate
LIBRETRANSLATE = {"ar", "de", "en", "es", "he", "ja", "nb", "pb", "pt", "ru", "zh", "zt", "auto"}


def libretranslate_protocol(request: Request) -> Reply:
    given = request.body
    if request.path != "/translate":
        return 404, b"<!doctype html><title>404 Not Found</title>"
    if given.get("api_key", KEY) != KEY:
        return 403, {"error": "Invalid API key"}
    for name in ("q", "source", "target"):
        if not given.get(name):
            return 400, {"error": f"Invalid request: missing {name} parameter"}
    for code in (given["source"], given["target"]):
        if code not in LIBRETRANSLATE:
            return 400, {"error": f"{code} is not supported"}
    if (given["source"], given["target"]) == ("he", "ja"):
        text = "Japanese (ja) is not available as a target language from Hebrew (he)"
        return 500, {"error": f"Cannot translate text: 400 Bad Request: {text}"}
    # As its HTML translator: one line, and every entity of the answer replaced.
    return 200, {"translatedText": [unescape(request.say(" ".join(q.split()))) for q in given["q"]]}


def libretranslate() -> Any:
    return serving(libretranslate_protocol)


# ------------------------------------------------------------------------------------------------ in general
def without_elements(html: str) -> str:
    """What a careless translator answers: the words of our elements without the elements."""

    class Words(Capitals):
        def handle_starttag(self, tag: str, attrs: list) -> None:
            self.spared.append(False)

        def handle_endtag(self, tag: str) -> None:
            self.spared.pop()

    parser = Words()
    parser.feed(html)
    return "".join(parser.out)
