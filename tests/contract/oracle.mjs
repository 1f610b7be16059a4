// Judges id tokens and webhooks as an app on Shopify's JavaScript library would. One JSON question on stdin, one answer
// on stdout: for each case whether the library takes it with any of the secrets (an app gives it one at a time).
import {readFileSync} from 'node:fs'
import '@shopify/shopify-api/adapters/web-api'
import {ApiVersion, shopifyApi} from '@shopify/shopify-api'

const asked = JSON.parse(readFileSync(0, 'utf8'))
const apps = asked.secrets.map((apiSecretKey) =>
  shopifyApi({
    apiKey: asked.key,
    apiSecretKey,
    hostName: 'backstop.example.com',
    apiVersion: ApiVersion.October26,
    isEmbeddedApp: true,
    logger: {log: () => {}},
  }),
)

async function taken(judge) {
  for (const app of apps) {
    try {
      if (await judge(app)) return true
    } catch {
      // this library says no by an error
    }
  }
  return false
}

async function isWebhook(app, {headers, body}) {
  const rawRequest = new Request('https://backstop.example.com/webhooks/x', {method: 'POST', headers})
  return (await app.webhooks.validate({rawBody: body, rawRequest})).valid
}

const answer = {tokens: {}, webhooks: {}}
for (const [name, token] of Object.entries(asked.tokens ?? {}))
  answer.tokens[name] = await taken(async (app) => Boolean(await app.session.decodeSessionToken(token)))
for (const [name, webhook] of Object.entries(asked.webhooks ?? {}))
  answer.webhooks[name] = await taken((app) => isWebhook(app, webhook))
process.stdout.write(JSON.stringify(answer))
