// What a browser keeps, in memory: cookies, storage, and the visitor's choice.
import {randomUUID} from 'node:crypto';

const EXPIRED = 0;
const PUBLIC_SUFFIXES = ['myshopify.com', 'co.uk', 'com.au']; // enough for tests; every single label is one, too

/** Whether a page of `host` may set a cookie for `domain`, as browsers decide it. */
function mayName(domain, host) {
  if (domain === host) return true;
  return host.endsWith(`.${domain}`) && domain.includes('.') && !PUBLIC_SUFFIXES.includes(domain);
}

/** The cookies of one browser, read and written like document.cookie of a page on `host`. `now()`: ms since 1970. */
export class Cookies {
  constructor(now) {
    this.now = now;
    this.jar = new Map(); // "name domain" -> {name, value, domain, isForSubdomains, until}
  }

  read(host) {
    return Object.entries(this.toObject(host)).map(([name, value]) => `${name}=${value}`).join('; ');
  }

  /** One cookie with its attributes; of these only domain, max-age and expires matter here. */
  write(line, host) {
    const [pair, ...attributes] = line.split(';').map((part) => part.trim());
    const valueOf = (name) => attributes.find((part) => part.toLowerCase().startsWith(`${name}=`))?.split('=')[1];
    const named = valueOf('domain')?.replace(/^\./, '').toLowerCase();
    const cut = pair.indexOf('=');
    if (cut < 1 || (named && !mayName(named, host))) return;
    const [name, value] = [pair.slice(0, cut), pair.slice(cut + 1)];
    this.put({name, value, domain: named || host, isForSubdomains: Boolean(named), until: this.endOf(valueOf)});
  }

  put(cookie) {
    const key = `${cookie.name} ${cookie.domain} ${cookie.isForSubdomains}`;
    if (cookie.until <= this.now()) this.jar.delete(key);
    else this.jar.set(key, cookie);
  }

  endOf(valueOf) {
    const age = valueOf('max-age');
    if (age !== undefined) return Number(age) > 0 ? this.now() + Number(age) * 1000 : EXPIRED;
    const end = valueOf('expires');
    return end === undefined ? Infinity : Date.parse(end) || Infinity;
  }

  /** Replaces the whole jar by {name: value} of this host. */
  fill(cookies, host) {
    this.jar.clear();
    for (const [name, value] of Object.entries(cookies)) {
      this.put({name, value: String(value), domain: host, isForSubdomains: false, until: Infinity});
    }
  }

  /** What a page of this host sees; of two of one name the older. */
  toObject(host) {
    const seen = [...this.jar.values()].filter(({domain, isForSubdomains, until}) => (
      until > this.now() && (domain === host || (isForSubdomains && host.endsWith(`.${domain}`)))
    ));
    const found = {};
    for (const {name, value} of seen) found[name] ??= value;
    return found;
  }
}

/** One browser of one visitor; its tabs share all of this. Storage is each site's own. */
export class Browser {
  constructor(now) {
    this.clientId = randomUUID();
    this.cookies = new Cookies(now);
    this.local = new Sites();
    this.choice = null; // {marketing, analytics, preferences, sale_of_data}, for now of all shops
  }
}

/** The storages of one kind, one for each origin. */
export class Sites {
  constructor() {
    this.storages = new Map();
  }

  of(origin) {
    if (!this.storages.has(origin)) this.storages.set(origin, new MemoryStorage());
    return this.storages.get(origin);
  }

  clear() {
    this.storages.clear();
  }
}

/** localStorage or sessionStorage. */
export class MemoryStorage {
  constructor() {
    this.entries = new Map();
  }

  get length() {
    return this.entries.size;
  }

  key(index) {
    return [...this.entries.keys()][index] ?? null;
  }

  getItem(key) {
    return this.entries.get(String(key)) ?? null;
  }

  setItem(key, value) {
    this.entries.set(String(key), String(value));
  }

  removeItem(key) {
    this.entries.delete(String(key));
  }

  clear() {
    this.entries.clear();
  }
}
