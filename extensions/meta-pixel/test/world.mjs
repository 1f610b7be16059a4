// A page as the pixel meets it, with a network and a clock that the test holds in its hand.
import {start} from '../src/pixel.js';

export const ALL = {
  marketingAllowed: true,
  analyticsProcessingAllowed: true,
  preferencesProcessingAllowed: true,
  saleOfDataAllowed: true,
};
export const SETTINGS = {
  pixelID: '1234567890',
  ingestKey: 'ingest_key_of_shop',
  collector: 'https://app.example/pixel/evidence',
  contentIds: 'product',
  ldu: 'no',
};
export const TOKEN = 'tok-3f9a';
export const CHECKOUT_PAGE = `https://shop.example/en/checkouts/cn/${TOKEN}/information?key=1&_r=2`;

/** A checkout in Shopify's form, with everything of a receipt in it. */
export const checkout = (changes = {}) => ({
  token: TOKEN,
  currencyCode: 'EUR',
  email: 'mina.example@example.com',
  phone: '+15550100',
  billingAddress: {firstName: 'Mina', lastName: 'Muster', address1: '5 Sample Road', city: 'Sampletown', zip: 'SA99'},
  shippingAddress: null,
  totalPrice: {amount: 54, currencyCode: 'EUR'},
  lineItems: [
    {
      quantity: 2,
      title: 'Salve',
      variant: {
        id: 'gid://shopify/ProductVariant/77',
        price: {amount: 25.5, currencyCode: 'EUR'},
        product: {id: 'gid://shopify/Product/9', title: 'Salve'},
      },
    },
    {quantity: 1, title: 'Tip', variant: null},
  ],
  order: {id: 'gid://shopify/OrderIdentity/6100', customer: {id: '4242', isFirstOrder: true}},
  ...changes,
});

const PAGE_BEFORE = `https://shop.example/checkouts/${TOKEN}`;

export const event = (name, data = {}, href = CHECKOUT_PAGE, referrer = PAGE_BEFORE) => ({
  id: 'sh-0001',
  name,
  timestamp: '2026-11-24T10:00:00.000Z',
  data,
  context: {
    document: {location: {href}, referrer, title: 'Checkout'},
    window: {screen: {width: 1280, height: 800}},
  },
});

const turns = async () => {
  for (let turn = 0; turn < 60; turn += 1) await Promise.resolve();
};

const storage = (entries) => ({
  getItem: async (key) => entries[key] ?? null,
  setItem: async (key, value) => {
    entries[key] = value;
  },
});

export class World {
  /**
   * `meta`: 'answers', 'fails' or 'waits' (until answerMeta); `collector`: the statuses of its answers in turn, the
   * last one for ever; 0 fails, null never comes. `stored`, `local`: sessionStorage, localStorage; `jar`: cookies;
   * `suffixes`: domains that take no cookies; `refusesToKeep`: nothing is kept.
   */
  constructor({privacy, settings, meta = 'answers', collector = [204], refusesToKeep = false, ...kept} = {}) {
    const {jar = {}, stored, local = {}, suffixes = []} = kept; // several tabs may share a jar and a localStorage
    Object.assign(this, {meta, collector, suffixes, jar, stored: {...stored}, local});
    this.lines = []; // of cookies, as they were set
    this.requests = [];
    this.time = Date.parse('2026-11-24T10:00:00.000Z');
    this.timers = new Map();
    this.subscribed = {};
    this.answerMeta = null;
    const subscribe = (name, callback) => {
      this.subscribed[name] = callback;
    };
    const api = {
      analytics: {subscribe},
      customerPrivacy: {subscribe},
      settings: {...SETTINGS, ...settings},
      init: {customerPrivacy: {...ALL, ...privacy}},
      browser: refusesToKeep ? {} : this.browser(),
    };
    start(api, this.io());
  }

  browser() {
    return {
      cookie: {
        get: async (name) => this.jar[name] ?? '',
        set: async (line) => {
          this.lines.push(line);
          const [name, value] = line.split(';')[0].split('=');
          const domain = /domain=\.([^;]+)/.exec(line)?.[1];
          if (!this.suffixes.includes(domain)) this.jar[name] = value;
          return '';
        },
      },
      sessionStorage: storage(this.stored),
      localStorage: storage(this.local),
    };
  }

  io() {
    let lastTimer = 0;
    return {
      fetch: (address, options) => this.fetch(address, options),
      now: () => this.time,
      random: () => 0.5,
      clearTimeout: (number) => this.timers.delete(number),
      setTimeout: (callback, milliseconds) => {
        lastTimer += 1;
        this.timers.set(lastTimer, {callback, due: this.time + milliseconds});
        return lastTimer;
      },
    };
  }

  fetch(address, options) {
    this.requests.push({address, options});
    if (!address.startsWith('https://www.facebook.com/')) return this.collected();
    if (this.meta === 'fails') return Promise.reject(new TypeError('Failed to fetch'));
    if (this.meta === 'answers') return Promise.resolve({type: 'opaque', status: 0});
    return new Promise((resolve) => {
      this.answerMeta = () => resolve({type: 'opaque', status: 0});
    });
  }

  collected() {
    const status = this.collector.length > 1 ? this.collector.shift() : this.collector[0];
    if (status === null) return new Promise(() => {});
    return status === 0 ? Promise.reject(new TypeError('Failed to fetch')) : Promise.resolve({status});
  }

  /** Fires an event and lets everything run that needs no time. */
  async fire(name, data = {checkout: checkout()}, href = CHECKOUT_PAGE, referrer = undefined) {
    this.subscribed[name](event(name, data, href, referrer));
    await turns();
  }

  async choose(privacy) {
    this.subscribed.visitorConsentCollected({customerPrivacy: {...ALL, ...privacy}});
    await turns();
  }

  /** Lets time pass, timer by timer. */
  async pass(milliseconds) {
    const end = this.time + milliseconds;
    await turns();
    for (;;) {
      const due = [...this.timers].filter(([, timer]) => timer.due <= end).sort((a, b) => a[1].due - b[1].due)[0];
      if (!due) break;
      this.timers.delete(due[0]);
      this.time = due[1].due;
      due[1].callback();
      await turns();
    }
    this.time = end;
  }

  /** The parameters of every request to Meta, from its query or its form. */
  get told() {
    return this.requests.filter(({address}) => address.startsWith('https://www.facebook.com/')).map((request) => {
      const {address, options} = request;
      return Object.fromEntries(new URLSearchParams(options.body ?? new URL(address).search));
    });
  }

  get posts() {
    const posts = this.requests.filter(({address}) => address === SETTINGS.collector);
    return posts.map(({options}) => JSON.parse(options.body));
  }

  get words() {
    return this.wordsOf(/./);
  }

  wordsOf(stage) {
    return this.posts.filter((post) => stage.test(post.stage)).map(({tr}) => tr);
  }
}
