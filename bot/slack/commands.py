"""The slash command."""

import time
from typing import Any

from slack_bolt.context.ack.async_ack import AsyncAck

from bot.accounts import Accounts
from bot.cancellation import Actor
from bot.gate import Gate
from bot.slack import text
from bot.slack.answering import Answering
from bot.slack.blocks import Blocks, drawn, note, sign_in
from bot.slack.dialog import Prefilled
from bot.slack.dialogs import Dialogs
from bot.slack.directory import Directory
from bot.slack.home import Home
from bot.slack.inbox import Click
from bot.slack.picker import Picker
from bot.slack.posting import Poster
from bot.slack.private_lists import PrivateLists
from bot.slack.request import Command, Ended, Parser, Word
from bot.store import new_id
from bot.tasks import Tasks


class Commands:
    """`/cancel-approval`: opens the dialog, as far filled in as the command says; or answers one of its own words."""

    def __init__(
        self,
        *,
        parser: Parser,
        directory: Directory,
        accounts: Accounts,
        gate: Gate,
        dialogs: Dialogs,
        picker: Picker,
        lists: PrivateLists,
        poster: Poster,
        answering: Answering,
        home: Home,
        tasks: Tasks,
        link_url: str,
    ) -> None:
        self._home = home
        self._link_url = link_url
        self._parser = parser
        self._directory = directory
        self._accounts = accounts
        self._gate = gate
        self._dialogs = dialogs
        self._picker = picker
        self._lists = lists
        self._poster = poster
        self._answering = answering
        self._tasks = tasks

    async def __call__(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """Bolt's listener: acknowledges at once."""
        await ack()
        self._tasks.spawn(self._handle(Click.of_command(body), str(body.get("text") or ""), time.monotonic()))

    async def _handle(self, click: Click, typed: str, began: float) -> None:
        async with self._answering.to(click) as about:
            actor = await self._directory.in_time(click)
            try:
                command = self._parser.command(typed)
            except Ended as error:
                await self._lists.instead(click, actor, error.resource)
                return
            about.target = command.target
            if command.resource:
                self._gate.welcome(actor, command.resource)
            listed = command.resource is None or bool(command.resource.lists)
            if command.word is Word.SEVERAL and listed:
                await self._picker.open(click, actor, began, command.resource, several=True)
            elif command.word in (Word.MINE, Word.PENDING, Word.SEVERAL):  # of what is not listed, none can be chosen
                await self._lists.tell(click, actor, command.resource, own=command.word is Word.MINE)
            elif command.word:
                await self._poster.answer(click.user, click.response_url, *await self._answer(command.word, actor))
            elif command.resource:
                await self._dialogs.open(click, actor, _prefilled(command), command.target)
            else:
                await self._picker.open(click, actor, began)

    async def _answer(self, word: Word, actor: Actor) -> tuple[str, Blocks]:
        if word is Word.SIGNIN and self._link_url:
            return f"{text.SIGN_IN_HERE}{self._link_url}", drawn([sign_in(text.SIGN_IN_HERE, self._link_url)])
        words = await self._words(word, actor)
        return words, note(words)

    async def _words(self, word: Word, actor: Actor) -> str:
        if word is Word.SIGNIN:
            return text.NO_LINKING
        if word is Word.HELP:
            return text.help_text(self._gate.registry)
        if word is Word.WHOAMI:
            return text.who(actor.account_name if actor.account else None)
        unlinked = await self._accounts.unlink(actor.team, actor.user)
        self._home.refresh(actor.user)
        return text.SIGNED_OUT if unlinked else text.who(None)


def _prefilled(command: Command) -> Prefilled:
    # The address, where one was typed: it may name a provider, which a bare id does not.
    return Prefilled(new_id(), command.resource, command.id, command.justification)
