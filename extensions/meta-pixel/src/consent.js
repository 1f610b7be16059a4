// The buyer's choices, in the letters of the wire form: m marketing, a analytics, p preferences, s sale of data.

/** Shopify's customerPrivacy object as four booleans; what is absent counts as refused. */
export function flagsOf(privacy) {
  const given = privacy || {};
  return {
    m: given.marketingAllowed === true,
    a: given.analyticsProcessingAllowed === true,
    p: given.preferencesProcessingAllowed === true,
    s: given.saleOfDataAllowed === true,
  };
}

/** True when the buyer refuses anything that browser ids would be kept for. */
export const refuses = ({m, a, s}) => !(m && a && s);

/** What both of two choices allow: a request that was prepared under one must also obey the other. */
export const stricter = (one, other) => ({
  m: one.m && other.m,
  a: one.a && other.a,
  p: one.p && other.p,
  s: one.s && other.s,
});

/** What Meta may be sent: 'all', 'limited' (limited data use, no browser ids) or 'nothing'. */
export function permitted({m, a, s}, lduChosen) {
  if (!m || !a) return 'nothing';
  if (s) return 'all';
  return lduChosen ? 'limited' : 'nothing';
}
