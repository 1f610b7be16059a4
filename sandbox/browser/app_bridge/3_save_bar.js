// The save bar: by itself for <form data-save-bar>, and by shopify.saveBar. The bar itself is drawn by the admin.

const initial = new WeakMap(); // form -> its fields as they were
const unsaved = new Set(); // forms, and ids of bars that the app showed by itself

const fieldsOf = (form) => JSON.stringify([...new FormData(form)].map(([name, value]) => [name, String(value)]));
const formOf = (target) => (target.form ?? target.closest?.('form') ?? null);
const isWatched = (form) => form instanceof HTMLFormElement && form.matches('[data-save-bar]');
const dirtyForm = () => [...unsaved].find((one) => one instanceof HTMLFormElement);

function mark(one, isUnsaved) {
  if (unsaved.has(one) === isUnsaved) return;
  unsaved[isUnsaved ? 'add' : 'delete'](one);
  tell('saveBar', {show: unsaved.size > 0});
}

/** Learns of new forms, and forgets those that have left the page. */
function lookForForms() {
  for (const form of document.querySelectorAll('form[data-save-bar]')) {
    if (!initial.has(form)) initial.set(form, fieldsOf(form));
  }
  for (const one of unsaved) if (one instanceof HTMLFormElement && !one.isConnected) mark(one, false);
}

function touched({target}) {
  const form = formOf(target);
  if (!isWatched(form)) return;
  queueMicrotask(() => mark(form, fieldsOf(form) !== initial.get(form))); // the component's own value comes first
}

addEventListener('input', touched);
addEventListener('change', touched);
// "The save bar automatically hides when the form is submitted or reset."
addEventListener('submit', ({target}) => isWatched(target) && mark(target, false));
addEventListener('reset', ({target}) => isWatched(target) && setTimeout(() => mark(target, false)));

listeners.save = () => dirtyForm()?.requestSubmit();
listeners.discard = async () => {
  const form = dirtyForm();
  if (!form) return;
  const mustAsk = form.hasAttribute('data-discard-confirmation');
  if (!mustAsk || await ask('confirm', {question: 'Discard all unsaved changes?', yes: 'Discard'}, 0)) form.reset();
};

/** Resolves when the page may be left: nothing is unsaved, or the merchant gives it up. Rejects when they stay. */
async function leaveConfirmation() {
  if (unsaved.size === 0) return;
  const leaves = await ask('confirm', {question: 'Leave this page without saving your changes?', yes: 'Leave page'}, 0);
  if (!leaves) throw new Error('App Bridge: the merchant stays on the page.');
  for (const one of [...unsaved]) mark(one, false);
}

const saveBar = {
  show: async (id) => mark(id, true),
  hide: async (id) => mark(id, false),
  toggle: async (id) => mark(id, !unsaved.has(id)),
  leaveConfirmation,
};

addEventListener('DOMContentLoaded', async () => {
  await customElements.whenDefined('s-page');
  setTimeout(lookForForms); // once the components have their values
  const watcher = new MutationObserver(() => setTimeout(lookForForms));
  watcher.observe(document.body, {childList: true, subtree: true});
});
