// Waiting with a limit. The strict sandbox promises no AbortController, so a late request is left behind, not cut off.

/** The value of `promise`, or `instead` when it has not come within `milliseconds`. `promise` must not reject. */
export function within(promise, milliseconds, instead, io) {
  let timer;
  const limit = new Promise((resolve) => {
    timer = io.setTimeout(() => resolve(instead), milliseconds);
  });
  return Promise.race([promise, limit]).then((value) => {
    io.clearTimeout(timer);
    return value;
  });
}

/** What `ask` resolves to, or `instead` when it fails in any way: the top frame may refuse to keep or to tell. */
export async function quietly(ask, instead) {
  try {
    return await ask();
  } catch {
    return instead;
  }
}

/** Resolves after `milliseconds`. */
export const pause = (milliseconds, io) => new Promise((resolve) => io.setTimeout(resolve, milliseconds));
