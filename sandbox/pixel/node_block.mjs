// The app's block on one page of a theme: the unchanged script of extensions/cart-choice, with a page around it.
import vm from 'node:vm';
import {dateOf, shopifyOf} from './theme.js';

export class Block {
  /**
   * `code`: the script. `cart`: the address that stands for the shop's root, for /cart.js and /cart/update.js.
   * `page`: cookies(), allowed(), chosen(), offset() in milliseconds.
   */
  constructor(code, cart, {cookies, allowed, chosen, offset}) {
    this.heard = new Map();
    this.timers = new Map();
    this.requests = new Set();
    const document = {addEventListener: (name, listener) => this.heard.set(name, listener)};
    Object.defineProperty(document, 'cookie', {get: cookies});
    const fetching = (address, options) => this.fetch(cart + address, options);
    const timers = {setTimeout: (action, ms) => this.later(action, ms), clearTimeout: (n) => this.never(n)};
    const window = {Shopify: shopifyOf(allowed, chosen)};
    vm.runInNewContext(code, {window, document, fetch: fetching, Date: dateOf(offset), ...timers});
  }

  /** Something happens on the page: `visitorConsentCollected`, `submit`. */
  hear(name) {
    this.heard.get(name)?.({});
  }

  async fetch(address, options) {
    const request = fetch(address, options);
    this.requests.add(request);
    try {
      return await request;
    } finally {
      setTimeout(() => this.requests.delete(request), 50); // the script goes on with the answer first
    }
  }

  later(action, ms) {
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      action();
    }, ms);
    this.timers.set(timer);
    return timer;
  }

  never(timer) {
    clearTimeout(timer);
    this.timers.delete(timer);
  }

  /** Resolves when nothing is under way any more. */
  async settled() {
    while (this.timers.size || this.requests.size) await new Promise((resolve) => setTimeout(resolve, 20));
  }

  /** The page goes away; a request that has left goes on. */
  close() {
    for (const timer of this.timers.keys()) clearTimeout(timer);
    this.timers.clear();
    this.heard.clear();
  }
}
