import assert from 'node:assert/strict'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { firstStart } from '#admin/first-start.ts'
import { testCall } from '#admin/test-call.ts'
import { Problem } from '#base/problem.ts'
import { startTestServer } from './test-server.ts'
import { testShell } from './test-shell.ts'

type Output = Readonly<Record<string, unknown>>

const open = async () => {
  const shell = testShell()
  const { ports, clock, ids } = shell.admin
  await firstStart({ ports, clock, ids, given: { admin: null, test: null } })
  const json = async (line: string): Promise<Output> => {
    const { code, out, talk } = await shell.run(`${line} --json`)
    assert.equal(code, 0, talk)
    assert.equal(out.split('\n').length, 2, 'JSON is one line')
    return JSON.parse(out) as Output
  }
  return { ...shell, json }
}

describe('without a server the store is opened, and closed', () => {
  test('keys create prints the key, as a line or as JSON', async () => {
    const { run, json, opened, folder, close } = await open()
    try {
      const line = await run('keys create --name x')
      assert.match(line.out, /^hs-live-[0-9A-Za-z]+\n$/)
      assert.equal(line.talk, '')
      assert.deepEqual(opened, [join(folder, 'data'), 'closed'])
      const made = await json('keys create --name y --test --env staging --models a,b --models c --rpm 3 --expires 30d')
      assert.match(String(made['key']), /^hs-test-/)
      assert.equal(made['environment'], 'staging')
      assert.deepEqual(made['models'], ['a', 'b', 'c'])
      const named = await json('keys create --name z --environment staging')
      assert.equal(named['environment'], 'staging')
    } finally {
      close()
    }
  })

  test('a key is the only data, and everything that was asked for is honoured', async () => {
    const { run, close } = await open()
    try {
      const { out, talk } = await run('keys create --name x --budget 5 --budget-period month')
      assert.match(out, /^hs-live-/)
      assert.equal(talk, '')
    } finally {
      close()
    }
  })

  test('a list may be given in parts, and a switch twice', async () => {
    const { json, close } = await open()
    try {
      const made = await json('keys create --name parts --models a,b --models c --test --test')
      assert.deepEqual(made['models'], ['a', 'b', 'c'])
    } finally {
      close()
    }
  })

  test('a key for a model or an environment that there is not is made, with a warning on stderr and in the JSON', async () => {
    const { run, json, close } = await open()
    try {
      const made = await run('keys create --name w --models kimi-k9 --env nowhere')
      assert.equal(made.code, 0)
      assert.match(made.out, /^hs-live-\w+\n$/)
      assert.match(made.talk, /warning: There is no model 'kimi-k9' here now/)
      assert.match(made.talk, /warning: This server's environment is 'production'/)
      assert.equal(((await json('keys create --name v --models kimi-k9'))['warnings'] as unknown[]).length, 1)
      const plain = await run('keys create --name u --env production')
      assert.deepEqual([plain.code, plain.talk], [0, ''])
    } finally {
      close()
    }
  })

  test('a noun alone lists', async () => {
    const { run, json, close } = await open()
    try {
      assert.deepEqual(await json('keys'), await json('keys list'))
      assert.match((await run('keys')).out, /^ID +NAME/)
      assert.match((await run('models')).out, /kimi-k2/)
      assert.match((await run('accounts')).out, /default +unlimited/)
      assert.match((await run('trail')).out, /start\.first/)
      assert.match((await run('keys show test')).out, /^id +key_/)
    } finally {
      close()
    }
  })

  test('a list longer than a page is read to its end', async () => {
    const { json, admin, close } = await open()
    try {
      const [row] = await admin.store.keys({ limit: 1, after: null })
      const [trail] = await admin.store.trail({ limit: 1, after: null })
      assert.ok(row !== undefined && trail !== undefined)
      for (let index = 0; index < 1500; index += 1)
        await admin.store.createKey({ ...row, id: `key_${index}`, name: `n${index}`, digest: `digest-${index}` }, trail)
      assert.equal(((await json('keys list'))['data'] as unknown[]).length, 1502)
      assert.equal(((await json('keys list --limit 5'))['data'] as unknown[]).length, 5)
    } finally {
      close()
    }
  })

  test('a refusal is exit code 1, and the store is closed', async () => {
    const { run, opened, close } = await open()
    try {
      const { code, talk } = await run('accounts create --name a --billing prepaid --credit-limit 5')
      assert.equal(code, 1)
      assert.match(talk, /belongs to a postpaid account/)
      assert.equal(opened.at(-1), 'closed')
    } finally {
      close()
    }
  })

  test('a folder that another process holds is refused in its words', async () => {
    const { run, close } = await open()
    try {
      const held = new Problem('conflict', { message: 'The data folder is held by process 7.' })
      const { code, talk } = await run('keys list', { openStore: () => Promise.reject(held) })
      assert.equal(code, 1)
      assert.match(talk, /held by process 7/)
    } finally {
      close()
    }
  })
})

describe('logs', () => {
  test('one JSON object a line, or columns', async () => {
    const { run, admin, close } = await open()
    try {
      admin.store.addCalls([testCall('call_a', {}), testCall('call_b', { error: 'upstream_error', status: 502 })])
      const { out } = await run('logs --json')
      const lines = out
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Output)
      assert.deepEqual(
        lines.map(({ id }) => id),
        ['call_a', 'call_b'],
      )
      assert.equal(lines[0]?.['cost_nano_usd'], '9007199254740993')
      const columns = (await run('logs --limit 1')).out
      assert.match(columns, /^TIME/)
      assert.match(columns, /call_b .*502/)
      assert.ok(!columns.includes('call_a'))
    } finally {
      close()
    }
  })

  test('--follow prints what comes, each call once, until it is ended', async () => {
    const { run, admin, close } = await open()
    try {
      const ending = new AbortController()
      const printed: string[] = []
      admin.store.addCalls([testCall('call_a', {})])
      const stdout = {
        write: (text: string) => {
          printed.push((JSON.parse(text) as Output)['id'] as string)
          if (printed.length === 1) admin.store.addCalls([testCall('call_b', {}), testCall('call_c', {})])
          if (printed.length === 3) ending.abort()
        },
      }
      const { code } = await run('logs --follow --json --limit 5', { stdout, signal: ending.signal })
      assert.equal(code, 0)
      assert.deepEqual(printed, ['call_a', 'call_b', 'call_c'])
    } finally {
      close()
    }
  })

  test('--follow ends when nobody reads any more', async () => {
    const { run, admin, close } = await open()
    try {
      admin.store.addCalls([testCall('call_a', {})])
      let told = (_error: Error): void => {}
      const stdout = {
        write: () => told(Object.assign(new Error('gone'), { code: 'EPIPE' })),
        once: (_event: 'error', listener: (error: Error) => void) => {
          told = listener
        },
      }
      assert.deepEqual(await run('logs --follow', { stdout }), { code: 0, out: '', talk: '' })
    } finally {
      close()
    }
  })
})

