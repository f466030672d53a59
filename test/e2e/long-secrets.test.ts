/** A provider's key that is kept in Vault: taken at the start, changed there without a restart, and kept while Vault is away. */

import { strict as assert } from 'node:assert'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { whole } from '../fake/answer.ts'
import { completion } from '../fake/openai.ts'
import { startUpstream } from '../fake/upstream.ts'
import { chat } from './bench.ts'
import { call } from './call.ts'
import { adminKey, eventually, runDrover, startRelay } from './harness.ts'

const token = 'hvs.of-the-test'

/** Vault's key-value engine over HTTP, as far as its manual says what a token may do there. */
const startVault = async (first: Readonly<Record<string, Readonly<Record<string, string>>>>) => {
  const kept = new Map(Object.entries(first).map(([name, data]) => [name, { version: 1, data }]))
  const state = { isAway: false }
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const answer = (status: number, value: unknown): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
    }
    if (state.isAway) return answer(503, { errors: ['Vault is sealed'] })
    if (request.headers['x-vault-token'] !== token) return answer(403, { errors: ['permission denied'] })
    if (request.url === '/v1/auth/token/lookup-self') return answer(200, { data: { ttl: 0, renewable: false } })
    const name = /^\/v1\/secret\/data\/(.+)$/.exec(request.url ?? '')?.[1] ?? ''
    const found = kept.get(name)
    if (request.method === 'GET')
      return found === undefined
        ? answer(404, { errors: [] })
        : answer(200, { data: { data: found.data, metadata: { version: found.version } } })
    const { data, options } = JSON.parse(Buffer.concat(chunks).toString('utf8'))
    if (options.cas !== (found?.version ?? 0)) return answer(400, { errors: ['check-and-set'] })
    kept.set(name, { version: options.cas + 1, data })
    return answer(200, { data: { version: options.cas + 1 } })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    kept,
    state,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

test('a key in Vault is used, replaced without a restart, and kept while Vault is away; a new key goes there unseen', async () => {
  await using vault = await startVault({ llm: { kimi: 'sk-first-of-the-vault' } })
  await using upstream = await startUpstream(whole(completion()))
  const config = `secrets: { refresh: 1s, vault: { address: "${vault.url}", token: "env:TOKEN_OF_VAULT", allow_private: true } }
server: { overload: { loop_delay: 1m } }
providers:
  fake: { vendor: openai-compatible, base_url: "${upstream.baseUrl}", allow_private: true, api_key: "vault:llm#kimi" }
`
  await using relay = await startRelay({ config, env: { TOKEN_OF_VAULT: token } })
  const { key } = await relay.createKey()
  const sentWith = async (): Promise<string | undefined> => {
    const answer = await call(relay.url, { key, body: chat('hi') })
    assert.equal(answer.status, 200, answer.text)
    return upstream.seen.at(-1)?.headers.authorization
  }
  assert.equal(await sentWith(), 'Bearer sk-first-of-the-vault')
  vault.kept.set('llm', { version: 2, data: { kimi: 'sk-second-of-the-vault' } })
  const isSecond = async () => ((await sentWith()) === 'Bearer sk-second-of-the-vault' ? true : undefined)
  await eventually('the new key is used', isSecond, 30_000)
  vault.state.isAway = true
  const readiness = async () => {
    const { text } = await call(relay.url, { path: '/health/readiness' })
    return /vault:llm could not be fetched since .* the last value stays/.test(text) ? text : undefined
  }
  await eventually('a warning', readiness, 30_000)
  assert.equal(await sentWith(), 'Bearer sk-second-of-the-vault')
  const env = { DROVER_URL: relay.url, DROVER_ADMIN_KEY: adminKey, TOKEN_OF_VAULT: token }
  const make = (name: string, to: string) =>
    runDrover(['keys', 'create', '--name', name, '--to', to, '--config', relay.configFile, '--json'], {
      cwd: relay.folder,
      env,
      withinMs: 90_000,
    })
  const failed = await make('unkept', 'vault:app#drover_key')
  assert.deepEqual([failed.code, failed.stdout], [1, ''])
  assert.match(failed.stderr, /could not be written to vault:app#drover_key.*503.*has been ended/s)
  vault.state.isAway = false
  const made = await make('kept', 'vault:app#drover_key')
  assert.equal(made.code, 0, made.stderr)
  const written = vault.kept.get('app')?.data['drover_key'] ?? ''
  assert.match(written, /^hs-live-/)
  assert.equal(JSON.parse(made.stdout).kept_at, 'vault:app#drover_key')
  for (const text of [made.stdout, made.stderr, failed.stderr, relay.stderr()])
    for (const secret of [written, token, 'sk-second-of-the-vault']) assert.ok(!text.includes(secret))
  const answer = await call(relay.url, { key: written, body: chat('hi') })
  assert.equal(answer.status, 200)
  assert.equal((await make('again', 'env:NAME')).code, 2)
})
