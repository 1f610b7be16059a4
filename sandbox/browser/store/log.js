// The panel that shows what the pixel did: it stays over the pages of a tab.

const KEPT = 40;
const PLACE = 'sandbox_log';
const OUTCOMES = {
  sent: 'sent', blocked: 'blocked by the ad blocker', failed: 'failed', restricted: 'not allowed to pixels',
  left: 'left', cut: 'cut off',
};

const STATES = {
  none: 'no pixel is connected', waiting: 'the pixel waits for consent', loading: 'the pixel is loading',
  running: 'the pixel is running', broken: 'the pixel broke',
};

const past = () => JSON.parse(sessionStorage.getItem(PLACE) ?? '[]');

function textOf({url, out}) {
  const {hostname, pathname, searchParams} = new URL(url);
  const outcome = OUTCOMES[out] ?? `answered ${out}`;
  if (!hostname.endsWith('facebook.com')) return `Evidence to the app (${pathname}): ${outcome}`;
  const [name, id] = [searchParams.get('ev') ?? 'an event', searchParams.get('eid')];
  return `${name} to Meta${id ? `, event id ${id}` : ''}: ${outcome}`;
}

function draw(entries) {
  document.getElementById('log').replaceChildren(...entries.map(({text, out}) => {
    const item = document.createElement('li');
    item.textContent = text;
    item.dataset.out = out;
    return item;
  }));
}

/** Shows what is new in the manager. */
export function showNews(manager) {
  document.getElementById('pixel-state').textContent = STATES[manager.state] ?? manager.state;
  const {net, errors} = manager.takeNews();
  if (net.length === 0 && errors.length === 0) return;
  for (const error of errors) console.error(`The pixel raised: ${error}`);
  const news = [
    ...net.map((entry) => ({text: textOf(entry), out: entry.out})),
    ...errors.map((text) => ({text: `The pixel raised ${text}`, out: 'error'})),
  ];
  const entries = [...news.reverse(), ...past()].slice(0, KEPT);
  sessionStorage.setItem(PLACE, JSON.stringify(entries));
  draw(entries);
}

export const showPast = () => draw(past());
