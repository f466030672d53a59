import { strict as assert } from 'node:assert'
import { join, resolve } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { call, openCall } from '../e2e/call.ts'
import { chunkLengths } from '../e2e/chance.ts'
import type { Relay } from '../e2e/harness.ts'
import { checkout, configFor, fakeKey, startRelay } from '../e2e/harness.ts'
import { upload } from '../e2e/upload.ts'
import { whole } from '../fake/answer.ts'
import type { Cut } from '../fake/replay.ts'
import { replay } from '../fake/replay.ts'
import type { FakeUpstream, Script } from '../fake/upstream.ts'
import { startUpstream } from '../fake/upstream.ts'
import type { Exchange } from './openai-family.ts'
import { askFor, expectedBytes, expectedStatus, readFamily } from './openai-family.ts'

const shared = resolve(process.env['DROVER_SHARED'] ?? join(checkout, '..', 'shared'))
const atOnceMax = 8
const byteWiseBytesMax = 6 * 1024

/**
 * Writer's own stream format under `completions`: no part of the protocol and no end marker is in it, so that there is
 * nothing to deliver as an answer, and the call is refused.
 */
const foreignFormat = /^writer\/openai\.completions\/.*streaming/

/** Answers by the model's name, with the exchange of that name, cut as told. */
const answering =
  (family: ReadonlyMap<string, Exchange>, cut: (exchange: Exchange) => Cut): Script =>
  (exchange) => {
    const name = /recording-\d+/.exec(exchange.seen.body.toString('latin1'))?.[0] ?? ''
    const one = family.get(name)
    assert.ok(one, `no exchange is called ${name}`)
    return replay(one.recording, cut(one))(exchange)
  }

/** The files that a recorded request names: a relay's caller has uploaded them through it before. */
const filesNamedIn = ({ recording }: Exchange): readonly string[] =>
  [...JSON.stringify(recording.request?.body ?? null).matchAll(/"file_id":"(file-\w+)"/g)].map(([, id]) => String(id))

/** Runs the work over all items, a few at a time. */
async function eachOf<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const left = [...items]
  const worker = async (): Promise<void> => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await work(item)
  }
  await Promise.all(Array.from({ length: atOnceMax }, worker))
}

describe('recorded exchanges through the relay', () => {
  const family = readFamily(shared)
  const byModel = new Map(family.map((exchange) => [exchange.model, exchange]))
  let upstream: FakeUpstream
  let relay: Relay
  let key: string
  before(async () => {
    upstream = await startUpstream()
    relay = await startRelay({ config: configFor(upstream), env: { FAKE_KEY: fakeKey } })
    key = (await relay.createKey()).key
    for (const id of new Set(family.flatMap(filesNamedIn))) {
      upstream.answer(whole({ id, object: 'file', purpose: 'user_data', filename: 'a', bytes: 1, created_at: 1 }))
      const { status, text } = await upload(relay, { key }, { purpose: 'user_data' })
      assert.equal(status, 200, text)
    }
  })
  after(async () => {
    await upstream.close()
    await relay[Symbol.asyncDispose]()
  })

  /** What differs for one exchange, or nothing. */
  async function differenceOf(exchange: Exchange, usage: boolean): Promise<string | null> {
    const ask = await askFor(exchange, { provider: 'fake', usage })
    const status = expectedStatus(exchange)
    if (status !== exchange.recording.response.status) {
      const answer = await call(relay.url, { key, ...ask })
      if (answer.status !== status) return `status ${answer.status}, not ${status}`
      if (status < 500) return null
      const code = status === 502 ? 'upstream_error' : 'upstream_overloaded'
      return answer.at('error.code') === code ? null : `code ${answer.at('error.code')}, not ${code}`
    }
    const open = await openCall(relay.url, { key, ...ask })
    const chunks: Buffer[] = []
    let ending = ''
    try {
      for (let piece = await open.next(); piece !== null; piece = await open.next()) chunks.push(piece)
    } catch (fault) {
      ending = String(fault)
    }
    const got = Buffer.concat(chunks)
    const wanted = expectedBytes(exchange, { usage })
    if (foreignFormat.test(exchange.file))
      return open.status === 502 && got.includes('"upstream_error"') ? null : `not refused as agreed: ${open.status}`
    if (open.status !== status) return `status ${open.status}, not ${status}: ${got.toString().slice(0, 300)}`
    if (got.equals(wanted)) return null
    const from = got.findIndex((byte, index) => byte !== wanted[index])
    const at = from === -1 ? got.length : from
    const near = `${JSON.stringify(got.subarray(at, at + 120).toString())} for ${JSON.stringify(wanted.subarray(at, at + 120).toString())}`
    return `${got.length} bytes for ${wanted.length}, first difference at ${at}: ${near} ${ending}`
  }

  async function assertAllEqual(
    exchanges: readonly Exchange[],
    cut: (exchange: Exchange) => Cut,
    usage = true,
  ): Promise<void> {
    upstream.answer(answering(byModel, cut))
    const differences: string[] = []
    await eachOf(exchanges, async (exchange) => {
      const difference = await differenceOf(exchange, usage).catch((fault: unknown) => String(fault))
      if (difference !== null) differences.push(`${exchange.file}: ${difference}`)
    })
    assert.deepEqual(differences.toSorted(), [])
    upstream.forget()
  }

  const streams = family.filter(({ recording }) => recording.response.sse !== undefined)

  test('there are as many as we know of', () => {
    assert.ok(family.length >= 800, `${family.length} exchanges`)
    assert.ok(streams.length >= 200, `${streams.length} streams`)
  })

  test('as they were recorded', () => assertAllEqual(family, () => 'recorded'))

  test('cut at random places', () =>
    assertAllEqual(streams, ({ model, bytes }) => chunkLengths(bytes.length, Number(model.split('-')[1]))))

  test('one byte at a time', () => {
    const small = streams.filter(({ bytes }) => bytes.length <= byteWiseBytesMax)
    assert.ok(small.length >= 50, `${small.length} streams are small enough`)
    return assertAllEqual(small, ({ bytes }) => new Array<number>(bytes.length).fill(1))
  })

  test('whole answers in pieces', () =>
    assertAllEqual(
      family.filter((exchange) => !streams.includes(exchange)),
      ({ model, bytes }) => chunkLengths(bytes.length, Number(model.split('-')[1])),
    ))

  test('without the usage event for callers who did not ask', () => assertAllEqual(streams, () => 'recorded', false))
})
