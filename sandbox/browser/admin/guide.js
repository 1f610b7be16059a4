// The guide: steps ticked from the sandbox's state, the clock, and the troubles.

const ASK_EVERY = 2000; // milliseconds
const GRACE_OVER = 31 * 60; // seconds: the app's usual grace period is 30 minutes
const element = (id) => document.getElementById(id);

function tick(steps) {
  const next = steps.find(({done}) => !done)?.step;
  for (const {step, done} of steps) {
    const item = document.querySelector(`#steps [data-step="${step}"]`);
    item.classList.toggle('done', done);
    item.dataset.done = done ? 'yes' : 'no';
    item.ariaCurrent = step === next ? 'step' : null;
    item.querySelector('h3').dataset.mark = done ? 'Done: ' : '';
  }
  const count = steps.filter(({done}) => done).length;
  element('guide-count').textContent = `${count} of ${steps.length}`;
}

function show({guide, clock, faults, time_zone: timeZone}) {
  tick(guide.steps);
  const now = new Date(clock.now);
  element('now').dateTime = clock.now;
  element('now').textContent = now.toLocaleString('en-GB', {dateStyle: 'medium', timeStyle: 'short', timeZone});
  for (const box of element('troubles').elements) box.checked = faults.includes(box.name);
}

/** Starts the panel; `changed` hears of each state. Returns two ways to ask for the state at once. */
export function startGuide(server, changed) {
  async function refresh() {
    const state = await server.state();
    show(state);
    changed(state);
    return state;
  }

  element('forward').addEventListener('click', async () => {
    await server.forward(GRACE_OVER);
    await refresh();
    element('clock-said').textContent = 'It is 31 minutes later. The app decides within seconds.';
  });
  element('troubles').addEventListener('change', async ({target}) => {
    await server.trouble(target.name, target.checked);
    await refresh();
  });
  for (const button of document.querySelectorAll('[data-copy]')) {
    button.addEventListener('click', async () => {
      await navigator.clipboard.writeText(button.dataset.copy);
      button.textContent = 'Copied';
    });
  }
  const quietly = () => refresh().catch(() => {}); // a sandbox that has stopped is no news
  setInterval(quietly, ASK_EVERY);
  return {refresh, quietly};
}
