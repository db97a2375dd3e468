// npm co-wechat on koa: decrypt, parse, reply, encrypt.
const { createRequire } = require("node:module");
const load = createRequire(process.argv[3] + "/");
const Koa = load("koa");
const wechat = load("co-wechat");

const config = { token: process.env.PEER_TOKEN, appid: process.env.PEER_APP, encodingAESKey: process.env.PEER_KEY };
const app = new Koa();
app.use(wechat(config).middleware(async (message) => "收到：" + message.Content));
app.listen(Number(process.argv[2]), "127.0.0.1");
