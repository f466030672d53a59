import { strict as assert } from 'node:assert'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { call, eventsOf } from './call.ts'
import type { Relay, Talk } from './harness.ts'
import {
  adminKey,
  checkout,
  cleanEnvironment,
  eventually,
  makeFolder,
  removeFolder,
  runDrover,
  start,
  startRelay,
  testKey,
  within,
} from './harness.ts'

/** What the first start tells a person: it may come a moment after the listening line, on the other stream. */
const greetingOf = (relay: Relay): Promise<string> =>
  eventually('the greeting', () => (/keys create/.test(relay.stderr()) ? relay.stderr() : undefined))

/** The curl command of the greeting: from `curl` to the first line that does not go on. */
function curlOf(greeting: string): string {
  const lines = greeting.split('\n')
  const first = lines.findIndex((line) => /^\s*curl\s/.test(line))
  assert.notEqual(first, -1, `no curl in the greeting:\n${greeting}`)
  let last = first
  while (lines[last]?.trimEnd().endsWith('\\')) last += 1
  return lines.slice(first, last + 1).join('\n')
}

test('the first start prints keys and a curl that streams an answer when pasted into a shell', async () => {
  await using relay = await startRelay({ ownKeys: true })
  const greeting = await greetingOf(relay)
  const printed = /\bhs-test-[\w-]+/.exec(greeting)?.[0]
  assert.ok(printed !== undefined, `no test key in the greeting:\n${greeting}`)
  assert.match(greeting, /\bdrover-admin-[\w-]+/)
  const command = curlOf(greeting)
  assert.match(command, /kimi-k2/)

  const shell = start('sh', ['-c', command], { cwd: relay.folder, env: cleanEnvironment() })
  const ended = await within(shell.ended, 20_000, () => `curl did not end: ${shell.stderr()}`)
  assert.equal(ended.code, 0, shell.stderr())
  const events = eventsOf(shell.stdout())
  assert.ok(events.length > 3, `a stream, not one piece: ${shell.stdout()}`)
  assert.equal(events.at(-1)?.data, '[DONE]')
  await relay.stop()
  assert.equal(relay.stdout().trim().split('\n').length, 1, 'stdout holds the listening line and nothing else')
})

test('the listening line is JSON with the address, and the second start on the data says no keys again', async () => {
  const folder = await makeFolder()
  const first = await startRelay({ folder, ownKeys: true })
  assert.equal(first.listening['event'], 'listening')
  assert.match(String(first.listening['url']), /^http:\/\/127\.0\.0\.1:\d+$/)
  const key = /\bhs-test-[\w-]+/.exec(await greetingOf(first))?.[0] ?? ''
  await first.stop()

  await using second = await startRelay({ folder, ownKeys: true })
  assert.doesNotMatch(second.stderr(), /\bhs-test-[\w-]{20,}|\bdrover-admin-[\w-]{20,}/)
  const answer = await call(second.url, { path: '/v1/models', key })
  assert.equal(answer.status, 200, 'the key of the first start still works')
})

test('keys of the environment are taken as they are, and never printed', async () => {
  await using relay = await startRelay()
  assert.ok(!relay.stderr().includes(testKey) && !relay.stderr().includes(adminKey))
  assert.equal((await call(relay.url, { path: '/v1/models', key: testKey })).status, 200)
  const kept = await call(relay.url, { path: '/v1/models', key: `${testKey}x` })
  assert.equal(kept.status, 401)
  const made = await relay.createKey()
  assert.match(made.key, /^hs-live-/)
})

test('the lock names the server, and a command finds it there', async () => {
  await using relay = await startRelay()
  const lock = join(relay.data, 'lock')
  assert.ok(readFileSync(lock, 'utf8').includes(relay.url), 'the lock holds the local address')
  const result = await runDrover(['keys', 'create', '--name', 'found', '--data', relay.data, '--json'], {
    cwd: relay.folder,
    env: { DROVER_ADMIN_KEY: adminKey },
  })
  assert.equal(result.code, 0, result.stderr)
  const made = JSON.parse(result.stdout) as { key: string }
  assert.equal((await call(relay.url, { path: '/v1/models', key: made.key })).status, 200)
  await relay.stop()
  assert.equal(existsSync(lock), false, 'a server that ended leaves no lock')
})

test('a second server on the same data says who has it, and ends', async () => {
  await using relay = await startRelay()
  const second = await runDrover(['serve', '--data', relay.data, '--port', '0'], { cwd: relay.folder })
  assert.equal(second.code, 1)
  assert.match(second.stderr, /is in use by process \d+ at http/)
})

test('a command works on the store when no server runs', async () => {
  const folder = await makeFolder()
  const relay = await startRelay({ folder })
  await relay.stop()
  const result = await runDrover(['keys', 'list', '--data', relay.data, '--json'], { cwd: folder })
  assert.equal(result.code, 0, result.stderr)
  assert.ok(Array.isArray(JSON.parse(result.stdout)) || result.stdout.includes('"'), result.stdout)
  await removeFolder(folder)
})

/** Starts the relay by `npm start`; gives its address and the line that said so. */
async function startByNpm(folder: string): Promise<{ talk: Talk; url: string; line: string }> {
  const environment = cleanEnvironment({ DROVER_ADMIN_KEY: adminKey, DROVER_TEST_KEY: testKey })
  const talk = start('npm', ['start', '-s', '--', '--port', '0', '--data', join(folder, 'data')], {
    cwd: checkout,
    env: environment,
  })
  const line = await eventually(
    'the listening line',
    () => {
      assert.equal(talk.child.exitCode, null, talk.stderr())
      return /^\{.*\}$/m.exec(talk.stdout())?.[0]
    },
    40_000,
  )
  const { url } = JSON.parse(line) as { url: string }
  assert.equal((await call(url, { path: '/health/liveness' })).status, 200)
  return { talk, url, line }
}

const isGone = (url: string): Promise<true | undefined> =>
  call(url, { path: '/health/liveness' }).then(
    () => undefined,
    () => true,
  )

test('npm start prints one line on stdout and ends on SIGTERM', async () => {
  const folder = await makeFolder()
  const { talk, url, line } = await startByNpm(folder)
  talk.child.kill('SIGTERM')
  await within(talk.ended, 40_000, () => `npm start did not end: ${talk.stderr()}`)
  assert.ok(await isGone(url), 'no relay is left behind')
  assert.equal(talk.stdout(), `${line}\n`)
  await removeFolder(folder)
})

test('when npm is killed, the relay it started ends as well, and gives its data free', async () => {
  const folder = await makeFolder()
  const { talk, url } = await startByNpm(folder)
  talk.child.kill('SIGKILL')
  await eventually('the end of the relay', () => isGone(url), 10_000)
  await eventually('its lock to go', () => (existsSync(join(folder, 'data', 'lock')) ? undefined : true), 10_000)
  await removeFolder(folder)
})

test('a wrong command line exits 2 and says what would be right', async () => {
  const folder = await makeFolder()
  for (const parameters of [
    ['surve'],
    ['serve', '--prot', '1'],
    ['serve', '--port', 'many'],
    ['keys', 'create', '--rpm', 'x'],
  ]) {
    const result = await runDrover(parameters, { cwd: folder })
    assert.equal(result.code, 2, `drover ${parameters.join(' ')}: ${result.stderr}`)
    assert.equal(result.stdout, '')
    assert.doesNotMatch(result.stderr, /\n\s+at .+:\d+:\d+/, 'no stack trace')
  }
  const help = await runDrover(['serve', '--help'], { cwd: folder })
  assert.equal(help.code, 0)
  await removeFolder(folder)
})
