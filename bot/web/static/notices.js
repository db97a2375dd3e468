/* WeChat's own popup asks her, and tells the account what she said: this page only shows that she has answered. */
const asking = document.getElementById('asking');
const tell = (id, on = true) => { document.getElementById(id).hidden = !on; };
const accepted = detail => Object.values(JSON.parse(detail || '{}')).some(one => String(one).includes('accept'));

if (asking && window.wx) {
  const { app, stamp, nonce, signature } = asking.dataset;
  wx.config({ appId: app, timestamp: Number(stamp), nonceStr: nonce, signature, jsApiList: [], openTagList: ['wx-open-subscribe'] });
  wx.error(() => tell('failed'));
  for (const tag of asking.querySelectorAll('wx-open-subscribe')) {
    tag.addEventListener('success', e => tell('asked', accepted(e.detail && e.detail.subscribeDetails)));
    tag.addEventListener('error', () => tell('failed'));
  }
}
