// The network side of one browser tab in Node: fetch with the headers and the CORS rules of a worker of opaque origin.
// It lives outside the worker, as in a browser, so a keepalive request goes on when the tab has been closed.

const LONGEST_REQUEST = 30_000; // milliseconds
const SIMPLE_METHODS = ['GET', 'HEAD', 'POST'];
const SIMPLE_HEADERS = ['accept', 'accept-language', 'content-language', 'content-type'];
const SIMPLE_TYPES = ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data'];

/** The headers of a request for which a browser asks the server's leave first (Fetch standard, CORS-safelisted). */
function unusualHeaders(headers) {
  return headers.filter(([name, value]) => {
    if (name === 'content-type') return !SIMPLE_TYPES.includes(value.split(';')[0].trim().toLowerCase());
    return !SIMPLE_HEADERS.includes(name);
  }).map(([name]) => name);
}

/** Whether a page of opaque origin may read the answer. */
function mayRead(answer, credentials) {
  const allowed = answer.headers.get('access-control-allow-origin');
  if (credentials !== 'include') return allowed === '*' || allowed === 'null';
  return allowed === 'null' && answer.headers.get('access-control-allow-credentials') === 'true';
}

/** Whether a preflight's answer lists every one of the names in the header, or all. */
function lists(answer, header, names) {
  const listed = (answer.headers.get(header) ?? '').split(',').map((name) => name.trim().toLowerCase());
  return listed.includes('*') || names.every((name) => listed.includes(name.toLowerCase()));
}

export class Network {
  constructor(userAgent) {
    this.userAgent = userAgent;
    this.open = new Map(); // AbortController -> keepalive
  }

  /**
   * One request of the worker; `options`: method, mode, credentials, keepalive, headers (pairs), body.
   * Resolves to {opaque: true} or {status, headers (pairs), body}; rejects when a browser's fetch would.
   */
  async fetch(url, options) {
    const control = new AbortController();
    const limit = setTimeout(() => control.abort(), LONGEST_REQUEST);
    this.open.set(control, options.keepalive);
    try {
      return options.mode === 'no-cors'
        ? await this.withoutReading(url, options, control.signal)
        : await this.readable(url, options, control.signal);
    } finally {
      clearTimeout(limit);
      this.open.delete(control);
    }
  }

  /** The tab is gone: what is not keepalive ends. */
  close() {
    for (const [control, keepalive] of this.open) if (!keepalive) control.abort();
  }

  send(url, {method, headers = [], body, redirect}, signal) {
    const named = [...headers, ['origin', 'null'], ['user-agent', this.userAgent]];
    return fetch(url, {method, headers: named, body, redirect, signal});
  }

  async withoutReading(url, options, signal) {
    const answer = await this.send(url, options, signal);
    await answer.arrayBuffer();
    return {opaque: true};
  }

  async readable(url, options, signal) {
    const unusual = unusualHeaders(options.headers);
    if (unusual.length > 0 || !SIMPLE_METHODS.includes(options.method)) {
      await this.preflight(url, options, unusual, signal);
    }
    const answer = await this.send(url, options, signal);
    const body = await answer.text();
    if (!mayRead(answer, options.credentials)) throw new TypeError('The answer has no fitting CORS header');
    return {status: answer.status, headers: [...answer.headers], body};
  }

  async preflight(url, {method, credentials}, unusual, signal) {
    const headers = [['access-control-request-method', method]];
    if (unusual.length > 0) headers.push(['access-control-request-headers', unusual.sort().join(',')]);
    const answer = await this.send(url, {method: 'OPTIONS', headers}, signal);
    const isAllowed = answer.ok && mayRead(answer, credentials)
      && (SIMPLE_METHODS.includes(method) || lists(answer, 'access-control-allow-methods', [method]))
      && lists(answer, 'access-control-allow-headers', unusual);
    if (!isAllowed) throw new TypeError('The preflight was not allowed');
  }
}
