import { strict as assert } from 'node:assert'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { startKimi } from '../fake/kimi.ts'
import type { Bench } from './bench.ts'
import { chat, startBench } from './bench.ts'
import { call } from './call.ts'
import {
  adminKey,
  cleanEnvironment,
  drover,
  eventually,
  makeFolder,
  removeFolder,
  runDrover,
  start,
  startRelay,
  testKey,
  within,
} from './harness.ts'

describe('commands', () => {
  let bench: Bench
  before(async () => {
    bench = await startBench()
  })
  after(() => bench.close())

  test('init writes a file from the keys found, doctor checks it, serve runs it', async () => {
    const folder = await makeFolder()
    const env = { MOONSHOT_API_KEY: 'sk-a-key-of-the-environment', DEEPSEEK_API_KEY: 'sk-another-one' }
    const written = await runDrover(['init'], { cwd: folder, env })
    assert.equal(written.code, 0, written.stderr)
    const file = readFileSync(join(folder, 'drover.yaml'), 'utf8')
    assert.match(file, /env:MOONSHOT_API_KEY/)
    assert.match(file, /env:DEEPSEEK_API_KEY/)
    assert.ok(!file.includes('sk-a-key'), 'no secret is written')
    const again = await runDrover(['init'], { cwd: folder, env })
    assert.notEqual(again.code, 0, 'a file that is there is not overwritten')
    assert.equal(readFileSync(join(folder, 'drover.yaml'), 'utf8'), file)
    await using relay = await startRelay({ folder, env })
    assert.equal((await call(relay.url, { path: '/health/readiness' })).status, 200)
  })

  test('doctor says what is broken and how to mend it', async () => {
    await using kimi = await startKimi()
    const folder = await makeFolder()
    const provider = `vendor: moonshot, base_url: "${kimi.baseUrl}", allow_private: true`
    writeFileSync(join(folder, 'drover.yaml'), `providers:\n  kimi: { ${provider}, api_key: "env:KIMI_KEY" }\n`)
    const wrong = await runDrover(['doctor'], { cwd: folder, env: { KIMI_KEY: 'sk-wrong-for-kimi' } })
    assert.equal(wrong.code, 1, wrong.stdout)
    assert.match(`${wrong.stdout}${wrong.stderr}`, /KIMI_KEY/)
    assert.ok(!`${wrong.stdout}${wrong.stderr}`.includes('sk-wrong-for-kimi'))
    assert.ok(
      kimi.seen.every(({ method }) => method === 'GET'),
      'free calls only',
    )
    const absent = await runDrover(['doctor', '--json'], { cwd: folder })
    assert.equal(absent.code, 1)
    assert.match(absent.stdout, /KIMI_KEY/)
    assert.equal(typeof JSON.parse(absent.stdout), 'object')
    await removeFolder(folder)
  })

  test('logs --follow prints each call as it ends', async () => {
    const env = cleanEnvironment({ DROVER_URL: bench.relay.url, DROVER_ADMIN_KEY: adminKey })
    const following = start(drover, ['logs', '--follow', '--json'], { cwd: bench.relay.folder, env })
    const sent: (string | undefined)[] = []
    await eventually(
      'the followed call',
      async () => {
        const answer = await call(bench.relay.url, { key: testKey, body: chat('follow me', { model: 'kimi-k2' }) })
        sent.push(answer.headers['x-request-id'])
        return sent.find((id) => id !== undefined && following.stdout().includes(id))
      },
      15_000,
    )
    for (const line of following.stdout().trim().split('\n')) assert.equal(typeof JSON.parse(line), 'object')
    following.child.kill('SIGINT')
    await within(following.ended, 5_000, () => 'logs --follow does not end')
  })

  test('models lists what there is, with its price', async () => {
    const listed = await bench.relay.print('models', 'list')
    assert.match(listed, /kimi-k2\.6/)
    const shown = await bench.relay.print('models', 'show', 'kimi-k2')
    assert.match(shown, /0\.95/)
  })

  test('keys: a person reads a table, a program JSON; what is wrong is exit 1 with the way out', async () => {
    const table = await runDrover(['keys', 'list'], {
      cwd: bench.relay.folder,
      env: { DROVER_URL: bench.relay.url, DROVER_ADMIN_KEY: adminKey },
    })
    assert.match(table.stdout, /made-by-a-test/)
    const unknown = await runDrover(['keys', 'revoke', 'key_that_is_none'], {
      cwd: bench.relay.folder,
      env: { DROVER_URL: bench.relay.url, DROVER_ADMIN_KEY: adminKey },
    })
    assert.equal(unknown.code, 1)
    assert.match(unknown.stderr, /key_that_is_none/)
    assert.equal(unknown.stdout, '')
    const away = await runDrover(['keys', 'list'], {
      cwd: bench.relay.folder,
      env: { DROVER_URL: 'http://127.0.0.1:9', DROVER_ADMIN_KEY: adminKey },
    })
    assert.equal(away.code, 1)
    assert.match(away.stderr, /127\.0\.0\.1:9/)
  })

  test('every command has help', async () => {
    for (const command of ['serve', 'init', 'doctor', 'keys', 'models', 'logs']) {
      const { code, stdout } = await runDrover([command, '--help'], { cwd: bench.relay.folder })
      assert.equal(code, 0, command)
      assert.match(stdout, new RegExp(`drover ${command}`))
    }
  })
})
