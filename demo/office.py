"""The office's side as a program sees it: the hub's HTTP API with a bearer token, and nothing behind its back."""

import urllib.request
from collections.abc import Iterable
from datetime import date
from typing import TypeVar
from urllib.error import HTTPError, URLError

import msgspec

from contract.refusal import Refused
from hub.views.rows import DeviceRow, QueueRow, SlotRow

T = TypeVar("T")
_TIMEOUT = 20.0


class Office:
    """Reads `/api/v1` at `url`."""

    def __init__(self, url: str, token: str) -> None:
        self._url = url
        self._token = token

    def queue(self) -> list[QueueRow]:
        """The outreach queue, the most urgent first."""
        return self._get("/api/v1/outreach-queue", list[QueueRow])

    def slots(self, days: Iterable[date]) -> list[SlotRow]:
        """Every check-in of these office days."""
        return [
            row for day in sorted(set(days)) for row in self._get(f"/api/v1/slots?date={day}", list[SlotRow])
        ]

    def devices(self) -> list[DeviceRow]:
        """Every speaker."""
        return self._get("/api/v1/devices", list[DeviceRow])

    def _get(self, path: str, kind: type[T]) -> T:
        request = urllib.request.Request(self._url + path, headers={"Authorization": f"Bearer {self._token}"})
        try:
            with urllib.request.urlopen(request, timeout=_TIMEOUT) as answer:
                return msgspec.json.decode(answer.read(), type=kind)
        except HTTPError as error:
            with error:
                raise Refused(
                    f"画面の API {path} が {error.code} を返しました。ログを確かめてください。"
                ) from error
        except (URLError, OSError, msgspec.MsgspecError) as error:
            raise Refused(f"画面の API {path} を読めません ({error})。") from error
