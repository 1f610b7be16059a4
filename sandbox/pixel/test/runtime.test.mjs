// The strict sandbox as the extension meets it.
import assert from 'node:assert/strict';
import test from 'node:test';
import vm from 'node:vm';
import {SHOP, managed} from './memory_worker.mjs';

const register = (body) => `self.shopify.extend('WebPixel::Render', (api) => { ${body} });`;
const KEEP_API = register('self.api = api;');

const UNPROMISED = [
  'XMLHttpRequest', 'importScripts', 'indexedDB', 'AbortController', 'crypto', 'postMessage', 'addEventListener',
  'onmessage', 'runPixel', 'process', 'require', 'document', 'window', 'WebAssembly', 'URL', 'URLSearchParams',
];

const PROMISED = [
  'self', 'console', 'setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'fetch', 'Headers', 'Request',
  'Response',
];

test('only promised globals are there', async () => {
  const bundle = register(`self.seen = ${JSON.stringify(UNPROMISED)}.filter((name) => self[name] !== undefined);`);
  const {manager, worker} = managed(bundle);

  await manager.open();

  assert.equal(worker.scope.seen.length, 0);
  for (const name of PROMISED) assert.notEqual(worker.scope[name], undefined, name);
});

test('whatever else a global object holds is hidden', async () => {
  const bundle = register('self.left = Object.getOwnPropertyNames(self).filter((name) => self[name] !== undefined);');
  const {manager, worker} = managed(bundle);

  await manager.open();

  const language = vm.runInNewContext('Object.getOwnPropertyNames(globalThis)');
  const allowed = new Set([...language, ...PROMISED, 'shopify']);
  assert.deepEqual([...worker.scope.left].filter((name) => !allowed.has(name)), []);
});

test('the shop\'s own addresses are closed, by the unmapped origin', async () => {
  const {manager, worker} = managed(KEEP_API, {page: {map: {[SHOP]: 'http://127.0.0.1:1/shop'}}});
  await manager.open();

  await assert.rejects(worker.scope.fetch(`${SHOP}/cart.js`), {name: 'RestrictedUrlError'});

  assert.deepEqual(manager.takeNews().net, [{url: `${SHOP}/cart.js`, method: 'GET', out: 'restricted'}]);
});

test('a mapped origin goes to its stand-in with path and query, the log keeps the real address', async () => {
  const asked = [];
  const network = async (url, options) => {
    asked.push([url, options.mode, options.keepalive, options.body]);
    return {type: 'opaque', status: 0};
  };
  const map = {'https://www.facebook.com': 'http://127.0.0.1:9000/meta'};
  const {manager, worker} = managed(KEEP_API, {network, page: {map}});
  await manager.open();

  await worker.scope.fetch('https://www.facebook.com/tr/?x=1', {mode: 'no-cors', keepalive: true});
  await worker.scope.fetch('https://www.facebook.com/tr/', {method: 'POST', mode: 'no-cors', body: 'x=2'});

  assert.deepEqual(asked, [
    ['http://127.0.0.1:9000/meta/tr/?x=1', 'no-cors', true, undefined],
    ['http://127.0.0.1:9000/meta/tr/', 'no-cors', false, 'x=2'],
  ]);
  assert.deepEqual(manager.takeNews().net.map(({url, method, out}) => [url, method, out]), [
    ['https://www.facebook.com/tr/?x=1', 'GET', 'sent'],
    ['https://www.facebook.com/tr/', 'POST', 'sent'],
  ]);
});

