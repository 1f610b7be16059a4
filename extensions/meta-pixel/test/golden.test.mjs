// The request to /tr against examples written by hand from what Meta's own script was recorded to send. They are read
// by a decoder of this file's own, which shares nothing with the builder.
import assert from 'node:assert/strict';
import test from 'node:test';
import {World, checkout} from './world.mjs';

const TR = 'https://www.facebook.com/tr/';

// What Meta's script was recorded to send (2023-2026). Second, the telemetry of that script, which another sender must
// not pretend to be. Contact data (ud) is never the pixel's.
const KNOWN = /^(id|ev|eid|dl|rl|if|ts|sw|sh|fbp|fbc|dpo|dpoco|dpost|cd\[[a-z_]+\])$/;
const TELEMETRY = ['v', 'r', 'a', 'ec', 'o', 'it', 'coo', 'es', 'tm', 'ler', 'cdl', 'exp', 'expv2', 'rqm'];
const CUSTOM = [
  'content_ids', 'content_type', 'contents', 'currency', 'num_items', 'order_id', 'search_string', 'value',
];
const JSON_TEXT = ['cd[content_ids]', 'cd[contents]'];

/** Reads percent-encoded UTF-8 byte by byte; a character that must be encoded and is not makes the request wrong. */
function textOf(encoded) {
  assert.match(encoded, /^(?:[\w.!~*'()-]|%[0-9A-F]{2})*$/);
  const bytes = [];
  for (let at = 0; at < encoded.length; at += 1) {
    const isEscape = encoded[at] === '%';
    bytes.push(isEscape ? Number.parseInt(encoded.slice(at + 1, at + 3), 16) : encoded.charCodeAt(at));
    if (isEscape) at += 2;
  }
  return new TextDecoder('utf-8', {fatal: true}).decode(Uint8Array.from(bytes));
}

/** A request's parameters; each name once, JSON where Meta wants JSON. */
function decoded({address, options}) {
  assert.ok(address.startsWith(options.body === undefined ? `${TR}?` : TR));
  const query = options.body ?? address.slice(TR.length + 1);
  const pairs = query.split('&').map((pair) => {
    const cut = pair.indexOf('=');
    const [name, value] = [pair.slice(0, cut), textOf(pair.slice(cut + 1))];
    assert.match(name, KNOWN);
    return [name, JSON_TEXT.includes(name) ? JSON.parse(value) : value];
  });
  assert.equal(new Set(pairs.map(([name]) => name)).size, pairs.length, 'a name stands twice');
  return Object.fromEntries(pairs);
}

const VARIANT = {
  id: '45123456789012',
  title: 'Größe M',
  price: {amount: '18.0', currencyCode: 'EUR'},
  product: {id: '8712345678901', title: 'Rash cream', type: 'Health', vendor: 'Lantern'},
};
const OTHER = {
  id: '9007199254740999', price: {amount: 12.5, currencyCode: 'EUR'}, product: {id: '9007199254740995'},
};
const CHECKOUT = checkout({
  totalPrice: {amount: 47.9, currencyCode: 'EUR'},
  lineItems: [{quantity: 1, variant: VARIANT}, {quantity: 2, variant: OTHER}],
  order: null,
});
const JAR = {_fbp: 'fb.1.1749651650057.639940942831715561', _fbc: 'fb.1.1749651650057.IwAR0-x_aem_Abc'};
const SHOP = 'https://lantern.example';
const CAME_FROM = 'https://www.google.com/';
const AT_CHECKOUT = `${SHOP}/checkouts/cn/tok-3f9a/information`;

const BROWSER = 'if=false&ts=1795514400000&sw=1280&sh=800'
  + '&fbp=fb.1.1749651650057.639940942831715561&fbc=fb.1.1749651650057.IwAR0-x_aem_Abc';
const BASKET = '&cd[content_type]=product&cd[content_ids]=%5B%228712345678901%22%2C%229007199254740995%22%5D'
  + '&cd[contents]=%5B%7B%22id%22%3A%228712345678901%22%2C%22quantity%22%3A1%2C%22item_price%22%3A18%7D%2C'
  + '%7B%22id%22%3A%229007199254740995%22%2C%22quantity%22%3A2%2C%22item_price%22%3A12.5%7D%5D'
  + '&cd[num_items]=3&cd[value]=47.9&cd[currency]=EUR';
const ONE = '&cd[content_type]=product&cd[content_ids]=%5B%228712345678901%22%5D&cd[contents]=%5B%7B%22id%22%3A'
  + '%228712345678901%22%2C%22quantity%22%3A';

// [Shopify's event, its data, page, page before, the golden request's query]
const GOLDEN = [
  ['page_viewed', {}, `${SHOP}/?utm_source=mail&utm_campaign=gr%C3%BC%C3%9Fe`, CAME_FROM,
    'id=1234567890&ev=PageView&eid=pageview.sh-0001'
    + '&dl=https%3A%2F%2Flantern.example%2F%3Futm_source%3Dmail%26utm_campaign%3Dgr%25C3%25BC%25C3%259Fe'
    + `&rl=https%3A%2F%2Fwww.google.com%2F&${BROWSER}`],
  ['product_viewed', {productVariant: VARIANT}, `${SHOP}/products/cream`, `${SHOP}/`,
    'id=1234567890&ev=ViewContent&eid=viewcontent.sh-0001&dl=https%3A%2F%2Flantern.example%2Fproducts%2Fcream'
    + `&rl=https%3A%2F%2Flantern.example%2F&${BROWSER}${ONE}1%2C%22item_price%22%3A18%7D%5D`
    + '&cd[num_items]=1&cd[value]=18&cd[currency]=EUR'],
  ['collection_viewed', {collection: {id: '1', title: 'Rash', productVariants: [VARIANT, OTHER]}},
    `${SHOP}/collections/all`, '',
    'id=1234567890&ev=ViewCategory&eid=viewcategory.sh-0001&dl=https%3A%2F%2Flantern.example%2Fcollections%2Fall'
    + `&${BROWSER}&cd[content_type]=product`
    + '&cd[content_ids]=%5B%228712345678901%22%2C%229007199254740995%22%5D'],
  ['search_submitted', {searchResult: {query: "mug & 'cup' ü", productVariants: [OTHER]}},
    `${SHOP}/search?q=mug+%26+cup`, '',
    'id=1234567890&ev=Search&eid=search.sh-0001'
    + `&dl=https%3A%2F%2Flantern.example%2Fsearch%3Fq%3Dmug%2B%2526%2Bcup&${BROWSER}`
    + "&cd[search_string]=mug%20%26%20'cup'%20%C3%BC"
    + '&cd[content_type]=product&cd[content_ids]=%5B%229007199254740995%22%5D'],
  ['product_added_to_cart',
    {cartLine: {merchandise: VARIANT, quantity: 2, cost: {totalAmount: {amount: 36, currencyCode: 'EUR'}}}},
    `${SHOP}/products/cream`, `${SHOP}/`,
    'id=1234567890&ev=AddToCart&eid=addtocart.sh-0001&dl=https%3A%2F%2Flantern.example%2Fproducts%2Fcream'
    + `&rl=https%3A%2F%2Flantern.example%2F&${BROWSER}${ONE}2%2C%22item_price%22%3A18%7D%5D`
    + '&cd[num_items]=2&cd[value]=36&cd[currency]=EUR'],
  ['checkout_started', {checkout: CHECKOUT}, AT_CHECKOUT, `${SHOP}/cart`,
    'id=1234567890&ev=InitiateCheckout&eid=initiatecheckout.sh-0001&dl=https%3A%2F%2Flantern.example%2Fcheckouts'
    + `&rl=https%3A%2F%2Flantern.example%2Fcart&${BROWSER}${BASKET}`],
  ['payment_info_submitted', {checkout: CHECKOUT}, AT_CHECKOUT, `${SHOP}/cart`,
    'id=1234567890&ev=AddPaymentInfo&eid=addpaymentinfo.sh-0001&dl=https%3A%2F%2Flantern.example%2Fcheckouts'
    + `&rl=https%3A%2F%2Flantern.example%2Fcart&${BROWSER}${BASKET}`],
  ['checkout_completed', {checkout: {...CHECKOUT, order: {id: 'gid://shopify/OrderIdentity/9007199254741993'}}},
    `${SHOP}/checkouts/cn/tok-3f9a/thank-you`, AT_CHECKOUT,
    'id=1234567890&ev=Purchase&eid=purchase.9007199254741993&dl=https%3A%2F%2Flantern.example%2Fcheckouts'
    + `&rl=https%3A%2F%2Flantern.example%2Fcheckouts&${BROWSER}${BASKET}&cd[order_id]=9007199254741993`],
];

async function told(name, data, href, referrer, given = {}) {
  const world = new World({jar: {...JAR}, ...given});
  await world.fire(name, data, href, referrer);
  return world.requests.find(({address}) => address.startsWith(TR));
}

for (const [name, data, href, referrer, query] of GOLDEN) {
  test(`${name} is the golden request`, async () => {
    const request = await told(name, data, href, referrer);

    assert.deepEqual(decoded(request), decoded({address: `${TR}?${query}`, options: {}}));
    assert.equal(request.address.slice(TR.length + 1), query, 'encoded otherwise');
  });
}

test('the golden requests hold what Meta asks of each event, no telemetry and no title', () => {
  for (const [name, , , , query] of GOLDEN) {
    const parameters = decoded({address: `${TR}?${query}`, options: {}});
    const custom = Object.keys(parameters).flatMap((key) => key.match(/^cd\[(\w+)\]$/)?.[1] ?? []);
    assert.ok(custom.every((key) => CUSTOM.includes(key)), name);
    assert.ok(TELEMETRY.every((key) => !(key in parameters)), name);
    assert.doesNotMatch(query, /rash|cream(?!&|%)|health|ud\[|Gr%C3%B6/i);
  }
  const purchase = decoded({address: `${TR}?${GOLDEN.at(-1)[4]}`, options: {}});
  assert.deepEqual(purchase['cd[contents]'].map(({id}) => id), purchase['cd[content_ids]']);
});

test('a purchase under limited data use is golden too', async () => {
  const [name, data, href, referrer, query] = GOLDEN.at(-1);

  const request = await told(name, data, href, referrer, {privacy: {saleOfDataAllowed: false}, settings: {ldu: 'yes'}});

  const withoutIds = query.replace(/&fbp=.*?&fbc=[^&]*/, '');
  assert.equal(request.address.slice(TR.length + 1), `${withoutIds}&dpo=LDU&dpoco=0&dpost=0`);
});

test('the catalogue\'s variants are golden too', async () => {
  const [name, data, href, referrer, query] = GOLDEN[1];

  const request = await told(name, data, href, referrer, {settings: {contentIds: 'variant'}});

  assert.equal(request.address.slice(TR.length + 1), query.replaceAll('8712345678901', '45123456789012'));
});

test('a form says the same as an address', async () => {
  const [name, data, href, referrer] = GOLDEN.at(-1);
  const lineItems = Array.from({length: 40}, (_, n) => (
    {quantity: 1, variant: {...VARIANT, product: {id: `${n + 1}`}}}
  ));

  const short = decoded(await told(name, data, href, referrer));
  const request = await told(name, {checkout: {...data.checkout, lineItems}}, href, referrer);
  const long = decoded(request);

  assert.equal(request.address, TR);
  assert.deepEqual(Object.keys(long), Object.keys(short));
  assert.equal(long['cd[contents]'].length, 40);
  assert.deepEqual({...long, ...short}, short);
});

test('2047 characters are an address, 2048 a form', async () => {
  const [name, data, , referrer] = GOLDEN[0];
  const lengthAt = async (count) => {
    const {address, options} = await told(name, data, `${SHOP}/?a=${'x'.repeat(count)}`, referrer);
    return [options.method, address.length];
  };

  const [, bare] = await lengthAt(0);

  assert.deepEqual(await lengthAt(2047 - bare), ['GET', 2047]);
  assert.deepEqual(await lengthAt(2048 - bare), ['POST', TR.length]);
});
