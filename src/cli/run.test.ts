import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { Problem } from '#base/problem.ts'
import type { ServeRequest } from './ports.ts'
import { testShell } from './test-shell.ts'

const shell = testShell()
after(() => shell.close())

const served = () => {
  const requests: ServeRequest[] = []
  return { requests, serve: async (request: ServeRequest) => requests.push(request) - 1 }
}

describe('serve', () => {
  test('is what no command means, and flags count more than the file', async () => {
    const { requests, serve } = served()
    writeFileSync(join(shell.folder, 'f.yaml'), 'server: { port: 5000 }\nstore: { url: "sqlite:kept/x.db" }\n')
    for (const line of ['', '--config f.yaml --host ::1 --port 0', 'serve --config f.yaml --data d --workers 1 --json'])
      assert.equal((await shell.run(line, { serve })).code, requests.length - 1)
    const [none, flags, data] = requests
    assert.equal(none?.config.server.port, 4000)
    assert.equal(none?.data, join(shell.folder, 'data'))
    assert.deepEqual([flags?.config.server.host, flags?.config.server.port], ['::1', 0])
    assert.equal(flags?.data, join(shell.folder, 'kept'))
    const again = await flags?.load()
    assert.ok(again?.ok)
    assert.equal(again.config.server.port, 0)
    assert.equal(data?.data, join(shell.folder, 'd'))
  })

  test('takes drover.yaml where it exists', async () => {
    const other = testShell()
    try {
      const { requests, serve } = served()
      writeFileSync(join(other.folder, 'drover.yaml'), 'server: { port: 5001 }\n')
      await other.run('serve', { serve })
      assert.equal(requests[0]?.config.server.port, 5001)
    } finally {
      other.close()
    }
  })

  test('a bad file is told with every fault and its place, and nothing is served', async () => {
    const { requests, serve } = served()
    writeFileSync(
      join(shell.folder, 'bad.yaml'),
      'server: { prot: 1 }\nproviders: { a: { vendor: openai, api_key: "env:X" } }\n',
    )
    const { code, out, talk } = await shell.run('serve --config bad.yaml', { serve })
    assert.equal(code, 1)
    assert.equal(out, '')
    assert.match(talk, /The configuration has 2 faults/)
    assert.match(talk, /bad\.yaml:1:11 server\.prot: unknown key; did you mean 'port'\?/)
    assert.match(
      talk,
      /bad\.yaml:2:44 providers\.a\.api_key: names the environment variable X \(for provider 'a'\), which is not set/,
    )
    assert.equal(requests.length, 0)
  })

  test('a start that fails is told in the words of the problem', async () => {
    const problem = new Problem('conflict', { message: 'Another server holds the data folder.' })
    const { code, talk } = await shell.run('serve', { serve: () => Promise.reject(problem) })
    assert.equal(code, 1)
    assert.match(talk, /^drover: Another server holds the data folder\./)
  })
})

