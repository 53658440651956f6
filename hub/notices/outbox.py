"""The outbox: what the ladder, the outage watch and the rest put in, in the transaction of what they did.

    outbox.put(work, [Notice(key=f"case/{case.id}/opened", kind=NoticeKind.case_opened, audience=DUTY,
                             subject=Subject("case", case.id), words="…")])
    outbox.all_clear(work, [(Subject("case", case.id), "佐藤 ハル 様と電話で話せました。")])

Both are written when the `Work` ends, each in one statement. Nothing of an outbox is sent that is not committed.
"""

from collections.abc import Sequence

from hub.notices.notice import TOLD, Notice, NoticeKind, Subject, Urgency
from hub.work import Work


def put(work: Work, notices: Sequence[Notice]) -> None:
    """Let these be told. The same key twice, now or years later, is one notice."""
    work.tell(
        [
            {
                "id": work.ids(work.now),
                "key": one.key,
                "kind": one.kind,
                "audience": one.audience.kind,
                "audience_of": one.audience.of,
                "subject_kind": one.subject.kind,
                "subject": one.subject.id,
                "words": one.words[:500],
                "urgency": one.urgency,
                "at": work.now,
            }
            for one in notices
        ]
    )


def withdraw(work: Work, subjects: Sequence[Subject], why: str) -> None:
    """What is not out yet about these subjects is no longer so, because of `why`: it is never sent, and stays visible.

    Notices of the same `Work` count as well.
    """
    work.untell([(one.kind, one.id, why) for one in subjects])


def all_clear(
    work: Work,
    settled: Sequence[tuple[Subject, str]],
    kind: NoticeKind = NoticeKind.all_clear,
    urgency: Urgency = Urgency.prompt,
) -> None:
    """These subjects are settled, in these words: withdraw what is not out, tell exactly those who were told, once."""
    for subject, words in settled:
        withdraw(work, [subject], words)
    put(
        work,
        [
            Notice(
                key=f"{kind}/{subject.kind}/{subject.id}/{work.now.isoformat()}",
                kind=kind,
                audience=TOLD,
                subject=subject,
                words=words,
                urgency=urgency,
            )
            for subject, words in settled
        ],
    )
