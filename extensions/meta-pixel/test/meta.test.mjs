// The request to Meta: names, ids, goods, addresses; and what never stands in it.
import assert from 'node:assert/strict';
import test from 'node:test';
import {digitsOf, orderIdOf} from '../src/goods.js';
import {TOKEN, World, checkout} from './world.mjs';

const VARIANT = checkout().lineItems[0].variant;
const PRODUCT_PAGE = 'https://shop.example/products/salve?utm_source=mail&fbclid=Click_1';

for (const [name, metaName, id, data] of [
  ['page_viewed', 'PageView', 'pageview.sh-0001', {}],
  ['product_viewed', 'ViewContent', 'viewcontent.sh-0001', {productVariant: VARIANT}],
  ['collection_viewed', 'ViewCategory', 'viewcategory.sh-0001', {collection: {productVariants: [VARIANT]}}],
  ['search_submitted', 'Search', 'search.sh-0001', {searchResult: {query: 'salve', productVariants: []}}],
  ['product_added_to_cart', 'AddToCart', 'addtocart.sh-0001', {cartLine: {merchandise: VARIANT, quantity: 1}}],
  ['checkout_started', 'InitiateCheckout', 'initiatecheckout.sh-0001', {checkout: checkout()}],
  ['payment_info_submitted', 'AddPaymentInfo', 'addpaymentinfo.sh-0001', {checkout: checkout({order: null})}],
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

const variants = (count) => Array.from({length: count}, (_, n) => ({
  id: String(100 + n), title: 'Salve', product: {id: String(1 + Math.floor(n / 2)), title: 'Salve'},
}));

test('a collection is the first ten ids of what it shows, each once, and neither title nor price', async () => {
  const world = new World();

  await world.fire('collection_viewed', {collection: {id: '5', title: 'Back pain', productVariants: variants(30)}});

  const [told] = world.told;
  assert.deepEqual(JSON.parse(told['cd[content_ids]']), ['1', '2', '3', '4', '5', '6', '7', '8', '9', '10']);
  assert.deepEqual(Object.keys(told).filter((key) => key.startsWith('cd[')), ['cd[content_type]', 'cd[content_ids]']);
  assert.ok(!JSON.stringify(told).includes('pain'));
});

for (const [query, told] of [
  [' blue mug ', 'blue mug'],
  ['größe & 50%=ß', 'größe & 50%=ß'],
  ['mina.example@example.com', undefined],
  ['mina%40example.com', undefined],
  ['+1 (307) 555-0142', undefined],
  ['iphone 15', 'iphone 15'],
  ['501', '501'],
  ['x'.repeat(101), undefined],
  ['\ud800', undefined],
  ['', undefined],
  [null, undefined],
]) {
  test(`of the search ${JSON.stringify(query)} Meta reads ${told}`, async () => {
    const world = new World();

    await world.fire('search_submitted', {searchResult: {query, productVariants: variants(2)}});

    assert.equal(world.told[0]['cd[search_string]'], told);
    assert.equal(world.told[0]['cd[content_ids]'], '["1"]');
  });
}

for (const data of [{}, {collection: null}, {searchResult: {}}, {collection: {}}, {cartLine: null}, {checkout: null},
  {productVariant: null}, {collection: {productVariants: [null, {}]}}, {cartLine: {merchandise: null, quantity: 1}}]) {
  test(`the goods in ${JSON.stringify(data)} stop no event`, async () => {
    const world = new World();

    for (const name of ['collection_viewed', 'search_submitted', 'product_added_to_cart', 'product_viewed']) {
      await world.fire(name, data);
    }

    assert.equal(world.told.length, 4);
  });
}

test('a currency is written in capitals, and nothing else is one', async () => {
  const world = new World();

  for (const currencyCode of ['eur', '€', null]) {
    await world.fire('checkout_started', {checkout: checkout({currencyCode, totalPrice: {amount: 1}})});
  }

  assert.deepEqual(world.told.map((told) => told['cd[currency]']), ['EUR', undefined, undefined]);
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
