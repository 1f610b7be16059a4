// What Meta's parameter builder makes of texts. One JSON list of [kind, text] on stdin; on stdout for each the text
// that it hashes and the hash, both null where it has none.
import {readFileSync} from 'node:fs'
import {ParamBuilder} from 'capi-param-builder-nodejs'
import pii from 'capi-param-builder-nodejs/src/piiUtil/PIIUtil.js'

const builder = new ParamBuilder(['shop.example'])
const answers = JSON.parse(readFileSync(0, 'utf8')).map(([kind, text]) => {
  const hash = builder.getNormalizedAndHashedPII(text, kind)
  return {
    text: hash === null ? null : pii.getNormalizedPII(text, kind),
    hash: hash === null ? null : hash.split('.')[0], // the rest tells which builder made it
  }
})
process.stdout.write(JSON.stringify(answers))
