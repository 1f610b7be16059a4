// Page addresses that may leave the browser: without the tokens that Shopify puts into some of them.

// Below these path segments Shopify writes checkout, cart, order or account tokens into the path or the query.
const PRIVATE = ['checkout', 'checkouts', 'orders', 'account', 'authentication', 'cart', 'post-purchase'];

function parsed(href) {
  try {
    const url = new URL(href);
    return url.protocol === 'https:' || url.protocol === 'http:' ? url : null;
  } catch {
    return null;
  }
}

/** The query without values that look like an e-mail address. */
function harmlessQuery(url) {
  const kept = [];
  url.searchParams.forEach((value, name) => {
    if (!value.includes('@')) kept.push([name, value]);
  });
  const query = new URLSearchParams(kept).toString();
  return query ? `?${query}` : '';
}

/**
 * The address of a page for Meta: no fragment, cut after /checkouts (and its like), the query kept on public pages,
 * where Meta reads campaign parameters. Null when it is no web address. `secret` never appears in the result.
 */
export function pageAddress(href, secret = null) {
  const url = parsed(href);
  if (!url) return null;
  const segments = url.pathname.split('/');
  const cut = segments.findIndex((segment) => PRIVATE.includes(segment));
  const address = cut < 0
    ? url.origin + url.pathname + harmlessQuery(url)
    : url.origin + segments.slice(0, cut + 1).join('/');
  return secret && address.includes(secret) ? `${url.origin}/` : address;
}

/** The address of a page for the evidence: as for Meta, and never a query. */
export function bareAddress(href, secret = null) {
  const address = pageAddress(href, secret);
  return address && address.split('?')[0];
}

/** The fbclid of an advertisement click, exactly as it stands in the address; null when absent or not one. */
export function clickId(href) {
  const url = parsed(href);
  const value = url && url.searchParams.get('fbclid');
  return value && /^[\w-]{1,490}$/.test(value) ? value : null;
}
