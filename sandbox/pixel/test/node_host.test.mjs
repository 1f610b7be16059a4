// Whole visits through the node host: the built bundle in a worker thread against a real HTTP server.
import assert from 'node:assert/strict';
import test, {after, before, beforeEach} from 'node:test';
import {
  AGENT, SHOP, YES, address, answerMeta, answerTo, ask, behaviour, checkout, goTo, open, pause, posts, publish,
  received, settle, startAfresh, startHost, stopHost, told, until, write,
} from './host.mjs';

before(startHost);
beforeEach(startAfresh);
after(async () => assert.equal(await stopHost(), 0));

test('a whole visit: landing, product, cart, checkout, thank-you', async () => {
  await open({url: `https://${SHOP}/?fbclid=Click_1`});
  await publish('page_viewed');
  await settle();
  await goTo('/products/salve');
  await publish('product_viewed', {productVariant: checkout().checkout.lineItems[0].variant});
  await settle();
  await goTo('/checkouts/cn/tok-1/information');
  await publish('checkout_started', checkout());
  await publish('payment_info_submitted', checkout());
  await settle();
  await goTo('/checkouts/cn/tok-1/thank_you');
  await publish('checkout_completed', checkout('gid://shopify/OrderIdentity/6100'));
  const answer = await settle();

  assert.deepEqual(told().map(({ev}) => ev), [
    'PageView', 'ViewContent', 'InitiateCheckout', 'AddPaymentInfo', 'Purchase',
  ]);
  assert.equal(told().at(-1).eid, 'purchase.6100');
  assert.deepEqual(posts().map(({stage}) => stage).sort(), [
    'checkout_completed', 'checkout_completed', 'checkout_started', 'checkout_started', 'payment_info_submitted',
    'payment_info_submitted',
  ]);
  assert.equal(posts().at(-1).tr, 'sent');
  assert.deepEqual([answer.settled, answer.under_way, answer.errors, answer.pixel], [true, 0, [], 'running']);
  assert.equal(new Set(told().map(({fbp}) => fbp)).size, 1);
  assert.match(answer.cookies._fbc, /^fb\.2\.\d+\.Click_1$/); // myshopify.com itself takes no cookies
  assert.equal(posts().at(-1).fbc, answer.cookies._fbc);
  assert.ok(!JSON.stringify(told()).includes('tok-1'));
});

test('requests carry an opaque origin and the visit\'s user agent, and need no preflight', async () => {
  await open();
  await publish('checkout_completed', checkout('6100'));
  await settle();

  assert.deepEqual(received.map(({method}) => method).sort(), ['GET', 'POST', 'POST']);
  for (const {headers} of received) {
    assert.deepEqual([headers.origin, headers['user-agent']], ['null', AGENT]);
    assert.equal(headers.cookie, undefined);
  }
  const types = received.filter(({method}) => method === 'POST').map(({headers}) => headers['content-type']);
  assert.deepEqual(types, ['text/plain', 'text/plain']);
});

test('the log tells each request once, with its real address', async () => {
  await open();
  await publish('checkout_completed', checkout('6100'));

  const {net} = await settle();

  assert.deepEqual(net.map(({method, out}) => `${method} ${out}`).sort(), ['GET sent', 'POST 204', 'POST 204']);
  assert.ok(net.some(({url}) => url.startsWith('https://www.facebook.com/tr/?')));
  assert.deepEqual((await settle()).net, []);
});

test('an ad blocker: Meta hears nothing, the evidence says blocked', async () => {
  await open();
  await ask({op: 'adblock', on: true});
  await publish('checkout_completed', checkout('6100'));
  await settle();

  assert.equal(told().length, 0);
  assert.deepEqual(posts().map(({tr}) => tr).sort(), ['blocked', 'pending']);
});

test('a tab closed before Meta answers leaves "pending" behind', async () => {
  behaviour.meta = 'waits';
  await open();
  await publish('checkout_completed', checkout('6100'));
  const under = await settle(300);
  const closed = await ask({op: 'close'});
  answerMeta();
  await pause(100);

  assert.deepEqual([under.settled, under.under_way], [false, 1]);
  assert.deepEqual([closed.pixel, closed.net.map(({out}) => out)], ['closed', ['left']]);
  assert.deepEqual([told().length, posts().map(({tr}) => tr)], [1, ['pending']]);
});

test('closing ends a settle that is still waiting', async () => {
  behaviour.meta = 'waits';
  await open();
  await publish('page_viewed');
  await until(() => told().length === 1);
  const settling = settle(30_000);

  const closed = await ask({op: 'close'});

  assert.deepEqual([(await settling).settled, closed.ok], [false, true]);
});

