// The consent banner. Where the shop must ask first, it is open until the buyer has answered.
import {choiceOfBuyer, keepChoice} from './settings.js';

const PURPOSES = ['marketing', 'analytics', 'preferences', 'sale_of_data'];
const all = (value) => Object.fromEntries(PURPOSES.map((purpose) => [purpose, value]));
const element = (id) => document.getElementById(id);

/** What holds now: the buyer's choice, else what the region's rules say before one. */
export const consentNow = ({atFirst}) => choiceOfBuyer() ?? atFirst;

/** Wires the banner; `chosen` is called with each choice. */
export function startBanner(facts, chosen) {
  const banner = element('consent');
  const form = element('choices');

  function show() {
    const consent = consentNow(facts);
    for (const purpose of PURPOSES) form.elements[purpose].checked = consent[purpose];
    banner.hidden = false;
  }

  function choose(choice) {
    keepChoice(choice);
    banner.hidden = true;
    chosen(choice);
  }

  element('accept').addEventListener('click', () => choose(all(true)));
  element('decline').addEventListener('click', () => choose(all(false)));
  element('open-choices').addEventListener('click', show);
  element('opt-out')?.addEventListener('click', () => choose({...consentNow(facts), sale_of_data: false}));
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    choose(Object.fromEntries(PURPOSES.map((purpose) => [purpose, form.elements[purpose].checked])));
  });
  if (facts.asksFirst && !choiceOfBuyer()) show();
}
