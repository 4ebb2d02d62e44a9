"""Stand-ins of Slack, Microsoft Entra and Microsoft Graph on loopback.

They play the services as documented and know nothing of the rest of `bot`: their facts are their own, so that
they cannot agree with a mistake of the bot.
"""
