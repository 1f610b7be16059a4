// The buyer's choice: what it lets the pixel send, and what is recorded of it.
import assert from 'node:assert/strict';
import test from 'node:test';
import {TOKEN, World, checkout} from './world.mjs';

const NO_MARKETING = {marketingAllowed: false};
const NO_ANALYTICS = {analyticsProcessingAllowed: false};
const NO_SALE = {saleOfDataAllowed: false};

for (const [name, privacy, flags] of [
  ['marketing', NO_MARKETING, {m: false, a: true, p: true, s: true}],
  ['analytics', NO_ANALYTICS, {m: true, a: false, p: true, s: true}],
  ['sale of data', NO_SALE, {m: true, a: true, p: true, s: false}],
]) {
  test(`${name} refused: Meta hears nothing, the refusal is recorded without browser ids`, async () => {
    const world = new World({privacy, jar: {_fbp: 'fb.1.1700000000000.5'}});

    for (const stage of ['page_viewed', 'checkout_started', 'payment_info_submitted', 'checkout_completed']) {
      await world.fire(stage);
    }

    assert.equal(world.told.length, 0);
    assert.deepEqual(world.words, ['skipped', 'skipped', 'skipped']);
    for (const post of world.posts) {
      assert.deepEqual([post.consent, post.fbp, post.fbc], [flags, null, null]);
    }
    assert.deepEqual(world.jar, {_fbp: 'fb.1.1700000000000.5'});
  });
}

test('preferences are not needed', async () => {
  const world = new World({privacy: {preferencesProcessingAllowed: false}});

  await world.fire('checkout_completed');

  assert.deepEqual(world.words, ['pending', 'sent']);
  assert.deepEqual(world.posts[0].consent, {m: true, a: true, p: false, s: true});
});

test('sale refused and limited data use chosen: Meta is told so, no browser ids leave or are made', async () => {
  const world = new World({privacy: NO_SALE, settings: {ldu: 'yes'}});

  await world.fire('checkout_completed');

  const [told] = world.told;
  assert.deepEqual([told.dpo, told.dpoco, told.dpost], ['LDU', '0', '0']);
  assert.deepEqual([told.fbp, told.fbc], [undefined, undefined]);
  assert.deepEqual(world.words, ['pending', 'sent']);
  assert.deepEqual([world.posts[0].fbp, world.posts[0].consent.s], [null, false]);
  assert.deepEqual(world.jar, {});
});

test('limited data use never helps against a refusal of marketing', async () => {
  const world = new World({privacy: {...NO_SALE, ...NO_MARKETING}, settings: {ldu: 'yes'}});

  await world.fire('checkout_completed');

  assert.equal(world.told.length, 0);
});

test('without a refusal limited data use is not claimed', async () => {
  const world = new World({settings: {ldu: 'yes'}});

  await world.fire('checkout_completed');

  assert.equal(world.told[0].dpo, undefined);
});

for (const [name, privacy, stage] of [
  ['withdrawn marketing', NO_MARKETING, 'consent_withdrawn'],
  ['withdrawn sale of data', NO_SALE, 'consent_withdrawn'],
  ['a renewed yes', {}, 'consent_updated'],
]) {
  test(`${name} after a checkout began is posted with its token`, async () => {
    const world = new World();
    await world.fire('checkout_started');
    await world.pass(5000);

    await world.choose(privacy);

    const post = world.posts.at(-1);
    assert.deepEqual([post.stage, post.token, post.tr, post.order], [stage, TOKEN, null, null]);
    assert.equal(post.ts, '2026-11-24T10:00:05.000Z');
    assert.deepEqual([post.fbp, post.fbc, post.url], [null, null, null]);
  });
}

test('a choice before any checkout is nobody else\'s business', async () => {
  const world = new World();
  await world.fire('page_viewed', {});

  await world.choose(NO_MARKETING);

  assert.equal(world.posts.length, 0);
});