test('an ad blocker stops Meta\'s hosts, or those it is given', async () => {
  const {manager, worker} = managed(KEEP_API, {page: {adblock: true}});
  const outcome = (url) => worker.scope.fetch(url).then(() => 'ok', (error) => error.message);
  await manager.open();

  assert.equal(await outcome('https://www.facebook.com/tr/'), 'Failed to fetch');
  assert.equal(await outcome('https://notfacebook.com/'), 'ok');
  await manager.block(['app.example']);
  assert.equal(await outcome('https://www.facebook.com/tr/'), 'ok');
  assert.equal(await outcome('https://app.example/pixel/evidence'), 'Failed to fetch');
  await manager.block(false);
  assert.equal(await outcome('https://app.example/pixel/evidence'), 'ok');
  assert.deepEqual(manager.takeNews().net.map(({out}) => out), ['blocked', '204', '204', 'blocked', '204']);
});

test('the browser\'s clock follows the sandbox\'s', async () => {
  const {manager, worker, clock} = managed(KEEP_API);
  await manager.open();
  clock.offset = 3 * 86_400_000;

  await manager.clockMoved();

  const {scope} = worker;
  assert.ok(Math.abs(scope.Date.now() - Date.now() - clock.offset) < 1000);
  assert.ok(new scope.Date().getTime() - Date.now() > 2 * 86_400_000);
  assert.equal(new scope.Date(0).toISOString(), '1970-01-01T00:00:00.000Z');
  assert.ok(new scope.Date() instanceof scope.Date);
  assert.equal(typeof scope.Date(), 'string');
});

test('cookies and storage are the page\'s', async () => {
  const {manager, worker, store} = managed(KEEP_API);
  await manager.open();
  const {cookie, localStorage, sessionStorage} = worker.scope.api.browser;

  await cookie.set('_fbp=a=b; path=/; max-age=60');
  await cookie.set('plain', 'c');
  await cookie.set('gone=1; max-age=0');
  await localStorage.setItem('k', 'v');

  assert.equal(await cookie.get('_fbp'), 'a=b');
  assert.equal(await cookie.get('gone'), '');
  assert.equal(await cookie.get(), '_fbp=a=b; plain=c');
  assert.deepEqual([await localStorage.getItem('k'), await localStorage.length()], ['v', 1]);
  assert.equal(await localStorage.key(0), 'k');
  assert.equal(await sessionStorage.getItem('k'), null);
  assert.equal(store.localStorage.getItem('k'), 'v');
});

test('settled waits for requests, timers and what follows them', async () => {
  const bundle = register(`api.analytics.subscribe('page_viewed', async () => {
    await new Promise((done) => setTimeout(done, 20));
    await fetch('https://a.example/1');
    clearTimeout(setTimeout(() => {}, 60000));
    await fetch('https://a.example/2');
    self.finished = true;
  });`);
  const network = () => new Promise((resolve) => {
    setTimeout(resolve, 20, {type: 'default', status: 200});
  });
  const {manager, worker} = managed(bundle, {network});
  await manager.open();
  await manager.publish('page_viewed');
  assert.equal(worker.scope.finished, undefined);

  await manager.settled();

  assert.equal(worker.scope.finished, true);
  assert.equal(manager.takeNews().net.length, 2);
});

test('what the extension throws is told and stops nobody', async () => {
  const bundle = register(`
    api.analytics.subscribe('page_viewed', () => { throw new TypeError('first'); });
    api.analytics.subscribe('all_standard_events', async () => { throw new RangeError('second'); });
    api.analytics.subscribe('all_events', () => { self.third = true; setTimeout(() => { throw new Error('late'); }); });
  `);
  const {manager, worker} = managed(bundle);
  await manager.open();

  await manager.publish('page_viewed');
  await manager.settled();

  assert.equal(worker.scope.third, true);
  assert.deepEqual(manager.takeNews().errors.sort(), ['Error: late', 'RangeError: second', 'TypeError: first']);
});

test('a callback that has unsubscribed hears nothing more', async () => {
  const bundle = register(`
    self.heard = 0;
    const stop = api.analytics.subscribe('page_viewed', () => { self.heard += 1; stop(); });
  `);
  const {manager, worker} = managed(bundle);
  await manager.open();

  await manager.publish('page_viewed');
  await manager.publish('page_viewed');

  assert.equal(worker.scope.heard, 1);
});
