import { strict as assert } from 'node:assert'
import { once } from 'node:events'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { stream } from '../fake/answer.ts'
import { makeTurnstile } from '../fake/gate.ts'
import { completionEvents } from '../fake/openai.ts'
import { startUpstream } from '../fake/upstream.ts'
import { chat } from './bench.ts'
import { call, openCall, textOf } from './call.ts'
import {
  cleanEnvironment,
  configFor,
  drover,
  eventually,
  fakeKey,
  makeFolder,
  removeFolder,
  start,
  startRelay,
  testKey,
  within,
} from './harness.ts'

/** Starts `serve` where it must refuse; gives what it said. */
async function refusedServe(
  folder: string,
  ...flags: readonly string[]
): Promise<{ code: number | null; stderr: string }> {
  const talk = start(drover, ['serve', ...flags], { cwd: folder, env: cleanEnvironment() })
  const ended = await within(talk.ended, 30_000, () => `it started: ${talk.stdout()}${talk.stderr()}`)
  assert.equal(talk.stdout(), '', 'nothing listens, so nothing is said on stdout')
  assert.doesNotMatch(talk.stderr(), /\n\s+at .+:\d+:\d+/, 'no stack trace')
  return { code: ended.code, stderr: talk.stderr() }
}

test('SIGTERM: no new connection, readiness down, the open stream finishes, exit 0', async () => {
  const turnstile = makeTurnstile()
  const events = completionEvents(['one ', 'two ', 'three'])
  await using upstream = await startUpstream(stream(events, { before: turnstile.pass }))
  await using relay = await startRelay({ config: configFor(upstream), env: { FAKE_KEY: fakeKey } })
  const { key } = await relay.createKey()
  turnstile.admit(2)
  const open = await openCall(relay.url, { key, body: chat('count', { stream: true }) })
  const begun = await open.until('one ')

  relay.terminate()
  await eventually('the listener to close', async () => {
    const answer = await call(relay.url, { path: '/health/readiness' }).catch(() => null)
    return answer === null || answer.status === 503 ? 'closed' : undefined
  })
  turnstile.admit(events.length)
  const text = begun + (await open.rest()).toString()
  assert.equal(textOf(text), 'one two three')
  assert.ok(text.endsWith('data: [DONE]\n\n'))
  const ended = await within(relay.ended, 10_000, () => 'it did not end after its last stream')
  assert.deepEqual(ended, { code: 0, signal: null })
})

test('a log that cannot be written ends no server: calls are answered, and it ends as always', async () => {
  await using relay = await startRelay({ through: ['sh', '-c', 'exec "$@" 2>/dev/full', 'sh'] })
  for (const _ of [1, 2, 3]) {
    const answer = await call(relay.url, { key: testKey, body: chat('hello', { model: 'kimi-k2' }) })
    assert.equal(answer.status, 200)
  }
  await relay.stop()
})

test('with a drain delay it says that it is not ready and still takes calls, each told to close its connection', async () => {
  const config = 'server: { drain_delay: 1s }\n'
  await using relay = await startRelay({ config })
  const ask = (path: string) => call(relay.url, { path, key: testKey, headers: { connection: 'keep-alive' } })
  assert.equal((await ask('/v1/models')).headers['connection'], 'keep-alive')
  relay.terminate()
  await eventually('not ready', async () => {
    const answer = await ask('/health/readiness')
    return answer.status === 503 && answer.text.includes('about to end') ? true : undefined
  })
  const answer = await ask('/v1/models')
  assert.deepEqual([answer.status, answer.headers['connection']], [200, 'close'])
  const ended = await within(relay.ended, 10_000, () => 'it did not end after its delay')
  assert.deepEqual(ended, { code: 0, signal: null })
})

test('a stream that outlives the drain bound does not hold the exit up', async () => {
  const turnstile = makeTurnstile()
  await using upstream = await startUpstream(stream(completionEvents(['one ', 'two']), { before: turnstile.pass }))
  const config = configFor(upstream, 'server: { drain_timeout: 300ms }\n')
  await using relay = await startRelay({ config, env: { FAKE_KEY: fakeKey } })
  const { key } = await relay.createKey()
  turnstile.admit(2)
  const open = await openCall(relay.url, { key, body: chat('count', { stream: true }) })
  await open.until('one ')
  relay.terminate()
  const cut = open.rest().then(
    (rest) => rest.toString(),
    () => 'cut',
  )
  await within(relay.ended, 10_000, () => 'it waits for a stream for ever')
  assert.ok(!(await cut).includes('[DONE]'), 'a stream that was cut does not look complete')
})

test('a second server on the same data folder is refused and the first goes on', async () => {
  await using relay = await startRelay()
  const second = await refusedServe(relay.folder, '--port', '0', '--data', relay.data)
  assert.equal(second.code, 1)
  assert.match(second.stderr, /lock|already|in use/i)
  assert.ok(second.stderr.includes(relay.url) || second.stderr.includes(`${relay.pid}`), second.stderr)
  assert.equal((await call(relay.url, { path: '/v1/models', key: testKey })).status, 200)
})

test('a lock that a dead server left does not keep the next one out', async () => {
  const folder = await makeFolder()
  const first = await startRelay({ folder })
  await first.kill()
  await using second = await startRelay({ folder })
  assert.equal((await call(second.url, { path: '/v1/models', key: testKey })).status, 200)
})

test('a port in use is said so, with the port', async () => {
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  const { port } = other.address() as AddressInfo
  const folder = await makeFolder()
  const refused = await refusedServe(folder, '--port', `${port}`, '--data', join(folder, 'data'))
  assert.equal(refused.code, 1)
  assert.ok(refused.stderr.includes(`${port}`), refused.stderr)
  assert.match(refused.stderr, /in use/i)
  other.close()
  await removeFolder(folder)
})

test('a data folder that cannot be written is said so, with its path', async () => {
  const folder = await makeFolder()
  const file = join(folder, 'a-file')
  writeFileSync(file, '')
  const locked = join(folder, 'locked')
  mkdirSync(locked)
  chmodSync(locked, 0o500)
  // Root may write anywhere, so for root only the path through a file is impossible.
  const places = process.getuid?.() === 0 ? [join(file, 'data')] : [join(file, 'data'), join(locked, 'data')]
  for (const place of places) {
    const refused = await refusedServe(folder, '--port', '0', '--data', place)
    assert.equal(refused.code, 1)
    assert.ok(refused.stderr.includes(place), refused.stderr)
  }
  await removeFolder(folder)
})

test('kill -9: keys and the records of calls that ended a second before are there after the restart', async () => {
  const folder = await makeFolder()
  const first = await startRelay({ folder })
  const made = await first.createKey({ test: true, rpm: 50 })
  const revoked = await first.createKey({ test: true })
  await first.command('keys', 'revoke', revoked.id)
  const answer = await call(first.url, { key: made.key, body: chat('remember me', { model: 'kimi-k2' }) })
  assert.equal(answer.status, 200, answer.text)
  const id = answer.headers['x-request-id']
  await first.recordOf(answer)
  await first.kill()

  await using second = await startRelay({ folder })
  const again = await call(second.url, { key: made.key, body: chat('me again', { model: 'kimi-k2' }) })
  assert.equal(again.status, 200, again.text)
  assert.equal(again.headers['x-ratelimit-limit-requests'], '50', 'the limit of the key is there too')
  assert.equal((await call(second.url, { path: '/v1/models', key: revoked.key })).status, 401)
  const record = (await second.logs(50)).find((one) => one['id'] === id)
  assert.ok(record, 'the record of the call before the kill')
  assert.equal(record['end'], 'complete')
})
