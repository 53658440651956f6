"""Where notices go in these tests, and a mail server that turns some of them away."""

from contract.datafile import Duration
from hub.notices.settings import Family, Pace, Person, Settings
from hub.notices.transport import Message, NotTaken

SETTINGS = Settings(
    people=[Person(account="mori", addresses=["mori@ena.example", "gone@ena.example"])],
    duty=["mori"],
    base_url="https://mimamori.example.jp",
    family=Family(office_phone="0573-26-0000"),
    pace=Pace(bundle_window=Duration(minutes=5)),
)


class Fussy:
    """A mail server that turns the relatives away, hopelessly."""

    def hand_over(self, address: str, message: Message) -> None:
        if "home" in address:
            raise NotTaken(
                "メールサーバーが断りました (応答 550)。宛先と設定を確かめてください。", hopeless=True
            )
