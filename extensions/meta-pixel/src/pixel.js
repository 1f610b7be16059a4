// The pixel: for each of Shopify's events, what Meta is told and what our collector is told about it.
import {bareAddress} from './address.js';
import {flagsOf, permitted, refuses} from './consent.js';
import {Evidence, tokenOf} from './evidence.js';
import {orderIdOf} from './goods.js';
import {NO_IDS, browserIds} from './ids.js';
import {Memory} from './memory.js';
import {META_EVENTS, deliver, eventId, trRequest} from './meta.js';
import {within} from './wait.js';

/** The steps of a checkout that leave evidence; some are also Meta events. */
export const STAGES = [
  'checkout_started',
  'checkout_contact_info_submitted',
  'checkout_address_info_submitted',
  'checkout_shipping_info_submitted',
  'payment_info_submitted',
  'checkout_completed',
];
const COOKIE_LIMIT = 2000; // milliseconds; the top frame holds the cookies and may not answer

/** Starts the pixel on one page. `io`: fetch, setTimeout, clearTimeout, now, random. */
export function start({analytics, browser, init, settings, customerPrivacy}, io) {
  const pixel = new Pixel({browser, init, settings}, io);
  for (const name of new Set([...Object.keys(META_EVENTS), ...STAGES])) {
    analytics.subscribe(name, (event) => pixel.saw(name, event));
  }
  customerPrivacy.subscribe('visitorConsentCollected', (event) => pixel.heard(event.customerPrivacy));
}

function pageOf(event) {
  const {location, referrer} = event.context?.document || {};
  return {href: location?.href, referrer};
}

class Pixel {
  constructor({browser, init, settings}, io) {
    this.cookie = browser.cookie;
    this.memory = new Memory(browser, io);
    this.settings = settings;
    this.io = io;
    this.consent = flagsOf(init.customerPrivacy);
    this.evidence = new Evidence(settings, io, () => this.consent);
    this.ids = null;
  }

  /** One of Shopify's events. */
  async saw(name, event) {
    const report = this.reporterOf(name, event);
    const ids = await this.idsFor(event);
    if (!META_EVENTS[name]) return report(null, ids);

    // Asked only now: the buyer may have changed the choice while the cookies were read.
    const permission = this.permission();
    if (permission === 'nothing') return report('skipped', NO_IDS);
    // Without the order's id Meta could not tell this copy from the server's, so the server's is the only one.
    if (!eventId(name, event)) return report('no_order_id', ids);

    const pending = report('pending', ids); // first word at once: the tab may close before the outcome is known
    const limited = permission === 'limited';
    const request = trRequest(name, event, {settings: this.settings, ids: limited ? NO_IDS : ids, limited});
    await Promise.all([pending, deliver(request, this.io, (word) => report(word, ids))]);
  }

  /** The buyer has made a choice: our server must know it if a checkout of this buyer is under way, in any tab. */
  async heard(privacy) {
    this.consent = flagsOf(privacy);
    const {consent} = this;
    const ts = this.time();
    const stage = refuses(consent) ? 'consent_withdrawn' : 'consent_updated';
    const tokens = (await this.memory.checkouts()).filter((token) => tokenOf({token}));
    await Promise.all(tokens.map((token) => this.evidence.post({stage, token, ts}, consent)));
  }

  permission() {
    return permitted(this.consent, this.settings.ldu === 'yes');
  }

  /** A function that reports what became of this event's request to Meta; it does nothing outside a checkout. */
  reporterOf(name, event) {
    const checkout = event.data?.checkout;
    const token = STAGES.includes(name) ? tokenOf(checkout) : null;
    if (!token) return async () => {};
    this.memory.keep(token, this.consent.m && this.consent.a);
    const order = name === 'checkout_completed' ? orderIdOf(checkout) : null;
    const said = {
      stage: name,
      token,
      ts: event.timestamp || this.time(),
      order,
      eid: order && eventId(name, event),
      url: bareAddress(pageOf(event).href, token),
    };
    const {consent} = this;
    return (tr, ids) => this.evidence.post(Object.assign({tr}, said), consent, ids);
  }

  /** The browser ids, read once per page: events that come together must not invent two. */
  async idsFor(event) {
    if (this.permission() !== 'all') return NO_IDS;
    if (!this.ids) {
      const ids = browserIds(this.cookie, pageOf(event), this.io);
      this.ids = within(ids, COOKIE_LIMIT, NO_IDS, this.io);
    }
    return this.ids;
  }

  time() {
    return new Date(this.io.now()).toISOString();
  }
}
