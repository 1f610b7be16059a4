// Meta's browser ids: the first-party cookies _fbp and _fbc, made and kept as Meta's own script does.
import {clickBefore, clickId, hostOf} from './address.js';
import {quietly} from './wait.js';

const COOKIE_AGE = 90 * 24 * 60 * 60; // seconds
const BROWSER_ID = /^fb\.\d\.\d{10,13}\.[\x21-\x7e]{1,490}$/; // the collector takes 512 characters

/** Browser ids of a buyer whose ids may not be used. */
export const NO_IDS = {fbp: null, fbc: null};

/** The domains that a page may set a cookie for, the widest first: of a.b.example b.example, then a.b.example. */
function domainsOf(host) {
  const labels = host.split('.').slice(-9);
  return labels.slice(1).map((_, shorter) => labels.slice(labels.length - 2 - shorter).join('.'));
}

class Jar {
  constructor(cookie, host, io) {
    Object.assign(this, {cookie, host, io});
  }

  /** The id as it stands, a later part of Meta's included; null when there is none, or it is something else. */
  async read(name) {
    const value = await quietly(() => this.cookie.get(name), '');
    return BROWSER_ID.test(value) ? value : null;
  }

  /**
   * Keeps a new id for the widest domain that the browser lets have it; the id names its depth. `isIt` knows it again.
   * Resolves to what is kept now (another tab may have come first), null when nothing can be kept.
   */
  async keep(name, payload, isIt) {
    const since = this.io.now();
    for (const domain of [...domainsOf(this.host), '']) {
      const depth = domain ? domain.split('.').length - 1 : 1;
      const where = domain && `; domain=.${domain}`;
      const line = `${name}=fb.${depth}.${since}.${payload}; path=/; max-age=${COOKIE_AGE}; SameSite=Lax${where}`;
      await quietly(() => this.cookie.set(line), '');
      const kept = await this.read(name);
      if (kept && isIt(kept)) return kept;
    }
    return null;
  }
}

/**
 * The ids for one page {href, referrer}: `_fbp` is made where it is missing, `_fbc` where the click is a new one. A
 * click of the page before counts while there is no `_fbc`: the buyer may have landed there and agreed only here.
 */
export async function browserIds(cookie, page, io) {
  const jar = new Jar(cookie, hostOf(page.href), io);
  const fbp = (await jar.read('_fbp')) || (await jar.keep('_fbp', Math.floor(io.random() * 2 ** 31), () => true));
  const fbc = await jar.read('_fbc');
  const click = clickId(page.href) || (fbc ? null : clickBefore(page));
  const isOf = (value) => value.split('.')[3] === click;
  if (!click || (fbc && isOf(fbc))) return {fbp, fbc};
  // A click that cannot be kept is true all the same; a made-up visitor that nobody can meet again is nobody.
  return {fbp, fbc: (await jar.keep('_fbc', click, isOf)) || `fb.1.${io.now()}.${click}`};
}
