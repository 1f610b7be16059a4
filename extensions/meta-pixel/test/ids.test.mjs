// Meta's browser ids: made, kept and passed on as Meta's own script does, over pages, tabs and days.
import assert from 'node:assert/strict';
import test from 'node:test';
import {browserIds} from '../src/ids.js';
import {World} from './world.mjs';

const PAGE = 'https://www.shop.example/products/salve?utm_source=mail&fbclid=Click_1';
const io = {now: () => 1795514400000, random: () => 0.5};

/** A jar that takes no cookie for `suffixes`, as browsers do for com, co.uk or myshopify.com. */
function shopJar(jar = {}, suffixes = []) {
  const lines = [];
  return {
    jar,
    lines,
    cookie: {
      get: async (name) => jar[name] ?? '',
      set: async (line) => {
        lines.push(line);
        const [name, value] = line.split(';')[0].split('=');
        if (!suffixes.includes(/domain=\.([^;]+)/.exec(line)?.[1])) jar[name] = value;
      },
    },
  };
}

const idsOn = (cookie, href, referrer) => browserIds(cookie, {href, referrer}, io);

test('missing ids are made and kept for ninety days, for the whole domain', async () => {
  const {cookie, lines} = shopJar();

  const ids = await idsOn(cookie, PAGE);

  assert.deepEqual(ids, {fbp: 'fb.1.1795514400000.1073741824', fbc: 'fb.1.1795514400000.Click_1'});
  assert.deepEqual(lines, [
    '_fbp=fb.1.1795514400000.1073741824; path=/; max-age=7776000; SameSite=Lax; domain=.shop.example',
    '_fbc=fb.1.1795514400000.Click_1; path=/; max-age=7776000; SameSite=Lax; domain=.shop.example',
  ]);
});

for (const [host, suffixes, depth] of [
  ['shop.example', [], 1],
  ['lantern.myshopify.com', ['myshopify.com'], 2],
  ['www.shop.co.uk', ['co.uk'], 2],
  ['a.b.shop.example', [], 1],
  ['localhost', [], 1],
  ['127.0.0.1', ['0.1', '0.0.1'], 3],
  ['shop.example', ['shop.example'], 1],
]) {
  test(`on ${host}, with no cookies for [${suffixes}], the id names the depth ${depth}`, async () => {
    const {cookie, jar} = shopJar({}, suffixes);

    const {fbp} = await idsOn(cookie, `https://${host}/`);

    assert.equal(fbp, `fb.${depth}.1795514400000.1073741824`);
    assert.equal(jar._fbp, fbp);
  });
}

test('ids that Meta\'s own script left are passed on untouched', async () => {
  const jar = {_fbp: 'fb.2.1700000000000.639940942831715561', _fbc: 'fb.1.1700000000000.Click_1.AQICAQMC'};
  const {cookie, lines} = shopJar({...jar});

  assert.deepEqual(await idsOn(cookie, PAGE), {fbp: jar._fbp, fbc: jar._fbc});
  assert.deepEqual(lines, []);
});

test('a new click replaces the old one, no click invents none', async () => {
  const jar = {_fbp: 'fb.1.1700000000000.5', _fbc: 'fb.1.1700000000000.Older'};

  assert.equal((await idsOn(shopJar({...jar}).cookie, PAGE)).fbc, 'fb.1.1795514400000.Click_1');
  assert.equal((await idsOn(shopJar({...jar}).cookie, 'https://www.shop.example/')).fbc, jar._fbc);
  assert.equal((await idsOn(shopJar({}).cookie, 'https://www.shop.example/')).fbc, null);
});

test('a click is known by its case', async () => {
  const {cookie} = shopJar({_fbc: 'fb.1.1700000000000.click_1'});

  assert.equal((await idsOn(cookie, PAGE)).fbc, 'fb.1.1795514400000.Click_1');
});

test('the click of the page before counts while there is none', async () => {
  const {fbc} = await idsOn(shopJar().cookie, 'https://www.shop.example/cart', PAGE);

  assert.equal(fbc, 'fb.1.1795514400000.Click_1');
});

for (const [name, href, referrer, jar] of [
  ['of another site', 'https://shop.example/', 'https://blog.example/?fbclid=Foreign', {}],
  ['that an id is kept of already', 'https://www.shop.example/', PAGE, {_fbc: 'fb.1.1700000000000.Newer'}],
]) {
  test(`a click ${name} does not count`, async () => {
    assert.equal((await idsOn(shopJar(jar).cookie, href, referrer)).fbc, jar._fbc ?? null);
  });
}

test('a visitor that cannot be kept is nobody, a click that cannot is true', async () => {
  const cookie = {get: async () => '', set: async () => ''};

  assert.deepEqual(await idsOn(cookie, PAGE), {fbp: null, fbc: 'fb.1.1795514400000.Click_1'});
});

test('of two tabs that make an id at once both go by the one that was kept', async () => {
  const {cookie, jar} = shopJar();
  const second = {...cookie, set: async () => {
    jar._fbp = 'fb.1.1795514400001.77'; // the other tab's came last
  }};

  assert.equal((await idsOn(second, 'https://shop.example/')).fbp, 'fb.1.1795514400001.77');
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

test('who agrees on the page after the landing page is known by the click', async () => {
  const world = new World();

  await world.fire('page_viewed', {}, 'https://shop.example/products/salve', 'https://shop.example/?fbclid=Landing');

  assert.equal(world.told[0].fbc, 'fb.1.1795514400000.Landing');
});

test('a buyer who comes back the next day in a new tab has the same ids', async () => {
  const first = new World();
  await first.fire('page_viewed', {}, 'https://shop.example/?fbclid=First');

  const second = new World({jar: first.jar, local: first.local});
  await second.pass(24 * 60 * 60 * 1000);
  await second.fire('checkout_completed');

  assert.deepEqual([second.told[0].fbp, second.told[0].fbc], [first.told[0].fbp, first.told[0].fbc]);
  assert.deepEqual(second.lines, []);
});

test('a thank-you page that tells of the purchase again uses the same event id', async () => {
  const first = new World();
  await first.fire('checkout_completed');
  const again = new World({jar: first.jar});
  await again.fire('checkout_completed');

  assert.deepEqual([first, again].map(({told}) => told[0].eid), ['purchase.6100', 'purchase.6100']);
});

test('a top frame that never answers costs two seconds and the ids', async () => {
  const world = new World();
  world.jar = new Proxy({}, {get: () => new Promise(() => {})});

  await world.fire('checkout_completed');
  assert.equal(world.told.length, 0);
  await world.pass(2000);

  assert.deepEqual([world.told[0].fbp, world.told[0].eid], [undefined, 'purchase.6100']);
});
