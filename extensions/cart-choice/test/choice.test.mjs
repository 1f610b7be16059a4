import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {setTimeout as wait} from 'node:timers/promises';
import test from 'node:test';
import vm from 'node:vm';

const CODE = readFileSync(new URL('../assets/choice.js', import.meta.url), 'utf8');
const FBP = 'fb.1.1764000000000.1234567890';
const FBC = 'fb.1.1764000000000.IwAR0abc-DEF_ghi';
const ALL = {marketing: true, analytics: true, preferences: true, sale: true};

/** A storefront page: the buyer's choice, a cart, cookies; time passes a hundred times faster. */
class Page {
  constructor({allowed = ALL, said = {}, cart = {item_count: 1, attributes: {}}, cookie, root = '/', status = 200} = {}) {
    Object.assign(this, {allowed, said, cart, status});
    this.cookie = cookie === undefined ? `a=b; _fbp=${FBP}; _fbc=${FBC}` : cookie;
    this.requests = [];
    this.listeners = {};
    const document = {
      addEventListener: (name, heard) => (this.listeners[name] = heard),
    };
    Object.defineProperty(document, 'cookie', {get: () => this.cookie});
    const window = {
      Shopify: {
        routes: {root},
        loadFeatures: (features, ready) => {
          window.Shopify.customerPrivacy = this.privacy();
          ready();
        },
      },
    };
    const context = {window, document, Date, JSON, clearTimeout, setTimeout: (f, ms) => setTimeout(f, ms / 100)};
    context.fetch = (address, options) => this.fetch(address, options);
    vm.runInNewContext(CODE, context);
  }

  privacy() {
    return {
      marketingAllowed: () => this.allowed.marketing,
      analyticsProcessingAllowed: () => this.allowed.analytics,
      preferencesProcessingAllowed: () => this.allowed.preferences,
      saleOfDataAllowed: () => this.allowed.sale,
      currentVisitorConsent: () => ({marketing: '', analytics: '', preferences: '', sale_of_data: '', ...this.said}),
    };
  }

  async fetch(address, options) {
    this.requests.push(address);
    if (this.status !== 200) return {ok: false};
    if (address.endsWith('cart/update.js')) Object.assign(this.cart.attributes, JSON.parse(options.body).attributes);
    return {ok: true, json: async () => structuredClone(this.cart)};
  }

  /** What the cart says of the choice, without its time. */
  async written() {
    await wait(40);
    const value = this.cart.attributes._backstop;
    if (value === undefined) return null;
    const [version, letters, at, ...ids] = value.split(';');
    assert.ok(Date.now() - Date.parse(at) < 10_000);
    return [version, letters, ...ids].join(';');
  }

  writes() {
    return this.requests.filter((address) => address.endsWith('cart/update.js')).length;
  }
}

test('a buyer who allows everything: choice and browser ids', async () => {
  assert.equal(await new Page().written(), `1;maps;${FBP};${FBC}`);
});

test('a buyer who opted out of sale: the choice without ids', async () => {
  assert.equal(await new Page({allowed: {...ALL, sale: false}}).written(), '1;map;;');
});

test('a buyer who refused: the refusal, and nothing else', async () => {
  const allowed = {marketing: false, analytics: false, preferences: false, sale: false};
  assert.equal(await new Page({allowed, said: {marketing: 'no', analytics: 'no'}}).written(), '1;-;;');
});

test('a buyer who has not chosen where a choice is needed: nothing, and no request at all', async () => {
  const page = new Page({allowed: {marketing: false, analytics: false, preferences: false, sale: true}});
  assert.equal(await page.written(), null);
  assert.deepEqual(page.requests, []);
});

test('an empty cart is left alone', async () => {
  const page = new Page({cart: {item_count: 0, attributes: {}}});
  assert.equal(await page.written(), null);
  assert.equal(page.writes(), 0);
});

test('the same choice is written once, whatever is pressed', async () => {
  const page = new Page();
  await page.written();
  for (let n = 0; n < 3; n += 1) {
    page.listeners.submit();
    await page.written();
  }
  assert.equal(page.writes(), 1);
  const later = new Page({cart: page.cart});
  await later.written();
  assert.equal(later.writes(), 0);
});

test('who goes straight on to the checkout has been written down all the same', async () => {
  const page = new Page();
  await new Promise(setImmediate);
  assert.equal(page.writes(), 1);
});

test('goods put into the cart later', async () => {
  const page = new Page({cart: {item_count: 0, attributes: {}}});
  await page.written();
  page.cart.item_count = 2;
  page.listeners.click({target: {closest: (selector) => selector.includes('[name="add"]')}});
  assert.equal(await page.written(), `1;maps;${FBP};${FBC}`);
});

test('a choice withdrawn: the ids go with it', async () => {
  const page = new Page();
  await page.written();
  page.allowed = {marketing: false, analytics: false, preferences: false, sale: false};
  page.said = {marketing: 'no'};
  page.listeners.visitorConsentCollected();
  assert.equal(await page.written(), '1;-;;');
});

test('cookies that are no browser ids are left out', async () => {
  assert.equal(await new Page({cookie: '_fbp=x; _fbc=fb.1.1764000000000.a;b'}).written(), '1;maps;;');
  assert.equal(await new Page({cookie: ''}).written(), '1;maps;;');
});

test('a shop in a language folder', async () => {
  const page = new Page({root: '/de/'});
  await page.written();
  assert.deepEqual(page.requests, ['/de/cart.js', '/de/cart/update.js']);
});

test('a shop that does not answer: silence, and another try at the next press', async () => {
  const page = new Page({status: 500});
  assert.equal(await page.written(), null);
  page.status = 200;
  page.listeners.submit();
  assert.equal(await page.written(), `1;maps;${FBP};${FBC}`);
});

test('without the consent feature nothing happens', () => {
  vm.runInNewContext(CODE, {window: {}, document: {}});
  vm.runInNewContext(CODE, {window: {Shopify: {loadFeatures: (features, ready) => ready(new Error('no'))}}, document: {}});
});

test('it stays small', () => {
  assert.ok(CODE.length < 5000, `${CODE.length} bytes`);
});
