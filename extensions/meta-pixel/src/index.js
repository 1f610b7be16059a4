// Entry of the web pixel extension: hands Shopify's API and the few promised globals to the pixel.
import {register} from '@shopify/web-pixels-extension';
import {start} from './pixel.js';

register((api) => {
  start(api, {
    fetch: (address, options) => fetch(address, options),
    setTimeout: (callback, milliseconds) => setTimeout(callback, milliseconds),
    clearTimeout: (timer) => clearTimeout(timer),
    now: () => Date.now(),
    random: () => Math.random(),
  });
});
