// What the page asks of the sandbox.

async function ask(path, options) {
  const answer = await fetch(path, options);
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.error ?? `the sandbox answered ${answer.status}`);
  return body;
}

const post = (path, body = {}) => ask(path, {
  method: 'POST',
  headers: {'Content-Type': 'application/json'},
  body: JSON.stringify(body),
});

export const serverOf = (shop) => ({
  state: () => ask(`/api/${shop}/state.json`),
  idToken: async () => (await post(`/api/${shop}/id-token`)).id_token,
  frame: async (path, locale) => (await post(`/api/${shop}/frame`, {path, locale})).url,
  install: () => post(`/api/${shop}/install`),
  uninstall: () => post(`/api/${shop}/uninstall`),
  scopes: (step, names) => post(`/api/${shop}/scopes`, {step, names}),
  forward: (seconds) => post('/api/clock', {advance_seconds: seconds}),
  trouble: (name, on) => post('/api/faults', {name, on}),
});
