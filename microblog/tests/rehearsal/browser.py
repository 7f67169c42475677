"""A visitor: asks one port of this machine as Heroku's router would, and keeps cookies."""

import gzip
import http.client
import secrets
from dataclasses import dataclass
from http.cookies import SimpleCookie
from urllib.parse import urlencode

HOST = "microblog-rehearsal.herokuapp.com"


@dataclass
class Answer:
    """What came back. `request_id` is the one that the router gave."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes
    request_id: str

    @property
    def text(self) -> str:
        plain = gzip.decompress(self.body) if self.headers.get("Content-Encoding") == "gzip" else self.body
        return plain.decode(errors="replace")


class Browser:
    """One visitor with their cookies. Each request is a connection of its own, so several threads can ask."""

    def __init__(self, port: int, *, timeout: float = 40, scheme: str = "https") -> None:
        self.port = port
        self.timeout = timeout
        self.scheme = scheme
        self.cookies: dict[str, str] = {}
        self.sent: list[str] = []  # the path of each request, once a server has it or the kernel keeps it for one

    def get(self, path: str, **headers: str) -> Answer:
        return self.ask("GET", path, None, headers)

    def post(self, path: str, fields: dict[str, str], **headers: str) -> Answer:
        """Send a form with its CSRF token. A page that sets the cookie must have been asked for before."""
        body = urlencode({**fields, "csrfmiddlewaretoken": self.cookies.get("csrftoken", "")})
        form = {"Content-Type": "application/x-www-form-urlencoded", "Origin": f"https://{HOST}"}
        return self.ask("POST", path, body, {**form, **headers})

    def ask(self, method: str, path: str, body: str | None, headers: dict[str, str]) -> Answer:
        request_id = secrets.token_hex(16)
        router = {
            "Host": HOST,
            "X-Forwarded-For": "203.0.113.7",
            "X-Forwarded-Proto": self.scheme,
            "X-Forwarded-Port": "443",
            "X-Request-ID": request_id,
            "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
        }
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=self.timeout)
        try:
            connection.request(method, path, body, {**router, **given})
            self.sent.append(path)
            response = connection.getresponse()
            answer = Answer(response.status, response.headers, response.read(), request_id)
        finally:
            connection.close()
        self._keep(answer)
        return answer

    def _keep(self, answer: Answer) -> None:
        for line in answer.headers.get_all("Set-Cookie", []):
            for name, morsel in SimpleCookie(line).items():
                self.cookies[name] = morsel.value

    def sign_in(self, username: str, password: str) -> Answer:
        self.get("/accounts/login/")
        return self.post("/accounts/login/", {"username": username, "password": password})
