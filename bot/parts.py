"""The composition root of a serving process: every part is built here, and nowhere else."""

from collections.abc import Iterable

from aiohttp import web
from pydantic import SecretStr
from slack_bolt.async_app import AsyncApp

from bot.approvals import Approvals
from bot.attempt import Attempts
from bot.audit import Audit
from bot.batches import Batches
from bot.cancel import Canceller
from bot.cancellations import Cancellations
from bot.configuration import Configuration
from bot.durable import Engine
from bot.gate import Gate
from bot.history import History
from bot.housekeeping import Housekeeper
from bot.instances import Instance, Watchman
from bot.keys import Sealer, Vault, audit_key
from bot.lease import Lease
from bot.linking import Linking
from bot.listeners import Listeners
from bot.lists import Lists
from bot.notices import Notices
from bot.notifier import Tools
from bot.pace import Pace
from bot.pending import Pending
from bot.policy import groups_named
from bot.posts import Posts
from bot.reading import Reader
from bot.resources import Target
from bot.resuming import Resuming
from bot.runs import Runs
from bot.second import SecondPerson
from bot.services import Services
from bot.sessions import Sessions
from bot.slack.answering import Answering
from bot.slack.api import web_client
from bot.slack.cards import Cards
from bot.slack.directory import Directory
from bot.slack.home import Home
from bot.slack.home_view import Drawing
from bot.slack.oidc import SlackLogin
from bot.slack.posting import Poster
from bot.slack.requestors import Requestors
from bot.slack.roots import Roots
from bot.slack.telling import SlackTeller
from bot.tasks import Tasks
from bot.unsettled import Unsettled
from bot.watch import Watch
from bot.web import linking as link_pages
from bot.web.limits import RateLimits
from bot.wishes import Wishes


