"""What the city edits: read as at the start, refused in the same words."""

from collections.abc import Iterator
from pathlib import Path

from contract.finding import Finding, refusing, warning
from hub.access.roles import load_roles
from hub.config import HubConfig, load
from hub.notices.service import settings_of
from hub.opening import read_districts, read_keeping, read_policy, read_speaking, read_trends
from hub.policy import Policy
from hub.retention import policy as retention
from hub.speaking import Speaking
from hub.telemetry import limits


class Files:
    """The files, and what was read from them."""

    def __init__(self) -> None:
        self.config: HubConfig | None = None
        self.policy: Policy | None = None
        self.speaking: Speaking | None = None

    def look(self, path: Path) -> Iterator[Finding]:
        """Read all of them."""
        yield from refusing("config", "設定", lambda: self._config(path))
        if self.config is None:
            return
        config = self.config
        yield from refusing("policy", "見守りの方針", lambda: self._policy(config))
        yield from refusing("districts", "地区の一覧", lambda: self._districts(config))
        yield from refusing("roles", "役割", lambda: f"役割が {len(load_roles())} つあります。")
        yield from refusing("retention", "保存期間", lambda: self._retention(config))
        yield from refusing("trends", "変化の兆し", lambda: self._trends(config))
        yield from refusing("speaking", "追加の質問・お知らせ", lambda: self._speaking(config))
        yield from refusing("limits", "機器の限度", lambda: f"数値が {len(limits.load())} 種類あります。")
        yield from self._notices(config)

    def _config(self, path: Path) -> str:
        self.config = load(path)
        return f"{path} を読めます。"

    def _policy(self, config: HubConfig) -> str:
        self.policy = read_policy(config)
        return f"はしごが {len(self.policy.ladders)} 本、リスク区分が {len(self.policy.classes)} つあります。"

    def _trends(self, config: HubConfig) -> str:
        found = read_trends(config)
        return f"最近 {found.longest} 日を、その前の {found.usual_days} 日と比べます。"

    def _districts(self, config: HubConfig) -> str:
        found = read_districts(config)
        return f"地区が {len(found.all)} あります。"

    def _retention(self, config: HubConfig) -> str:
        found, _ = read_keeping(config)
        return f"言葉は {found.keep[retention.Kind.words].days} 日、記録は {found.keep[retention.Kind.events].days} 日残します。"

    def _speaking(self, config: HubConfig) -> str:
        self.speaking = read_speaking(config)
        return f"組が {len(self.speaking.sets)} つあります。"

    def _notices(self, config: HubConfig) -> Iterator[Finding]:
        name, called = "notices", "知らせの送り先"
        if not config.notices:
            yield warning(
                name,
                called,
                "知らせを誰にも送りません。気づくには画面を見るほかありません。",
                "hub.toml の notices に、送り先のファイルを書いてください (hub/notices.example.toml)。",
            )
            return
        yield from refusing(name, called, lambda: f"{len(settings_of(config.notices).people)} 人に送れます。")
