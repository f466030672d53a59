/**
 * `bin/drover-node test/torture/cuts.ts [--cuts 100000] [--seed 1]`: answers of a provider that are cut at a byte that chance picks, inside of characters
 * too, and then end, break off or fall silent, read by callers of four protocols. Must hold of each: the caller's answer ends, never as complete before
 * the provider said so; the call is settled once, or refused and costs nothing; no charge is below zero or above what the whole answer costs; no timer is left.
 * The relay as it is, over a provider and a clock in memory. Figures as JSON, exit 1 where anything does not hold.
 */

import { Buffer } from 'node:buffer'
import { parseArgs } from 'node:util'
import { protocols } from '#protocol/index.ts'
import { openStage } from '#relay/test-stage.ts'
import { completion, done, says, stops, uses } from '#relay/test-upstream.ts'
import { chunkLengths, makeChance } from '../e2e/chance.ts'
import { cutAt } from '../fake/answer.ts'

const { values } = parseArgs({
  options: { cuts: { type: 'string', default: '100000' }, seed: { type: 'string', default: '1' } },
})
const [cuts, seed] = [Number(values.cuts), Number(values.seed)]
const chance = makeChance(seed)
const words = ['word ', '字', '🀄', 'né', '\n\n', 'data: ', '"}', ' ', '永遠', '\u0001']
const faces = [
  protocols['openai-chat'],
  protocols['anthropic-messages'],
  protocols.gemini,
  protocols['openai-responses'],
]
/** A stage keeps what its books got. */
const callsOfStage = 200
const patienceMs = 600_000
const repeatsMax = 20

type Answer = { readonly bytes: Buffer; readonly finishFrom: number; readonly isStream: boolean }

const answer = (isStream: boolean): Answer => {
  const said = Array.from(
    { length: 1 + Math.floor(chance() * 6) },
    () => words[Math.floor(chance() * words.length)] ?? '',
  )
  const usage = { prompt_tokens: 7, completion_tokens: said.length }
  if (!isStream) {
    const bytes = Buffer.from(JSON.stringify(completion(said.join(''), usage)))
    return { bytes, finishFrom: bytes.length - 1, isStream }
  }
  const before = said.map((one) => says(one)).join('')
  return {
    bytes: Buffer.from(before + stops + uses(usage.prompt_tokens, usage.completion_tokens) + done),
    finishFrom: Buffer.byteLength(before),
    isStream,
  }
}

const bodies: Readonly<Record<string, (stream: boolean) => object>> = {
  'anthropic-messages': (stream) => ({ max_tokens: 100, stream }),
  gemini: () => ({ contents: [{ role: 'user', parts: [{ text: 'Hello' }] }] }),
  'openai-responses': (stream) => ({ input: 'Hello', stream }),
}

const wrongs: string[] = []
const ends: Record<string, number> = {}
let stage = openStage()
let [settledBefore, voidedBefore] = [0, 0]
for (let round = 0; round < cuts && wrongs.length < 20; round += 1) {
  if (round % callsOfStage === 0) {
    stage = openStage()
    settledBefore = 0
    voidedBefore = 0
  }
  const protocol = faces[Math.floor(chance() * faces.length)] ?? protocols['openai-chat']
  const isGemini = protocol.name === 'gemini'
  const { bytes, finishFrom, isStream } = answer(chance() < 0.7)
  const path = isGemini ? { path: `models/m:${isStream ? 'streamGenerateContent' : 'generateContent'}` } : {}
  const body = bodies[protocol.name]?.(isStream) ?? { stream: isStream }
  const timers = stage.timers()
  const caller = await stage.call({ protocol, body: body as never, ...path })
  const seenBefore = stage.arrivals('alpha')
  const cut = Math.floor(chance() * bytes.length)
  const way = (['end', 'fail', 'stall'] as const)[Math.floor(chance() * 3)]
  const arrival = stage.arrival('alpha', seenBefore - 1)
  arrival.head(200, { 'content-type': isStream ? 'text/event-stream' : 'application/json' })
  for (const piece of cutAt(bytes.subarray(0, cut), chunkLengths(cut, Math.floor(chance() * 1e6)))) arrival.write(piece)
  await stage.settle()
  if (way === 'end') arrival.end()
  if (way === 'fail') arrival.fail(Object.assign(new Error('reset'), { code: 'ECONNRESET' }))
  await stage.settle()
  // Before its first part the same is asked for again, in vain.
  for (let next = seenBefore, tried = 0; caller.ending() === 'open' && tried < repeatsMax; tried += 1) {
    await stage.advance(patienceMs / repeatsMax)
    for (; next < stage.arrivals('alpha'); next += 1)
      stage.arrival('alpha', next).answer(500, { error: { message: 'no' } })
    await stage.settle()
  }
  const ended = stage.settled.length - settledBefore + stage.voided.length - voidedBefore
  const charge = stage.settled.length > settledBefore ? (stage.settled.at(-1)?.chargeNanoUsd ?? 0n) : 0n
  settledBefore = stage.settled.length
  voidedBefore = stage.voided.length
  const ending = `${protocol.name} ${isStream ? 'stream' : 'whole'} ${way}: ${caller.status() === 200 ? caller.ending() : 'refused'}`
  ends[ending] = (ends[ending] ?? 0) + 1
  const wrong = [
    ...(caller.ending() === 'open' ? ['the answer never ended'] : []),
    ...(isStream && cut <= finishFrom && caller.ending() === 'complete' && caller.status() === 200
      ? ['it ended as complete before the provider was done']
      : []),
    // What was refused before its first part held nothing: this account is never refused.
    ...(ended === (caller.status() === 200 ? 1 : 0) ? [] : [`it was settled or voided ${ended} times`]),
    ...(charge >= 0n && charge <= 1_000_000n ? [] : [`it was charged ${charge}`]),
    ...(stage.timers() === timers ? [] : [`${stage.timers() - timers} timers are left`]),
  ]
  if (wrong.length > 0) wrongs.push(`round ${round} (${ending}, ${cut} of ${bytes.length} bytes): ${wrong.join('; ')}`)
}
process.stdout.write(`${JSON.stringify({ cuts, seed, ends, wrongs })}\n`)
if (wrongs.length > 0)
  process.stderr.write(`Again: bin/drover-node test/torture/cuts.ts --cuts ${cuts} --seed ${seed}\n`)
process.exitCode = wrongs.length === 0 ? 0 : 1
