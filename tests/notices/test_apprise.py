"""The real apprise against a real mail server and a real web service: what arrives, and what is said when it does not."""

import io
import logging
from collections.abc import Iterator

import pytest

from hub.notices.apprise_transport import AppriseTransport
from hub.notices.notice import Urgency
from hub.notices.transport import Message, NotTaken, Unclear
from provisioning.ports import Port
from tests.notices.post_office import MailServer, WebService, mail_server, web_service

MORI = "mori@ena.example"
MESSAGE = Message(
    id="01890000-0000-7000-8000-000000000001",
    recipient="staff/mori",
    title="【緊急】見守り",
    body="森 さつき 様\n\n・佐藤 ハル 様が助けを求めています。<すぐに>電話してください。\n",
    keys=["c1"],
    urgency=Urgency.emergency,
)


@pytest.fixture(scope="module")
def mail() -> Iterator[MailServer]:
    with mail_server() as server:
        yield server


@pytest.fixture
def web() -> Iterator[WebService]:
    with web_service() as service:
        yield service


def test_a_mail_arrives_as_it_was_written(mail: MailServer) -> None:
    AppriseTransport(mail.url).hand_over(MORI, MESSAGE)
    arrived = mail.mails.pop()
    assert arrived["To"] == MORI
    assert arrived["Subject"] == "【緊急】見守り"
    assert arrived["From"] == "見守り <mimamori@ena.example>"
    assert arrived.get_content().split() == MESSAGE.body.split()
    assert arrived["X-Mimamori-Message"] == MESSAGE.id


def test_a_service_with_json_gets_title_and_body(web: WebService) -> None:
    AppriseTransport().hand_over(f"json://127.0.0.1:{web.port}/hook", MESSAGE)
    [body] = web.bodies
    assert body["title"] == MESSAGE.title
    assert "佐藤 ハル 様が助けを求めています。<すぐに>電話してください。" in body["message"]


@pytest.mark.parametrize(
    ("answer", "said", "hopeless"),
    [
        ("550 5.1.1 no such user", "メールサーバーが断りました (応答 550)", True),
        ("450 4.2.1 try later", "メールサーバーが断りました (応答 450)", False),
    ],
)
def test_a_mail_server_that_refuses(mail: MailServer, answer: str, said: str, hopeless: bool) -> None:
    mail.refuse["gone@ena.example"] = answer
    with pytest.raises(NotTaken, match="メールサーバーが断りました") as refusal:
        AppriseTransport(mail.url).hand_over("gone@ena.example", MESSAGE)
    assert said in refusal.value.why
    assert refusal.value.hopeless is hopeless
    assert "gone" not in refusal.value.why


@pytest.mark.parametrize(("code", "hopeless"), [(401, True), (429, False), (503, False)])
def test_a_service_that_refuses(web: WebService, code: int, hopeless: bool) -> None:
    web.code = code
    with pytest.raises(NotTaken, match=f"応答 {code}") as refusal:
        AppriseTransport().hand_over(f"json://127.0.0.1:{web.port}/?token=s3cret", MESSAGE)
    assert refusal.value.hopeless is hopeless


@pytest.mark.parametrize("scheme", ["mail", "json"])
def test_nobody_there_is_no_reason_to_give_up(scheme: str) -> None:
    nobodys = Port()
    transport = AppriseTransport(
        f"mailto://u:s3cret@127.0.0.1:{nobodys.number}/?mode=insecure&from=a@ena.example"
    )
    with pytest.raises(NotTaken, match="つながりません") as refusal:
        transport.hand_over(MORI if scheme == "mail" else f"json://127.0.0.1:{nobodys.number}/", MESSAGE)
    assert not refusal.value.hopeless
    assert "s3cret" not in refusal.value.why


def test_no_answer_in_time_may_have_arrived(web: WebService) -> None:
    web.silent.set()
    with pytest.raises(Unclear, match="届いたかどうか分かりません"):
        AppriseTransport(timeout_seconds=2.0).hand_over(f"json://127.0.0.1:{web.port}/", MESSAGE)
    assert len(web.bodies) == 1


@pytest.mark.parametrize("address", ["mori", "nonsense://x", "line://"])
def test_an_address_that_nobody_can_read_is_hopeless(address: str) -> None:
    with pytest.raises(NotTaken) as refusal:
        AppriseTransport("mailto://mail.example/?from=a@ena.example").hand_over(address, MESSAGE)
    assert refusal.value.hopeless


def test_a_mail_address_needs_a_mail_server() -> None:
    with pytest.raises(NotTaken, match="mail"):
        AppriseTransport().hand_over(MORI, MESSAGE)


def test_no_address_and_no_secret_reaches_the_log(
    mail: MailServer, capfd: pytest.CaptureFixture[str]
) -> None:
    mail.refuse["gone@ena.example"] = "550 no"
    nobodys = Port()
    lines = io.StringIO()
    # Of our own: pytest's listens to loggers that tell nobody else, too.
    listener = logging.StreamHandler(lines)
    listener.addFilter(lambda record: record.name != "mail.log")  # the test's mail server
    root = logging.getLogger()
    level = root.level
    root.addHandler(listener)
    root.setLevel(logging.DEBUG)
    try:
        with pytest.raises(NotTaken):
            AppriseTransport(mail.url).hand_over("gone@ena.example", MESSAGE)
        with pytest.raises(NotTaken):
            AppriseTransport().hand_over(f"json://u:s3cret@127.0.0.1:{nobodys.number}/", MESSAGE)
    finally:
        root.removeHandler(listener)
        root.setLevel(level)
    said = "".join([lines.getvalue(), *capfd.readouterr()])
    assert "gone@" not in said
    assert "s3cret" not in said
    assert "佐藤" not in said
