"""WeCom, 微信客服 and the Official Account: the only rooms that know XML, errcodes and URLs."""
