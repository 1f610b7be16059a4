// What the browsers for programs keep, as real ones do.
import assert from 'node:assert/strict';
import test from 'node:test';
import {Browser, Cookies, Sites} from '../node_store.mjs';

const HOST = 'lantern.myshopify.com';

for (const [domain, host, isKept] of [
  ['lantern.myshopify.com', HOST, true],
  ['.lantern.myshopify.com', HOST, true],
  ['myshopify.com', HOST, false],
  ['com', HOST, false],
  ['shop.example', 'www.shop.example', true],
  ['co.uk', 'shop.co.uk', false],
  ['other.example', 'shop.example', false],
  ['hop.example', 'shop.example', false],
]) {
  test(`a page on ${host} ${isKept ? 'may' : 'may not'} set a cookie for ${domain}`, () => {
    const cookies = new Cookies(Date.now);

    cookies.write(`a=1; domain=${domain}`, host);

    assert.equal(cookies.read(host), isKept ? 'a=1' : '');
  });
}

test('a cookie is seen below its domain, one without a domain on its own host only', () => {
  const cookies = new Cookies(Date.now);
  cookies.write('wide=1; domain=.shop.example', 'www.shop.example');
  cookies.write('own=2', 'www.shop.example');

  assert.equal(cookies.read('www.shop.example'), 'wide=1; own=2');
  assert.equal(cookies.read('account.shop.example'), 'wide=1');
  assert.equal(cookies.read('shop.app'), '');
});

test('of two cookies of one name the older is read, and each is replaced by its own like', () => {
  const cookies = new Cookies(Date.now);
  cookies.write('a=old', 'shop.example');
  cookies.write('a=new; domain=shop.example', 'shop.example');
  assert.equal(cookies.read('shop.example'), 'a=old');

  cookies.write('a=; max-age=0', 'shop.example');

  assert.equal(cookies.read('shop.example'), 'a=new');
});

test('a cookie ends when its time is over', () => {
  let now = 0;
  const cookies = new Cookies(() => now);
  cookies.write('a=1; max-age=7776000', HOST);
  now = 7_775_999_000;
  assert.equal(cookies.read(HOST), 'a=1');

  now = 7_776_000_000;

  assert.equal(cookies.read(HOST), '');
});

test('each site has a storage of its own', () => {
  const sites = new Sites();
  sites.of('https://shop.example').setItem('k', 'v');

  assert.equal(sites.of('https://shop.app').getItem('k'), null);
  assert.equal(sites.of('https://shop.example').getItem('k'), 'v');
  assert.notEqual(new Browser(Date.now).clientId, new Browser(Date.now).clientId);
});
