// What the tester and the buyer have chosen, in cookies, so that every page of the shop knows it.

const read = (name) => document.cookie.split('; ').find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1);

function write(name, value) {
  const end = value === null ? '; max-age=0' : '';
  document.cookie = `${name}=${encodeURIComponent(value ?? '')}; path=/; SameSite=Lax${end}`;
}

export const isOn = (name) => read(`sandbox_${name}`) === 'yes';
export const turn = (name, on) => write(`sandbox_${name}`, on ? 'yes' : null);

/** The choice of the buyer, {marketing, analytics, preferences, sale_of_data: bool}, or null before there is one. */
export function choiceOfBuyer() {
  try {
    return JSON.parse(decodeURIComponent(read('sandbox_consent')));
  } catch {
    return null;
  }
}

export const keepChoice = (choice) => write('sandbox_consent', choice && JSON.stringify(choice));

export function moveTo(region) {
  write('sandbox_region', region);
  keepChoice(null); // the banner asks anew where other rules hold
  location.reload();
}

/** Shopify's id of this browser. */
export function clientId() {
  localStorage.client_id ??= crypto.randomUUID();
  return localStorage.client_id;
}
