// One page of the storefront: plays Shopify's Web Pixels Manager for it, and publishes what the buyer does.
import {declarationOf} from '/browser/pixel/declaration.js';
import {PixelManager} from '/browser/pixel/manager.js';
import {runBlock, tellBlock} from './block.js';
import {consentNow, startBanner} from './consent.js';
import {showNews, showPast} from './log.js';
import {extensionFiles, workerOf} from './pixel_worker.js';
import {clientId, isOn, moveTo, turn} from './settings.js';

const NEWS_EVERY = 200; // milliseconds
const MOMENT = 1500; // milliseconds; no buyer is faster from one page to the next, and a broken pixel holds nobody up

const facts = JSON.parse(document.getElementById('facts').textContent);
const switches = document.getElementById('browser');
const closeTab = document.getElementById('close-tab');

/** document.cookie and storage, as the manager wants them. */
const store = {
  cookie: {
    read: () => document.cookie,
    write: (line) => {
      document.cookie = line;
    },
  },
  localStorage,
  sessionStorage,
};

/** What the buyer's ad blocker stops, in the manager's words. */
const blocked = () => (isOn('adblock_all') ? ['facebook.com', 'facebook.net', facts.collector] : isOn('adblock'));

async function managerOf() {
  const isConnected = facts.settings && !isOn('paused');
  const {source, toml} = isConnected ? await extensionFiles() : {};
  return new PixelManager({
    pixel: isConnected ? {settings: facts.settings, declaration: declarationOf(toml)} : null,
    page: {
      url: location.href,
      referrer: document.referrer,
      title: document.title,
      userAgent: navigator.userAgent,
      languages: [facts.language],
      width: innerWidth,
      height: innerHeight,
      shop: facts.shop,
      clientId: clientId(),
      map: facts.map,
      data: facts.data,
      adblock: blocked(),
    },
    consent: consentNow(facts),
    worker: workerOf(source),
    store,
    clock: {now: () => Date.now(), offset: facts.clockOffset},
  });
}

const pause = (milliseconds) => new Promise((resolve) => {
  setTimeout(resolve, milliseconds);
});

let underWay = Promise.resolve(); // the pixel's loading, or its hearing of a choice

function follow(promise) {
  underWay = promise.catch((error) => console.error(error.message));
}

/** Tells the pixel of what the buyer does, and gives it the moment that a page takes to change. */
async function publish(manager, name) {
  if (!facts.later[name]) return;
  const told = Promise.all([manager.publish(name, facts.later[name]), underWay]).then(() => manager.settled());
  await Promise.race([told, pause(MOMENT)]);
}

function wireSwitches(manager) {
  switches.elements.adblock.checked = isOn('adblock');
  switches.elements.adblock_all.checked = isOn('adblock_all');
  switches.elements.paused.checked = isOn('paused');
  closeTab.checked = isOn('close_tab');
  switches.addEventListener('change', ({target}) => {
    if (target.name === 'region') moveTo(target.value);
    else turn(target.name, target.checked);
    if (target.name.startsWith('adblock')) manager.block(blocked());
    if (target.name === 'paused') location.reload();
  });
  closeTab.addEventListener('change', () => turn('close_tab', closeTab.checked));
}

/** A form that is an event of the page: told first, sent then. */
function wireForms(manager) {
  for (const form of document.querySelectorAll('form[data-publish]')) {
    form.addEventListener('submit', async (event) => {
      event.preventDefault();
      if (form.dataset.busy) return;
      form.dataset.busy = 'yes';
      await publish(manager, form.dataset.publish);
      form.submit();
    });
  }
}

/** The steps of the checkout: each is told when it is left, and the next one opens; the last one pays. */
function wireCheckout(manager) {
  const form = document.getElementById('checkout');
  const steps = [...form?.querySelectorAll('.step') ?? []];
  steps.slice(0, -1).forEach((step, number) => {
    step.querySelector('.next').addEventListener('click', async () => {
      if (![...step.querySelectorAll('input')].every((input) => input.reportValidity())) return;
      step.classList.add('done');
      steps[number + 1].disabled = false;
      steps[number + 1].querySelector('input, button').focus();
      await publish(manager, step.dataset.publish);
    });
  });
  form?.addEventListener('submit', async (event) => {
    event.preventDefault();
    if (form.dataset.busy) return;
    form.dataset.busy = 'yes';
    await publish(manager, steps.at(-1).dataset.publish);
    form.submit();
  });
}

showPast();
const manager = await managerOf();
wireSwitches(manager);
wireForms(manager);
wireCheckout(manager);
startBanner(facts, (choice) => {
  follow(manager.choose(choice));
  tellBlock();
});
setInterval(() => showNews(manager), NEWS_EVERY);
addEventListener('pagehide', () => showNews(manager));
follow(manager.open());
for (const [name, data] of facts.events) manager.publish(name, data);
if (facts.block) await runBlock(facts, () => consentNow(facts));
document.documentElement.dataset.ready = 'yes'; // for whoever drives this page by program
