// The request to Meta: names, ids, goods, addresses; and what never stands in it.
import assert from 'node:assert/strict';
import test from 'node:test';
import {bareAddress, clickId, pageAddress} from '../src/address.js';
import {browserIds, digitsOf, orderIdOf} from '../src/meta.js';
import {TOKEN, World, checkout} from './world.mjs';

const VARIANT = checkout().lineItems[0].variant;
const PRODUCT_PAGE = 'https://shop.example/products/salve?utm_source=mail&fbclid=Click_1';

for (const [name, metaName, id, data] of [
  ['page_viewed', 'PageView', 'pageview.sh-0001', {}],
  ['product_viewed', 'ViewContent', 'viewcontent.sh-0001', {productVariant: VARIANT}],
  ['product_added_to_cart', 'AddToCart', 'addtocart.sh-0001', {cartLine: {merchandise: VARIANT, quantity: 1}}],
  ['checkout_started', 'InitiateCheckout', 'initiatecheckout.sh-0001', {checkout: checkout()}],
  ['checkout_completed', 'Purchase', 'purchase.6100', {checkout: checkout()}],
]) {
  test(`${name} is ${metaName} with the id ${id}`, async () => {
    const world = new World();

    await world.fire(name, data);

    assert.deepEqual(world.told.map(({id: dataset, ev, eid}) => [dataset, ev, eid]), [['1234567890', metaName, id]]);
  });
}

for (const [given, digits] of [
  ['gid://shopify/OrderIdentity/6100', '6100'], ['gid://shopify/Order/6100', '6100'],
  ['gid://shopify/Order/6100?key=1', '6100'], ['6100', '6100'], [6100, '6100'],
  [null, null], [undefined, null], ['', null], ['0', null], ['abc', null], ['gid://shopify/Order/', null], [{}, null],
]) {
  test(`the digits of ${JSON.stringify(given)} are ${digits}`, () => assert.equal(digitsOf(given), digits));
}

test('a checkout without an order has no order id', () => {
  for (const none of [null, undefined, {}, {order: null}, {order: {}}, {order: {id: null}}]) {
    assert.equal(orderIdOf(none), null);
  }
});

test('a purchase names goods and money by id', async () => {
  const world = new World();

  await world.fire('checkout_completed');

  const told = world.told[0];
  assert.deepEqual(JSON.parse(told['cd[content_ids]']), ['9']);
  assert.deepEqual(JSON.parse(told['cd[contents]']), [{id: '9', quantity: 2, item_price: 25.5}]);
  assert.deepEqual(
    [told['cd[value]'], told['cd[currency]'], told['cd[num_items]'], told['cd[order_id]'], told['cd[content_type]']],
    ['54', 'EUR', '3', '6100', 'product'],
  );
  assert.deepEqual([told.sw, told.sh, told.if, told.ts], ['1280', '800', 'false', '1795514400000']);
});

test('variants are named where the merchant\'s catalogue has them', async () => {
  const world = new World({settings: {contentIds: 'variant'}});

  await world.fire('product_viewed', {productVariant: VARIANT}, PRODUCT_PAGE);

  assert.equal(world.told[0]['cd[content_ids]'], '["77"]');
  assert.equal(world.told[0]['cd[value]'], '25.5');
});

test('an added line is worth what it costs', async () => {
  const world = new World();
  const totalAmount = {amount: '76.499999999999996', currencyCode: 'EUR'};
  const cartLine = {merchandise: VARIANT, quantity: 3, cost: {totalAmount}};

  await world.fire('product_added_to_cart', {cartLine}, PRODUCT_PAGE);

  const told = world.told[0];
  assert.deepEqual([told['cd[value]'], told['cd[currency]'], told['cd[num_items]']], ['76.5', 'EUR', '3']);
});

test('a checkout that Shopify tells nearly nothing of is still reported', async () => {
  const world = new World();

  await world.fire('checkout_completed', {checkout: {token: TOKEN, order: {id: '6100'}, totalPrice: null}});

  assert.equal(world.told[0].eid, 'purchase.6100');
  for (const nothing of ['cd[value]', 'cd[contents]', 'cd[content_type]']) {
    assert.equal(world.told[0][nothing], undefined);
  }
});

test('neither receipt data nor the checkout token reaches Meta', async () => {
  const world = new World();
  for (const stage of ['page_viewed', 'checkout_started', 'payment_info_submitted', 'checkout_completed']) {
    await world.fire(stage);
  }

  const sent = JSON.stringify(world.told).toLowerCase();

  for (const secret of [TOKEN, 'mina', 'muster', 'example.com', '5550100', 'sample', 'sa99', '4242', 'salve', 'ud[']) {
    assert.ok(!sent.includes(secret), secret);
  }
  assert.equal(world.told[0].dl, 'https://shop.example/en/checkouts');
  assert.equal(world.told[0].rl, 'https://shop.example/checkouts');
});

test('the collector gets the token in its own field only, and no receipt data', async () => {
  const world = new World();
  await world.fire('checkout_completed');

  const [{token, ...rest}] = world.posts;

  assert.equal(token, TOKEN);
  assert.ok(!new RegExp(`${TOKEN}|mina|muster|example\\.com|5550100|4242`, 'i').test(JSON.stringify(rest)));
});