describe('wrong usage is exit code 2, with the way out', () => {
  const table: readonly (readonly [line: string, message: RegExp])[] = [
    ['kyes', /'drover kyes' is no command\.\n {2}next: Did you mean 'drover keys'\?/],
    ['keys creat', /'drover keys creat' is no command\.\n {2}next: Did you mean 'drover keys create'\?/],
    ['keys create --nam x', /'--nam' is no flag of 'drover keys create'\.\n {2}next: Did you mean '--name'\?/],
    ['keys create', /Required option '--name <text>' not specified/],
    ['keys create --name x --rpm many', /drover: --rpm must be of type/],
    ['keys create --name x --budget 1', /drover: --budget-period belongs together with budget/],
    ['keys create --name x --expires soon', /drover: --expires must be a duration such as 30d/],
    ['keys show', /Missing required argument 'id'/],
    ['accounts create --name a --billing fre', /drover: --billing must be one of prepaid, postpaid, unlimited/],
    ['logs --limit 0', /drover: --limit/],
    ['credits grant --account a --usd 0', /drover: --usd must be more than nothing/],
    ['credits grant --account a --usd 0.00', /drover: --usd must be more than nothing/],
    ['credits grant --account a --usd 1e3', /drover: --usd must be a decimal/],
    ['credits adjust --account a --usd -0.0 --reason r', /drover: --usd must be more or less than nothing/],
    ['codes create --count 1 --usd 1e3', /drover: --usd must be a decimal/],
    ['keys create --name x --models a --regions e_u', /drover: --regions \(regions\[0\]\) must be letters/],
    ['keys create --name x --rpm 3 --rpm 4', /drover: --rpm is given twice, and takes one value\.\n {2}next: Keep one/],
    ['keys create --name x --name=y', /drover: --name is given twice/],
    ['keys create --name x --env a --environment b', /drover: --env and --environment are the same, and both are/],
    ['--port 1 --port 2', /drover: --port is given twice/],
    ['bench --concurrency 1 --concurrency 2', /drover: --concurrency is given twice/],
    ['plans set pro --rpm 0', /drover: --rpm must be 1 or more/],
    ['plans set p!o --rpm 1', /drover: <name> must be letters/],
    ['serve extra', /Too many arguments/],
    ['--prot 5', /'--prot' is no flag of 'drover serve'\.\n {2}next: Did you mean '--port'\?/],
    ['--port 99999', /--port must be a whole number from 0 to 65535/],
    ['--workers 0', /--workers must be 'auto' or a whole number from 1 to 1024/],
    ['init --providers mooonshot', /'mooonshot' is no vendor that is known here\.\n {2}next: The nearest are moonshot/],
    ['probe --base-url http://127.0.0.1:9/v1 --model m --only none', /'none' is no probe.*\n {2}next: .*--only/],
    ['calls', /Usage: drover calls/],
  ]
  for (const [line, message] of table) {
    test(`drover ${line}`, async () => {
      const { code, out, talk } = await shell.run(line)
      assert.equal(code, 2, talk)
      assert.equal(out, '')
      assert.match(talk, message)
      assert.ok(!/\n\s+at /.test(talk), 'a stack trace is shown')
    })
  }
})

describe('help', () => {
  const lines = [
    '--help',
    'help',
    'keys --help',
    'help keys',
    'keys create --help',
    'serve --help',
    'init --help',
    'doctor --help',
    'logs --help',
    'calls show --help',
  ]
  for (const line of lines) {
    test(`drover ${line}`, async () => {
      const { code, out, talk } = await shell.run(line)
      assert.equal(code, 0)
      assert.match(out, /^Usage: drover/)
      assert.equal(talk, '')
    })
  }

  test('the version', async () => {
    assert.deepEqual(await shell.run('--version'), { code: 0, out: '1.2.3\n', talk: '' })
  })
})

test('a fault of ours is told without a stack trace, and with one when asked', async () => {
  const serve = () => Promise.reject(new TypeError('x is undefined'))
  const { code, talk } = await shell.run('serve', { serve })
  assert.equal(code, 1)
  assert.match(talk, /drover: Drover failed\.\n {2}why: TypeError: x is undefined\n {2}next: /)
  assert.ok(!talk.includes('run.test.ts'))
  const traced = await shell.run('serve', { serve, environment: { DROVER_TRACE: '1' } })
  assert.match(traced.talk, /run\.test\.ts/)
})

test('with --json a failure is one JSON object on stderr', async () => {
  const { code, out, talk } = await shell.run('keys show nobody --json')
  assert.equal(code, 1)
  assert.equal(out, '')
  const { error } = JSON.parse(talk) as { error: { code: string; message: string } }
  assert.equal(error.code, 'not_found')
  assert.match(error.message, /There is no key 'nobody'/)
})

test('colour is for terminals, and NO_COLOR is obeyed', async () => {
  const talk: string[] = []
  const stderr = { isTTY: true, write: (text: string) => void talk.push(text) }
  await shell.run('kyes', { stderr })
  assert.ok(talk.join('').includes('\u001b[31m'))
  talk.length = 0
  await shell.run('kyes', { stderr, environment: { NO_COLOR: '1' } })
  assert.match(talk.join(''), /^drover: /)
})
