import { strict as assert } from 'node:assert'
import { readFileSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { stream, whole } from '../fake/answer.ts'
import { completion, completionEvents } from '../fake/openai.ts'
import type { Exchange } from '../fake/upstream.ts'
import type { Bench } from './bench.ts'
import { chat } from './bench.ts'
import type { Answer } from './call.ts'
import { call, openCall } from './call.ts'
import { admin, balanceOf, holdOf, models, openAccount, provenOk, settled, sold } from './customer.ts'
import { freePort } from './free-port.ts'
import { adminKey, configFor, eventually, fakeKey, makeFolder, removeFolder, startRelay, testKey } from './harness.ts'
import { upload } from './upload.ts'
import { isRunning, killWorker, pidsOf, startWorkers, workerBench } from './workers.ts'

/** The system spreads connections by their addresses: so many have met both workers, but for once in two thousand times. */
const turns = 12
/** A second is promised; the rest is for a busy machine. */
const soonMs = 20_000
const costNano = 13_000n
const answer = whole(completion({ promptTokens: 7, completionTokens: 3 }))
/** All of it runs in few processors: nobody gives up because the others are many. */
const patient = models.replace('price:', 'route: { retries: 0, timeout: { connect: 2m } }, price:')

const inTurn = async (ask: () => Promise<Answer>): Promise<readonly number[]> => {
  const statuses: number[] = []
  for (let turn = 0; turn < turns; turn += 1) statuses.push((await ask()).status)
  return statuses
}
const everywhere = (what: string, status: number, ask: () => Promise<Answer>): Promise<true> =>
  eventually(what, async () => ((await inTurn(ask)).every((one) => one === status) ? true : undefined), soonMs)

/** The status of a call; `null` where it was cut. */
const answered = (relay: Bench['relay'], key: string): Promise<number | null> =>
  call(relay.url, { key, body: sold() }).then(
    ({ status }) => status,
    () => null,
  )

/** Who has led in which term so far. Whoever had no turn in time for its mandate, and got it again, says so again. */
const leadersOf = (relay: Bench['relay']): ReadonlyMap<number, ReadonlySet<string>> => {
  const leaders = new Map<number, Set<string>>()
  for (const line of relay.stderr().split('\n')) {
    if (!line.includes('"this node leads the common work"')) continue
    const { term, node } = JSON.parse(line) as { readonly term: number; readonly node: string }
    leaders.set(term, (leaders.get(term) ?? new Set()).add(node))
  }
  return leaders
}

/** Holds every call at the upstream until it is let go. */
const gated = (bench: Bench): (() => void) => {
  const gate = Promise.withResolvers<void>()
  bench.upstream.answer(async (exchange: Exchange) => {
    await gate.promise
    await answer(exchange)
  })
  return gate.resolve
}

describe('two workers on the embedded store', () => {
  let bench: Bench
  before(async () => {
    bench = await workerBench({ config: `applied: { allow_private: true }\n${patient}` })
    bench.upstream.answer(answer)
  })
  after(() => bench.close())

  test('each answers and is ready; both are listed; the data folder is one', async () => {
    const ask = () => call(bench.relay.url, { key: testKey, body: chat('hi', { model: 'kimi-k2' }) })
    assert.deepEqual(await inTurn(ask), Array(turns).fill(200))
    await everywhere('readiness', 200, () => call(bench.relay.url, { path: '/health/readiness' }))
    // A worker tells its address with its next sign of life; one that the machine gave no turn for five seconds counts as gone until it has one.
    await eventually(
      'both alive at this address',
      async () => {
        const { data } = (await admin(bench, '/nodes')) as { data: readonly Record<string, unknown>[] }
        assert.equal(data.length, 2)
        return data.every(({ state, url }) => state === 'alive' && url === bench.relay.url) ? true : undefined
      },
      soonMs,
    )
    assert.equal(bench.relay.listening['workers'], 2)
    const leaders = await eventually(
      'a leader',
      () => {
        const found = leadersOf(bench.relay)
        return found.size > 0 ? found : undefined
      },
      soonMs,
    )
    for (const [term, nodes] of leaders) assert.equal(nodes.size, 1, `${[...nodes].join(' and ')} led in term ${term}`)
  })

  test('each runs with what keeps compiled code through a pause, as bin/drover starts it', () => {
    for (const pid of [bench.relay.pid, ...[1, 2].flatMap((worker) => pidsOf(bench.relay, worker))]) {
      const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
      assert.ok(
        words.includes('--expose-gc') &&
          words.includes('--no-memory-reducer') &&
          words.includes('--min-semi-space-size=16'),
        words.join(' '),
      )
    }
  })

  test('what one has changed the other knows when the change is answered', async () => {
    const account = await openAccount(bench, 1_000_000_000n)
    const { id, key } = await bench.relay.createKey({ account: account.id })
    const ask = () => call(bench.relay.url, { key, body: sold() })
    assert.deepEqual(await inTurn(ask), Array(turns).fill(200))
    const revoked = await call(bench.relay.url, { method: 'DELETE', path: `/api/v1/keys/${id}`, key: adminKey })
    assert.ok(revoked.status < 300, revoked.text)
    assert.deepEqual(await inTurn(ask), Array(turns).fill(401))
    assert.equal(await settled(bench, account.id), 1_000_000_000n - BigInt(turns) * costNano)
  })

  test('a provider and a model that are applied at one answer at the other, with the credential of now, until they are removed', async () => {
    const file = (credential: string) => `
providers: { rented: { vendor: openai-compatible, base_url: "${bench.upstream.baseUrl}", allow_private: true, api_key: "${credential}" } }
models: { hired: { targets: [{ provider: rented, model: any }], price: free } }
`
    const { key } = await bench.relay.createKey()
    const ask = () => call(bench.relay.url, { key, body: chat('hi', { model: 'hired' }) })
    for (const credential of ['sk-applied-at-one-worker-1', 'sk-applied-at-one-worker-2']) {
      await admin(bench, '/apply', { file: file(credential) })
      bench.upstream.forget()
      assert.deepEqual(await inTurn(ask), Array(turns).fill(200))
      const sent = bench.upstream.seen.map(({ headers }) => headers.authorization)
      assert.deepEqual(new Set(sent), new Set([`Bearer ${credential}`]))
    }
    const gone = await call(bench.relay.url, { method: 'DELETE', path: '/api/v1/models/hired', key: adminKey })
    assert.equal(gone.status, 200, gone.text)
    assert.deepEqual(await inTurn(ask), Array(turns).fill(400))
  })

  test('calls, metrics and figures are added up over both, whoever is asked', async () => {
    const counted = async (): Promise<number> => {
      const { text } = await call(bench.relay.url, { path: '/metrics', key: adminKey })
      const lines = text.split('\n').filter((line) => line.startsWith('drover_calls_total{'))
      return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0)
    }
    const figures = async (): Promise<number> => {
      const { data } = (await admin(bench, '/stats')) as { data: readonly { calls: number }[] }
      return data[0]?.calls ?? 0
    }
    const before = [await counted(), await figures()] as const
    await inTurn(() => call(bench.relay.url, { key: testKey, body: chat('hi', { model: 'kimi-k2' }) }))
    const sums = async () => [await counted(), await figures()] as const
    const after = [before[0] + turns, before[1] + turns] as const
    // A call is counted after its last byte.
    await eventually('the sums', async () => ((await sums()).join() === after.join() ? true : undefined), soonMs)
    for (let turn = 0; turn < turns; turn += 1) assert.deepEqual(await sums(), after)
  })

  test('money for ten calls pays for ten, and a limit of five is five, whichever workers they come to', async () => {
    const body = sold()
    const account = await openAccount(bench, holdOf(body, 100n) * 10n)
    const limited = await bench.relay.createKey({ concurrency: 5 })
    const rated = await bench.relay.createKey({ rpm: 5 })
    const release = gated(bench)
    const race = async (
      key: string,
      { callers, admitted }: { readonly callers: number; readonly admitted: number },
    ) => {
      const statuses: number[] = []
      const calls = Array.from({ length: callers }, async () => {
        statuses.push((await call(bench.relay.url, { key, body })).status)
      })
      await eventually('the refusals', () => (statuses.length === callers - admitted ? true : undefined), soonMs)
      return { statuses, calls }
    }
    const money = await race(account.key, { callers: 60, admitted: 10 })
    assert.deepEqual(new Set(money.statuses), new Set([402]))
    // A node tells the store a few times a second what its calls hold.
    await eventually('what all of them hold', async () => {
      const { balance, held } = await balanceOf(bench, account.id)
      return held === balance ? true : undefined
    })
    const atOnce = await race(limited.key, { callers: 30, admitted: 5 })
    const aMinute = await race(rated.key, { callers: 30, admitted: 5 })
    assert.deepEqual(new Set([...atOnce.statuses, ...aMinute.statuses]), new Set([429]))
    release()
    await Promise.all([...money.calls, ...atOnce.calls, ...aMinute.calls])
    for (const { statuses } of [money, atOnce, aMinute]) assert.ok(statuses.filter((one) => one === 200).length <= 10)
    assert.equal(await settled(bench, account.id), 10n * holdOf(body, 100n) - 10n * costNano)
    await provenOk(bench)
  })

  test('a worker that is killed is replaced, and what it had taken of limits is free', async () => {
    const { relay } = bench
    const limited = await relay.createKey({ concurrency: turns })
    const release = gated(bench)
    const seen = bench.upstream.seen.length
    const open = Array.from({ length: turns }, () => answered(relay, limited.key))
    await eventually('calls under way', () => (bench.upstream.seen.length === seen + turns ? true : undefined), soonMs)
    assert.equal(await answered(relay, limited.key), 429)
    const before = pidsOf(relay, 1).length
    killWorker(relay, 1)
    await eventually('another worker 1', () => (pidsOf(relay, 1).length > before ? true : undefined), 60_000)
    // As many as were cut have room again, and no more.
    const again = Array.from({ length: turns }, () => answered(relay, limited.key))
    const refused: (number | null)[] = []
    for (const one of again) void one.then((status) => status === 429 && refused.push(status))
    await eventually(
      'those that are let in',
      () => (bench.upstream.seen.length - seen + refused.length === 2 * turns ? true : undefined),
      soonMs,
    )
    release()
    const cut = (await Promise.all(open)).filter((status) => status === null).length
    assert.ok(cut > 0 && cut < turns, `${cut} of ${turns} were cut`)
    assert.equal(turns - refused.length, cut)
    await Promise.all(again)
  })

  test('nothing is lost that was settled where a worker is killed under load', async () => {
    const { relay } = bench
    const account = await openAccount(bench, 1_000_000_000_000n)
    bench.upstream.answer(answer)
    const endedMs: number[] = []
    const killed = { atMs: Number.POSITIVE_INFINITY, isOver: false }
    const callers = Array.from({ length: 6 }, async () => {
      while (!killed.isOver) if ((await answered(relay, account.key)) === 200) endedMs.push(performance.now())
    })
    try {
      await eventually('calls', () => (endedMs.length > 50 ? true : undefined), 60_000)
      const before = pidsOf(relay, 2).length
      killed.atMs = performance.now()
      killWorker(relay, 2)
      await eventually('another worker 2', () => (pidsOf(relay, 2).length > before ? true : undefined), 60_000)
      const atReturn = endedMs.length
      await eventually('more calls', () => (endedMs.length > atReturn + 20 ? true : undefined), 60_000)
    } finally {
      killed.isOver = true
      await Promise.all(callers)
    }
    const charged = 1_000_000_000_000n - (await settled(bench, account.id))
    const uncertain = endedMs.filter((atMs) => atMs > killed.atMs - 1_000 && atMs <= killed.atMs).length
    assert.equal(charged % costNano, 0n)
    assert.ok(charged >= BigInt(endedMs.length - uncertain) * costNano, `${charged} for ${endedMs.length} calls`)
    assert.ok(charged <= BigInt(endedMs.length + callers.length) * costNano, `${charged} for ${endedMs.length} calls`)
    await provenOk(bench)
  })

  test('what is kept is had from either: files of the sandbox, responses, answers under a key', async () => {
    const { relay } = bench
    const made = await upload(relay, { key: testKey }, { purpose: 'user_data' })
    assert.equal(made.status, 200, made.text)
    const content = () => call(relay.url, { path: `/v1/files/${String(made.at('id'))}/content`, key: testKey })
    assert.deepEqual(await inTurn(content), Array(turns).fill(200))
    const body = { model: 'kimi-k2', input: 'hi', store: true }
    const response = await call(relay.url, { path: '/v1/responses', key: testKey, body })
    const kept = () => call(relay.url, { path: `/v1/responses/${String(response.at('id'))}`, key: testKey })
    assert.deepEqual(await inTurn(kept), Array(turns).fill(200))
    const account = await openAccount(bench, 1_000_000_000n)
    bench.upstream.answer(answer)
    const headers = { 'idempotency-key': 'one-of-two' }
    const ask = () => call(relay.url, { key: account.key, body: sold(), headers })
    const all = await Promise.all(Array.from({ length: turns }, ask))
    assert.deepEqual(new Set(all.map(({ status }) => status)), new Set([200]))
    assert.equal(new Set(all.map(({ text }) => text)).size, 1)
    assert.equal(await settled(bench, account.id), 1_000_000_000n - costNano)
  })

  test('an edit of the file is in force on both', async () => {
    const text = `${patient}  fresh: { targets: [{ provider: fake, model: any }], price: { input: "1.00", output: "2.00" } }\n`
    const { key } = await bench.relay.createKey()
    const ask = () => call(bench.relay.url, { key, body: chat('hi', { model: 'fresh', max_tokens: 5 }) })
    assert.equal((await ask()).status, 400)
    await bench.relay.edit(configFor(bench.upstream, text))
    await everywhere('the new model', 200, ask)
  })

  test('at SIGTERM streams end whole on each of them, and the exit code is 0', async () => {
    const { relay } = bench
    const account = await openAccount(bench, 1_000_000_000n)
    const gate = Promise.withResolvers<void>()
    const events = completionEvents(['a ', 'b ', 'c '], { usage: true })
    bench.upstream.answer(stream(events, { before: async (index) => (index > 1 ? gate.promise : undefined) }))
    const opened = await Promise.all(
      Array.from({ length: turns }, () => openCall(relay.url, { key: account.key, body: sold({ stream: true }) })),
    )
    const stopping = relay.stop()
    await eventually(
      'the end of listening',
      async () => {
        const isOpen = await call(relay.url, { path: '/health/liveness' }).then(
          () => true,
          () => false,
        )
        return isOpen ? undefined : true
      },
      soonMs,
    )
    gate.resolve()
    for (const open of opened) assert.match((await open.rest()).toString(), /\[DONE\]/)
    await stopping
    for (const worker of [1, 2]) assert.ok(pidsOf(relay, worker).every((pid) => !isRunning(pid)))
  })
})

