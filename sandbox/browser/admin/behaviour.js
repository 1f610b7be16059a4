// The page "Shopify's behaviour": shows what is on, moves switches, presses buttons.

const ASK_EVERY = 2000; // milliseconds
const element = (id) => document.getElementById(id);
const {shop, timeZone} = JSON.parse(element('facts').textContent);
const base = `/behaviour/${shop}`;
const STATES = {waiting: 'on its way', retrying: 'will be tried again', delivered: 'delivered', given_up: 'given up'};

async function ask(path, body) {
  const options = body === undefined ? {} : {
    method: 'POST', headers: {'Content-Type': 'application/json'}, body: JSON.stringify(body),
  };
  const answer = await fetch(base + path, options);
  const found = await answer.json();
  if (!answer.ok) throw new Error(found.error ?? `The sandbox answered ${answer.status}.`);
  return found;
}

const timeOf = (moment) => new Date(moment).toLocaleString('en-GB', {dateStyle: 'medium', timeStyle: 'short', timeZone});

function row({topic, about, state, tries, answer, due_at: due}) {
  const made = document.createElement('tr');
  made.dataset.state = state;
  const cells = [topic, about, STATES[state] ?? state, tries, answer ?? '–', due ? timeOf(due) : '–'];
  made.append(...cells.map((text) => Object.assign(document.createElement('td'), {textContent: text})));
  return made;
}

function show({faults, regions, installed, scopes, orders, clock, bucket, webhooks}) {
  for (const box of document.querySelectorAll('[role="switch"]')) box.checked = faults.includes(box.name);
  for (const list of document.querySelectorAll('[data-region]')) {
    if (list !== document.activeElement) list.value = regions[list.dataset.region];
  }
  element('now').dateTime = clock.now;
  element('now').textContent = timeOf(clock.now);
  element('installation').textContent = installed ? `Installed, with ${scopes.join(', ')}.` : 'Not installed.';
  element('bucket').hidden = bucket === null || !faults.includes('graphql_costs');
  if (bucket) element('bucket').textContent = `${bucket.currentlyAvailable} of ${bucket.maximumAvailable} points left.`;
  for (const name of ['add_item', 'customers_data_request', 'customers_redact']) {
    document.querySelector(`[data-act="${name}"]`).disabled = orders === 0;
  }
  document.querySelector('[data-act="uninstall"]').disabled = !installed;
  document.querySelector('[data-act="reinstall"]').disabled = installed;
  document.querySelector('#webhooks tbody').replaceChildren(...webhooks.map(row));
  element('webhooks').hidden = webhooks.length === 0;
  element('no-webhooks').hidden = webhooks.length > 0;
}

function say(text, isBad = false) {
  element('said').textContent = text;
  element('said').toggleAttribute('data-bad', isBad);
}

/** Does what was asked and shows what is on then; `words` make the line that says so. */
async function does(path, body, words) {
  try {
    const state = await ask(path, body);
    show(state);
    say(words(state));
  } catch (fault) {
    say(fault.message, true);
    await quietly();
  }
}

function told(label, {act}) {
  const name = act.name?.startsWith('#') ? `, order ${act.name}` : '';
  const webhook = act.webhook && `the app answered ${act.webhook.status ?? `nothing (${act.webhook.error})`}`;
  return [`${label}${name}: done`, act.paid && `${act.paid.length} paid`, webhook].filter(Boolean).join('; ') + '.';
}

document.addEventListener('change', ({target}) => {
  if (target.role === 'switch') {
    const label = target.labels[0].querySelector('strong').textContent;
    does('/switch', {name: target.name, on: target.checked}, () => `${label}: ${target.checked ? 'on' : 'off'}.`);
  } else if (target.dataset.region) {
    const words = `${target.labels[0].textContent}: ${target.selectedOptions[0].textContent}.`;
    does('/act', {name: 'consent_policy', regions: {[target.dataset.region]: target.value}}, () => words);
  }
});

document.addEventListener('click', async ({target}) => {
  const {act, later} = target.dataset;
  if (later) await does('/clock', {advance_seconds: Number(later)}, () => `It is ${target.textContent.trim()}.`);
  if (act) {
    target.disabled = true;
    await does('/act', {name: act}, (state) => told(target.textContent.trim(), state));
    target.disabled = false;
    await quietly();
  }
});

const quietly = () => ask('/state.json').then(show).catch(() => {}); // a sandbox that has stopped is no news
setInterval(quietly, ASK_EVERY);
await quietly();
document.documentElement.dataset.ready = 'yes'; // for whoever drives this page by program
