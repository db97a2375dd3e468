"""WeCom, the Official Account and 微信客服 on this machine; shares no code with the bot, only HTTP."""
