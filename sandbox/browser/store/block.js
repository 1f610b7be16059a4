// The app's block on a page of the theme: the unchanged script of the theme app extension, in this page.
import {dateOf, shopifyOf} from '/browser/pixel/theme.js';
import {choiceOfBuyer} from './settings.js';

const A_MOMENT = 60; // milliseconds that the script takes to go on with an answer

/** Runs the block. `allowed()`: what holds now. The page's element says by `data-block` whether it is at rest. */
export async function runBlock(facts, allowed) {
  const answer = await fetch('/browser/pixel/choice.js');
  const said = document.documentElement.dataset;
  let underWay = 0;

  async function noted(...given) {
    underWay += 1;
    said.block = 'busy';
    try {
      return await fetch(...given);
    } finally {
      setTimeout(() => {
        underWay -= 1;
        if (underWay === 0) said.block = 'rest';
      }, A_MOMENT);
    }
  }

  window.Shopify = shopifyOf(allowed, choiceOfBuyer);
  said.block = 'rest';
  new Function('fetch', 'Date', await answer.text())(noted, dateOf(() => facts.clockOffset));
}

/** Shopify tells the page's scripts of a choice. */
export const tellBlock = () => document.dispatchEvent(new CustomEvent('visitorConsentCollected'));
