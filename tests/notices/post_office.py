"""A real mail server and a real web service on loopback: apprise speaks to them as to the world's."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller

from provisioning.ports import Port


class MailServer:
    """Takes mail, except for recipients it was told to turn away."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.refuse: dict[str, str] = {}
        self._port = Port()
        self.port = self._port.number

    @property
    def url(self) -> str:
        return f"mailto://127.0.0.1:{self.port}/?mode=insecure&from=mimamori@ena.example&name=見守り"

    async def handle_RCPT(
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        if address in self.refuse:
            return self.refuse[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        mail = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        return "250 OK"


@contextmanager
def mail_server() -> Iterator[MailServer]:
    server = MailServer()
    controller = Controller(server, hostname="127.0.0.1", port=server.port)
    controller.start()
    try:
        yield server
    finally:
        controller.stop()


class WebService:
    """Answers every POST and GET with `code`, after `delay` or a close; keeps what came."""

    def __init__(self) -> None:
        self.bodies: list[Any] = []
        self.gets: list[str] = []
        self.code = 200
        self.silent = threading.Event()
        """While set, nobody gets an answer."""
        self.over = threading.Event()
        self.port = 0


@contextmanager
def web_service() -> Iterator[WebService]:
    service = WebService()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            service.bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self._answer()

        def do_GET(self) -> None:
            service.gets.append(self.path)
            self._answer()

        def _answer(self) -> None:
            if service.silent.is_set():
                service.over.wait(30)
                return
            self.send_response(service.code)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    service.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield service
    finally:
        service.over.set()
        server.shutdown()
        server.server_close()
        thread.join()
