// Browsers for programs: a long-lived process that loads the built pixel into Node worker threads, page by page, under
// the same runtime as the browser storefront. Start: `node sandbox/pixel/node_host.mjs` after `npm run build` in
// extensions/meta-pixel. It ends when its standard input does.
//
// PROTOCOL: one JSON object a line on standard input, one answer a line on standard output, diagnostics on the third.
// The requests of one visit are done in order, those of different visits side by side; `id` joins the two.
//
//   {"id": 1, "op": "open", "visit": "v1", "shop": "x.myshopify.com", "url": "https://x.myshopify.com/?fbclid=Q",
//    "settings": {"pixelID": "1", "ingestKey": "...", "collector": "http://127.0.0.1:5000/pixel/evidence",
//                 "contentIds": "product", "ldu": "no"},
//    "consent": {"marketing": true, "analytics": true, "preferences": true, "sale_of_data": true},
//    "referrer": "", "title": "", "userAgent": "...", "languages": ["en"], "width": 1280, "height": 800,
//    "cookies": {"_fbp": "..."}, "map": {"https://www.facebook.com": "http://127.0.0.1:9000/meta"}, "adblock": false,
//    "paused": [], "data": {"cart": null}, "browser": "b1", "atFirst": {"marketing": false, ...}, "block": "http://..."}
//       A document is loaded in the visit's tab; the one before it goes away. Needed: visit, url, and once per visit
//       shop. settings null: no pixel is connected, nothing loads. What is left out stays as the visit had it (first:
//       no pixel, all refused, no map, no ad blocker), but referrer and title become empty. cookies replaces the whole
//       jar. consent may name some purposes. map: origin -> address put in its place; the own-origin rule looks at the
//       unmapped one. data replaces parts of init.data. paused: events that the platform keeps from the pixel. Answered
//       when the pixel listens, or at once if it may not load.
//       A visit is a tab. browser, said with a visit's first open, names the browser that it is a tab of: tabs of one
//       browser share cookies, localStorage, client id and the buyer's choice; without a name it is a browser of its
//       own. block: a page of the theme, with the app's block; what it asks of /cart goes there. atFirst holds while nothing was chosen in this browser; consent is such a choice, made before the page.
//   {"id": 2, "op": "publish", "visit": "v1", "name": "checkout_started", "data": {"checkout": {...}}}
//       A standard event of the page, in Shopify's form; id, clientId, seq, timestamp and context are added here.
//       Events that the buyer's choice holds back are handed over once it allows. Answered when the callbacks have
//       started.
//   {"id": 3, "op": "consent", "visit": "v1", "consent": {"marketing": false}}
//       The buyer chooses, for some purposes or all. Answered like open and publish.
//   {"id": 4, "op": "adblock", "visit": "v1", "on": true}
//       true: Meta's hosts are blocked; false: none; ["host", ...]: just these, with their subdomains.
//   {"id": 5, "op": "settle", "visit": "v1", "ms": 5000}
//       Waits until the pixel's requests, timers and callbacks are done, at most ms (0 to 60000, default 5000); the
//       answer has "settled": bool.
//   {"id": 6, "op": "close", "visit": "v1"}
//       The tab is closed at once; a running settle of the visit ends. Cookies and localStorage stay for its next open.
//   {"id": 7, "op": "clock", "offset_seconds": 3600}
//       The clock of all browsers is ahead of the machine's by this much. Answer as of reset.
//   {"id": 8, "op": "reset"}
//       Closes all tabs, forgets all visits, browsers and the clock's offset. Answer: {"id": 8, "ok": true}.
//
// Answers: {"id": 1, "ok": false, "error": "one sentence"} (id null when the line was no JSON object), or for a visit
//   {"id": 1, "ok": true, "pixel": "running", "net": [{"url": "https://www.facebook.com/tr/?...", "method": "GET",
//    "out": "sent"}], "under_way": 0, "errors": [], "chosen": true, "cookies": {"_fbp": "fb.2...."}}
//   pixel       running, waiting (for consent), none (not connected), broken, closed
//   net         requests whose outcome became known since the visit's last answer, each told once, unmapped; out =
//               "sent" (answered, but not readable: no-cors), "200" and the like (the status), "blocked" (ad blocker),
//               "restricted" (the shop's own origin), "failed" (network or CORS), "left" (keepalive, had left without
//               an answer when the document went away; it goes on), "cut" (not keepalive: ended with the document)
//   under_way   how many requests are without an answer yet
//   errors      what the pixel's callbacks threw
//   chosen      whether the buyer has made a choice in this browser
//   cookies     what the page now sees of the browser's jar
// Requests go out with `Origin: null` and the visit's User-Agent, and obey CORS: an answer without a fitting
// Access-Control-Allow-Origin counts as failed, unusual headers or methods cause a preflight.
import {readFile} from 'node:fs/promises';
import {createInterface} from 'node:readline';
import {declarationOf} from './declaration.js';
import {workerSource} from './manager.js';
import {Browser} from './node_store.mjs';
import {Tab} from './node_tab.mjs';

