"""What answers which of Slack's payloads: the listeners of a serving process, each built once."""

from collections.abc import Collection
from dataclasses import dataclass

from slack_bolt.async_app import AsyncApp

from bot.audit import Audit
from bot.batches import Batches
from bot.cancel import Canceller
from bot.configuration import Configuration
from bot.gate import Gate
from bot.keys import Sealer
from bot.pending import Pending
from bot.second import SecondPerson
from bot.services import Services
from bot.slack.actions import CancelButton, ListedButton
from bot.slack.answering import Answering
from bot.slack.approving import ApprovalButtons
from bot.slack.blocks import APPROVE_ACTION, CANCEL_ACTION, DECLINE_ACTION
from bot.slack.cards import Cards
from bot.slack.commands import Commands
from bot.slack.dialog import BY_HAND, CALLBACK, CHOOSE_SEVERAL, PICK, SEVERAL, SEVERAL_CALLBACK
from bot.slack.dialogs import Dialogs
from bot.slack.directory import Directory
from bot.slack.home import EVENT, Home
from bot.slack.listing import LISTED_ACTION
from bot.slack.options import Options
from bot.slack.picker import ByHand, Chosen, Picker
from bot.slack.posting import Poster
from bot.slack.private_lists import PrivateLists
from bot.slack.request import Parser
from bot.slack.several import ChooseSeveral, SubmittedSeveral
from bot.slack.shortcuts import Shortcut
from bot.slack.text import COMMAND, SHORTCUT
from bot.slack.views import SubmittedDialog, Tools
from bot.tasks import Tasks


@dataclass(frozen=True)
class Listeners:
    """The parts that they need. `clicks` are told when they fail, `submissions` are awaited by their listener.

    `link_url` is where people sign in, empty where they cannot.
    """

    configuration: Configuration
    services: Services
    directory: Directory
    gate: Gate
    cards: Cards
    poster: Poster
    answering: Answering
    audit: Audit
    sealer: Sealer
    pending: Pending
    batches: Batches
    canceller: Canceller
    second: SecondPerson
    home: Home
    link_url: str
    clicks: Tasks
    submissions: Tasks

    def register(self, bolt: AsyncApp) -> None:
        """Tells Bolt all of them."""
        configuration = self.configuration
        hosts = configuration.settings.service_hosts
        parser = Parser(configuration.everything, configuration.enabled, configuration.settings.azure_cloud, hosts)
        dialogs = Dialogs(
            client=self.services.slack,
            store=self.services.store,
            sealer=self.sealer,
            gate=self.gate,
            cards=self.cards,
            audit=self.audit,
            tasks=self.clicks,
        )
        lists = PrivateLists(
            pending=self.pending,
            poster=self.poster,
            registry=self.gate.registry,
            tasks=self.clicks,
            link_url=self.link_url,
        )
        bolt.command(COMMAND)(self._commands(parser, dialogs, lists))
        bolt.message_shortcut(SHORTCUT)(self._shortcut(hosts, dialogs, lists))
        submissions = self._submissions(dialogs)
        bolt.view(CALLBACK)(SubmittedDialog(submissions, parser))
        bolt.view(SEVERAL_CALLBACK)(SubmittedSeveral(submissions, self.batches))
        self._register_picker(bolt, dialogs)
        self._register_buttons(bolt, dialogs)
        bolt.event(EVENT)(self.home)

    def _register_picker(self, bolt: AsyncApp, dialogs: Dialogs) -> None:
        options = Options(
            dialogs=dialogs,
            directory=self.directory,
            pending=self.pending,
            registry=self.gate.registry,
            answering=self.answering,
            tasks=self.clicks,
        )
        bolt.options(PICK)(options)
        bolt.options(SEVERAL)(options)
        bolt.action(PICK)(
            Chosen(
                store=self.services.store,
                dialogs=dialogs,
                directory=self.directory,
                pending=self.pending,
                registry=self.gate.registry,
                answering=self.answering,
                tasks=self.clicks,
                link_url=self.link_url,
            )
        )
        bolt.action(BY_HAND)(
            ByHand(dialogs=dialogs, registry=self.gate.registry, answering=self.answering, tasks=self.clicks)
        )
        bolt.action(CHOOSE_SEVERAL)(self._choose_several(dialogs))

    def _register_buttons(self, bolt: AsyncApp, dialogs: Dialogs) -> None:
        bolt.action(CANCEL_ACTION)(
            CancelButton(
                store=self.services.store,
                directory=self.directory,
                gate=self.gate,
                dialogs=dialogs,
                answering=self.answering,
                tasks=self.clicks,
            )
        )
        bolt.action(LISTED_ACTION)(
            ListedButton(
                directory=self.directory, gate=self.gate, dialogs=dialogs, answering=self.answering, tasks=self.clicks
            )
        )
        approval = ApprovalButtons(
            directory=self.directory, second=self.second, answering=self.answering, tasks=self.clicks
        )
        for action in (APPROVE_ACTION, DECLINE_ACTION):
            bolt.action(action)(approval)

    def _commands(self, parser: Parser, dialogs: Dialogs, lists: PrivateLists) -> Commands:
        return Commands(
            parser=parser,
            directory=self.directory,
            accounts=self.services.accounts,
            gate=self.gate,
            dialogs=dialogs,
            picker=self._picker(dialogs),
            lists=lists,
            poster=self.poster,
            answering=self.answering,
            home=self.home,
            tasks=self.clicks,
            link_url=self.link_url,
        )

    def _choose_several(self, dialogs: Dialogs) -> ChooseSeveral:
        return ChooseSeveral(
            dialogs=dialogs,
            directory=self.directory,
            picker=self._picker(dialogs),
            answering=self.answering,
            tasks=self.clicks,
        )

    def _picker(self, dialogs: Dialogs) -> Picker:
        return Picker(
            dialogs=dialogs,
            pending=self.pending,
            registry=self.gate.registry,
            tasks=self.clicks,
            link_url=self.link_url,
        )

    def _shortcut(self, hosts: Collection[str], dialogs: Dialogs, lists: PrivateLists) -> Shortcut:
        return Shortcut(
            everything=self.configuration.everything,
            hosts=hosts,
            lists=lists,
            directory=self.directory,
            gate=self.gate,
            pending=self.pending,
            dialogs=dialogs,
            poster=self.poster,
            answering=self.answering,
            tasks=self.clicks,
        )

    def _submissions(self, dialogs: Dialogs) -> Tools:
        return Tools(
            store=self.services.store,
            dialogs=dialogs,
            pending=self.pending,
            directory=self.directory,
            canceller=self.canceller,
            poster=self.poster,
            sealer=self.sealer,
            answering=self.answering,
            metrics=self.services.metrics,
            tasks=self.submissions,
            late=self.clicks,
            seconds=self.services.timings.record,
            link_url=self.link_url,
        )
