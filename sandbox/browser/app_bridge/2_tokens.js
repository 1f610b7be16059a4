// Id tokens and fetch: every request to the app's own origin carries a fresh token; one that the server calls stale is
// tried once more.

const RETRY = 'X-Shopify-Retry-Invalid-Session-Request';
const plainFetch = window.fetch.bind(window);
let lastToken = Promise.resolve();

/** A new id token, good for a minute. One is asked for at a time; none is stored. */
function idToken() {
  lastToken = lastToken.catch(() => {}).then(() => ask('idToken'));
  return lastToken;
}

/** Whether the address is the app's: its own origin or a subdomain of its host. */
function isOwn(address) {
  const {protocol, hostname, port} = new URL(address);
  const isSameHost = hostname === location.hostname || hostname.endsWith(`.${location.hostname}`);
  return isSameHost && protocol === location.protocol && port === location.port;
}

async function fetchWithToken(request) {
  request.headers.set('Authorization', `Bearer ${await idToken()}`);
  request.headers.set('X-Requested-With', 'XMLHttpRequest');
  return plainFetch(request);
}

window.fetch = async function fetch(input, init) {
  const request = new Request(input, init);
  if (request.url.startsWith('shopify:')) throw new TypeError('App Bridge: the sandbox has no direct API access.');
  if (!isEmbedded || !isOwn(request.url) || request.headers.has('Authorization')) return plainFetch(request);
  const again = request.clone();
  const answer = await fetchWithToken(request);
  return answer.status === 401 && answer.headers.has(RETRY) ? fetchWithToken(again) : answer;
};

// --- The bounce page: what it names is loaded with a fresh id token in its address
async function reloadWithToken(wanted) {
  const target = new URL(wanted, location.origin);
  if (target.origin !== location.origin) throw new Error('App Bridge: shopify-reload leads to another origin.');
  // A server that refuses every token would make the two pages call each other for ever: the admin keeps count.
  if (!(await ask('mayBounce'))) throw new Error('App Bridge: the app refuses every id token; not reloaded any more.');
  target.searchParams.set('id_token', await idToken());
  location.replace(target);
}

const wantedPage = new URLSearchParams(location.search).get('shopify-reload');
if (wantedPage !== null && isEmbedded) reloadWithToken(wantedPage).catch((error) => console.error(error.message));
