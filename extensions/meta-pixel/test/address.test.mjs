// Addresses of pages: what leaves the browser of them, and what does not.
import assert from 'node:assert/strict';
import test from 'node:test';
import {bareAddress, clickId, pageAddress} from '../src/address.js';

const PRODUCT_PAGE = 'https://shop.example/products/salve?utm_source=mail&fbclid=Click_1';

for (const [href, forMeta] of [
  ['https://a.example/?utm_source=x&fbclid=Y#top', 'https://a.example/?utm_source=x&fbclid=Y'],
  ['https://a.example/de/checkouts/cn/secret/thank_you?key=k', 'https://a.example/de/checkouts'],
  ['https://a.example/123/orders/secret/authenticate?key=k', 'https://a.example/123/orders'],
  ['https://a.example/account/reset/1/secret', 'https://a.example/account'],
  ['https://a.example/cart/c/secret?key=k', 'https://a.example/cart'],
  ['https://a.example/post-purchase?t=secret', 'https://a.example/post-purchase'],
  ['https://pay.example/checkout/1/cn/secret/pay', 'https://pay.example/checkout'],
  ['https://a.example/pages/x?email=m%40example.com&a=1', 'https://a.example/pages/x?a=1'],
  ['https://a.example/x?contact%5Bphone%5D=1&Email=x&key=k&token&a=1&utm_name=b', 'https://a.example/x?a=1&utm_name=b'],
  ['https://a.example/x?keyword=b&monkey=c&hotel=d', 'https://a.example/x?keyword=b&monkey=c&hotel=d'],
  ['https://a.example/search?q=%2B1+307+555+0142&type=product', 'https://a.example/search?type=product'],
  ['https://a.example/search?q=mug&utm_id=120212345678901', 'https://a.example/search?q=mug&utm_id=120212345678901'],
  ['https://a.example/x?a=%E4%BD%A0&b=c%26d&&e', 'https://a.example/x?a=%E4%BD%A0&b=c%26d&e'],
  ['https://a.example/x?m=a%2540example.com', 'https://a.example/x'],
  ['HTTPS://A.Example:8443', 'https://a.example:8443/'],
  ['https://[2001:db8::1]/x', 'https://[2001:db8::1]/x'],
  ['https://a.example?a=1', 'https://a.example/?a=1'],
  ['https:///x', null],
  ['https://a b/', null],
  ['javascript:alert(1)', null],
  ['//a.example/', null],
  ['undefined', null],
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

test('a click id that would break a cookie is none', () => {
  assert.equal(clickId('https://a.example/?fbclid=a%3B%20domain%3Db'), null);
  assert.equal(clickId('https://a.example/?fbclid=IwAR0_aem_x-Y'), 'IwAR0_aem_x-Y');
  assert.equal(clickId('https://a.example/?a=1&fbclid=b&c=2#x'), 'b');
  assert.equal(clickId('https://a.example/?xfbclid=b'), null);
  assert.equal(clickId('https://a.example/#?fbclid=b'), null);
  assert.equal(clickId(undefined), null);
  assert.equal(clickId(`https://a.example/?fbclid=${'a'.repeat(491)}`), null);
});
