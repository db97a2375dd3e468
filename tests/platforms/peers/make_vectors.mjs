// Envelopes by two independent implementations.
//   node make_vectors.mjs > vectors.json     seals texts of 1 to 64 bytes: every padding from 1 to 32, twice
//   node make_vectors.mjs posts > posts.json seals messages of people, again with every padding
//   node make_vectors.mjs open < ours.json   opens what we sealed: {key, token, receiver, ciphers: [...]}
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const require = createRequire(new URL("./", import.meta.url));
const wecom = require("@wecom/crypto");
const WechatCrypto = require("wechat-crypto");

const token = "peerToken2026";
const key = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C";
const receiver = "wx5823bf96d3bd56c7";
const timestamp = "1763690400";
const nonce = "263014780";

const lengths = Array.from({ length: 64 }, (_, n) => n + 1);
const words = () => lengths.map((n) => "abcdefgh".repeat(8).slice(0, n)).concat("福利群🎁");
const messages = () =>
  lengths.slice(0, 32).map(
    (n) =>
      `<xml><ToUserName>gh_1</ToUserName><FromUserName>oFan${n + 10}</FromUserName><CreateTime>${timestamp}</CreateTime>` +
      `<MsgType>text</MsgType><Content>${"好".padEnd(n, "x")}</Content><MsgId>${700 + n}</MsgId><AgentID>1</AgentID></xml>`,
  );

function make(texts) {
  const wechat = new WechatCrypto(token, key, receiver);
  const peers = {
    "@wecom/crypto": (text) => {
      const encrypt = wecom.encrypt(key, text, receiver);
      return { encrypt, signature: wecom.getSignature(token, timestamp, nonce, encrypt) };
    },
    "wechat-crypto": (text) => {
      const encrypt = wechat.encrypt(text);
      return { encrypt, signature: wechat.getSignature(timestamp, nonce, encrypt) };
    },
  };
  const sealed = Object.entries(peers).flatMap(([peer, seal]) => texts.map((text) => ({ peer, text, ...seal(text) })));
  return { token, key, receiver, timestamp, nonce, sealed };
}

function open(ours) {
  const wechat = new WechatCrypto(ours.token, ours.key, ours.receiver);
  return ours.ciphers.map((cipher) => ({
    "@wecom/crypto": wecom.decrypt(ours.key, cipher),
    "wechat-crypto": wechat.decrypt(cipher),
    signature: wecom.getSignature(ours.token, timestamp, nonce, cipher),
  }));
}

const answer = process.argv[2] === "open" ? open(JSON.parse(readFileSync(0, "utf8"))) : make(process.argv[2] === "posts" ? messages() : words());
console.log(JSON.stringify(answer, null, 1));
