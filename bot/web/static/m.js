/* Small gestures of the phone pages. Everything works without it, through the server. */
const here = /^(localhost|127\.|\[::1\])/.test(location.hostname); // this machine is reached without a network
document.addEventListener('submit', e => {
  const form = e.target;
  if (!navigator.onLine && !here) {
    e.preventDefault();
    const bar = document.getElementById('offline');
    if (bar) bar.hidden = false;
    return;
  }
  // A second tap waits for the first; the server would not do it twice anyway.
  setTimeout(() => form.querySelectorAll('button[type=submit], button:not([type])').forEach(b => { b.disabled = true; }));
});
// Coming back by the back button finds the buttons alive again.
window.addEventListener('pageshow', e => { if (e.persisted) document.querySelectorAll('button:disabled').forEach(b => { b.disabled = false; }); });

/* A switch turns under the finger; when that did not reach the server it turns back and says so. */
const turned = form => form.matches && form.matches('.sw') && form.querySelector('[role=switch]');
const flip = knob => knob.setAttribute('aria-checked', knob.getAttribute('aria-checked') !== 'true');
document.addEventListener('htmx:beforeRequest', e => {
  const failed = document.getElementById('failed'), knob = turned(e.detail.elt);
  if (failed) failed.hidden = true;
  if (knob) flip(knob);
});
for (const kind of ['htmx:responseError', 'htmx:sendError', 'htmx:timeout']) {
  document.addEventListener(kind, e => {
    const failed = document.getElementById('failed'), knob = turned(e.detail.elt);
    if (!failed) return;
    if (knob) flip(knob);
    const changed = document.getElementById('changed');
    if (changed) changed.remove();
    e.detail.elt.querySelectorAll('button:disabled').forEach(b => { b.disabled = false; });
    failed.hidden = false;
  });
}

async function copied(words) {
  try { await navigator.clipboard.writeText(words); return true; } catch { /* no permission, or not https: the old way */ }
  const area = Object.assign(document.createElement('textarea'), { value: words, readOnly: true });
  area.className = 'vh';
  document.body.append(area);
  area.select();
  const done = document.execCommand('copy');
  area.remove();
  return done;
}
document.addEventListener('click', async e => {
  const copy = e.target.closest('[data-copy], [data-copy-choice]');
  if (copy) {
    const from = copy.dataset.copy ? document.getElementById(copy.dataset.copy) : document.querySelector('.choice:not([hidden]) textarea');
    const done = await copied(!from ? '' : 'value' in from ? from.value : from.textContent.trim());
    copy.querySelector('.t').textContent = document.body.dataset[done ? 'copied' : 'copyByHand'];
  }
  if (e.target.closest('[data-another]')) another();
  if (e.target.closest('[data-scan]')) scan();
  if (e.target.closest('[data-stop]')) document.getElementById('scanner').close();
});

/* One suggestion at a time; the next one at a tap. Without this script all of them stand there. */
const choices = [...document.querySelectorAll('.choice')];
choices.slice(1).forEach(one => { one.hidden = true; });
document.querySelectorAll('[data-another]').forEach(b => { b.hidden = false; });
function another() {
  const at = choices.findIndex(one => !one.hidden), next = choices[(at + 1) % choices.length];
  choices[at].hidden = true;
  next.hidden = false;
  const about = document.querySelector('#contacted [name=about]');
  if (about) about.value = next.dataset.choice;
}

/* Scanning needs a camera and a browser that reads codes; elsewhere the button stays away. */
const scanning = 'BarcodeDetector' in window && navigator.mediaDevices;
if (scanning) document.querySelectorAll('[data-scan]').forEach(b => { b.hidden = false; });
async function scan() {
  const box = document.getElementById('scanner'), video = box.querySelector('video'), input = document.getElementById('code');
  let stream;
  try { stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' } }); }
  catch { input.focus(); return; }
  video.srcObject = stream;
  box.showModal();
  box.addEventListener('close', () => stream.getTracks().forEach(t => t.stop()), { once: true });
  await video.play();
  const reader = new BarcodeDetector({ formats: ['qr_code'] });
  while (box.open) {
    const [found] = await reader.detect(video).catch(() => []);
    if (found) { box.close(); input.value = found.rawValue; input.form.requestSubmit(); return; }
    await new Promise(next => setTimeout(next, 120));
  }
}

/* A verdict is felt and heard as well, where the browser lets a page do so without a new tap. */
function feel(verdict) {
  if (!navigator.userActivation || !navigator.userActivation.hasBeenActive) return;
  if (navigator.vibrate) navigator.vibrate(verdict === 'good' ? 60 : [120, 80, 120]);
  const air = new AudioContext(), tone = air.createOscillator(), loud = air.createGain();
  loud.gain.value = .12;
  tone.frequency.value = verdict === 'good' ? 880 : 220;
  tone.connect(loud).connect(air.destination);
  tone.start();
  tone.stop(air.currentTime + (verdict === 'good' ? .12 : .4));
}
const verdict = document.querySelector('[data-verdict]');
if (verdict) feel(verdict.dataset.verdict);
document.querySelectorAll('[data-print]').forEach(b => { b.hidden = false; b.addEventListener('click', () => print()); });
const cut = () => { const bar = document.getElementById('offline'); if (bar && !here) bar.hidden = navigator.onLine; };
for (const turn of ['online', 'offline']) window.addEventListener(turn, cut);

/* A photo of a phone is larger than what is needed to look at it; drawn anew it also carries no place and no date. */
document.querySelectorAll('input[data-shrink]').forEach(input => input.addEventListener('change', async () => {
  const file = input.files[0];
  if (!file || !window.createImageBitmap) return;
  const bitmap = await createImageBitmap(file).catch(() => null);
  if (!bitmap) return;
  const scale = Math.min(1, 1280 / Math.max(bitmap.width, bitmap.height));
  const canvas = Object.assign(document.createElement('canvas'), { width: bitmap.width * scale, height: bitmap.height * scale });
  canvas.getContext('2d').drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  const blob = await new Promise(done => canvas.toBlob(done, 'image/jpeg', .85));
  const made = new DataTransfer();
  made.items.add(new File([blob], 'picture.jpg', { type: 'image/jpeg' }));
  input.files = made.files;
}));

/* How long a page was looked at, where she agreed that it may tell. Only what was on her screen counts. */
const stay = document.querySelector('[data-stay]');
if (stay && navigator.sendBeacon) {
  let since = document.hidden ? null : performance.now(), again = '';
  const tell = () => {
    const seconds = since === null ? 0 : Math.round((performance.now() - since) / 1000);
    since = null;
    if (seconds < 3) return; // passed by
    navigator.sendBeacon('/h5/stay', new URLSearchParams({ csrf: stay.dataset.stay, page: location.pathname, seconds: Math.min(seconds, 600), again }));
    again = '1';
  };
  document.addEventListener('visibilitychange', () => { if (document.hidden) tell(); else since = performance.now(); });
  window.addEventListener('pagehide', tell);
}