test('the first start prints its keys once, and stdout has one line', async () => {
  await using relay = await startRelay({
    ownKeys: true,
    config: 'server: { workers: 2, overload: { loop_delay: 1m } }\n',
    startWithinMs: 180_000,
  })
  assert.equal(relay.stderr().match(/drover-admin-/g)?.length, 1)
  assert.equal(relay.stderr().match(/Drover is ready at /g)?.length, 1)
  const [key] = relay.stderr().match(/hs-test-\S+/) ?? []
  const ask = () => call(relay.url, { key: key ?? '', body: chat('hi', { model: 'kimi-k2' }) })
  assert.deepEqual(await inTurn(ask), Array(turns).fill(200))
  await relay.stop()
  assert.equal(relay.stdout().trim().split('\n').length, 1)
})

test('the death of the primary ends its workers; the next start brings in what they left, alone or with fewer', async () => {
  const bench = await workerBench({ config: patient, count: 3 })
  await using ended = new AsyncDisposableStack()
  ended.defer(bench.close)
  bench.upstream.answer(answer)
  const account = await openAccount(bench, 1_000_000_000_000n)
  let due = 0
  const fill = async (relay: Bench['relay']): Promise<void> => {
    for (let turn = 0; turn < 12; turn += 1)
      due += (await call(relay.url, { key: account.key, body: sold() })).status === 200 ? 1 : 0
  }
  const { relay } = bench
  await fill(relay)
  assert.equal(await settled(bench, account.id), 1_000_000_000_000n - BigInt(due) * costNano)
  const release = gated(bench)
  const cut = Array.from({ length: 6 }, () => call(relay.url, { key: account.key, body: sold() }).catch(() => null))
  await eventually('calls under way', () => (bench.upstream.seen.length >= due + 6 ? true : undefined), soonMs)
  await relay.kill()
  const pids = [1, 2, 3].flatMap((worker) => pidsOf(relay, worker))
  await eventually('the end of the workers', () => (pids.some(isRunning) ? undefined : true), soonMs)
  release()
  assert.deepEqual(await Promise.all(cut), Array(6).fill(null))
  bench.upstream.answer(answer)
  const env = { FAKE_KEY: fakeKey }
  for (const count of [2, 1]) {
    const again =
      count === 1
        ? await startRelay({ folder: relay.folder, env, startWithinMs: 180_000 })
        : await startWorkers(bench.upstream, { config: patient, folder: relay.folder, count })
    ended.defer(() => again.kill())
    const now = { ...bench, relay: again }
    await fill(again)
    assert.equal(await settled(now, account.id), 1_000_000_000_000n - BigInt(due) * costNano)
    const verdict = await provenOk(now)
    assert.equal(verdict.open_holds, 0)
    await again.kill()
  }
})

test('of relays that start on one port in the same instant, with workers and alone, one has it and the others are refused', async () => {
  const port = await freePort()
  await using ended = new AsyncDisposableStack()
  const starts = [['--workers', '2'], ['--workers', '2'], []].map(async (more) => {
    const folder = await makeFolder()
    ended.defer(() => removeFolder(folder))
    const relay = await startRelay({ folder, flags: ['--port', String(port), ...more], startWithinMs: 180_000 })
    ended.defer(() => relay.kill())
    return relay
  })
  const outcomes = await Promise.allSettled(starts)
  const [relay, ...others] = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []))
  assert.ok(relay !== undefined && others.length === 0, JSON.stringify(outcomes))
  for (const outcome of outcomes)
    if (outcome.status === 'rejected') assert.match(String(outcome.reason), new RegExp(`Port ${port} of .* is in use`))
  const statuses = await inTurn(() => call(relay.url, { path: '/v1/models', key: testKey }))
  assert.deepEqual(statuses, Array(turns).fill(200))
})