test('what cannot be written is a failure that is told, and no reader that has seen enough', async () => {
  const { run, close } = await open()
  try {
    let told = (_error: Error): void => {}
    const stdout = {
      write: () => process.nextTick(() => told(Object.assign(new Error('no space left'), { code: 'ENOSPC' }))),
      once: (_event: 'error', listener: (error: Error) => void) => {
        told = listener
      },
    }
    const { code, talk } = await run('models list', { stdout })
    assert.equal(code, 1)
    assert.match(talk, /^drover: Not everything could be written.*\n {2}why: no space left\n {2}next: Make room/)
  } finally {
    close()
  }
})

describe('with a server', () => {
  test('the lock of the data folder leads to it', async () => {
    const { json, run, admin, folder, opened, close } = await open()
    const server = await startTestServer(admin, 'token-of-the-lock')
    try {
      mkdirSync(join(folder, 'data'))
      const lock = { pid: 1, url: server.url, token: 'token-of-the-lock', started: '2026-11-22T16:00:00Z' }
      writeFileSync(join(folder, 'data', 'lock'), JSON.stringify(lock))
      const made = await json('keys create --name a/b --rpm 3')
      assert.match(String(made['key']), /^hs-live-/)
      assert.equal((await json('keys show a/b'))['rpm'], 3)
      assert.equal((await json('models show moonshotai/kimi-k2'))['id'], 'kimi-k2')
      assert.equal((await json('keys revoke a/b'))['state'], 'revoked')
      assert.equal(((await json('keys list --limit 2'))['data'] as unknown[]).length, 2)
      assert.match((await run('keys show nobody')).talk, /There is no key 'nobody'/)
      assert.deepEqual(opened, [])
      assert.deepEqual(server.seen.slice(0, 3), [
        'POST /api/v1/keys',
        'GET /api/v1/keys/a%2Fb',
        'GET /api/v1/models/moonshotai/kimi-k2',
      ])
    } finally {
      await server.close()
      close()
    }
  })

  test('a lock that leads nowhere was left behind: the store is opened', async () => {
    const { json, admin, folder, opened, close } = await open()
    const server = await startTestServer(admin, 'x')
    await server.close()
    try {
      mkdirSync(join(folder, 'data'))
      writeFileSync(join(folder, 'data', 'lock'), JSON.stringify({ pid: 1, url: server.url, token: 'x' }))
      await json('keys list')
      assert.deepEqual(opened, [join(folder, 'data'), 'closed'])
    } finally {
      close()
    }
  })

  test('DROVER_URL with DROVER_ADMIN_KEY names another one', async () => {
    const { run, admin, opened, close } = await open()
    const server = await startTestServer(admin, 'drover-admin-key')
    try {
      const ask = (line: string, environment: Readonly<Record<string, string>>) => run(line, { environment })
      const good = await ask('keys list', { DROVER_URL: `${server.url}/`, DROVER_ADMIN_KEY: 'drover-admin-key' })
      assert.equal(good.code, 0, good.talk)
      const flag = await ask(`keys list --url ${server.url}`, { DROVER_ADMIN_KEY: 'drover-admin-key' })
      assert.equal(flag.code, 0, flag.talk)
      const wrong = await ask('keys list', { DROVER_URL: server.url, DROVER_ADMIN_KEY: 'drover-admin-wrong' })
      assert.equal(wrong.code, 1)
      assert.match(wrong.talk, /Incorrect API key provided.*\n {2}next: The credential came from DROVER_ADMIN_KEY/)
      assert.ok(!wrong.talk.includes('drover-admin-wrong'))
      const without = await ask('keys list', { DROVER_URL: server.url })
      assert.match(without.talk, /DROVER_ADMIN_KEY is not set/)
      assert.equal((await ask('keys list --url nowhere', {})).code, 2)
      assert.deepEqual(opened, [])
    } finally {
      await server.close()
      close()
    }
  })

  test('a named server that is away is told, and nothing else is tried', async () => {
    const { run, admin, opened, close } = await open()
    const server = await startTestServer(admin, 'x')
    await server.close()
    try {
      const environment = { DROVER_URL: server.url, DROVER_ADMIN_KEY: 'k' }
      const { code, talk } = await run('keys list', { environment })
      assert.equal(code, 1)
      assert.match(talk, /cannot be reached\.\n {2}why: ECONNREFUSED\n {2}next: Start it with "drover serve"/)
      assert.deepEqual(opened, [])
    } finally {
      close()
    }
  })

  test('a bad edit of the file does not keep a command from the server', async () => {
    const { json, run, admin, folder, close } = await open()
    const server = await startTestServer(admin, 'x')
    try {
      writeFileSync(join(folder, 'drover.yaml'), 'store: { url: "sqlite:kept/x.db" }\nserver: { prot: 1 }\n')
      mkdirSync(join(folder, 'kept'))
      writeFileSync(join(folder, 'kept', 'lock'), JSON.stringify({ pid: 1, url: server.url, token: 'x' }))
      assert.equal(((await json('keys list'))['data'] as unknown[]).length, 2)
      rmSync(join(folder, 'kept', 'lock'))
      const { code, talk } = await run('keys list')
      assert.equal(code, 1)
      assert.match(talk, /server\.prot: unknown key/)
    } finally {
      await server.close()
      close()
    }
  })
})