for (const [href, forMeta] of [
  ['https://a.example/?utm_source=x&fbclid=Y#top', 'https://a.example/?utm_source=x&fbclid=Y'],
  ['https://a.example/de/checkouts/cn/secret/thank_you?key=k', 'https://a.example/de/checkouts'],
  ['https://a.example/123/orders/secret/authenticate?key=k', 'https://a.example/123/orders'],
  ['https://a.example/account/reset/1/secret', 'https://a.example/account'],
  ['https://a.example/cart/c/secret?key=k', 'https://a.example/cart'],
  ['https://a.example/post-purchase?t=secret', 'https://a.example/post-purchase'],
  ['https://pay.example/checkout/1/cn/secret/pay', 'https://pay.example/checkout'],
  ['https://a.example/pages/x?email=m%40example.com&a=1', 'https://a.example/pages/x?a=1'],
  ['https://m:pw@a.example/x', 'https://a.example/x'],
  ['https://a.example/pages/tok-9?x=1', 'https://a.example/'],
  ['about:blank', null],
  ['', null],
  [undefined, null],
]) {
  test(`of the address ${href} Meta sees ${forMeta}`, () => assert.equal(pageAddress(href, 'tok-9'), forMeta));
}

test('the evidence never has a query', () => {
  assert.equal(bareAddress(PRODUCT_PAGE), 'https://shop.example/products/salve');
  assert.equal(bareAddress('nonsense'), null);
});

test('an address of 2048 characters or more is posted as a form', async () => {
  const lineItems = Array.from({length: 60}, () => checkout().lineItems[0]);
  const world = new World();

  await world.fire('checkout_completed', {checkout: checkout({lineItems})});

  const {address, options} = world.requests.find((request) => request.address.includes('facebook'));
  assert.equal(address, 'https://www.facebook.com/tr/');
  assert.deepEqual(
    [options.method, options.mode, options.keepalive, options.headers['Content-Type']],
    ['POST', 'no-cors', true, 'application/x-www-form-urlencoded'],
  );
  assert.deepEqual([world.told[0].eid, world.told[0]['cd[num_items]']], ['purchase.6100', '120']);
});

test('a short address is a GET as Meta\'s own script makes it', async () => {
  const world = new World();

  await world.fire('checkout_completed');

  const {address, options} = world.requests.find((request) => request.address.includes('facebook'));
  assert.ok(address.length < 2048);
  assert.deepEqual(
    options,
    {method: 'GET', mode: 'no-cors', credentials: 'include', cache: 'no-store', keepalive: true},
  );
});

test('a form too long for keepalive goes without it', async () => {
  const lineItems = Array.from({length: 900}, () => checkout().lineItems[0]);
  const world = new World();

  await world.fire('checkout_completed', {checkout: checkout({lineItems})});

  assert.equal(world.requests.find(({address}) => address.includes('facebook')).options.keepalive, false);
});

function shopJar(jar = {}) {
  const lines = [];
  return {
    lines,
    cookie: {
      get: async (name) => jar[name] ?? '',
      set: async (line) => lines.push(line),
    },
  };
}
const io = {now: () => 1795514400000, random: () => 0.5};

test('missing ids are made and kept for ninety days', async () => {
  const {cookie, lines} = shopJar();

  const ids = await browserIds(cookie, PRODUCT_PAGE, io);

  assert.deepEqual(ids, {fbp: 'fb.1.1795514400000.1073741824', fbc: 'fb.1.1795514400000.Click_1'});
  assert.deepEqual(lines, [
    '_fbp=fb.1.1795514400000.1073741824; path=/; max-age=7776000; SameSite=Lax',
    '_fbc=fb.1.1795514400000.Click_1; path=/; max-age=7776000; SameSite=Lax',
  ]);
});

test('ids that Meta\'s own script left are passed on untouched', async () => {
  const jar = {_fbp: 'fb.2.1700000000000.639940942831715561', _fbc: 'fb.1.1700000000000.Click_1.AQICAQMC'};
  const {cookie, lines} = shopJar(jar);

  const ids = await browserIds(cookie, PRODUCT_PAGE, io);

  assert.deepEqual(ids, {fbp: jar._fbp, fbc: jar._fbc});
  assert.deepEqual(lines, []);
});

test('a new click replaces the old one, no click invents none', async () => {
  const jar = {_fbp: 'fb.1.1700000000000.5', _fbc: 'fb.1.1700000000000.Older'};

  assert.equal((await browserIds(shopJar(jar).cookie, PRODUCT_PAGE, io)).fbc, 'fb.1.1795514400000.Click_1');
  assert.equal((await browserIds(shopJar(jar).cookie, 'https://shop.example/', io)).fbc, jar._fbc);
  assert.equal((await browserIds(shopJar({}).cookie, 'https://shop.example/', io)).fbc, null);
});

test('a click id that would break a cookie is none', () => {
  assert.equal(clickId('https://a.example/?fbclid=a%3B%20domain%3Db'), null);
  assert.equal(clickId('https://a.example/?fbclid=IwAR0_aem_x-Y'), 'IwAR0_aem_x-Y');
  assert.equal(clickId(`https://a.example/?fbclid=${'a'.repeat(491)}`), null);
});

test('events that come together share one set of ids', async () => {
  const world = new World();

  world.subscribed.page_viewed({id: '1', data: {}});
  world.subscribed.product_viewed({id: '2', data: {}});
  await world.pass(0);
  await world.fire('page_viewed', {});

  assert.equal(new Set(world.told.map(({fbp}) => fbp)).size, 1);
  assert.equal(world.told.length, 3);
});
