// The app's own script: pages made by the server, without cookies.
// Links and forms inside the frame go through fetch, so that App Bridge adds a fresh id token to each; of the answer,
// a whole page, the <s-page> takes the place of the present one. Should this script not run, loading a page still works
// (App Bridge reloads it with a token in its address), and nothing can be changed.
'use strict';
(() => {
  const ONE_LOAD = ['id_token', 'hmac', 'session', 'timestamp']; // what the admin adds to an address for one load
  const SAID_ONCE = ['note', 'n'];
  const LONGEST_SENTENCE = 300;
  const FILE_READ = 60_000; // milliseconds after which the browser has surely taken a file over
  const live = document.getElementById('live');
  const page = () => document.querySelector('s-page');
  const LOCALE = { 'X-Locale': document.documentElement.lang }; // every answer is in the language of this document
  let newest = 0; // of several visits under way, only the newest one is shown

  const without = (address, names) => {
    const url = new URL(address, location.href);
    for (const name of names) url.searchParams.delete(name);
    return url;
  };

  const complain = (sentence) => {
    live.textContent = sentence;
    shopify.toast.show(sentence, { isError: true });
  };

  // What an answer that is not shown has to say: one sentence, of a page of ours the one that stopped it; else our own.
  const sentenceOf = (doc) => {
    const text = (doc.querySelector('[data-stopped] s-paragraph') ?? doc.body).textContent.trim();
    return text && text.length <= LONGEST_SENTENCE ? text : document.body.dataset.failed;
  };

  function goTo(element) {
    element.tabIndex = -1;
    element.focus({ preventScroll: true });
  }

  function show(doc, next, moved, part) {
    document.title = doc.title;
    page().replaceWith(document.adoptNode(next));
    const late = page().querySelector('[data-meanwhile]'); // a form that was not taken, for somebody else was faster
    const wanted = late || (part && document.getElementById(part)); // where on the page the link led to
    const wrong = page().querySelector('[error]:not(s-modal [error])') || page().querySelector('[error]');
    if (wrong) {
      wrong.closest('s-modal')?.showOverlay();
      wrong.focus();
    } else if (wanted) {
      goTo(wanted);
      wanted.scrollIntoView();
    } else if (moved) {
      goTo(page());
      scrollTo(0, 0);
    }
    const note = doc.querySelector('meta[name=note]')?.content;
    live.textContent = note || document.title;
    if (note) shopify.toast.show(note);
  }

  async function visit(address, init = {}, remember = true) {
    const turn = ++newest;
    shopify.loading(true);
    try {
      const answer = await fetch(address, { ...init, headers: { Accept: 'text/html', ...LOCALE } });
      const doc = new DOMParser().parseFromString(await answer.text(), 'text/html');
      if (turn !== newest) return;
      const next = doc.querySelector('s-page');
      if (!next) {
        complain(sentenceOf(doc));
        return;
      }
      const at = without(answer.url, SAID_ONCE);
      const isPage = !init.method || answer.redirected; // a form that came back with errors has no address of its own
      const moved = isPage && at.pathname !== location.pathname;
      if (remember && isPage && (moved || at.search !== location.search)) history.pushState({}, '', at);
      show(doc, next, moved, new URL(address, location.href).hash.slice(1));
    } catch {
      if (turn === newest) complain(document.body.dataset.failed);
    } finally {
      if (turn === newest) shopify.loading(false);
    }
  }

  // A file's address carries no token either: it is fetched like a page, then handed to the browser.
  async function download(link) {
    try {
      const answer = await fetch(link.href, { headers: LOCALE });
      if (!answer.ok) {
        const doc = new DOMParser().parseFromString(await answer.text(), 'text/html');
        complain(sentenceOf(doc));
        return;
      }
      const file = document.createElement('a');
      file.href = URL.createObjectURL(await answer.blob());
      file.download = link.download;
      file.click();
      setTimeout(() => URL.revokeObjectURL(file.href), FILE_READ);
    } catch {
      complain(document.body.dataset.failed);
    }
  }

  const isOurs = (link) => !link.target && new URL(link.href).origin === location.origin;

  addEventListener('click', (event) => {
    if (event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = event.composedPath().find((node) => node.tagName === 'A' && node.href);
    if (!link || !isOurs(link)) return;
    event.preventDefault();
    if (link.hasAttribute('download')) {
      download(link);
      return;
    }
    shopify.saveBar.leaveConfirmation().then(() => visit(link.href), () => {});
  });

  // The address that a form looks for; what was left empty does not stand in it.
  const found = (address, said) => {
    const url = new URL(address);
    url.search = new URLSearchParams([...said].filter(([, value]) => value));
    return url.href;
  };

  addEventListener('submit', async (event) => {
    const form = event.target;
    event.preventDefault();
    if (form.dataset.busy) return; // a double click sends once
    form.dataset.busy = 'yes';
    const said = new URLSearchParams(new FormData(form));
    try {
      if (form.method === 'get') await visit(found(form.action, said));
      else await visit(form.action, { method: 'POST', body: said });
    } finally {
      delete form.dataset.busy;
    }
  });

  addEventListener('popstate', () => visit(location.href, {}, false));

  // The switch. On: back it goes, and the privacy warning opens; it moves when the server has recorded the confirmation.
  // Off: at once.
  addEventListener('change', (event) => {
    const toggle = event.target;
    if (!toggle.matches?.('s-switch[data-warning-modal]')) return;
    if (toggle.checked) {
      toggle.checked = false;
      document.getElementById(toggle.dataset.warningModal).showOverlay();
    } else {
      document.getElementById(toggle.dataset.offForm).requestSubmit();
    }
  });

  // An optional scope: Shopify asks the staff, or takes it back. What came of it is the server's to find out.
  addEventListener('click', async ({ target }) => {
    const button = target.closest?.('s-button[data-scope]');
    if (!button) return;
    const form = button.closest('form');
    const { step, said } = form.elements;
    button.disabled = true;
    try {
      said.value = (await shopify.scopes[step.value]([button.dataset.scope])).result ?? '';
    } catch {
      said.value = 'unavailable';
    }
    button.disabled = false;
    form.requestSubmit();
  });

  // An id token does not belong into the history, and a note is said once.
  const clean = without(location.href, [...ONE_LOAD, ...SAID_ONCE]);
  if (clean.href !== location.href) history.replaceState(history.state, '', clean);
  const note = document.querySelector('meta[name=note]')?.content;
  if (note) {
    live.textContent = note;
    shopify.toast.show(note);
  }
})();
