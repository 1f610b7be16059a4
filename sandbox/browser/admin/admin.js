// The stand-in admin: loads the app in a frame as Shopify does, and plays App Bridge's other side.
import {Bridge} from './bridge.js';
import {chromeOf} from './chrome.js';
import {startGuide} from './guide.js';
import {serverOf} from './server.js';

const WIDE = 1200; // CSS pixels, from which on the guide stands beside the app
const element = (id) => document.getElementById(id);
const facts = JSON.parse(element('facts').textContent);
const server = serverOf(facts.shop);
const frame = element('app');
const chrome = chromeOf(facts.shop, (type, fields) => bridge.tell(type, fields));

const MOST_BOUNCES = 5;
const BOUNCE_SPAN = 10_000; // milliseconds
let bounces = []; // when the app last asked to be loaded anew

/** Whether the app may be loaded anew for a fresh token; not for ever. */
function mayBounce() {
  bounces = bounces.filter((at) => Date.now() - at < BOUNCE_SPAN);
  bounces.push(Date.now());
  return bounces.length <= MOST_BOUNCES;
}

async function scopes() {
  const {scopes: granted} = await server.state();
  return {granted, required: facts.scopes, optional: facts.optionalScopes};
}

/** Grants optional scopes, if the staff say so, or takes them back, which asks nobody; all that are named, or none. */
async function changeScopes({step, names}) {
  const {granted} = await scopes();
  const undeclared = names.filter((name) => !facts.optionalScopes.includes(name));
  if (step === 'revoke') {
    if (undeclared.length > 0) return {error: `${undeclared.join(', ')} cannot be revoked: not an optional scope`};
    await server.scopes('revoke', names);
    return {detail: await scopes()};
  }
  const missing = names.filter((name) => !granted.includes(name));
  if (missing.some((name) => undeclared.includes(name))) {
    return {error: `${undeclared.join(', ')}: not among the app's optional scopes`};
  }
  const question = `Let ${facts.app} also have ${missing.join(', ')}?`;
  const isGranted = missing.length === 0 || await chrome.confirm({question, yes: 'Update'});
  if (isGranted && missing.length > 0) await server.scopes('grant', missing);
  return {result: isGranted ? 'granted-all' : 'declined-all', detail: await scopes()};
}

const bridge = new Bridge(frame, facts.appOrigin, {
  idToken: () => server.idToken(),
  mayBounce,
  user: () => ({}),
  scopes,
  changeScopes,
  extensions: () => [],
  confirm: chrome.confirm,
  toast: chrome.toast,
  hideToast: chrome.hideToast,
  saveBar: chrome.saveBar,
  loading: chrome.loading,
  place: (fields) => {
    chrome.place(fields);
    guide.quietly();
  },
  open: chrome.open,
});

// --- The app, or what there is to do before it
let isShown = null; // whether the app's frame is; null: not known yet

async function show(isInstalled, path) {
  if (isShown === isInstalled) return;
  isShown = isInstalled;
  element('install-panel').hidden = isInstalled;
  element('uninstall').hidden = !isInstalled;
  element('save-bar').hidden = true;
  frame.hidden = !isInstalled;
  const locale = new URLSearchParams(location.search).get('locale') ?? 'en';
  frame.src = isInstalled ? await server.frame(path, locale) : 'about:blank';
  if (!isInstalled) chrome.forget(facts.app);
}

/** The app's path in the admin's own address. */
function pathInAddress() {
  const query = new URLSearchParams(location.search);
  query.delete('locale');
  const path = location.pathname.slice(`/store/${facts.shop}`.length) || '/';
  return query.size > 0 ? `${path}?${query}` : path;
}

element('install').addEventListener('click', async () => {
  await server.install();
  await show(true, '/');
  await guide.refresh();
});

element('uninstall').addEventListener('click', async () => {
  const question = 'Uninstall the app? Its access ends at once, and it is told so.';
  if (!(await chrome.confirm({question, yes: 'Uninstall'}))) return;
  await server.uninstall();
  history.replaceState(history.state, '', `/store/${facts.shop}`);
  await show(false);
  await guide.refresh();
});

element('save').addEventListener('click', () => bridge.tell('save'));
element('discard').addEventListener('click', () => bridge.tell('discard'));

// --- Menu and guide
const isOpen = (button) => button.ariaExpanded === 'true';

/** Shows or hides a panel that its button belongs to. */
function open(button, panel, isWanted) {
  button.ariaExpanded = String(isWanted);
  panel.dataset.open = isWanted ? 'yes' : 'no';
}

for (const [button, panel] of [['menu-button', 'menu'], ['guide-button', 'guide']]) {
  element(button).addEventListener('click', () => open(element(button), element(panel), !isOpen(element(button))));
}
element('guide-button').addEventListener('click', () => {
  localStorage.guide = element('guide').dataset.open;
});
open(element('guide-button'), element('guide'), innerWidth >= WIDE && localStorage.guide !== 'no');

element('menu').addEventListener('click', (event) => {
  const path = event.target.closest('[data-path]')?.dataset.path;
  if (path === undefined) return;
  event.preventDefault();
  if (isShown) bridge.tell('navigate', {href: path});
  open(element('menu-button'), element('menu'), false);
});

const guide = startGuide(server, ({installed}) => show(installed, pathInAddress()));
await guide.refresh();
document.documentElement.dataset.ready = 'yes'; // for whoever drives this page by program
