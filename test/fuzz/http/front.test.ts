/** What the HTTP room takes for a request, held against the letter of the standard: both agree, or the room refuses. */

import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import { makeChance } from '../../e2e/chance.ts'
import type { Payload } from './payload.ts'
import { bytesOf } from './payload.ts'
import { mutated, payloads } from './payloads.ts'
import type { Handled, Recorder } from './recorder.ts'
import { methods, send, startRecorder } from './recorder.ts'
import { readStrictly } from './strict-http.ts'

/** `DROVER_FUZZ_SEED` and `DROVER_FUZZ_RUNS` try others, and more. */
const seed = Number(process.env['DROVER_FUZZ_SEED'] ?? 1)
const runs = Number(process.env['DROVER_FUZZ_RUNS'] ?? 150)
const atOnce = process.platform === 'linux' ? 100 : 1
/** A payload that leaves its reader waiting has no other end; a plain one is answered. */
const waitingMs = 500
const answeredMs = 20_000
const last = 'GET /last HTTP/1.1\r\nHost: relay.test\r\nConnection: close\r\n\r\n'

const pathOf = (target: string): string => target.replace(/^https?:\/\/[^/?#]*/i, '').replace(/\?.*$/s, '') || '/'

/** What of the strict reading has not been handled is refused; what was handled must be in it, in this order. */
const judge = ({ name, text }: Payload, handled: readonly Handled[], answer: string): void => {
  const { requests } = readStrictly(Buffer.from(text + last, 'latin1'))
  const due = requests.filter(({ method }) => (methods as readonly string[]).includes(method.replace('HEAD', 'GET')))
  let at = 0
  for (const one of handled) {
    const found = due.findIndex(
      ({ method, target, body }, place) =>
        place >= at && method === one.method && pathOf(target) === one.path && (one.body === null || one.body === body),
    )
    assert.notEqual(found, -1, `${name}: it took ${JSON.stringify(one)} out of ${JSON.stringify(text.slice(0, 300))}`)
    at = found + 1
  }
  const told = [...answer.matchAll(/\{"number":(\d+)/g)].map(([, number]) => Number(number))
  assert.deepEqual(
    told,
    told.toSorted((a, b) => a - b),
    `${name}: answers in another order`,
  )
}

const run = async (recorder: Recorder, batch: readonly Payload[], round: number): Promise<void> => {
  const addressOf = (place: number): string =>
    `127.${1 + (round % 100)}.${1 + Math.floor(place / 200)}.${1 + (place % 200)}`
  const before = recorder.handled.length
  const answers = await Promise.all(
    batch.map((payload, place) => {
      const from = atOnce === 1 ? {} : { from: addressOf(place) }
      const bytes = Buffer.concat([bytesOf(payload), Buffer.from(last)])
      const idleMs = payload.isPlain === true ? answeredMs : waitingMs
      return send({ port: recorder.port, bytes, idleMs, ...from })
    }),
  )
  const made = recorder.handled.slice(before).sort((a, b) => a.number - b.number)
  batch.forEach((payload, place) => {
    const handled = atOnce === 1 ? made : made.filter(({ from }) => from === addressOf(place))
    const answer = answers[place] as string
    judge(payload, handled, answer)
    if (payload.isPlain === true)
      assert.equal(
        handled.length,
        readStrictly(bytesOf(payload)).requests.length + 1,
        `${payload.name} was not taken: ${answer}`,
      )
  })
}

const runAll = async (all: readonly Payload[]): Promise<void> => {
  await using recorder = await startRecorder()
  for (let at = 0; at < all.length; at += atOnce) await run(recorder, all.slice(at, at + atOnce), at / atOnce)
}

test('of more than 250 payloads that mean several things none is taken for something else than it says', async () => {
  assert.ok(payloads.length > 250)
  assert.equal(new Set(payloads.map(({ name }) => name)).size, payloads.length, 'two payloads have one name')
  await runAll(payloads)
})

test(`nor of payloads changed by chance (seed ${seed})`, async () => {
  const chance = makeChance(seed)
  await runAll(Array.from({ length: runs }, () => mutated(chance)))
})
