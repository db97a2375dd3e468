/* how far something is, while it goes on (no eval, CSP-safe) */
const far = document.querySelector('[data-events]');
if (far) {
  const source = new EventSource(far.dataset.events), bar = far.querySelector('progress'), words = document.getElementById('far-words');
  source.onmessage = e => {
    const told = JSON.parse(e.data);
    if (told.total) { bar.max = told.total; bar.value = told.done; words.textContent = Math.floor(100 * told.done / told.total) + '%'; }
    if (told.over) { source.close(); location.replace(location.pathname); }
  };
  addEventListener('pagehide', () => source.close());
}