class Parts:
    """The parts, each built once, and told whom it may know."""

    def __init__(self, configuration: Configuration, services: Services, engine: Engine, instance: Instance) -> None:
        self._configuration = configuration
        self._services = services
        self._engine = engine
        settings, store, timings = configuration.settings, services.store, services.timings
        key = audit_key(_secret(settings.audit_key), settings.database_url.get_secret_value())
        self._sealer, self._posts, self._audit = Sealer(key), Posts(store), Audit(store, key)
        self._poster = Poster(services.slack, self._posts, settings.slack_api_url, timings.slack_patience)
        self._cards = Cards(store, self._poster, configuration.everything, services.team)
        groups = groups_named(configuration.rules)
        self._directory = Directory(services.slack, services.accounts, services.team, groups, timings.before_dialog)
        reader = Reader(services.graph)
        self._lists = Lists(services.graph, timings)
        self._notices = Notices(store, services.team)
        self._gate = Gate(configuration.enabled, configuration.rules, self._directory, reader, linking=settings.linking)
        self._answering = Answering(self._poster, self._audit)
        self._cancellations = Cancellations(store, services.accounts, self._audit, self._sealer, instance.id)
        self._approvals = Approvals(store, self._cancellations, self._audit)
        self._attempts = Attempts(
            gate=self._gate,
            everything=configuration.everything,
            graph=services.graph,
            audit=self._audit,
            fence=instance,
            timings=timings,
        )
        self._pending = Pending(self._gate, self._lists)
        self._home = self._home_tab()
        self._batches = Batches(store, self._sealer)
        self._updates = Pace(timings.update_pause)
        self._teller = self._slack_teller(reader)
        self._wishes = Wishes(store, self._sealer)
        self._sessions = Sessions(store, Vault(_secret(settings.token_keys)))
        self._second = SecondPerson(
            gate=self._gate,
            approvals=self._approvals,
            cancellations=self._cancellations,
            posts=self._posts,
            everything=configuration.everything,
            engine=engine,
            teller=self._teller,
            timings=timings,
        )
        runs = Runs(store)
        self.canceller = self._canceller(runs)
        self._resuming = Resuming(
            engine=engine,
            wishes=self._wishes,
            accounts=services.accounts,
            people=self._directory,
            canceller=self.canceller,
            teller=self._teller,
            timings=timings,
        )
        self.watchman = Watchman(instance, engine, runs, timings, self._resuming.begin)
        self.housekeeper = self._housekeeper()
        self.watch = self._watch(reader, Lease("watch", instance.id, store, timings))
        self._pages = self._link_pages() if settings.linking else None

    def routes(self) -> Iterable[web.RouteDef]:
        """The pages that the edge answers besides Slack's endpoint and health."""
        return self._pages.routes() if self._pages else ()

    async def close(self) -> None:
        """Ends what the parts have opened."""
        await self._home.close()
        await self._lists.close()
        if self._pages:
            await self._pages.close()

    def listen(self, bolt: AsyncApp, clicks: Tasks, submissions: Tasks) -> None:
        """Registers the listeners. `clicks` are told when they fail, `submissions` are awaited by their listener."""
        listeners = Listeners(
            configuration=self._configuration,
            services=self._services,
            directory=self._directory,
            gate=self._gate,
            cards=self._cards,
            poster=self._poster,
            answering=self._answering,
            audit=self._audit,
            sealer=self._sealer,
            pending=self._pending,
            batches=self._batches,
            canceller=self.canceller,
            second=self._second,
            home=self._home,
            link_url=self._link_url(),
            clicks=clicks,
            submissions=submissions,
        )
        listeners.register(bolt)

    def _link_url(self) -> str:
        """Where people sign in; empty where they cannot."""
        settings = self._configuration.settings
        return f"{settings.public_url}{link_pages.START}" if settings.linking else ""

    def _home_tab(self) -> Home:
        services = self._services
        return Home(
            client=services.slack,
            team=services.team,
            store=services.store,
            directory=self._directory,
            pending=self._pending,
            history=History(services.store),
            drawing=Drawing(self._configuration.enabled, self._link_url()),
            seconds=services.timings.slack_patience,
        )

    def _slack_teller(self, reader: Reader) -> SlackTeller:
        services, registry, settings = self._services, self._configuration.everything, self._configuration.settings
        requestors = Requestors(
            reader=reader,
            registry=registry,
            accounts=services.accounts,
            directory=self._directory,
            poster=self._poster,
            tenant=settings.azure_tenant_id,
            by_email=settings.email_match != "off",
        )
        return SlackTeller(
            store=services.store,
            poster=self._poster,
            cards=self._cards,
            roots=Roots(self._batches, self._poster, self._updates),
            registry=registry,
            requestors=requestors,
            home=self._home,
            audit_channel=settings.audit_channel,
        )

    def _canceller(self, runs: Runs) -> Canceller:
        timings = self._services.timings
        Unsettled(
            attempts=self._attempts,
            cancellations=self._cancellations,
            engine=self._engine,
            teller=self._teller,
            timings=timings,
        )
        return Canceller(
            gate=self._gate,
            attempts=self._attempts,
            cancellations=self._cancellations,
            runs=runs,
            engine=self._engine,
            teller=self._teller,
            timings=timings,
            wishes=self._wishes if self._configuration.settings.linking else None,
            second=self._second,
            metrics=self._services.metrics,
        )

    def _housekeeper(self) -> Housekeeper:
        settings = self._configuration.settings
        return Housekeeper(
            store=self._services.store,
            engine=self._engine,
            cancellations=self._cancellations,
            accounts=self._services.accounts,
            sessions=self._sessions,
            wishes=self._wishes,
            approvals=self._approvals,
            notices=self._notices,
            posts=self._posts,
            audit=self._audit,
            poster=self._poster,
            audit_channel=settings.audit_channel,
            retention_days=settings.audit_retention_days,
            timings=self._services.timings,
        )

    def _watch(self, reader: Reader, lease: Lease) -> Watch:
        services = self._services
        tools = Tools(
            notices=self._notices,
            cards=self._cards,
            poster=self._poster,
            reader=reader,
            registry=self._configuration.enabled,
            lease=lease,
            updates=self._updates,
            metrics=services.metrics,
            timings=services.timings,
        )
        return Watch(self._configuration.notify.watched(self._configuration.enabled), self._lists, tools)

    def _link_pages(self) -> link_pages.LinkPages:
        settings, services = self._configuration.settings, self._services
        origin = str(settings.public_url)
        slack = SlackLogin(
            client=web_client(None, settings.slack_api_url, services.session, services.timings.slack_call),
            directory=self._directory,
            login_url=settings.slack_login_url,
            client_id=settings.slack_client_id,
            client_secret=_secret(settings.slack_client_secret),
            redirect_uri=f"{origin}{link_pages.SLACK_CALLBACK}",
            team=services.team,
            email=settings.email_match != "off",
        )
        linking = Linking(
            sessions=self._sessions,
            accounts=services.accounts,
            wishes=self._wishes,
            slack=slack,
            msal=services.msal,
            audience=self._audience,
            redirect_uri=f"{origin}{link_pages.CALLBACK}",
            email_match=settings.email_match,
            resumption=self._resuming,
        )
        limits = RateLimits(settings.trusted_proxies)
        return link_pages.LinkPages(linking, origin, limits, services.metrics)

    def _audience(self, target: Target) -> str:
        """Whose tokens cancelling it takes."""
        return self._configuration.settings.audiences[self._configuration.everything[target.kind].service]


def _secret(value: SecretStr | None) -> str:
    return value.get_secret_value() if value else ""
