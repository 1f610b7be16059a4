// Several tabs, other sites, later days: one browser over many documents, each with a worker of its own.
import assert from 'node:assert/strict';
import test, {after, before, beforeEach} from 'node:test';
import {
  SHOP, YES, ask, checkout, goTo, open, posts, publish, settle, startAfresh, startHost, stopHost, told,
} from './host.mjs';

before(startHost);
beforeEach(startAfresh);
after(async () => assert.equal(await stopHost(), 0));

const DAY = 86_400;
const inTab = (visit, op, request) => ask({visit, op, ...request});

test('every document has a worker of its own: what one keeps in memory the next does not have', async () => {
  const first = await open();
  await publish('page_viewed');
  await settle();
  const jar = (await goTo('/', {cookies: {}})).cookies;
  await publish('page_viewed');
  await settle();

  assert.deepEqual([first.pixel, jar], ['running', {}]);
  assert.equal(new Set(told().map(({fbp}) => fbp)).size, 2); // an id in memory would have lived on
});

test('two tabs of one browser share ids, the client id and the choice, but not sessionStorage', async () => {
  await open({visit: 'a', browser: 'b', url: `https://${SHOP}/?fbclid=Click_1`, consent: undefined, atFirst: {}});
  await inTab('a', 'consent', {consent: YES});
  await inTab('a', 'publish', {name: 'page_viewed'});
  await inTab('a', 'settle');
  const second = await open({visit: 'b', browser: 'b', consent: undefined, atFirst: {}});
  await inTab('b', 'publish', {name: 'page_viewed'});
  await inTab('b', 'settle');

  assert.deepEqual([second.pixel, second.chosen], ['running', true]);
  assert.equal(new Set(told().map(({fbp, fbc}) => `${fbp} ${fbc}`)).size, 1);
  assert.match(told()[1].fbc, /\.Click_1$/);
});

test('a browser without a choice goes by what holds at first', async () => {
  const asked = await open({consent: undefined, atFirst: {marketing: false, analytics: false}});
  const unasked = await open({visit: 'b', consent: undefined, atFirst: YES});

  assert.deepEqual([asked.pixel, asked.chosen, unasked.pixel, unasked.chosen], ['waiting', false, 'running', false]);
});

test('a withdrawal in a second tab is posted for the checkout of the first, which learns it later', async () => {
  await open({visit: 'a', browser: 'b', url: `https://${SHOP}/checkouts/cn/tok-1`});
  await inTab('a', 'publish', {name: 'checkout_started', data: checkout()});
  await inTab('a', 'settle');
  await open({visit: 'b', browser: 'b', consent: undefined});
  await inTab('b', 'consent', {consent: {marketing: false}});
  await inTab('b', 'settle');
  const purchases = () => told().filter(({ev}) => ev === 'Purchase').length;

  assert.deepEqual(posts().at(-1).stage, 'consent_withdrawn');
  assert.deepEqual([posts().at(-1).token, posts().at(-1).fbp], ['tok-1', null]);
  const thanks = await open({visit: 'a', consent: undefined, url: `https://${SHOP}/checkouts/cn/tok-1/thank-you`});
  await inTab('a', 'publish', {name: 'checkout_completed', data: checkout('6100')});
  await inTab('a', 'settle');
  assert.deepEqual([thanks.pixel, purchases()], ['waiting', 0]);
});

test('the next day, in a new tab, the buyer has the same ids', async () => {
  await open({url: `https://${SHOP}/?fbclid=Click_1`, browser: 'b'});
  await publish('page_viewed');
  await settle();
  await ask({op: 'close'});
  await ask({op: 'clock', offset_seconds: DAY});
  await open({visit: 'v2', browser: 'b', consent: undefined});
  await inTab('v2', 'publish', {name: 'page_viewed'});
  await inTab('v2', 'settle');

  assert.equal(new Set(told().map(({fbp, fbc}) => `${fbp} ${fbc}`)).size, 1);
  assert.ok(Number(told()[1].ts) - Number(told()[0].ts) > (DAY - 60) * 1000);
});

test('ninety-one days later they are made anew', async () => {
  await open({url: `https://${SHOP}/?fbclid=Click_1`, browser: 'b'});
  await publish('page_viewed');
  await settle();
  await ask({op: 'clock', offset_seconds: 91 * DAY});
  await open({visit: 'v2', browser: 'b'});
  await inTab('v2', 'publish', {name: 'page_viewed'});
  await inTab('v2', 'settle');

  assert.notEqual(told()[1].fbp, told()[0].fbp);
  assert.equal(told()[1].fbc, undefined);
});

test('a wallet\'s page on another domain has none of the shop\'s cookies; the way back finds them', async () => {
  await open({url: `https://${SHOP}/checkouts/cn/tok-1`});
  await publish('checkout_started', checkout());
  await settle();
  const away = await ask({op: 'open', url: 'https://shop.app/checkout/1/cn/tok-1', settings: null});
  const back = await open({url: `https://${SHOP}/checkouts/cn/tok-1/thank-you`, referrer: 'https://shop.app/'});
  await publish('checkout_completed', checkout('6100'));
  await settle();

  assert.deepEqual([away.pixel, away.cookies], ['none', {}]);
  assert.ok(back.cookies._fbp);
  assert.deepEqual(told().map(({ev, fbp}) => [ev, fbp]), [
    ['InitiateCheckout', back.cookies._fbp], ['Purchase', back.cookies._fbp],
  ]);
  assert.equal(told()[1].rl, 'https://shop.app/');
});

test('what the platform pauses the pixel never hears of', async () => {
  await open({paused: ['checkout_completed']});
  await publish('checkout_started', checkout());
  await publish('checkout_completed', checkout('6100'));
  await settle();

  assert.deepEqual(told().map(({ev}) => ev), ['InitiateCheckout']);
  assert.ok(posts().every(({stage}) => stage === 'checkout_started'));
});

for (const [name, request, error] of [
  ['a browser that is a number', {browser: 7}, /"browser" must be/],
  ['paused events in words', {paused: 'all'}, /"paused" must be/],
  ['a first choice in words', {atFirst: 'no'}, /"atFirst" must be/],
]) {
  test(`${name} is refused with a sentence`, async () => {
    assert.match((await open({visit: 'x', ...request})).error, error);
  });
}
