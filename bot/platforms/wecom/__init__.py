"""WeCom (企业微信) and 微信客服: its callbacks, its requests and its error codes."""
