// The Events Manager: asks for what was received, and shows it.

const ASK_EVERY = 1500; // milliseconds
const CLEAR = ['fbp', 'fbc', 'client_ip_address', 'client_user_agent']; // sent as they are; the rest is hashed
const element = (id) => document.getElementById(id);

const timeOf = (moment) => new Date(moment).toLocaleString('en-GB', {dateStyle: 'medium', timeStyle: 'medium'});

/** An amount with the decimals of its currency. */
function moneyOf({value, currency}) {
  if (!value) return '';
  if (!currency) return String(value);
  const {maximumFractionDigits} = new Intl.NumberFormat('en-GB', {style: 'currency', currency}).resolvedOptions();
  return `${Number(value).toFixed(maximumFractionDigits)} ${currency}`;
}

function resultOf({copy_of: first, known_dataset: isKnown, limited}) {
  if (!isKnown) return 'No such dataset';
  if (first !== null) return `Dropped: a copy of event ${first}`;
  return limited ? 'Counted, with limited data use' : 'Counted';
}

function personOf(fields) {
  const hashed = fields.filter((name) => !CLEAR.includes(name));
  const clear = fields.filter((name) => CLEAR.includes(name));
  return [hashed.length > 0 && `hashed: ${hashed.join(', ')}`, clear.length > 0 && `as it is: ${clear.join(', ')}`]
    .filter(Boolean).join('; ');
}

/** One row; `cells`: label -> text. */
function row(cells, data) {
  const made = document.createElement('tr');
  Object.assign(made.dataset, data);
  made.append(...Object.entries(cells).map(([label, text]) => {
    const cell = document.createElement('td');
    cell.dataset.label = label;
    cell.textContent = text;
    return cell;
  }));
  return made;
}

const eventRow = (event) => row({
  Event: `${event.n}. ${event.event_name}`,
  From: event.source === 'server' ? 'Server' : 'Browser',
  Result: resultOf(event),
  Received: timeOf(event.received_at),
  'Event id': event.event_id ?? 'none',
  Value: moneyOf(event),
  'Of the person': personOf(event.person),
}, {
  event: event.event_name,
  eventId: event.event_id ?? '',
  source: event.source,
  result: event.copy_of === null ? 'counted' : 'dropped',
});

const requestRow = ({at, dataset, events, result}) => row({
  Received: timeOf(at), Dataset: dataset, Events: String(events), Result: result,
}, {result});

function showFigures(events) {
  const purchases = events.filter((event) => event.event_name === 'Purchase');
  element('counted').textContent = events.filter((event) => event.copy_of === null && event.known_dataset).length;
  element('dropped').textContent = events.filter((event) => event.copy_of !== null).length;
  element('from-browser').textContent = purchases.filter(({source}) => source === 'browser').length;
  element('from-server').textContent = purchases.filter(({source}) => source === 'server').length;
}

async function act(what, userId) {
  const answer = await fetch(`/logins/${what}`, {
    method: 'POST', headers: {'Content-Type': 'application/json'}, body: JSON.stringify({user_id: userId}),
  });
  const {app_answered: status, said} = await answer.json();
  element('login-said').textContent = `The app answered ${status ?? 'nothing'}.`;
  if (!said?.url) return;
  const link = document.createElement('a');
  Object.assign(link, {href: said.url, textContent: `Code ${said.confirmation_code}`, target: '_blank'});
  element('login-said').append(' ', link);
}

function button(text, what, userId) {
  const made = document.createElement('button');
  made.type = 'button';
  made.textContent = text;
  made.dataset.act = what;
  made.addEventListener('click', () => act(what, userId).then(showLogins));
  return made;
}

let listed = '';

async function showLogins() {
  const text = await (await fetch('/logins.json')).text();
  if (text === listed) return;
  listed = text;
  const {logins} = JSON.parse(text);
  element('no-logins').hidden = logins.length > 0;
  element('logins').replaceChildren(...logins.map(({user_id: userId, business, tokens}) => {
    const line = document.createElement('li');
    line.dataset.tokens = tokens;
    line.append(`${business}: ${tokens} living token${tokens === 1 ? '' : 's'} `);
    line.append(button('Remove the app', 'remove', userId), ' ', button('Ask to delete data', 'delete', userId));
    return line;
  }));
}

const SIDES = {browser: 'the pixel told of it', server: 'the server told of it'};

async function showAudience() {
  const {visitors} = await (await fetch('/audience.json')).json();
  const gone = visitors.filter(({bought_by: side}) => side !== null);
  element('in-audience').textContent = visitors.length - gone.length;
  element('dropped-out').textContent = gone.length;
  element('no-audience').hidden = visitors.length > 0;
  element('audience').replaceChildren(...visitors.map(({visitor, did, bought_by: side}) => {
    const line = document.createElement('li');
    line.dataset.visitor = side === null ? 'in' : 'out';
    line.textContent = `Visitor ${visitor} (${did.join(', ')}): `
      + (side === null ? 'in the audience' : `has bought, ${SIDES[side]}: out of the audience`);
    return line;
  }));
}

let shown = '';

async function refresh() {
  await showLogins();
  const text = await (await fetch('/events.json')).text();
  const state = text + element('purchases').checked;
  if (state === shown) return;
  shown = state;
  await showAudience();
  const {events, requests} = JSON.parse(text);
  const wanted = events.filter((event) => !element('purchases').checked || event.event_name === 'Purchase');
  document.querySelector('#events tbody').replaceChildren(...wanted.map(eventRow));
  document.querySelector('#requests tbody').replaceChildren(...requests.map(requestRow));
  for (const [name, list] of [['events', wanted], ['requests', requests]]) {
    element(`no-${name}`).hidden = list.length > 0;
    element(name).hidden = list.length === 0;
  }
  showFigures(events);
}

element('purchases').addEventListener('change', refresh);
setInterval(() => refresh().catch(() => {}), ASK_EVERY); // a sandbox that has stopped is no news
await refresh();
document.documentElement.dataset.ready = 'yes'; // for whoever drives this page by program
