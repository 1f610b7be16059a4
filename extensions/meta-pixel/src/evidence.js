// What our collector receives: evidence posts, version 1 of docs/pixel-protocol.md.
import {refuses, stricter} from './consent.js';
import {NO_IDS} from './ids.js';
import {pause, within} from './wait.js';

const VERSION = 1;
const ANSWER_LIMIT = 8000; // milliseconds
const SECOND_TRY_AFTER = 2000; // milliseconds
const AGAIN = [0, 429, 503]; // no answer, too many posts, away
const TOKEN = /^[\x21-\x7e]{1,128}$/;

/** The token that joins the posts of one checkout to its order; null when there is none that the collector takes. */
export function tokenOf(checkout) {
  const token = checkout?.token;
  return typeof token === 'string' && TOKEN.test(token) ? token : null;
}

export class Evidence {
  /** `consentNow` answers with the buyer's choice at the moment of the call. */
  constructor(settings, io, consentNow) {
    this.settings = settings;
    this.io = io;
    this.consentNow = consentNow;
  }

  /**
   * Posts one piece of evidence; when the collector is away (no answer, 503, or 429), once more. Never rejects.
   * `said`: stage, token, ts, and what applies of order, eid, url, tr; `consent`: the choice it was seen under.
   */
  async post(said, consent, ids = NO_IDS) {
    if (await this.attempt(said, consent, ids)) return;
    await pause(SECOND_TRY_AFTER, this.io);
    await this.attempt(said, consent, ids);
  }

  /** Resolves to whether the matter is settled, by whatever answer; a second try would not change it. */
  async attempt(said, consent, ids) {
    const request = this.io.fetch(this.settings.collector, {
      method: 'POST',
      keepalive: true, // it outlives the tab
      credentials: 'omit',
      headers: {'Content-Type': 'text/plain'}, // a simple request: no preflight
      body: JSON.stringify(this.form(said, consent, ids)),
    });
    const status = await within(request.then((answer) => answer.status, () => 0), ANSWER_LIMIT, 0, this.io);
    return !AGAIN.includes(status);
  }

  /** The wire form. A choice made since then is obeyed too: browser ids leave only while nothing is refused. */
  form({stage, token, ts, order = null, eid = null, url = null, tr = null}, consent, ids) {
    const both = stricter(consent, this.consentNow());
    const {fbp, fbc} = refuses(both) ? NO_IDS : ids;
    return {v: VERSION, key: this.settings.ingestKey, stage, token, order, eid, ts, consent: both, tr, url, fbp, fbc};
  }
}