const EXTENSION = new URL('../../extensions/meta-pixel/', import.meta.url);
const BLOCK = '../cart-choice/assets/choice.js';
const MOST_VISITS = 1000; // and browsers, kept in memory; the oldest closed ones are forgotten first
const MOST_TABS = 100; // open at once
const ANSWER_LIMIT = 10_000; // milliseconds for a worker to start or to take an event
const LONGEST_SETTLE = 60_000;

/** A request that cannot be done; the message is the answer's error. */
class Refused extends Error {}

const clock = {now: () => Date.now(), offset: 0};
const visits = new Map(); // name -> {tab, queue, isClosing, interrupt()}
const browsers = new Map(); // name -> Browser

async function extensionFiles() {
  const read = (path) => readFile(new URL(path, EXTENSION), 'utf8').catch((cause) => {
    const hint = path === 'dist/main.js' ? ': run "npm run build" in extensions/meta-pixel' : '';
    throw new Refused(`extensions/meta-pixel/${path} cannot be read${hint}.`, {cause});
  });
  const runtime = await readFile(new URL('./runtime.js', import.meta.url), 'utf8');
  const [bundle, toml, block] = await Promise.all([read('dist/main.js'), read('shopify.extension.toml'), read(BLOCK)]);
  return {source: workerSource(runtime, bundle), declaration: declarationOf(toml), block};
}

/** Resolves to whether `promise` came within the limit. */
async function cameWithin(promise, milliseconds) {
  let timer;
  const limit = new Promise((resolve) => {
    timer = setTimeout(resolve, milliseconds, false);
  });
  try {
    return await Promise.race([promise.then(() => true), limit]);
  } finally {
    clearTimeout(timer);
  }
}

async function answered(promise) {
  if (!(await cameWithin(promise, ANSWER_LIMIT))) throw new Refused('The pixel did not answer in time.');
  return {};
}

function need(condition, message) {
  if (!condition) throw new Refused(message);
}
const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
const isOptional = (value, check) => value === undefined || value === null || check(value);

function checkPage({tab}, {url, shop, paused, ...objects}) {
  need(URL.canParse(url) && /^https?:/.test(url), '"url" must be an http or https address.');
  need(typeof (shop ?? tab.page.shop) === 'string', '"shop" must be the shop\'s domain.');
  for (const name of ['settings', 'consent', 'atFirst', 'cookies', 'map']) {
    need(isOptional(objects[name], isObject), `"${name}" must be an object.`);
  }
  need(isOptional(paused, Array.isArray), '"paused" must be a list of events.');
  need([...visits.values()].filter((visit) => visit.tab.document).length < MOST_TABS, 'Too many tabs are open.');
}

