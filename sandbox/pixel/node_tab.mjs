// The tab of one visit: a PixelManager whose worker is a thread of Node, one per document, and what the browser keeps.
import {randomUUID} from 'node:crypto';
import {Worker} from 'node:worker_threads';
import {PixelManager} from './manager.js';
import {Network} from './node_network.mjs';
import {Cookies, MemoryStorage} from './node_store.mjs';

const REFUSES_ALL = {marketing: false, analytics: false, preferences: false, sale_of_data: false};
const KEPT = ['shop', 'settings', 'userAgent', 'languages', 'map', 'adblock', 'data', 'width', 'height'];

/** The worker of one document, as PixelManager wants it. `source`: the script. */
function threadOf(source, network) {
  let thread = null;
  const carryOut = ({n, url, options}) => network.fetch(url, options).then(
    (answer) => thread?.postMessage({t: 'fetched', n, ...answer}),
    () => thread?.postMessage({t: 'fetched', n, failed: true}),
  );
  return {
    start(onMessage, onBroken) {
      thread = new Worker(new URL('./node_worker.mjs', import.meta.url), {workerData: {source}, stdout: true});
      thread.on('message', (message) => (message.t === 'fetch' ? carryOut(message) : onMessage(message)));
      thread.on('error', onBroken);
    },
    send: (message) => thread?.postMessage(message),
    stop() {
      const ending = thread;
      thread = null;
      ending.removeAllListeners();
      ending.terminate();
      network.close();
    },
  };
}

export class Tab {
  /** `clock`: now() and offset, in ms; shared by all tabs, moved by the sandbox. */
  constructor(clock) {
    const now = () => clock.now() + clock.offset;
    this.clock = clock;
    this.clientId = randomUUID();
    this.store = {cookie: new Cookies(now), localStorage: new MemoryStorage(), sessionStorage: new MemoryStorage()};
    this.page = {settings: null};
    this.consent = REFUSES_ALL;
    this.document = null;
    this.news = {net: [], errors: []};
  }

  /** Loads a document in place of the one before. `extension`: {source, declaration}. Not given: as before. */
  async open(given, extension) {
    this.leave();
    for (const key of KEPT) if (given[key] !== undefined) this.page[key] = given[key];
    if (given.cookies) this.store.cookie.fill(given.cookies);
    Object.assign(this.page, {url: given.url, referrer: given.referrer ?? '', title: given.title ?? ''});
    this.consent = {...this.consent, ...given.consent};
    const {settings, ...page} = this.page;
    this.document = new PixelManager({
      pixel: settings && {settings, declaration: extension.declaration},
      page: {...page, clientId: this.clientId},
      consent: this.consent,
      worker: threadOf(extension.source, new Network(page.userAgent ?? 'Mozilla/5.0 (sandbox)')),
      store: this.store,
      clock: this.clock,
    });
    await this.document.open();
  }

  async choose(choice) {
    this.consent = {...this.consent, ...choice};
    await this.document.choose(choice);
  }

  async block(adblock) {
    this.page.adblock = adblock;
    await this.document.block(adblock);
  }

  /** The document goes: by navigation or with the tab. */
  leave() {
    if (!this.document) return;
    this.document.close();
    this.collect();
    this.document = null;
  }

  /** The tab is closed; cookies and localStorage stay with the browser. */
  close() {
    this.leave();
    this.store.sessionStorage.clear();
  }

  collect() {
    const {net, errors} = this.document.takeNews();
    this.news.net.push(...net);
    this.news.errors.push(...errors);
  }

  /** What an answer tells of the tab; news are told once. */
  report() {
    if (this.document) this.collect();
    const {news} = this;
    this.news = {net: [], errors: []};
    const {state, underWay} = this.document ?? {state: 'closed', underWay: 0};
    return {pixel: state, under_way: underWay, ...news, cookies: this.store.cookie.toObject()};
  }
}
