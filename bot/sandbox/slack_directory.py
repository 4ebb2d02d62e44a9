"""auth.test, users.info and usergroups.* of the Web API."""

from bot.sandbox.people import Person
from bot.sandbox.slack_access import Access, flag, required
from bot.sandbox.slack_payloads import team_of, username
from bot.sandbox.slack_records import Json, Method, SlackError, bot_id

BOT_NAME = "cancel_approval"


class Directory:
    """Who is who in the workspace."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._world = access.world

    def methods(self) -> dict[str, Method]:
        return {
            "auth.test": self._auth_test,
            "users.info": self._user,
            "users.lookupByEmail": self._by_email,
            "usergroups.list": self._usergroups,
            "usergroups.users.list": self._usergroup_members,
        }

    def _auth_test(self, _args: Json) -> Json:
        return {
            "url": "https://sandbox.slack.com/",
            "team": "Sandbox",
            "user": BOT_NAME,
            "team_id": self._world.team_id,
            "user_id": self._world.bot_user_id,
            "bot_id": bot_id(self._world.bot_user_id),
            "is_enterprise_install": False,
        }

    def _user(self, args: Json) -> Json:
        self._access.need("users:read")
        (user_id,) = required(args, "user")
        bot = Person(self._world.bot_user_id, BOT_NAME, f"{BOT_NAME}@sandbox.test", "", "bot")
        one = {**self._world.people, bot.slack_id: bot}.get(user_id)
        if one is None:
            raise SlackError("user_not_found")
        return {"user": self._described(one)}

    def _by_email(self, args: Json) -> Json:
        """Find an active person of the workspace, its guests included."""
        self._access.need("users:read.email")
        (email,) = required(args, "email")
        for one in self._world.people.values():
            if one.kind in ("member", "guest") and one.email.casefold() == email.casefold():
                return {"user": self._described(one)}
        raise SlackError("users_not_found")

    def _described(self, one: Person) -> Json:
        profile = {"real_name": one.name, "display_name": one.name, "team": team_of(self._world, one)}
        if "users:read.email" in self._access.scopes and one.kind not in ("bot", "stranger"):
            profile["email"] = one.email
        shown: Json = {
            "id": one.slack_id,
            "team_id": team_of(self._world, one),
            "name": username(one),
            "real_name": one.name,
            "deleted": one.kind == "deactivated",
            "profile": profile,
            "is_bot": one.kind == "bot",
            "is_app_user": False,
        }
        if one.kind == "stranger":
            shown["is_stranger"] = True
        # Slack leaves out the fields about a role when the account is deactivated.
        if one.kind != "deactivated":
            guest = one.kind == "guest"
            shown |= {
                "is_admin": False,
                "is_owner": False,
                "is_restricted": guest,
                "is_ultra_restricted": False,
            }
        return shown

    def _usergroups(self, args: Json) -> Json:
        self._access.need("usergroups:read")
        users = flag(args, "include_users")
        return {
            "usergroups": [
                {
                    "id": group_id,
                    "team_id": self._world.team_id,
                    "is_usergroup": True,
                    "name": group_id,
                    "handle": group_id.lower(),
                    "date_delete": 0,
                    "user_count": len(members),
                    **({"users": sorted(members)} if users else {}),
                }
                for group_id, members in self._world.usergroups.items()
            ]
        }

    def _usergroup_members(self, args: Json) -> Json:
        self._access.need("usergroups:read")
        (group_id,) = required(args, "usergroup")
        if group_id not in self._world.usergroups:
            raise SlackError("no_such_subteam")
        return {"users": sorted(self._world.usergroups[group_id])}
