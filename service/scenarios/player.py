"""Plays one story: writes its first message, answers what is asked, and follows up when the ticket has come to rest."""

from dataclasses import dataclass, field

from service.scenarios.casting import Role
from service.scenarios.help_desk import HelpDesk, Letter
from service.scenarios.story import Sender, Story
from service.store.standings import Standing

MOST_ANSWERS = 6
"""How many questions a played customer answers before falling silent."""


@dataclass(slots=True)
class Player:
    """One customer on one ticket; `ticket` is its external id, and `ticket_id` ours once the service has answered."""

    ticket: str
    story: Story
    role: Role
    after: "Player | None" = None
    """Whoever has to be finished before this one begins: the same customer on an earlier ticket."""
    sent: int = 0
    duplicates: int = 0
    answered: set[str] = field(default_factory=set)
    followed_up: int = 0
    ticket_id: str | None = None

    @property
    def begun(self) -> bool:
        """Whether the first message is written."""
        return self.sent > 0

    async def begin(self, desk: HelpDesk) -> None:
        """Write the first message."""
        await self._write(desk, self.story.text, self.story.sender, times=2 if self.story.twice else 1)

    async def go_on(self, desk: HelpDesk, standing: Standing) -> bool:
        """Say what comes next on a ticket that stands like this; whether anything was said."""
        if not standing.settled:
            return False
        asked = standing.asked
        if asked and asked.id not in self.answered and len(self.answered) < MOST_ANSWERS and asked.about in self.story.answers:
            self.answered.add(asked.id)
            await self._write(desk, self.story.answers[asked.about])
            return True
        if self.followed_up < len(self.story.then):
            following = self.story.then[self.followed_up]
            self.followed_up += 1
            await self._write(desk, following.text, following.sender)
            return True
        return False

    async def _write(self, desk: HelpDesk, text: str, sender: Sender = "customer", times: int = 1) -> None:
        self.sent += 1
        answers = await desk.send(self._letter(text, sender), times)
        self.duplicates += sum(answer.duplicate for answer in answers)
        self.ticket_id = answers[0].ticket_id

    def _letter(self, text: str, sender: Sender) -> Letter:
        who = self.role.stranger if sender == "stranger" else self.role.customer
        return Letter(
            ticket=self.ticket,
            number=self.sent,
            subject=self.role.speak(self.story.subject),
            channel=self.story.channel,
            customer=who.id,
            email=who.email,
            name=f"{who.name.first} {who.name.last}",
            verified=sender != "unverified",
            text=self.role.speak(text),
        )
