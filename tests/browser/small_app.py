"""A tiny Bolt app: a card with a button, a dialog that changes, a reply, a picker, a Home tab and a shortcut."""

from collections.abc import Sequence
from typing import Any

from slack_bolt.app.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

Json = dict[str, Any]

NAMES = tuple(f"Request {number}" for number in range(1, 131))
MARKUP = "<img src=x onerror=alert(1)> *not bold* <!channel>"


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def words(*parts: str | Json) -> Json:
    return {
        "type": "rich_text_section",
        "elements": [{"type": "text", "text": one} if isinstance(one, str) else one for one in parts],
    }


def rich(*elements: Json) -> Json:
    return {"type": "rich_text", "elements": list(elements)}


def bold(text: str) -> Json:
    return {"type": "text", "text": text, "style": {"bold": True}}


def dialog(details: str, channel: str) -> Json:
    kinds = [{"text": plain(label), "value": label} for label in ("Approval", "Access package")]
    kind = {"type": "static_select", "action_id": "kind", "options": kinds, "initial_option": kinds[0]}
    why = {"type": "plain_text_input", "action_id": "why", "multiline": True, "max_length": 1024}
    hint = plain("At most 1024 characters.")
    return {
        "type": "modal",
        "callback_id": "cancel",
        "title": plain("Cancel a request"),
        "submit": plain("Cancel the request"),
        "close": plain("Close"),
        "private_metadata": channel,
        "blocks": [
            {"type": "section", "text": plain(details)},
            {
                "type": "input",
                "block_id": "kind",
                "label": plain("What is it?"),
                "element": kind,
                "dispatch_action": True,
            },
            {"type": "input", "block_id": "why", "label": plain("Why?"), "element": why, "hint": hint},
        ],
    }


def card(why: str) -> list[Json]:
    button = {"type": "button", "action_id": "cancel", "text": plain("Cancel"), "style": "danger", "value": "1"}
    by = words(bold("Asked by: "), {"type": "user", "user_id": "U0ALICE"})
    return [
        {"type": "header", "text": plain("Approval")},
        rich(by, {"type": "rich_text_quote", "elements": [{"type": "text", "text": why}]}),
        {"type": "divider"},
        {
            "type": "section",
            "text": {"type": "mrkdwn", "text": "*bold* _italic_ `code` &lt;b&gt; <https://example.test|link>"},
        },
        {"type": "context", "elements": [plain("request-id 1")]},
        {"type": "actions", "block_id": "card", "elements": [button]},
    ]


def picker(details: str) -> Json:
    menu = {"type": "external_select", "action_id": "pick", "min_query_length": 0, "placeholder": plain("Type a name")}
    why = {"type": "plain_text_input", "action_id": "why"}
    return {
        "type": "modal",
        "callback_id": "picked",
        "title": plain("Choose a request"),
        "submit": plain("Cancel the request"),
        "blocks": [
            {"type": "section", "text": plain(details)},
            {"type": "input", "block_id": "what", "label": plain("Which?"), "element": menu, "dispatch_action": True},
            {"type": "input", "block_id": "why", "label": plain("Why?"), "element": why},
        ],
    }


def home(names: Sequence[str]) -> Json:
    rows = [
        {
            "type": "section",
            "text": plain(one),
            "accessory": {"type": "button", "action_id": "row", "text": plain(f"Cancel {one}"), "value": one},
        }
        for one in names
    ]
    return {"type": "home", "blocks": [{"type": "header", "text": plain("What you can cancel")}, *rows]}


def listen(app: AsyncApp) -> None:
    listen_to_pickers(app)

    @app.command("/cancel-approval")
    async def command(ack: Any, body: Json, client: AsyncWebClient) -> None:
        if body["text"] == "help":
            await ack("Type `/cancel-approval` and *a reason*.")
            return
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=dialog("Reading …", body["channel_id"]))

    @app.action("kind")
    async def chosen(ack: Any, body: Json, client: AsyncWebClient) -> None:
        await ack()
        view = body["view"]
        changed = dialog(f"It is: {body['actions'][0]['selected_option']['value']}", view["private_metadata"])
        await client.views_update(view_id=view["id"], hash=view["hash"], view=changed)

    @app.view("cancel")
    async def submitted(ack: Any, body: Json, client: AsyncWebClient) -> None:
        view = body["view"]
        why = view["state"]["values"]["why"]["why"]["value"]
        if why == "no":
            await ack(response_action="errors", errors={"why": "Please give a reason."})
            return
        await ack()
        await client.chat_postMessage(channel=view["private_metadata"], text="Approval", blocks=card(why))

    @app.action("cancel")
    async def clicked(ack: Any, body: Json, client: AsyncWebClient) -> None:
        await ack()
        channel, ts, user = body["channel"]["id"], body["message"]["ts"], body["user"]["id"]
        done = [rich(words({"type": "emoji", "name": "white_check_mark"}, " ", bold("Cancelled")))]
        await client.chat_postMessage(channel=channel, thread_ts=ts, text="Cancelled", blocks=done)
        await client.chat_update(
            channel=channel, ts=ts, text="Approval: cancelled", blocks=body["message"]["blocks"][:-1]
        )
        await client.chat_postMessage(channel=user, text="Your request is cancelled.")


def listen_to_pickers(app: AsyncApp) -> None:
    @app.shortcut("cancel_from_message")
    async def from_message(ack: Any, shortcut: Json, client: AsyncWebClient) -> None:
        await ack()
        await client.views_open(trigger_id=shortcut["trigger_id"], view=picker(shortcut["message"]["text"]))

    @app.options("pick")
    async def offer(ack: Any, body: Json) -> None:
        found = [one for one in NAMES if body["value"] in one]
        options = [{"text": plain(one), "value": one} for one in found[:100]]
        more = f"The newest 100 of {len(found)}"
        if len(found) > 100:
            await ack(option_groups=[{"label": plain(more), "options": options}])
        else:
            await ack(options=options)

    @app.action("pick")
    async def chosen(ack: Any, body: Json, client: AsyncWebClient) -> None:
        await ack()
        value = body["actions"][0]["selected_option"]["value"]
        await client.views_update(view_id=body["view"]["id"], view=picker(f"It is: {value}"))

    @app.view("picked")
    async def submitted(ack: Any, body: Json, client: AsyncWebClient) -> None:
        await ack()
        values = body["view"]["state"]["values"]
        what, why = values["what"]["pick"]["selected_option"]["value"], values["why"]["why"]["value"]
        await client.chat_postMessage(channel=body["user"]["id"], text=f"{what} is cancelled: {why}")

    @app.event("app_home_opened")
    async def opened(event: Json, client: AsyncWebClient) -> None:
        await client.views_publish(user_id=event["user"], view=home(NAMES[:2]))

    @app.action("row")
    async def pressed(ack: Any, body: Json, client: AsyncWebClient) -> None:
        await ack()
        gone = body["actions"][0]["value"]
        await client.views_publish(user_id=body["user"]["id"], view=home([one for one in NAMES[:2] if one != gone]))