const VISIT_OPERATIONS = {
  async open(visit, request) {
    checkPage(visit, request);
    return answered(visit.tab.open(request, await extensionFiles()));
  },
  async publish({tab}, {name, data = {}}) {
    need(typeof name === 'string' && isObject(data), '"name" must be text and "data" an object.');
    return answered(tab.document.publish(name, data));
  },
  async consent({tab}, {consent}) {
    need(isObject(consent), '"consent" must be an object.');
    return answered(tab.choose(consent));
  },
  async adblock({tab}, {on}) {
    need(typeof on === 'boolean' || Array.isArray(on), '"on" must be true, false or a list of hosts.');
    return answered(tab.block(on));
  },
  async settle(visit, {ms = 5000}) {
    need(Number.isFinite(ms) && ms >= 0 && ms <= LONGEST_SETTLE, `"ms" must be from 0 to ${LONGEST_SETTLE}.`);
    if (visit.isClosing) return {settled: false};
    const interrupted = new Promise((resolve) => {
      visit.interrupt = resolve;
    });
    const settled = visit.tab.settled().then(() => true);
    const outcome = Promise.race([settled, interrupted.then(() => false)]);
    return {settled: (await cameWithin(outcome, ms)) && (await outcome)};
  },
  async close(visit) {
    visit.tab.close();
    visit.isClosing = false;
    return {};
  },
};

const HOST_OPERATIONS = {
  async clock({offset_seconds: seconds}) {
    need(Number.isFinite(seconds), '"offset_seconds" must be a number.');
    clock.offset = seconds * 1000;
    await answered(Promise.all([...visits.values()].map(({tab}) => tab.document?.clockMoved())));
    return {};
  },
  async reset() {
    for (const visit of visits.values()) endVisit(visit);
    visits.clear();
    browsers.clear();
    clock.offset = 0;
    return {};
  },
};

const endVisit = ({tab, interrupt}) => {
  interrupt();
  tab.close();
};function forgetOldVisits() {
  for (const [name, {tab}] of visits) {
    if (visits.size < MOST_VISITS) return;
    if (!tab.document) visits.delete(name);
  }
}

function browserNamed(name) {
  const found = browsers.get(name) ?? new Browser(() => clock.now() + clock.offset);
  if (name === undefined || browsers.has(name)) return found;
  need(typeof name === 'string' && name !== '', '"browser" must be a name.');
  if (browsers.size >= MOST_VISITS) browsers.delete(browsers.keys().next().value);
  browsers.set(name, found);
  return found;
}

function visitOf({op, visit: name, browser}) {
  need(typeof name === 'string' && name !== '', '"visit" must be a name.');
  if (!visits.has(name)) {
    need(op === 'open', `Visit ${name} has no open page.`);
    forgetOldVisits();
    const tab = new Tab(clock, browserNamed(browser));
    visits.set(name, {tab, queue: Promise.resolve(), isClosing: false, interrupt: () => {}});
  }
  return visits.get(name);
}

/** Runs one operation after those that the visit was asked for before. */
function inTurn(visit, request) {
  if (request.op === 'close') {
    visit.isClosing = true;
    visit.interrupt();
  }
  const turn = visit.queue.then(async () => {
    need(request.op === 'open' || visit.tab.document, `Visit ${request.visit} has no open page.`);
    const told = await VISIT_OPERATIONS[request.op](visit, request);
    return {...visit.tab.report(), ...told};
  });
  visit.queue = turn.catch(() => {});
  return turn;
}

async function perform(request) {
  if (Object.hasOwn(HOST_OPERATIONS, request.op)) return HOST_OPERATIONS[request.op](request);
  need(Object.hasOwn(VISIT_OPERATIONS, request.op), `There is no operation ${JSON.stringify(request.op)}.`);
  return inTurn(visitOf(request), request);
}
function parsed(line) {
  try {
    const request = JSON.parse(line);
    return isObject(request) ? request : null;
  } catch {
    return null;
  }
}

async function answer(line) {
  const request = parsed(line);
  try {
    need(request, 'A request is one JSON object on one line.');
    return {id: request.id ?? null, ok: true, ...(await perform(request))};
  } catch (error) {
    if (!(error instanceof Refused)) process.stderr.write(`${error.stack}\n`);
    return {id: request?.id ?? null, ok: false, error: error.message};
  }
}

process.stdout.on('error', () => process.exit(1)); // nobody listens any more
const input = createInterface({input: process.stdin, terminal: false});
input.on('line', async (line) => {
  if (line.trim() === '') return;
  process.stdout.write(`${JSON.stringify(await answer(line))}\n`);
});
input.on('close', () => {
  // Keepalive requests that have left may still arrive; Node ends by itself when the last one is answered.
  for (const visit of visits.values()) endVisit(visit);
});
