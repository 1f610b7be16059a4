// Reads a list of {app, extension, theme} (TOML as JSON) on stdin and judges each by the schemas inside Shopify's CLI. Answers
// with {errors, app, extension, theme} for each: what is wrong, and what the CLI would keep; a key that it does not know is not kept.
//
// The CLI keeps its list of specifications to itself, so its one module that holds it is told, on loading, to export it.
import {readFileSync, readdirSync} from 'node:fs'
import {registerHooks} from 'node:module'

const folder = new URL('./node_modules/@shopify/cli/dist/', import.meta.url)
const holder = readdirSync(folder).find(
  (name) => name.endsWith('.js') && readFileSync(new URL(name, folder), 'utf8').includes('identifier:"web_pixel_extension"'),
)
const LIST = /async function ([\w$]+)\(\)\{let e=\(t,r\)=>[\w$]+\.indexOf\(t\.identifier\)/
const MERGED = /function ([\w$]+)\(e,t=!0\)\{let r=e\.reduce\(\(n,o\)=>o\.contributeToAppConfigurationSchema\(n\),/

registerHooks({
  load(url, context, next) {
    const loaded = next(url, context)
    if (!url.endsWith(`/${holder}`)) return loaded
    const source = String(loaded.source)
    const [list, merged] = [LIST, MERGED].map((pattern) => pattern.exec(source)[1])
    return {...loaded, source: `${source}\nexport{${list} as specifications,${merged} as merged}`}
  },
})

const {specifications, merged} = await import(new URL(holder, folder))
const all = await specifications()
const asked = JSON.parse(readFileSync(0, 'utf8'))

function judged(errors, name, schema, value) {
  const found = schema.safeParse(value)
  if (!found.success) errors.push(...found.error.issues.map((issue) => `${name}: ${issue.path.join('.')}: ${issue.message}`))
  return found.data ?? null
}

const configuration = all.filter((each) => each.experience === 'configuration' && each.identifier !== 'webhook_subscription')
const pixel = all.find((each) => each.identifier === 'web_pixel_extension')
const block = all.find((each) => each.identifier === 'theme')
const answers = asked.map(({app, extension, theme}) => {
  const errors = []
  return {
    app: judged(errors, 'app', merged(configuration, false), app),
    extension: judged(errors, 'extension', pixel.schema, extension),
    theme: judged(errors, 'theme', block.schema, theme),
    errors,
  }
})
process.stdout.write(JSON.stringify(answers))
