// The tab of one visit: a PixelManager whose worker is a thread of Node, one per document, and what the browser keeps.
import {Worker} from 'node:worker_threads';
import {PixelManager} from './manager.js';
import {Block} from './node_block.mjs';
import {Network} from './node_network.mjs';
import {Sites} from './node_store.mjs';

const REFUSES_ALL = {marketing: false, analytics: false, preferences: false, sale_of_data: false};
const KEPT = ['shop', 'settings', 'userAgent', 'languages', 'map', 'adblock', 'paused', 'data', 'width', 'height'];

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
  /** `clock`: now() and offset, in ms; shared by all tabs, moved by the sandbox. `browser`: shared by its tabs. */
  constructor(clock, browser) {
    this.clock = clock;
    this.browser = browser;
    this.session = new Sites();
    this.page = {settings: null};
    this.host = '';
    this.document = null;
    this.script = null; // the app's, on pages of the theme
    this.news = {net: [], errors: []};
  }

  /** Loads a document in place of the one before. `extension`: {source, declaration}. Not given: as before. */
  async open(given, extension) {
    this.leave();
    for (const key of KEPT) if (given[key] !== undefined) this.page[key] = given[key];
    const {origin, hostname} = new URL(given.url);
    this.host = hostname;
    if (given.cookies) this.browser.cookies.fill(given.cookies, hostname);
    Object.assign(this.page, {url: given.url, referrer: given.referrer ?? '', title: given.title ?? ''});
    if (given.consent) this.browser.choice = {...REFUSES_ALL, ...this.browser.choice, ...given.consent};
    const {settings, ...page} = this.page;
    this.document = new PixelManager({
      pixel: settings && {settings, declaration: extension.declaration},
      page: {...page, clientId: this.browser.clientId},
      consent: this.browser.choice ?? {...REFUSES_ALL, ...given.atFirst},
      worker: threadOf(extension.source, new Network(page.userAgent ?? 'Mozilla/5.0 (sandbox)')),
      store: this.storeOf(origin, hostname),
      clock: this.clock,
    });
    await this.document.open();
    this.script = given.block ? new Block(extension.block, given.block, this.pageOf(hostname)) : null;
  }

  /** What the block can see of the page. */
  pageOf(host) {
    const {document, browser, clock} = this;
    return {
      cookies: () => browser.cookies.read(host),
      allowed: () => document.consent,
      chosen: () => browser.choice,
      offset: () => clock.offset,
    };
  }

  /** Resolves when pixel and block are done; the caller bounds the wait. */
  async settled() {
    await Promise.all([this.document.settled(), this.script?.settled()]);
  }

  storeOf(origin, host) {
    const {cookies, local} = this.browser;
    return {
      cookie: {read: () => cookies.read(host), write: (line) => cookies.write(line, host)},
      localStorage: local.of(origin),
      sessionStorage: this.session.of(origin),
    };
  }

  /** The buyer chooses on this page: the pixels of other tabs learn of it with their next document. */
  async choose(choice) {
    this.browser.choice = {...this.document.consent, ...choice};
    this.script?.hear('visitorConsentCollected');
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
    this.script?.close();
    this.script = null;
    this.collect();
    this.document = null;
  }

  /** The tab is closed; cookies and localStorage stay with the browser. */
  close() {
    this.leave();
    this.session.clear();
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
    const chosen = this.browser.choice !== null;
    return {pixel: state, under_way: underWay, ...news, chosen, cookies: this.browser.cookies.toObject(this.host)};
  }
}
