import { strict as assert } from 'node:assert'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { systemClock } from '../../src/base/clock.ts'
import type { CommandLinePorts } from '../../src/cli/ports.ts'
import { testShell } from '../../src/cli/test-shell.ts'
import type { Asked } from '../probe/ideal-model.ts'
import { goodKey, idealModel, lastSaid, model } from '../probe/ideal-model.ts'
import { openaiProbes } from '../probe/run.ts'
import type { Endpoint } from '../probe/serve.ts'
import { serve } from '../probe/serve.ts'

type Shell = ReturnType<typeof testShell>
type Row = {
  readonly id: string
  readonly verdict: string
  readonly strict: string
  readonly ran: boolean
  readonly reasons: string[]
  readonly call_sites: { path: string }[]
  readonly evidence: unknown[]
}

const ports: Partial<CommandLinePorts> = {
  clock: systemClock(),
  environment: { KEY: goodKey, OTHER: 'sk-other-region-key' },
}

/** A stream of the wrong server ends without its mark. */
const unmarked = (asked: Asked, endpoint: Endpoint) =>
  lastSaid(asked).includes('The ship sails') ? { ...endpoint(asked), undone: true } : endpoint(asked)

describe('drover probe over a socket', () => {
  let good: Awaited<ReturnType<typeof serve>>
  let bad: Awaited<ReturnType<typeof serve>>
  let shell: Shell
  before(async () => {
    const ideal = idealModel()
    good = await serve(idealModel())
    bad = await serve((asked) => unmarked(asked, ideal))
    shell = testShell(ports)
  })
  after(async () => {
    shell.close()
    await good.close()
    await bad.close()
  })

  const at = (url: string, more: string): string => `probe --base-url ${url} --model ${model} --api-key env:KEY ${more}`
  const written = (name: string): string => readFileSync(join(shell.folder, name), 'utf8')

  test('a good endpoint passes every probe that can be made, and no key is shown', async () => {
    const line = at(good.url, `--json --parallel 20 --against ${good.url} --against-key env:KEY --other-key env:OTHER`)
    const { code, out, talk } = await shell.run(line)
    assert.equal(code, 0, talk)
    const report = JSON.parse(out) as { schema: number; summary: Record<string, unknown>; probes: Row[] }
    assert.equal(report.schema, 1)
    assert.equal(report.probes.length, openaiProbes.length)
    const others = report.probes.filter(({ verdict }) => verdict !== 'pass').map(({ id }) => id)
    // It cannot be told to refuse, has no image on the web to load, and speaks no HTTP/2.
    assert.deepEqual(others, [
      'error-mid-stream',
      'rate-limit-headers',
      'overload-told-apart',
      'no-credit-code',
      'image-remote',
      'http-2',
    ])
    assert.equal(report.summary['failed'], 0)
    assert.ok(report.probes.every(({ verdict, evidence }) => verdict !== 'pass' || evidence.length > 0))
    for (const secret of [goodKey, 'sk-other-region-key']) assert.ok(!(out + talk).includes(secret))
    assert.match(talk, /83 probes, about \d+ calls of at most .* their price is unknown/)
  })

  test('a wrong one fails, with evidence, and says which call sites depend on it', async () => {
    const site = {
      name: 'app#ask',
      path: 'app.py',
      line: 4,
      endpoint: 'chat',
      model: 'gpt-4o',
      parameters: { stream: true },
    }
    writeFileSync(join(shell.folder, 'm.json'), JSON.stringify({ schema: 1, call_sites: [site] }))
    const { code, out } = await shell.run(at(bad.url, '--only stream --manifest m.json --json'))
    assert.equal(code, 1)
    const report = JSON.parse(out) as { summary: Record<string, unknown>; probes: Row[] }
    const failed = report.probes.filter(({ verdict }) => verdict === 'fail')
    assert.deepEqual(
      failed.map(({ id }) => id),
      ['stream-framing'],
    )
    assert.deepEqual(
      failed[0]?.call_sites.map(({ path }) => path),
      ['app.py'],
    )
    assert.match(JSON.stringify(failed[0]?.evidence), /text\/event-stream/)
  })

  test('JUnit and HTML go where they are asked for', async () => {
    const junit = await shell.run(at(bad.url, '--only stream-framing --format junit --output r.xml'))
    assert.deepEqual([junit.code, junit.out], [1, ''])
    assert.match(written('r.xml'), /<failure type="blocking" message="The stream ends without \[DONE\]\."/)
    await shell.run(at(bad.url, '--only stream-framing --format html --output r.html'))
    assert.match(written('r.html'), /<span class="overall fail">not ready<\/span>/)
  })

  test('a baseline turns the question: only what became worse fails', async () => {
    assert.equal((await shell.run(at(good.url, '--only stream --json --output last.json'))).code, 0)
    const worse = await shell.run(at(bad.url, '--only stream --baseline last.json'))
    assert.equal(worse.code, 1)
    assert.match(worse.out, /regression: stream-framing pass -> fail/)
    await shell.run(at(bad.url, '--only stream --json --output bad.json'))
    const same = await shell.run(at(bad.url, '--only stream --baseline bad.json'))
    assert.equal(same.code, 0)
    assert.match(same.out, /Nothing has changed since the baseline/)
  })

  test('at a cap the rest does not run, and is never a pass', async () => {
    const { code, out } = await shell.run(at(good.url, '--only tools --max-calls 6 --yes --json'))
    const report = JSON.parse(out) as { summary: Record<string, number>; probes: Row[] }
    assert.equal(code, 0)
    assert.ok((report.summary['calls'] ?? 99) <= 6)
    const left = report.probes.filter(({ ran }) => !ran)
    assert.ok(left.length > 5)
    for (const { verdict, reasons } of left) {
      assert.equal(verdict, 'unsupported')
      assert.match(reasons[0] ?? '', /^(?:Streamed: |Whole: )?Not run: the cap of 6 calls/)
    }
  })

  test('where nobody can be asked, a run that may cost more than its cap does not begin', async () => {
    const dear = at(good.url, '--price 100,400 --max-usd 0.50 --json')
    const { code, talk, out } = await shell.run(dear)
    assert.deepEqual([code, out], [1, ''])
    assert.match(talk, /may cost [\d.]+ USD, more than --max-usd allows/)
    const capped = await shell.run(`${dear} --yes`)
    const report = JSON.parse(capped.out) as { summary: Record<string, number | string> }
    assert.ok(Number(report.summary['cost_usd']) <= 0.5, String(report.summary['cost_usd']))
    assert.ok(Number(report.summary['not_run']) > 0)
  })

  test('the check before a switch makes three completions', async () => {
    const { code, out } = await shell.run(at(good.url, '--quick --json'))
    const report = JSON.parse(out) as { probes: Row[]; summary: Record<string, number> }
    assert.equal(code, 0)
    assert.deepEqual(
      report.probes.map(({ id, verdict }) => `${id} ${verdict}`),
      ['quick-whole pass', 'quick-stream pass', 'quick-tool pass'],
    )
    assert.equal(report.summary['calls'], 5)
  })

  test('what cannot begin says why, and what to do', async () => {
    const closed = await serve(idealModel())
    await closed.close()
    const away = await shell.run(at(closed.url, '--yes'))
    assert.equal(away.code, 1)
    assert.match(away.talk, /cannot be reached \(ECONNREFUSED\)/)
    const refused = await shell.run(`probe --base-url ${good.url} --model ${model} --api-key env:OTHER`)
    assert.equal(refused.code, 1)
    assert.match(refused.talk, /The key was refused \(401/)
    const astray = await shell.run(at(`${good.url}/v2`, '--yes'))
    assert.match(astray.talk, /is not there \(404/)
  })

  test('wrong usage costs nothing', async () => {
    for (const [more, words] of [
      ['--only no-such', /'no-such' is no probe/],
      ['--profile kimmi', /Did you mean 'kimi'/],
      ['--format jnuit', /Did you mean 'junit'/],
      ['--repeat 0', /whole number from 1 to 1000/],
      ['--max-usd much', /decimal amount/],
      ['--fail-on never', /It takes blocking, warning, info/],
      ['--against-model x', /--against is missing/],
      ['--baseline none.json', /none\.json cannot be read/],
    ] as const) {
      const { code, talk } = await shell.run(at(good.url, more))
      assert.notEqual(code, 0, more)
      assert.match(talk, words)
    }
    const literal = await shell.run(`probe --base-url ${good.url} --model m --api-key sk-abcdefghijklmnop`)
    assert.equal(literal.code, 2)
    assert.doesNotMatch(literal.talk, /sk-abcdefgh/)
    assert.match((await shell.run('probe --model m')).talk, /--base-url is missing/)
    assert.match((await shell.run('probe --base-url ftp://x --model m')).talk, /is no address/)
    assert.match(
      (await shell.run(`probe --base-url ${good.url} --model m --api-key env:UNSET`)).talk,
      /UNSET is not set/,
    )
  })

  test('the probes and profiles are listed without sending anything', async () => {
    const { code, out } = await shell.run('probe --list')
    assert.equal(code, 0)
    assert.match(out, /^stream-framing +openai +blocking/m)
    assert.match(out, /Profiles: .*kimi \(Moonshot AI/)
    const listed = JSON.parse((await shell.run('probe --list --json')).out) as { probes: unknown[] }
    assert.ok(listed.probes.length > 100)
  })
})
