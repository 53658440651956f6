"""Where the broker is and as whom to come, and what to say when that does not work."""

import ssl

from contract.refusal import Refused
from hub.config import BrokerConfig, Tls
from hub.mqtt.packets import Address


def address_of(broker: BrokerConfig) -> Address:
    """The broker as the client wants it; `Refused` when its certificates cannot be read."""
    return Address(
        host=broker.host,
        port=broker.port,
        client_id=broker.client_id,
        username=broker.username,
        password=broker.password,
        keepalive_seconds=broker.keepalive_seconds,
        tls=None if broker.tls is None else _context(broker.tls),
    )


def refused(why: str) -> str:
    """What to say when it did not let the hub in."""
    return f"ブローカーに断られました ({why})。[broker] の username と password を確かめてください。"


def nobody(broker: BrokerConfig) -> str:
    """What to say when there is nobody at its address."""
    return f"ブローカー {broker.host}:{broker.port} につながりません。動いているか確かめてください。"


def _context(tls: Tls) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=tls.ca or None)
        if tls.certificate:
            context.load_cert_chain(tls.certificate, tls.key or None)
    except (OSError, ValueError) as error:
        raise Refused(
            f"ブローカーとの暗号通信を用意できません ({error})。[broker.tls] のファイルを確かめてください。"
        ) from error
    return context
