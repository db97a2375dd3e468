/* Keys of a tree (WAI-ARIA): one tab stop, arrows between what is shown. Without this file its groups open by themselves. */
for (const tree of document.querySelectorAll('[role=tree]')) {
  const all = [...tree.querySelectorAll('[role=treeitem]')];
  const fold = item => item.querySelector(':scope > details');
  const up = item => item.parentElement.closest('[role=treeitem]');
  const shown = () => all.filter(item => !up(item) || fold(up(item)).open);
  const own = item => [...item.querySelectorAll('a[href], button')].filter(e => e.closest('[role=treeitem]') === item);
  const stop = item => {
    for (const each of all) { each.tabIndex = each === item ? 0 : -1; for (const e of own(each)) e.tabIndex = each === item ? 0 : -1; }
  };
  const go = item => { if (item) { stop(item); item.focus(); item.scrollIntoView({block: 'nearest'}); } };
  const keys = {
    ArrowDown: item => go(shown()[shown().indexOf(item) + 1]),
    ArrowUp: item => go(shown()[shown().indexOf(item) - 1]),
    Home: () => go(shown()[0]),
    End: () => go(shown().at(-1)),
    ArrowRight: item => { const f = fold(item); if (f && !f.open) f.open = true; else if (f) go(item.querySelector('[role=treeitem]')); },
    ArrowLeft: item => { const f = fold(item); if (f && f.open) f.open = false; else go(up(item)); },
    Enter: item => { const f = fold(item); if (f) f.open = !f.open; else own(item)[0].click(); },
  };
  keys[' '] = keys.Enter;
  for (const item of all) {
    const f = fold(item);
    if (!f) continue;
    f.querySelector('summary').tabIndex = -1;
    item.setAttribute('aria-expanded', f.open);
    f.addEventListener('toggle', () => item.setAttribute('aria-expanded', f.open));
  }
  tree.addEventListener('keydown', e => {
    if (e.target.getAttribute('role') !== 'treeitem' || !keys[e.key] || e.altKey || e.ctrlKey || e.metaKey) return;
    e.preventDefault(); keys[e.key](e.target);
  });
  tree.addEventListener('focusin', e => stop(e.target.closest('[role=treeitem]')));
  if (all.length) stop(all[0]);
}
