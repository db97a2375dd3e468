/* sending a file and watching how far it is (no eval, CSP-safe) */
const form = document.getElementById('send');
if (form) form.addEventListener('submit', e => {
  e.preventDefault();
  const file = form.querySelector('[type=file]').files[0], kind = form.querySelector('[name=kind]:checked').value;
  if (!file) return;
  const bar = document.getElementById('sending'), request = new XMLHttpRequest();
  bar.hidden = false; form.querySelector('[type=submit]').disabled = true;
  request.upload.onprogress = p => { if (p.lengthComputable) bar.querySelector('progress').value = p.loaded / p.total; };
  request.onload = () => {
    if (request.status === 200) { location.assign(JSON.parse(request.responseText).page); return; }
    const said = new DOMParser().parseFromString(request.responseText, 'text/html').querySelector('h1 + p, h1');
    document.getElementById('send-said').textContent = said ? said.textContent : request.status;
    bar.hidden = true; form.querySelector('[type=submit]').disabled = false;
  };
  request.onerror = () => { document.getElementById('offline').hidden = false; form.querySelector('[type=submit]').disabled = false; };
  request.open('POST', '/admin/imports?kind=' + kind + '&name=' + encodeURIComponent(file.name));
  request.setRequestHeader('X-CSRF-Token', form.querySelector('[name=csrf]').value);
  request.setRequestHeader('Content-Type', 'application/octet-stream');
  request.send(file);
});
