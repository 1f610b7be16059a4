// Plays Shopify's Web Pixels Manager for one document and one app pixel, in the browser storefront and in Node alike:
// the consent gate, the replay of the page's earlier events, the cookies and storage that a worker lacks, and the log
// of what the pixel requested. Pure of platform: the worker, the cookies and the clock are handed in.
import {mayRun} from './declaration.js';
import {contextOf, customerPrivacyOf, initDataOf} from './page.js';

const AD_BLOCKER = ['facebook.com', 'facebook.net'];

/** The script of the worker: the runtime, then the unchanged bundle, started when the page's settings have come. */
export const workerSource = (runtime, bundle) => `${runtime}\nself.runPixel(() => {\n${bundle}\n});\n`;

/** The hosts that an ad-blocker switch stops: false none, true Meta's, a list those (with their subdomains). */
export function blockedHostsOf(adblock) {
  if (Array.isArray(adblock)) return adblock;
  return adblock ? AD_BLOCKER : [];
}

export class PixelManager {
  /**
   * `pixel`: {settings, declaration}, or null when the shop has connected none.
   * `page`: shop (domain), clientId, map (origin -> address), data (init.data), adblock, paused (names of events that
   *   the platform keeps from this pixel), and what contextOf reads.
   * `consent`: {marketing, analytics, preferences, sale_of_data: bool}.
   * `worker`: start(onMessage, onBroken), send(message), stop().
   * `store`: cookie with read() and write(line) like document.cookie; localStorage, sessionStorage like the browser's.
   * `clock`: now() -> ms since 1970 on the machine's clock, offset (ms that the sandbox's clock is ahead of it).
   */
  constructor({pixel, page, consent, worker, store, clock}) {
    Object.assign(this, {pixel, page, worker, store, clock});
    this.consent = {...consent};
    this.blockedHosts = blockedHostsOf(page.adblock);
    this.paused = page.paused ?? [];
    this.state = pixel ? 'waiting' : 'none';
    this.events = []; // of this page, in order
    this.delivered = 0; // how many of them the pixel has had
    this.asked = new Map(); // number -> resolve, reject
    this.lastAsked = 0;
    this.requests = new Map(); // of the worker, by its number
    this.news = {net: [], errors: []};
  }

  /** Loads the pixel if the buyer's choice lets it run. Resolves when it listens; rejects when its worker breaks. */
  async open() {
    if (this.state !== 'waiting' || !mayRun(this.pixel.declaration, this.consent)) return;
    this.state = 'loading';
    await new Promise((resolve, reject) => {
      this.asked.set('ready', {resolve, reject});
      this.worker.start((message) => this.receive(message), (error) => this.broken(error));
    });
    if (this.state !== 'loading') return; // closed meanwhile
    const {url, shop, map = {}, data} = this.page;
    const init = {
      context: contextOf(this.page),
      data: initDataOf(shop, url, data),
      customerPrivacy: customerPrivacyOf(this.consent),
    };
    const {origin} = new URL(url);
    const sandbox = {origin, map, blockedHosts: this.blockedHosts, clockOffset: this.clock.offset};
    this.state = 'running';
    await Promise.all([this.ask({t: 'boot', settings: this.pixel.settings, init, sandbox}), this.deliver()]);
  }

  /** Publishes one standard event. Resolves when the pixel's callbacks have started on it, at once if none may run. */
  async publish(name, data = {}) {
    const id = `sh-${crypto.randomUUID()}`;
    const timestamp = new Date(this.clock.now() + this.clock.offset).toISOString();
    const [seq, context] = [this.events.length, contextOf(this.page)];
    this.events.push({id, clientId: this.page.clientId, name, seq, timestamp, type: 'standard', context, data});
    await this.deliver();
  }

  /** The buyer chooses: a running pixel hears of it, one that waited may load and gets this page's earlier events. */
  async choose(choice) {
    Object.assign(this.consent, choice);
    await (this.isListening ? this.ask({t: 'consent', customerPrivacy: customerPrivacyOf(this.consent)}) : this.open());
    await this.deliver();
  }

  async block(adblock) {
    this.blockedHosts = blockedHostsOf(adblock);
    if (this.isListening) await this.ask({t: 'change', sandbox: {blockedHosts: this.blockedHosts}});
  }

  /** To be called when `clock.offset` has changed. */
  async clockMoved() {
    if (this.isListening) await this.ask({t: 'change', sandbox: {clockOffset: this.clock.offset}});
  }

  /** Resolves when the pixel's requests, timers and callbacks are done; the caller bounds the wait. */
  async settled() {
    if (this.isListening) await this.ask({t: 'settle'});
  }

  /** The tab goes away: the worker ends at once. A keepalive request that has left stays 'left', others are 'cut'. */
  close() {
    if (['loading', 'running', 'broken'].includes(this.state)) this.worker.stop();
    this.state = 'closed';
    for (const {url, method, keepalive} of this.requests.values()) {
      this.news.net.push({url, method, out: keepalive ? 'left' : 'cut'});
    }
    this.requests.clear();
    this.endWaiting(({resolve}) => resolve());
  }

  /** What came since the last call: finished requests {url, method, out} and errors of the pixel. */
  takeNews() {
    const {news} = this;
    this.news = {net: [], errors: []};
    return news;
  }

  /** How many requests are still without an answer. */
  get underWay() {
    return this.requests.size;
  }

  get isListening() {
    return this.state === 'running';
  }

  // --- The worker's side

  /** Hands over the events that the pixel has not had, if it may have them now. */
  async deliver() {
    if (!this.isListening || !mayRun(this.pixel.declaration, this.consent)) return;
    const waiting = this.events.slice(this.delivered).filter(({name}) => !this.paused.includes(name));
    this.delivered = this.events.length;
    await Promise.all(waiting.map((event) => this.ask({t: 'event', event})));
  }

  ask(message) {
    this.lastAsked += 1;
    const n = this.lastAsked;
    return new Promise((resolve, reject) => {
      this.asked.set(n, {resolve, reject});
      this.worker.send({...message, n});
    });
  }

  receive(message) {
    const {t, n} = message;
    if (t === 'net') this.log(message);
    else if (t === 'error') this.news.errors.push(message.text);
    else if (t === 'keep') this.worker.send({t: 'kept', n, value: this.keep(message)});
    else this.answered(t === 'ready' ? 'ready' : n);
  }

  answered(key) {
    this.asked.get(key)?.resolve();
    this.asked.delete(key);
  }

  broken(error) {
    this.state = 'broken';
    this.endWaiting(({reject}) => reject(new Error(`The pixel's worker broke: ${error.message}`)));
  }

  endWaiting(end) {
    for (const waiting of this.asked.values()) end(waiting);
    this.asked.clear();
  }

  log({n, url, method, keepalive, out}) {
    const request = this.requests.get(n) ?? {url, method, keepalive};
    if (out === undefined) {
      this.requests.set(n, request);
      return;
    }
    this.requests.delete(n);
    this.news.net.push({url: request.url, method: request.method, out});
  }

  /** Answers the worker's browser.cookie, browser.localStorage and browser.sessionStorage. */
  keep({area, call, args}) {
    const place = this.store[area];
    if (area !== 'cookie') return call === 'length' ? place.length : place[call](...args) ?? null;
    if (call === 'get') return this.cookieOf(args[0]);
    const [nameOrLine, value] = args;
    place.write(value === undefined ? nameOrLine : `${nameOrLine}=${value}`);
    return '';
  }

  cookieOf(name) {
    const all = this.store.cookie.read();
    if (name === undefined) return all;
    return all.split('; ').find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1) ?? '';
  }
}