test('a pixel that waits for consent is loaded by it and gets the earlier events', async () => {
  const opened = await open({consent: {...YES, marketing: false}});
  await publish('page_viewed');
  await publish('checkout_started', checkout());
  await settle();
  assert.deepEqual([opened.pixel, received.length], ['waiting', 0]);

  const chosen = await ask({op: 'consent', consent: {marketing: true}});
  await settle();

  assert.equal(chosen.pixel, 'running');
  assert.deepEqual(told().map(({ev}) => ev).sort(), ['InitiateCheckout', 'PageView']);
});

test('a withdrawal on the page after the checkout began reaches the collector', async () => {
  await open();
  await publish('checkout_started', checkout());
  await settle();
  await goTo('/pages/privacy');
  await ask({op: 'consent', consent: {analytics: false}});
  await settle();

  const post = posts().at(-1);
  assert.deepEqual([post.stage, post.token, post.consent.a, post.fbp], ['consent_withdrawn', 'tok-1', false, null]);
});

test('the choice stays with the visit: the next page does not load the pixel', async () => {
  await open();
  await ask({op: 'consent', consent: {marketing: false}});

  assert.equal((await goTo('/')).pixel, 'waiting');
});

test('a sale opt-out loads the pixel, which records it and sends Meta nothing', async () => {
  const opened = await open({consent: {...YES, sale_of_data: false}});
  await publish('checkout_completed', checkout('6100'));
  await settle();

  assert.equal(opened.pixel, 'running');
  assert.equal(told().length, 0);
  assert.deepEqual(posts().map(({tr, consent, fbp}) => [tr, consent.s, fbp]), [['skipped', false, null]]);
});

test('no connected pixel: nothing loads', async () => {
  const opened = await open({settings: null});
  await publish('checkout_completed', checkout('6100'));
  await settle();

  assert.deepEqual([opened.pixel, received.length], ['none', 0]);
});

test('a collector on the shop\'s own origin is out of reach', async () => {
  await open({url: `${address}/shop/`});
  await publish('checkout_shipping_info_submitted', checkout());
  const {net} = await settle(200);

  assert.deepEqual([received.length, net.map(({out}) => out)], [0, ['restricted']]);
});

test('a collector that forgets its CORS header has failed, and is asked twice', async () => {
  behaviour.cors = null;
  await open();
  await publish('checkout_shipping_info_submitted', checkout());
  const {net, settled} = await settle(10_000);

  assert.equal(settled, true);
  assert.deepEqual([posts().length, net.map(({out}) => out)], [2, ['failed', 'failed']]);
});

test('cookies can be given, and outlive the tab', async () => {
  await open({cookies: {_fbp: 'fb.1.1700000000000.5'}});
  await publish('page_viewed');
  await settle();
  await ask({op: 'close'});

  const {cookies} = await goTo('/');

  assert.equal(told()[0].fbp, 'fb.1.1700000000000.5');
  assert.deepEqual(cookies, {_fbp: 'fb.1.1700000000000.5'});
});

test('the browsers\' clock can be moved', async () => {
  await ask({op: 'clock', offset_seconds: 86_400});
  await open();
  await publish('checkout_shipping_info_submitted', checkout());
  await settle();

  assert.ok(Math.abs(Date.parse(posts()[0].ts) - Date.now() - 86_400_000) < 10_000);
  assert.ok(Number(posts()[0].fbp.split('.')[2]) > Date.now() + 80_000_000);
});

test('two visits keep apart', async () => {
  await Promise.all([open({visit: 'a'}), open({visit: 'b'})]);
  await Promise.all(['a', 'b'].map((visit) => ask({op: 'publish', visit, name: 'page_viewed'})));
  await Promise.all(['a', 'b'].map((visit) => ask({op: 'settle', visit})));

  assert.equal(new Set(told().map(({fbp}) => fbp)).size, 2);
});

for (const [name, request, error] of [
  ['an unknown operation', {op: 'jump'}, /no operation "jump"/],
  ['a visit that was never opened', {op: 'publish', name: 'page_viewed'}, /Visit v1 has no open page/],
  ['a page without an address', {op: 'open', shop: SHOP, url: 'nowhere'}, /"url" must be/],
  ['a page without a shop', {op: 'open', url: 'https://x.example/'}, /"shop" must be/],
  ['settings that are a number', {op: 'open', shop: SHOP, url: 'https://x.example/', settings: 1}, /"settings" must/],
  ['no visit', {op: 'open', visit: ''}, /"visit" must be/],
]) {
  test(`${name} is refused with a sentence`, async () => {
    const answer = await ask(request);

    assert.equal(answer.ok, false);
    assert.match(answer.error, error);
  });
}

test('a line that is no JSON object is refused without an id', async () => {
  const answer = answerTo(null);
  write('nonsense');

  assert.deepEqual(await answer, {id: null, ok: false, error: 'A request is one JSON object on one line.'});
});
