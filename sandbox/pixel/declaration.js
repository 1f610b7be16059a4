// What the extension declares in shopify.extension.toml about the buyer's privacy, and what Shopify makes of it.

const PURPOSES = ['analytics', 'marketing', 'preferences'];

/**
 * The [customer_privacy] table of an extension's TOML: {analytics, marketing, preferences: bool, sale_of_data: string}.
 * Reads only the flat `key = value` lines that Shopify allows there; throws when one of the four is absent.
 */
export function declarationOf(toml) {
  const table = /^\[customer_privacy\]\n((?:(?!\[).*\n?)*)/m.exec(toml)?.[1] ?? '';
  const valueOf = (key) => {
    const value = new RegExp(`^${key}\\s*=\\s*(true|false|"[a-z]+")`, 'm').exec(table)?.[1];
    if (value === undefined) throw new Error(`shopify.extension.toml declares no ${key} under [customer_privacy]`);
    return JSON.parse(value);
  };
  return Object.fromEntries([...PURPOSES, 'sale_of_data'].map((key) => [key, valueOf(key)]));
}

/**
 * Whether Shopify lets the pixel run under the buyer's choice {marketing, analytics, preferences, sale_of_data: bool}.
 * Every declared purpose must be allowed. A sale opt-out stops only a pixel that declares "enabled": with "ldu" the
 * pixel limits the data's use itself, with "disabled" it sells nothing.
 */
export function mayRun(declaration, consent) {
  if (declaration.sale_of_data === 'enabled' && !consent.sale_of_data) return false;
  return PURPOSES.every((purpose) => !declaration[purpose] || consent[purpose]);
}
