import { strict as assert } from 'node:assert'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { whole } from '../fake/answer.ts'
import { completion } from '../fake/openai.ts'
import type { FakeUpstream } from '../fake/upstream.ts'
import { startUpstream } from '../fake/upstream.ts'
import type { Bench } from './bench.ts'
import { assertServing, chat, startBench } from './bench.ts'
import { call } from './call.ts'
import {
  cleanEnvironment,
  configFor,
  drover,
  eventually,
  fakeKey,
  makeFolder,
  removeFolder,
  start,
  within,
} from './harness.ts'

/** Starts `serve` with a file that must be refused; gives what it said. */
async function refusalOf(config: string): Promise<string> {
  const folder = await makeFolder()
  const file = join(folder, 'drover.yaml')
  writeFileSync(file, config)
  const talk = start(drover, ['serve', '--config', file, '--port', '0', '--data', join(folder, 'data')], {
    cwd: folder,
    env: cleanEnvironment(),
  })
  const ended = await within(talk.ended, 30_000, () => `it started: ${talk.stdout()}${talk.stderr()}`)
  assert.notEqual(ended.code, 0)
  assert.equal(talk.stdout(), '')
  assert.doesNotMatch(talk.stderr(), /\n\s+at .+:\d+:\d+/, 'no stack trace')
  await removeFolder(folder)
  return talk.stderr()
}

const local = 'vendor: openai-compatible, base_url: "http://127.0.0.1:9/v1", allow_private: true'

describe('a configuration that is refused', () => {
  test('an unknown key: file, line and path are named', async () => {
    const told = await refusalOf(`server:\n  host: 127.0.0.1\n  prot: 4000\nproviders:\n  local: { ${local} }\n`)
    assert.match(told, /drover\.yaml:3/)
    assert.match(told, /server\.prot/)
  })

  test('a literal secret: a hint at references, and the secret is not repeated', async () => {
    const secret = 'sk-a-literal-secret-0123456789abcdef'
    const told = await refusalOf(`providers:\n  local: { ${local}, api_key: "${secret}" }\n`)
    assert.match(told, /env:/)
    assert.match(told, /providers\.local\.api_key/)
    assert.ok(!told.includes(secret))
  })

  test('a provider key that the environment lacks', async () => {
    const told = await refusalOf(`providers:\n  local: { ${local}, api_key: "env:NOT_SET_ANYWHERE" }\n`)
    assert.match(told, /NOT_SET_ANYWHERE/)
    assert.match(told, /providers\.local\.api_key/)
  })

  test('an unknown vendor, a wrong duration, YAML that is none', async () => {
    assert.match(await refusalOf('providers:\n  local: { vendor: no-such-vendor }\n'), /no-such-vendor/)
    assert.match(await refusalOf('server: { drain_timeout: soon }\n'), /server\.drain_timeout/)
    assert.match(await refusalOf('server: { host: "127.0.0.1"\n'), /drover\.yaml:\d/)
  })

  test('a model whose target no provider is', async () => {
    const told = await refusalOf('models:\n  m: { targets: [ { provider: nobody, model: x } ] }\n')
    assert.match(told, /nobody/)
  })
})

describe('a configuration that changes', () => {
  let bench: Bench
  let other: FakeUpstream
  before(async () => {
    bench = await startBench()
    other = await startUpstream(whole(completion({ content: 'from the other' })))
    bench.upstream.answer(whole(completion({ content: 'from the first' })))
  })
  after(async () => {
    await other.close()
    await bench.close()
  })

  const contentOf = async (model: string): Promise<unknown> =>
    (await call(bench.relay.url, { key: bench.key, body: chat('hi', { model }) })).at('choices.0.message.content')

  test('a good edit is taken without a restart', async () => {
    assert.equal(await contentOf('fake/x'), 'from the first')
    await bench.relay.edit(configFor(other))
    await eventually(
      'the new provider',
      async () => ((await contentOf('fake/x')) === 'from the other' ? true : undefined),
      10_000,
    )
    await assertServing(bench.relay)
  })

  test('a bad edit is refused, told on stderr, and the old state stays', async () => {
    const told = bench.relay.stderr().length
    await bench.relay.edit(`${configFor(bench.upstream)}no_such_block: 1\n`)
    await eventually('the refusal', () => /no_such_block/.exec(bench.relay.stderr().slice(told))?.[0], 10_000)
    assert.equal(await contentOf('fake/x'), 'from the other')
    await bench.relay.edit('providers: [')
    await eventually('the second refusal', () => /drover\.yaml:\d/.exec(bench.relay.stderr().slice(told))?.[0], 10_000)
    assert.equal(await contentOf('fake/x'), 'from the other')
    await assertServing(bench.relay)
  })

  test('and the next good edit is taken', async () => {
    await bench.relay.edit(
      configFor(bench.upstream, 'models:\n  mine: { targets: [ { provider: fake, model: y } ] }\n'),
    )
    await eventually(
      'the new model',
      async () => ((await contentOf('mine')) === 'from the first' ? true : undefined),
      10_000,
    )
    assert.equal(await contentOf('fake/x'), 'from the first')
  })
})

describe('addresses that a relay must not call', () => {
  test('loopback, private and metadata addresses are refused unless allowed', async () => {
    await using upstream = await startUpstream(whole(completion()))
    const bases = [upstream.baseUrl, upstream.baseUrl.replace('127.0.0.1', 'localhost'), 'http://169.254.169.254/v1']
    const providers = bases.map(
      (base, index) => `  p${index}: { vendor: openai-compatible, base_url: "${base}", api_key: "env:K" }`,
    )
    await using bench = await startBench({ config: providers.join('\n'), env: { K: fakeKey } })
    for (const index of bases.keys()) {
      const answer = await call(bench.relay.url, { key: bench.key, body: chat('x', { model: `p${index}/m` }) })
      assert.ok(answer.status === 502 || answer.status === 503, `${bases[index]}: ${answer.status} ${answer.text}`)
      assert.match(String(answer.at('error.message')), /allow_private|private|refused|address/i)
    }
    assert.equal(upstream.seen.length, 0)
    await assertServing(bench.relay)
  })
})
