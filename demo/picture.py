"""How the terminal's picture is drawn: each part a function of what is so now."""

from msgspec import Struct
from rich.console import Group
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from contract.time import OFFICE_ZONE
from dashboard.words import STATUS
from demo.cast import Part
from demo.morning import Phase, View
from demo.outcome import standing
from demo.record import News
from demo.voiced import VoicedHome
from hub.vocabulary import Lane, Severity, SlotState

COLOUR = {
    Severity.emergency: "bold white on #ce0000",
    Severity.needs_visit: "black on #fb5b01",
    Severity.needs_check: "black on #ffd43d",
    Severity.device_unreachable: "white on #4d4d4d",
}
"""The status colours of the pages; shape and word always stand beside them."""


class Welcome(Struct, frozen=True, kw_only=True):
    """What a visitor needs to know before anything happens."""

    url: str
    login: str
    password: str
    recognizer: str
    note: str = ""


def clock_time(news: News) -> str:
    """08:00:05, office time."""
    return news.at.astimezone(OFFICE_ZONE).strftime("%H:%M:%S")


def title() -> Text:
    """One line that says what this is."""
    return Text.assemble(
        (" 見守り 実演 ", "bold white on #0066be"), "  ある町の朝の安否確認を、音から訪問の順番まで通します"
    )


def welcome_lines(welcome: Welcome) -> list[Text]:
    """Where the pages are, how to get in, what listens."""
    lines = [
        Text.assemble("画面        ", (welcome.url, "bold underline")),
        Text.assemble(
            "ログイン    ",
            (welcome.login, "bold"),
            "   一度だけ使えるパスワード  ",
            (welcome.password, "bold"),
        ),
        Text.assemble("聞き取り    ", welcome.recognizer),
    ]
    if welcome.note:
        lines.append(Text.assemble("お知らせ    ", (welcome.note, "bold #fb5b01")))
    return lines


def welcome_box(welcome: Welcome) -> Panel:
    """The lines in a frame."""
    return Panel(
        Group(*welcome_lines(welcome)),
        title="ブラウザーで開いてください",
        title_align="left",
        border_style="#0066be",
    )


def preparing_bar(what: str, done: int, of: int) -> Table:
    """What is being prepared, and how far it is."""
    table = Table.grid(padding=(0, 2))
    table.add_row("準備", ProgressBar(total=max(of, 1), completed=done, width=30), f"{what} {done}/{of}")
    return table


def phase_line(view: View) -> Text:
    """Where the morning is, and the town in numbers."""
    line = Text.assemble((f" {view.phase.value} ", "reverse"))
    if view.phase is Phase.waiting:
        line.append(f"  あと {max(0, round(view.until_first_s))} 秒")
    return Text("\n").join([line, counts_line(view)])


def counts_line(view: View) -> Text:
    """世帯, connections, and how this morning's slots stand."""
    slots = {
        row.resident_id: row for row in sorted(view.seen.slots, key=lambda row: row.opens_at, reverse=True)
    }
    states = [row.state for row in slots.values()]
    people = sum(row.lane is Lane.person for row in view.seen.queue)
    lines_up = view.town.connected + sum(home.reporter.record.line_up for home in view.homes)
    return Text.assemble(
        f"{view.town.homes + len(view.homes)} 世帯  接続 {lines_up}",
        "   ",
        (f"● 応答 {states.count(SlotState.answered)}", "#4c9fe0"),
        f"   ・ これから {states.count(SlotState.waiting)}",
        f"   ◆ 未応答 {states.count(SlotState.missed)}",
        f"   ✕ 確認できない・不在 {states.count(SlotState.cannot_tell)}",
        f"   キュー: 人 {people}  機器 {len(view.seen.queue) - people}",
    )


def households_table(view: View) -> Table:
    """The voiced households, each in one line."""
    table = Table(box=None, padding=(0, 1), expand=True, header_style="bold", show_edge=False)
    table.add_column("声の出る世帯", no_wrap=True, width=12)
    table.add_column("地区", no_wrap=True, width=8)
    table.add_column("回線", no_wrap=True, width=4)
    table.add_column("いま", no_wrap=True, ratio=3, overflow="ellipsis")
    table.add_column("キュー", no_wrap=True, ratio=2, overflow="ellipsis")
    for home in sorted(view.homes, key=lambda each: each.household.after):
        household, record = home.household, home.reporter.record
        case = view.seen.case_of(household.household_id)
        where = Text(standing(case), style=COLOUR[case.severity]) if case else Text("—", style="dim")
        line = Text("●", style="#4c9fe0") if record.line_up else Text("✕", style="bold")
        table.add_row(household.name, household.district, line, now_words(home_now(view, home)), where)
    return table


def home_now(view: View, home: VoicedHome) -> str:
    """What goes on there, or what the hub knows better than the speaker."""
    household, record = home.household, home.reporter.record
    if household.behaviour is Part.away:
        return "不在の届け出があり、たずねません"
    if record.made and not record.line_up and not record.now.endswith("…"):
        return f"回線が切れ、記録 {len(record.made)} 件がスピーカーの中で待っています"
    if record.now:
        return record.now
    until = view.until_first_s + household.after.total_seconds()
    return f"あと {max(0, round(until))} 秒で声をかけます"


def districts_grid(view: View, columns: int = 7) -> Table:
    """Each district: how many answered of how many, and the gravest thing that is open there."""
    grid = Table.grid(expand=True, padding=(0, 1))
    for _ in range(columns):
        grid.add_column(no_wrap=True, ratio=1)
    slots = list({row.resident_id: row for row in reversed(view.seen.slots)}.values())
    cells = []
    for name in view.districts:
        mine = [row for row in slots if row.district == name]
        answered = sum(row.state is SlotState.answered for row in mine)
        cell = Text.assemble((name, "bold"), f" {answered}/{len(mine)} ")
        cases = [row.severity for row in view.seen.queue if row.district == name]
        if cases:
            worst = max(cases, key=lambda each: each.rank)
            cell.append(f" {STATUS[worst][1]}{len(cases)} ", style=COLOUR[worst])
        cells.append(cell)
    for start in range(0, len(cells), columns):
        grid.add_row(*cells[start : start + columns])
    return grid


def now_words(words: str) -> Text:
    """Voices in colour: the speaker's calm, the resident's warm."""
    if words.startswith("本人"):
        return Text(words, style="bold #fb8c3c")
    if "声かけ「" in words or words.startswith("スピーカー"):
        return Text(words, style="#4c9fe0")
    return Text(words)


def news_panel(news: list[News], room: int) -> Panel:
    """The last things that happened, the newest at the bottom."""
    lines = [
        Text.assemble((f"{clock_time(each)} ", "dim"), (f"{each.who}  ", "bold"), now_words(each.what))
        for each in news
    ]
    for line in lines:
        line.no_wrap, line.overflow = True, "ellipsis"
    padding = [Text()] * (room - len(lines))
    return Panel(Group(*lines, *padding), title="起きていること", title_align="left", border_style="dim")


def badge(severity: Severity) -> Text:
    """Shape and word on the status colour."""
    _, shape, word = STATUS[severity]
    return Text(f" {shape} {word} ", style=COLOUR[severity])