test('a choice on a later page of the tab still reaches the checkout', async () => {
  const first = new World();
  await first.fire('checkout_started');

  const second = new World({stored: first.stored});
  await second.choose(NO_ANALYTICS);

  assert.deepEqual(second.posts.map(({stage, token}) => [stage, token]), [['consent_withdrawn', TOKEN]]);
});

test('a choice in another tab reaches the checkout, and its own page\'s, each once', async () => {
  const first = new World();
  await first.fire('checkout_started');
  const second = new World({local: first.local});
  await second.fire('checkout_started', {checkout: checkout({token: 'tok-2'})});

  const third = new World({local: first.local, stored: second.stored});
  await third.choose(NO_MARKETING);
  await second.choose(NO_MARKETING);

  const stages = (world) => world.posts.filter(({stage}) => stage.startsWith('consent')).map(({token}) => token);
  assert.deepEqual(stages(third), ['tok-2']);
  assert.deepEqual(stages(second), ['tok-2']);

  const fourth = new World({local: first.local, stored: first.stored});
  await fourth.choose(NO_MARKETING);
  assert.deepEqual(stages(fourth).sort(), [TOKEN, 'tok-2'].sort());
});

test('a choice of the next day is none about yesterday\'s checkout', async () => {
  const first = new World();
  await first.fire('checkout_started');

  const second = new World({local: first.local, stored: first.stored});
  await second.pass(24 * 60 * 60 * 1000);
  await second.choose(NO_MARKETING);

  assert.equal(second.posts.length, 0);
});

for (const entry of [
  '', 'nonsense', '1795514400000', 'x tok-2', '1795514400000 \u00fcber', '9999999999999 tok-2',
]) {
  test(`${JSON.stringify(entry)} in storage is no checkout`, async () => {
    const world = new World({stored: {backstop_checkout: entry}});

    await world.choose(NO_MARKETING);

    assert.equal(world.posts.length, 0);
  });
}

test('what is remembered of a checkout needs the buyer\'s leave', async () => {
  const world = new World({privacy: NO_MARKETING});

  await world.fire('checkout_started');

  assert.deepEqual([world.stored, world.local], [{}, {}]);
});

test('after a withdrawal the same page sends Meta nothing more', async () => {
  const world = new World();
  await world.fire('checkout_started');

  await world.choose(NO_MARKETING);
  await world.fire('checkout_completed');

  assert.equal(world.told.length, 1);
  assert.equal(world.words.at(-1), 'skipped');
});

test('a withdrawal takes the browser ids out of posts that are still to come', async () => {
  const world = new World({meta: 'waits'});
  await world.fire('checkout_completed');
  assert.notEqual(world.posts[0].fbp, null);

  await world.choose(NO_MARKETING);
  world.answerMeta();
  await world.pass(0);

  const outcome = world.posts.at(-1);
  assert.deepEqual([outcome.tr, outcome.fbp, outcome.consent.m], ['sent', null, false]);
});

test('a second try after a withdrawal carries no browser ids either', async () => {
  const world = new World({collector: [503, 204]});
  await world.fire('checkout_shipping_info_submitted');
  await world.choose(NO_SALE);

  await world.pass(2000);

  const again = world.posts.at(-1);
  assert.deepEqual([again.stage, again.fbp, again.consent.s], ['checkout_shipping_info_submitted', null, false]);
});

test('a withdrawal while the cookies are read comes in time', async () => {
  const world = new World();
  world.subscribed.checkout_completed({id: '1', data: {checkout: checkout()}});

  await world.choose(NO_MARKETING);

  assert.equal(world.told.length, 0);
  assert.ok(world.words.includes('skipped'));
});

test('a choice that Shopify does not tell counts as refused', async () => {
  const world = new World({privacy: {marketingAllowed: undefined}});

  await world.fire('checkout_completed');

  assert.equal(world.told.length, 0);
});
