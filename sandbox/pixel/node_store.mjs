// What a browser keeps for one visitor of one shop: cookies and storage, in memory.

const EXPIRED = 0;

/** Cookies of the shop's domain, read and written like document.cookie. `now()`: ms since 1970. */
export class Cookies {
  constructor(now) {
    this.now = now;
    this.jar = new Map();
  }

  read() {
    return Object.entries(this.toObject()).map(([name, value]) => `${name}=${value}`).join('; ');
  }

  /** One cookie with its attributes; of these only max-age and expires matter here. */
  write(line) {
    const [pair, ...attributes] = line.split(';').map((part) => part.trim());
    const cut = pair.indexOf('=');
    if (cut < 1) return;
    const until = this.endOf(attributes);
    if (until <= this.now()) this.jar.delete(pair.slice(0, cut));
    else this.jar.set(pair.slice(0, cut), {value: pair.slice(cut + 1), until});
  }

  endOf(attributes) {
    const valueOf = (name) => attributes.find((part) => part.toLowerCase().startsWith(`${name}=`))?.split('=')[1];
    const age = valueOf('max-age');
    if (age !== undefined) return Number(age) > 0 ? this.now() + Number(age) * 1000 : EXPIRED;
    const end = valueOf('expires');
    return end === undefined ? Infinity : Date.parse(end) || Infinity;
  }

  /** Replaces the whole jar by {name: value}. */
  fill(cookies) {
    this.jar.clear();
    for (const [name, value] of Object.entries(cookies)) this.jar.set(name, {value: String(value), until: Infinity});
  }

  toObject() {
    const alive = [...this.jar].filter(([, {until}]) => until > this.now());
    return Object.fromEntries(alive.map(([name, {value}]) => [name, value]));
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
