// Page addresses that may leave the browser: without the tokens that Shopify puts into some of them. Read by hand:
// URL and URLSearchParams are not among the globals that a strict pixel is promised.

const WEB = /^(https?):\/\/([^/?#\\]*)([^?#]*)(?:\?([^#]*))?/i;
const AUTHORITY = /^(?:[^@]*@)?(([a-z0-9.-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?)$/i;

// Below these path segments Shopify writes checkout, cart, order or account tokens into the path or the query.
const PRIVATE = ['checkout', 'checkouts', 'orders', 'account', 'authentication', 'cart', 'post-purchase'];

// Names of values that would say who somebody is, or open something.
const TELLING = new RegExp(
  `(^|\\W|5B)(e[-_]?mail|phone|tel|mobile|(first|last|full|f|l)[-_]?name|address|zip|token|key|password)(\\W|$)`, 'i',
);
const AT = /@|%(25)*40/i; // as it is written in an e-mail address, encoded or not
const NUMBER = /^[\d\s+().\/-]*$/; // what a telephone number is written with

function parsed(href) {
  const [, scheme, authority, path, query = ''] = WEB.exec(href) || [];
  const [, place, host] = (scheme && AUTHORITY.exec(authority)) || [];
  if (!place) return null;
  return {origin: `${scheme}://${place}`.toLowerCase(), host: host.toLowerCase(), path: path || '/', query};
}

/** True for text that may be an e-mail address or a telephone number. */
export function looksPersonal(text) {
  return AT.test(text) || (NUMBER.test(text) && text.replace(/\D/g, '').length > 6);
}

const isHarmless = (pair) => {
  const [name, ...rest] = pair.split('=');
  const value = rest.join('=').replace(/%2B|%20|\+/gi, ' ');
  return pair !== '' && !AT.test(pair) && !TELLING.test(name) && !(name === 'q' && looksPersonal(value));
};

/** The pairs of a query that may leave, as they stand. A search (q) may hold whatever a buyer types. */
function harmlessQuery(query) {
  const kept = query.split('&').filter(isHarmless);
  return kept.length > 0 ? `?${kept.join('&')}` : '';
}

/**
 * The address of a page for Meta: no fragment, cut after /checkouts (and its like), the query kept on public pages,
 * where Meta reads campaign parameters. Null when it is no web address. `secret` never appears in the result.
 */
export function pageAddress(href, secret = null) {
  const parts = parsed(href);
  if (!parts) return null;
  const segments = parts.path.split('/');
  const cut = segments.findIndex((segment) => PRIVATE.includes(segment));
  const address = cut < 0
    ? parts.origin + parts.path + harmlessQuery(parts.query)
    : parts.origin + segments.slice(0, cut + 1).join('/');
  return secret && address.includes(secret) ? `${parts.origin}/` : address;
}

/** The address of a page for the evidence: as for Meta, and never a query. */
export function bareAddress(href, secret = null) {
  const address = pageAddress(href, secret);
  return address && address.split('?')[0];
}

/** The host of a page's address, without port; empty when it is no web address. */
export const hostOf = (href) => (parsed(href) || {host: ''}).host;

/** The fbclid of an advertisement click, exactly as it stands in the address; null when absent or not one. */
export function clickId(href) {
  const parts = parsed(href);
  const match = parts && /(?:^|&)fbclid=([\w-]{1,490})(?:&|$)/.exec(parts.query);
  return match && match[1];
}

/** The click that brought the buyer to the page before this one, if that was a page of the same shop. */
export function clickBefore({href, referrer}) {
  return hostOf(href) && hostOf(href) === hostOf(referrer) ? clickId(referrer) : null;
}
