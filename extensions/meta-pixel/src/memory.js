// Which checkouts are under way in this browser, so that a choice made on a later page or in another tab reaches them.
import {quietly, within} from './wait.js';

const NAME = 'backstop_checkout';
const PLACES = ['sessionStorage', 'localStorage']; // of this tab; of all tabs, where the latest checkout stands
const LIMIT = 2000; // milliseconds; the top frame holds the storage and may not answer
const LIFE = 24 * 60 * 60 * 1000; // milliseconds

export class Memory {
  constructor(browser, io) {
    Object.assign(this, {browser, io, token: null});
  }

  /** Remembers a checkout; beyond this page only if the buyer allows it. */
  keep(token, isAllowed) {
    this.token = token;
    if (!isAllowed) return;
    const entry = `${this.io.now()} ${token}`;
    for (const place of PLACES) quietly(() => this.browser[place].setItem(NAME, entry));
  }

  /** The tokens of this page's, this tab's and this browser's latest checkout, each once; not those of yesterday. */
  async checkouts() {
    const kept = await Promise.all(PLACES.map((place) => this.read(place)));
    return [...new Set([this.token, ...kept])].filter(Boolean);
  }

  async read(place) {
    const stored = quietly(() => this.browser[place].getItem(NAME), null);
    const [since, token] = String(await within(stored, LIMIT, null, this.io)).split(' ');
    const age = this.io.now() - since;
    return age >= 0 && age < LIFE ? token : null;
  }
}
