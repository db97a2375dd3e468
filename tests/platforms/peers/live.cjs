// The npm packages against a running server and a running sandbox. Told on stdin, tells on stdout, one JSON object each.
//   {home, server, wecom: {token, key, receiver}, official: {…}, corp: {…}, fans: {…}, sandbox, port, pages: [{ticket, nonceStr, timestamp, url}]}
const http = require("node:http");
const { createRequire } = require("node:module");
const told = JSON.parse(require("node:fs").readFileSync(0, "utf8"));

globalThis.window = globalThis;
globalThis.document = { addEventListener() {}, createElement: () => ({}) };
globalThis.location = { href: "https://shop.example/" };
Object.defineProperty(globalThis, "navigator", { value: { userAgent: "node" }, configurable: true });

const load = createRequire(told.home + "/");
const wecom = load("@wecom/crypto");
const WechatCrypto = load("wechat-crypto");
const ww = load("@wecom/jssdk");

const peers = {
  "@wecom/crypto": ({ token, key, receiver }) => ({
    seal: (text) => wecom.encrypt(key, text, receiver),
    open: (cipher) => ({ message: wecom.decrypt(key, cipher).message, id: wecom.decrypt(key, cipher).id }),
    sign: (stamp, nonce, cipher) => wecom.getSignature(token, stamp, nonce, cipher),
  }),
  "wechat-crypto": ({ token, key, receiver }) => {
    const crypto = new WechatCrypto(token, key, receiver);
    return {
      seal: (text) => crypto.encrypt(text),
      open: (cipher) => crypto.decrypt(cipher),
      sign: (stamp, nonce, cipher) => crypto.getSignature(stamp, nonce, cipher),
    };
  },
};
const found = { checks: 0, posts: 0, opened: 0, slowest_ms: 0, heard: 0, pads: new Set(), pages: 0, wrong: [] };
const cipherOf = (body) => /<Encrypt>(?:<!\[CDATA\[)?([^\]<]+)/.exec(body)[1];

async function toServer(name, account, platform) {
  const peer = peers[name](account);
  for (let n = 1; n <= 32; n += 1) {
    const stamp = String(Math.floor(Date.now() / 1000));
    const query = (cipher) =>
      new URLSearchParams({ msg_signature: peer.sign(stamp, "n" + n, cipher), timestamp: stamp, nonce: "n" + n });
    const text = "x".repeat(n);
    if (platform === "wecom") {
      const echo = peer.seal(text);
      const asked = query(echo);
      asked.set("echostr", echo);
      const said = await fetch(`${told.server}/callback/wecom?${asked}`);
      if ((await said.text()) === text) found.checks += 1;
      else found.wrong.push(`${name} url check ${n}: ${said.status}`);
    }
    const from = `${platform}-${name.slice(1, 4)}-${n}`;
    const sealed = peer.seal(
      `<xml><ToUserName>gh_1</ToUserName><FromUserName>${from}</FromUserName><CreateTime>${stamp}</CreateTime>` +
        `<MsgType>text</MsgType><Content>${text}</Content><MsgId>${n}${name.charCodeAt(0)}</MsgId><AgentID>1</AgentID></xml>`,
    );
    const body = `<xml><ToUserName>x</ToUserName><Encrypt><![CDATA[${sealed}]]></Encrypt></xml>`;
    const began = Date.now();
    const said = await fetch(`${told.server}/callback/${platform}?${query(sealed)}`, { method: "POST", body });
    const reply = await said.text();
    found.slowest_ms = Math.max(found.slowest_ms, Date.now() - began);
    if (said.status !== 200) found.wrong.push(`${name} ${platform} post ${n}: ${said.status}`);
    else found.posts += 1;
    if (reply.startsWith("<xml>")) {
      const plain = peer.open(cipherOf(reply));
      if (plain.id === account.receiver && plain.message.includes(from)) found.opened += 1;
      else found.wrong.push(`${name} reply ${n}`);
    }
  }
}

function fromSandbox(accounts) {
  const server = http.createServer(async (request, answer) => {
    let body = "";
    for await (const part of request) body += part;
    const { searchParams: query, pathname } = new URL(request.url, "http://x");
    const account = pathname.endsWith("official") ? accounts.fans : accounts.corp;
    const cipher = cipherOf(body);
    for (const [name, make] of Object.entries(peers)) {
      const peer = make(account);
      const plain = peer.open(cipher);
      const signed = peer.sign(query.get("timestamp"), query.get("nonce"), cipher) === query.get("msg_signature");
      if (signed && plain.id === account.receiver && plain.message.startsWith("<xml>")) found.heard += 1;
      else found.wrong.push(`${name} from the sandbox: ${pathname}`);
      found.pads.add(32 - ((20 + Buffer.byteLength(plain.message) + account.receiver.length) % 32));
    }
    answer.end("success");
  });
  return new Promise((ready) => server.listen(told.port, "127.0.0.1", () => ready(server)));
}

async function act(facts) {
  await fetch(`${told.sandbox}/__sandbox__/act`, { method: "POST", body: JSON.stringify(facts) });
}

async function live() {
  const server = await fromSandbox(told);
  await act({ act: "add_friend", customer: "peer", name: "新朋友", guide: "WangFang" });
  await act({ act: "follow_official", customer: "peer" });
  for (let n = 1; n <= 40; n += 1) await act({ act: "say_official", customer: "peer", text: "x".repeat(n) });
  for (let waited = 0; found.heard < 84 && waited < 200; waited += 1) await new Promise((go) => setTimeout(go, 100));
  server.close();
  if (found.heard !== 84 || found.pads.size !== 32) found.wrong.push("not all that the sandbox sends was heard");
}

(async () => {
  for (const name of Object.keys(peers)) {
    await toServer(name, { ...told.wecom }, "wecom");
    await toServer(name, { ...told.official }, "official");
  }
  await live();
  for (const { signature, ...page } of told.pages) {
    const made = [ww.getSignature(page), wecom.getJsApiSignature(page)].map((one) => one.signature);
    if (made.every((one) => one === signature)) found.pages += 1;
    else found.wrong.push(`page ${page.url}`);
  }
  console.log(JSON.stringify({ ...found, pads: found.pads.size }, null, 1));
  process.exit(found.wrong.length ? 1 : 0);
})();
