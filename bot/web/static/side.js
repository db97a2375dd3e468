/* Beside a chat: what WeCom's own browser lets a page do. Outside of it everything is a copy for her to paste. */
const box = document.getElementById('wecom');
const APIS = ['getContext', 'getCurExternalContact', 'sendChatMessage', 'openEnterpriseChat'];
const TALKING = ['single_chat_tools', 'chat_attachment', 'single_kf_tools'];
const part = id => document.getElementById(id);
const show = (id, on = true) => { const it = part(id); if (it) it.hidden = !on; };

function signed(agent) {
  return async url => {
    const answer = await fetch('/guide/side/signature?agent=' + agent + '&url=' + encodeURIComponent(url));
    if (!answer.ok) throw new Error('signature ' + answer.status);
    return answer.json();
  };
}
async function entered() {
  const inside = window.ww && window.ww.env && window.ww.env.isWeCom && box && box.dataset.corp;
  if (!inside) return '';
  ww.register({ corpId: box.dataset.corp, agentId: box.dataset.agent, jsApiList: APIS,
    getConfigSignature: signed(0), getAgentConfigSignature: signed(1) });
  return (await ww.getContext()).entry;
}
function failed(why) { const said = part('failed-why'); if (said) said.textContent = why && (why.errMsg || why.message) || String(why); show('failed'); }

/* Words to one person never go into a group, nor to whoever else is in front of her. */
async function settle(entry) {
  const hers = box.dataset.external;
  if (entry === 'group_chat_tools') { show('in-group'); show('outside', false); return hers ? 'open' : ''; }
  if (TALKING.includes(entry) || entry === 'contact_profile') {
    show('looking', !hers);
    const who = (await ww.getCurExternalContact()).userId;
    if (!hers) { location.replace('/guide/side?cid=' + encodeURIComponent(who)); return ''; }
    if (who !== hers) { part('other-go').href = '/guide/side?cid=' + encodeURIComponent(who); show('other'); return 'open'; }
    return TALKING.includes(entry) ? 'send' : 'open';
  }
  if (!entry) show('outside');
  return entry ? 'open' : 'copy';
}
const BUTTON = { send: 'send', open: 'open-chat', copy: 'only-copy' };

async function begin() {
  let entry = '';
  try { entry = await entered(); } catch (why) { failed(why); }
  box.dataset.entry = entry;
  if (entry) document.querySelectorAll('[data-inside]').forEach(t => { t.textContent = t.dataset.inside; });
  if (!('side' in box.dataset)) return;
  if (entry) show('outside', false);
  let way = 'copy';
  try { way = await settle(entry); } catch (why) { show('looking', false); failed(why); }
  for (const [name, id] of Object.entries(BUTTON)) show(id, name === way);
}
const spoken = () => { const now = document.querySelector('.choice:not([hidden]) textarea'); return now ? now.value.trim() : ''; };

async function send() {
  const button = part('send'), words = spoken();
  if (!words) return;
  button.disabled = true;
  show('failed', false);
  try {
    await ww.sendChatMessage({ msgtype: 'text', enterChat: true, text: { content: words } });
    const form = part('contacted');
    if (form) await fetch(form.action, { method: 'POST', body: new URLSearchParams(new FormData(form)) });
    show('sent');
  } catch (why) { failed(why); }
  button.disabled = false;
}
document.addEventListener('click', e => {
  if (e.target.closest('#send')) send();
  const chat = e.target.closest('[data-chat]');
  if (chat && box.dataset.entry && chat.dataset.chat) ww.openEnterpriseChat({ externalUserIds: [chat.dataset.chat] }).catch(failed);
});
if (box) begin();
