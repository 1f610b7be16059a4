// What the pixel says of its own request to Meta, in every case that a browser can tell apart.
import assert from 'node:assert/strict';
import test from 'node:test';
import {SETTINGS, TOKEN, World, checkout} from './world.mjs';

test('a purchase is pending at once and sent when something answered', async () => {
  const world = new World();

  await world.fire('checkout_completed');

  assert.deepEqual(world.words, ['pending', 'sent']);
  assert.equal(world.told.length, 1);
});

test('the posts have exactly the keys of the wire form', async () => {
  const world = new World();

  await world.fire('checkout_completed');

  assert.deepEqual(world.posts[1], {
    v: 1,
    key: SETTINGS.ingestKey,
    stage: 'checkout_completed',
    token: TOKEN,
    order: '6100',
    eid: 'purchase.6100',
    ts: '2026-11-24T10:00:00.000Z',
    consent: {m: true, a: true, p: true, s: true},
    tr: 'sent',
    url: 'https://shop.example/en/checkouts',
    fbp: 'fb.1.1795514400000.1073741824',
    fbc: null,
  });
});

test('the post is a simple request that outlives the tab', async () => {
  const world = new World();

  await world.fire('checkout_shipping_info_submitted');

  const {method, keepalive, credentials, headers} = world.requests[0].options;
  assert.deepEqual({method, keepalive, credentials, headers}, {
    method: 'POST',
    keepalive: true,
    credentials: 'omit',
    headers: {'Content-Type': 'text/plain'},
  });
});

test('a request that fails is blocked', async () => {
  const world = new World({meta: 'fails'});

  await world.fire('checkout_completed');

  assert.deepEqual(world.words, ['pending', 'blocked']);
});

test('a request without an answer in eight seconds is a timeout', async () => {
  const world = new World({meta: 'waits'});
  await world.fire('checkout_completed');

  await world.pass(7999);
  assert.deepEqual(world.words, ['pending']);
  await world.pass(1);

  assert.deepEqual(world.words, ['pending', 'timeout']);
});

test('an answer after the timeout is still reported', async () => {
  const world = new World({meta: 'waits'});
  await world.fire('checkout_completed');
  await world.pass(9000);

  world.answerMeta();
  await world.pass(0);

  assert.deepEqual(world.words, ['pending', 'timeout', 'sent']);
});

for (const order of [null, {}, {id: null}, {id: ''}, {id: 'gid://shopify/Order/'}, undefined]) {
  test(`no order id in ${JSON.stringify(order)}: Meta hears nothing, the server is told why`, async () => {
    const world = new World();

    await world.fire('checkout_completed', {checkout: checkout({order})});

    assert.equal(world.told.length, 0);
    assert.equal(world.posts.length, 1);
    assert.deepEqual([world.posts[0].tr, world.posts[0].order, world.posts[0].eid], ['no_order_id', null, null]);
  });
}

test('the outcome does not wait for a collector that hangs', async () => {
  const world = new World({collector: [null]});

  await world.fire('checkout_completed');

  assert.deepEqual(world.words, ['pending', 'sent']);
});

for (const [name, first] of [['fails', 0], ['answers 503', 503], ['answers 429', 429], ['does not answer', null]]) {
  test(`a collector that ${name} is asked once more with the same words`, async () => {
    const world = new World({collector: [first, 204]});
    await world.fire('checkout_shipping_info_submitted');

    await world.pass(20_000);

    assert.equal(world.posts.length, 2);
    assert.deepEqual(world.posts[0], world.posts[1]);
  });
}

test('a collector that stays away is asked twice and no more', async () => {
  const world = new World({collector: [503]});
  await world.fire('checkout_shipping_info_submitted');

  await world.pass(600_000);

  assert.equal(world.posts.length, 2);
});

for (const status of [204, 400, 413, 500]) {
  test(`${status} from the collector is an answer`, async () => {
    const world = new World({collector: [status]});
    await world.fire('checkout_shipping_info_submitted');

    await world.pass(600_000);

    assert.equal(world.posts.length, 1);
    assert.equal(world.timers.size, 0);
  });
}

for (const stage of [
  'checkout_contact_info_submitted', 'checkout_address_info_submitted', 'checkout_shipping_info_submitted',
]) {
  test(`${stage} leaves evidence and tells Meta nothing`, async () => {
    const world = new World();

    await world.fire(stage, {checkout: checkout({order: null})});

    assert.equal(world.told.length, 0);
    assert.equal(world.posts.length, 1);
    const {tr, order, eid, token, fbp} = world.posts[0];
    assert.deepEqual([world.posts[0].stage, tr, order, eid, token], [stage, null, null, null, TOKEN]);
    assert.match(fbp, /^fb\.1\.\d+\.\d+$/);
  });
}

for (const [stage, ev] of [['checkout_started', 'InitiateCheckout'], ['payment_info_submitted', 'AddPaymentInfo']]) {
  test(`${stage} says what became of ${ev} and names no order and no event id`, async () => {
    const world = new World();

    await world.fire(stage, {checkout: checkout({order: null})});

    assert.deepEqual(world.words, ['pending', 'sent']);
    assert.deepEqual(world.told.map((told) => told.ev), [ev]);
    assert.deepEqual([world.posts[1].order, world.posts[1].eid], [null, null]);
  });
}

for (const token of [null, '', 'white space', 'ü', 't'.repeat(129)]) {
  test(`a checkout with the token ${JSON.stringify(token)} leaves no evidence but reaches Meta`, async () => {
    const world = new World();

    await world.fire('checkout_completed', {checkout: checkout({token})});

    assert.equal(world.posts.length, 0);
    assert.equal(world.told.length, 1);
  });
}

test('pages outside the checkout leave no evidence', async () => {
  const world = new World();

  await world.fire('page_viewed', {}, 'https://shop.example/');

  assert.equal(world.posts.length, 0);
  assert.equal(world.told.length, 1);
});

test('a browser that keeps neither cookies nor storage still reports', async () => {
  const world = new World({refusesToKeep: true});

  await world.fire('checkout_completed');
  await world.choose({marketingAllowed: false});

  assert.deepEqual(world.words, ['pending', 'sent', null]);
});
