"""Mail, LINE and everything else that apprise speaks, behind the transport's three lines."""

import logging
import re
import threading
import warnings
from functools import cache
from typing import Any
from urllib.parse import quote, urlsplit

from hub.notices.settings import is_mail, what_is_wrong
from hub.notices.transport import Message, NotTaken, Unclear

_ANSWER = re.compile(r"(?:error=|\()([2-5][0-9]{2})\b")
"""How apprise's own lines and smtplib's errors write the code that the other side answered with."""
_HOPELESS = {400, 401, 403, 404, 410, 413, 415, 422}
_UNREACHABLE = (
    "refused",
    "getaddrinfo",
    "name resolution",
    "name or service not known",
    "no route",
    "unreachable",
)
_BROKEN = ("timed out", "timeout", "reset", "unexpectedly closed", "aborted", "broken pipe")


_LOADING = threading.Lock()


@cache
def _load() -> Any:
    # Its lines hold addresses and, at this level, answers of servers: they come back with the result only.
    quiet = logging.getLogger("apprise")
    quiet.propagate = False
    quiet.setLevel(logging.DEBUG)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of what its plug-ins import
        import apprise

        apprise.Apprise().add("json://127.0.0.1/")  # looks through the plug-ins
    return apprise


def loaded() -> Any:
    """Apprise with its plug-ins: a second of work, done once and only where something is really sent."""
    with _LOADING:
        return _load()


class AppriseTransport:
    """Hands over to apprise; `mail` is the URL of the mail server for plain addresses."""

    def __init__(self, mail: str = "", timeout_seconds: float = 15.0) -> None:
        self._mail = mail
        self._timeout = timeout_seconds

    def hand_over(self, address: str, message: Message) -> None:
        """See `Transport`."""
        if problem := what_is_wrong(address, self._mail):
            raise NotTaken(f"{problem}。", hopeless=True)
        apprise = loaded()
        box = apprise.Apprise()
        if not box.add(self._url(address, message)):
            raise NotTaken(
                "通知先の書き方を apprise が読めません。URL の形を確かめてください。", hopeless=True
            )
        result = box.notify(
            body=message.body,
            title=message.title,
            body_format=apprise.NotifyFormat.TEXT,
            timeout=self._timeout,
            log_level=logging.DEBUG,
        )
        if result:
            return
        raise _failure(urlsplit(self._mail if is_mail(address) else address), result)

    def _url(self, address: str, message: Message) -> str:
        url = address
        if is_mail(address):
            url = f"{self._mail}{'&' if '?' in self._mail else '?'}to={quote(address)}"
        half = self._timeout / 2
        more = f"cto={half:g}&rto={half:g}"
        if urlsplit(url).scheme.startswith("mailto"):
            # A receiver that gets it twice, after a crash of ours, can see that it is the same.
            more += f"&format=text&+X-Mimamori-Message={quote(message.id)}"
        return f"{url}{'&' if '?' in url else '?'}{more}"


def _failure(url: Any, result: Any) -> NotTaken | Unclear:
    """What went wrong, in our words: apprise's lines hold addresses."""
    lines = [str(entry.message) for one in result for attempt in one for entry in attempt.logs]
    text = " ".join(lines).lower()
    what = "メールサーバー" if url.scheme.startswith("mailto") else f"通知サービス ({url.scheme})"
    if result.status.name == "TIMEOUT" or any(word in text for word in _BROKEN):
        return Unclear(f"{what}が時間内に答えませんでした。届いたかどうか分かりません。")
    if any(word in text for word in _UNREACHABLE):
        return NotTaken(f"{what}につながりません。ネットワークと、設定の宛先を確かめてください。")
    if "authentication" in text or re.search(r"\(53[45]\b", text):
        return NotTaken(
            f"{what}がユーザー名かパスワードを受け付けません。設定を確かめてください。", hopeless=True
        )
    codes = [int(code) for code in _ANSWER.findall(text)]
    if codes:
        code = codes[-1]
        smtp = url.scheme.startswith("mailto")
        hopeless = code >= 500 if smtp else code in _HOPELESS
        advice = "宛先と設定を確かめてください。" if hopeless else "しばらくしてもう一度送ります。"
        return NotTaken(f"{what}が断りました (応答 {code})。{advice}", hopeless=hopeless)
    return NotTaken(f"{what}が受け取りませんでした。宛先と設定を確かめてください。")
