// The consent gate and the replay, as Shopify documents them for app pixels.
import assert from 'node:assert/strict';
import {readFile} from 'node:fs/promises';
import test from 'node:test';
import {declarationOf, mayRun} from '../declaration.js';
import {ALLOWED, DECLARATION, SHOP, managed} from './memory_worker.mjs';

const LISTENER = `self.shopify.extend('WebPixel::Render', (api) => {
  self.init = api.init;
  self.heard = [];
  for (const name of ['page_viewed', 'checkout_started']) {
    api.analytics.subscribe(name, (event) => { self.heard.push(event); });
  }
  api.customerPrivacy.subscribe('visitorConsentCollected', (event) => { self.heard.push(event); });
});`;
const names = (worker) => [...worker.scope.heard].map(({name}) => name ?? 'consent');

test('the declaration is read from the extension', async () => {
  const path = '../../../extensions/meta-pixel/shopify.extension.toml';
  const toml = await readFile(new URL(path, import.meta.url), 'utf8');

  assert.deepEqual(declarationOf(toml), DECLARATION);
});

test('a declaration must name all four purposes', () => {
  const three = 'analytics = true\nmarketing = true\npreferences = false\n';
  const toml = `[customer_privacy]\n${three}\n[settings]\nsale_of_data = "ldu"\n`;

  assert.throws(() => declarationOf(toml), /declares no sale_of_data/);
  assert.throws(() => declarationOf(''), /declares no analytics/);
});

for (const [changes, declared, runs] of [
  [{}, {}, true],
  [{marketing: false}, {}, false],
  [{analytics: false}, {}, false],
  [{preferences: false}, {}, true],
  [{preferences: false}, {preferences: true}, false],
  [{sale_of_data: false}, {}, true],
  [{sale_of_data: false}, {sale_of_data: 'disabled'}, true],
  [{sale_of_data: false}, {sale_of_data: 'enabled'}, false],
]) {
  test(`buyer ${JSON.stringify(changes)}, declared ${JSON.stringify(declared)}: ${runs ? 'runs' : 'waits'}`, () => {
    assert.equal(mayRun({...DECLARATION, ...declared}, {...ALLOWED, ...changes}), runs);
  });
}

test('a pixel that waits for consent gets the page\'s earlier events, in order and unchanged', async () => {
  const {manager, worker} = managed(LISTENER, {consent: {...ALLOWED, marketing: false}});
  await manager.open();
  await manager.publish('page_viewed');
  await manager.publish('checkout_started', {checkout: {token: 't'}});
  assert.deepEqual([manager.state, worker.started], ['waiting', 0]);

  await manager.choose({marketing: true});
  await manager.publish('page_viewed');

  assert.deepEqual(names(worker), ['page_viewed', 'checkout_started', 'page_viewed']);
  assert.deepEqual([...worker.scope.heard].map(({seq}) => seq), [0, 1, 2]);
  assert.equal(worker.scope.init.customerPrivacy.marketingAllowed, true);
  assert.equal(worker.scope.heard[1].data.checkout.token, 't');
});

test('a withdrawal is heard at once, events are held back until the next yes', async () => {
  const {manager, worker} = managed(LISTENER);
  await manager.open();

  await manager.choose({marketing: false});
  await manager.publish('page_viewed');
  assert.deepEqual(names(worker), ['consent']);
  await manager.choose({marketing: true});

  assert.deepEqual(names(worker), ['consent', 'consent', 'page_viewed']);
  assert.equal(worker.started, 1);
});

test('events that the platform pauses are kept from the pixel, the others keep their number', async () => {
  const {manager, worker} = managed(LISTENER, {page: {paused: ['checkout_started']}});
  await manager.open();

  for (const name of ['page_viewed', 'checkout_started', 'page_viewed']) await manager.publish(name);

  assert.deepEqual(names(worker), ['page_viewed', 'page_viewed']);
  assert.deepEqual([...worker.scope.heard].map(({seq}) => seq), [0, 2]);
});

test('a shop without a connected pixel loads nothing', async () => {
  const {manager, worker} = managed(LISTENER, {pixel: null});

  await manager.open();
  await manager.publish('page_viewed');
  await manager.choose({marketing: true});
  await manager.settled();

  assert.deepEqual([manager.state, worker.started], ['none', 0]);
});

test('events published before the worker is ready wait for it', async () => {
  const {manager, worker} = managed(LISTENER);

  const opened = manager.open();
  manager.publish('page_viewed');
  manager.choose({preferences: true});
  await opened;

  assert.deepEqual(names(worker), ['page_viewed']);
  assert.equal(worker.scope.init.customerPrivacy.preferencesProcessingAllowed, true);
});

test('init and events describe page and shop in Shopify\'s form', async () => {
  const {manager, worker} = managed(LISTENER, {page: {referrer: 'https://mail.example/', data: {cart: {id: 'c'}}}});
  await manager.open();
  await manager.publish('page_viewed');

  const {init, heard: [event]} = worker.scope;

  assert.equal(init.data.shop.myshopifyDomain, 'x.myshopify.com');
  assert.deepEqual([init.data.cart.id, init.data.customer], ['c', null]);
  assert.equal(init.context.document.location.pathname, '/products/salve');
  assert.match(event.id, /^sh-[0-9a-f-]{36}$/);
  assert.deepEqual([event.clientId, event.type, event.seq], ['c1', 'standard', 0]);
  assert.equal(event.context.document.location.origin, SHOP);
  assert.equal(event.context.document.referrer, 'https://mail.example/');
  assert.ok(Math.abs(Date.parse(event.timestamp) - Date.now()) < 5000);
});

test('closing says which requests had left and which were cut', async () => {
  const {manager, worker} = managed(LISTENER, {network: () => new Promise(() => {})});
  await manager.open();
  worker.scope.fetch('https://a.example/kept', {keepalive: true});
  worker.scope.fetch('https://a.example/cut');
  await new Promise((resolve) => {
    setTimeout(resolve, 10);
  });
  assert.equal(manager.underWay, 2);

  manager.close();

  assert.deepEqual(manager.takeNews().net.map(({out}) => out), ['left', 'cut']);
  assert.deepEqual([manager.state, manager.underWay], ['closed', 0]);
});
