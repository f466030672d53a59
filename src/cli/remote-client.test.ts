import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { RequestListener } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { z } from 'zod'
import type { Operation } from '#admin/operation.ts'
import { operation } from '#admin/operation.ts'
import { Failure } from './failure.ts'
import { remoteClient, Unreachable } from './remote-client.ts'

const proof = (answerMsMax: number) =>
  operation({
    noun: 'ledger',
    verb: 'verify',
    summary: 'A proof.',
    method: 'GET',
    path: '/ledger/verify',
    scope: 'read',
    input: z.strictObject({}),
    output: z.object({ ok: z.boolean() }),
    flags: [],
    answerMsMax,
    run: async () => ({ ok: true }),
  })

const asked = async (listener: RequestListener, what: number | Operation): Promise<unknown> => {
  const server = createServer(listener)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  try {
    return await remoteClient({ url, credential: 'k', credentialFrom: 'a test' }).run(
      typeof what === 'number' ? (proof(what) as unknown as Operation) : what,
      {},
    )
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

test('a server that has not answered in time is not one that is away: nobody may do it again in its place', async () => {
  const failure = await asked(() => {}, 30).catch((thrown: unknown) => thrown)
  assert.ok(failure instanceof Failure && !(failure instanceof Unreachable))
  assert.equal(failure.text.code, 'timeout')
  assert.match(failure.text.what, /did not answer within/)
})

test('a field of the path that is not given is asked for by what it is then', async () => {
  const balance = operation({
    noun: 'credits',
    verb: 'balance',
    summary: 'A balance.',
    method: 'GET',
    path: '/credits/{account}',
    scope: 'read',
    input: z.strictObject({ account: z.string().default('default') }),
    output: z.object({ path: z.string() }),
    flags: [],
    run: async () => ({ path: '' }),
  })
  const ask: RequestListener = ({ url }, response) => response.end(JSON.stringify({ path: url }))
  assert.deepEqual(await asked(ask, balance as unknown as Operation), { path: '/api/v1/credits/default' })
})

test('an answer is read to its end, and one that is no JSON is told', async () => {
  const answer = await asked((_request, response) => {
    response.write('{"ok"')
    setImmediate(() => response.end(':true}'))
  }, 60_000)
  assert.deepEqual(answer, { ok: true })
  const failure = await asked((_request, response) => {
    response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end('elsewhere')
  }, 60_000).catch((thrown: unknown) => thrown)
  assert.ok(failure instanceof Failure)
  assert.match(failure.text.what, /answered 302 with something that is not JSON/)
})
