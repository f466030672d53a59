/**
 * `bin/drover-node test/torture/slow-readers.ts [--callers 500] [--megabytes 100]`: so many callers of streams who read the head of
 * their answer and nothing more, each of them asking for so many megabytes. Must hold: the relay grows by no more than 250 MiB; it goes on
 * answering others once all have begun, and cuts each of them when the time of a reader who takes nothing (60 s) is over; then nothing is held
 * and the books are sound.
 * Linux only. Figures as JSON, exit 1 where it does not hold.
 */

import { once } from 'node:events'
import type { Socket } from 'node:net'
import { connect } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { call, openCall } from '../e2e/call.ts'
import { makeChance } from '../e2e/chance.ts'
import { whole } from '../fake/answer.ts'
import { completion, completionEvents } from '../fake/openai.ts'
import { openStage, vitalsOf } from './stage.ts'

const { values } = parseArgs({
  options: {
    callers: { type: 'string', default: '500' },
    megabytes: { type: 'string', default: '100' },
  },
})
const [callers, megabytes] = [Number(values.callers), Number(values.megabytes)]
/** As the relay has it. */
const patienceS = 60
/** With what is garbage already: some GiB pass in a few seconds until the networks are full, and V8 collects when it wants the room. */
const growthMiBMax = 250
/** Behind the stall limit: a busy machine looks late. */
const lateS = 20
const settledS = 5
const againMs = 1_000
const wordBytes = 16 * 1024
const readOnMs = 35_000
const [warmCallers, warmBytes] = [16, 16 * 1024 * 1024]

await using stage = await openStage({
  chance: makeChance(1),
  faultShare: 0,
  usd: '1000.00',
  timeout: '{ total: 10m }',
  config: `server: { overload: { open_calls: ${callers + 100} } }\n`,
})
const relay = stage.relay()
const [role = '', event = ''] = completionEvents(['word '.repeat(wordBytes / 5)])
const tail = completionEvents([], { usage: true }).slice(1)
let sentBytes = 0
stage.upstream.answer(async (exchange) => {
  const { response, seen } = exchange
  if (!seen.body.includes('"stream":true')) {
    await whole(completion())(exchange)
    return
  }
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  response.write(role)
  for (let bytes = 0; bytes < megabytes * 1024 * 1024 && !seen.hasLeft(); bytes += event.length) {
    sentBytes += event.length
    if (!response.write(event)) await Promise.race([once(response, 'drain'), seen.left])
  }
  response.end(tail.join(''))
})

const body = JSON.stringify({
  model: 'sold',
  max_tokens: 100,
  stream: true,
  messages: [{ role: 'user', content: 'x' }],
})
const head = `POST /v1/chat/completions HTTP/1.1\r\nHost: relay.test\r\nAuthorization: Bearer ${stage.key}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`

let askedAgain = 0

/** Reads until the head is there, and then never again. Whoever is refused, as a machine that is full does, asks again. */
const stall = async (): Promise<Socket> => {
  for (;;) {
    const socket = connect(relay.port, '127.0.0.1', () => socket.write(head + body))
    socket.on('error', () => socket.destroy())
    const hasBegun = await new Promise<boolean>((resolve) => {
      socket.once('data', (bytes) => {
        socket.pause()
        resolve(bytes.toString('latin1').startsWith('HTTP/1.1 200'))
      })
      socket.once('close', () => resolve(false))
    })
    if (hasBegun) return socket
    socket.destroy()
    askedAgain += 1
    await wait(againMs)
  }
}

await call(relay.url, { key: stage.key, body: { ...JSON.parse(body), stream: false } })
/** What the process grows to with streams that are read goes to nobody's account. */
const readTo = async (bytesMax: number): Promise<void> => {
  const open = await openCall(relay.url, { key: stage.key, body })
  for (let bytes = 0; bytes < bytesMax; bytes += (await open.next())?.length ?? bytesMax);
  open.leave()
}
await Promise.all(Array.from({ length: warmCallers }, () => readTo(warmBytes)))
const before = vitalsOf(relay.pid)
const beganMs = performance.now()
const stalling = Array.from({ length: callers }, stall)
let [mostMiB, keptMiB, answered, refused] = [0, Number.POSITIVE_INFINITY, 0, 0]
let begunMs: number | null = null
let stalled: readonly Socket[] = []
void Promise.all(stalling).then((sockets) => {
  stalled = sockets
  begunMs = performance.now()
})
let goneS: number | null = null
while (performance.now() - (begunMs ?? performance.now()) < (patienceS + lateS) * 1000) {
  const vitals = vitalsOf(relay.pid)
  mostMiB = Math.max(mostMiB, vitals.memoryMiB)
  // All of them stand still: none is cut yet, and nothing passes any more.
  const standingS = begunMs === null ? 0 : (performance.now() - begunMs) / 1000
  if (standingS > settledS && performance.now() - beganMs < patienceS * 1000)
    keptMiB = Math.min(keptMiB, vitals.memoryMiB)
  const { status } = await call(relay.url, { key: stage.key, body: { ...JSON.parse(body), stream: false } })
  if (status === 200) answered += 1
  else if (begunMs !== null) refused += 1
  // Each has a connection here and one to the provider, which may be read on for a while for the books.
  // Looked at anew: while they begin, one call may take long.
  if (begunMs !== null && vitalsOf(relay.pid).descriptors - before.descriptors < callers * 1.1) {
    goneS = (performance.now() - beganMs) / 1000
    break
  }
  await wait(200)
}
for (const socket of stalled) socket.destroy()
// A provider that bills what nobody reads is read on for half a minute.
await wait(readOnMs)
const problems = await stage.problems()
const after = vitalsOf(relay.pid)
const growthMiB = mostMiB - before.memoryMiB
const round = (value: number): number => Math.round(value * 10) / 10
const figures = {
  callers,
  megabytes,
  asked_again: askedAgain,
  memory_mib: {
    first: round(before.memoryMiB),
    most: round(mostMiB),
    growth: round(growthMiB),
    kept: round(keptMiB - before.memoryMiB),
    last: round(after.memoryMiB),
  },
  sent_mib: round(sentBytes / 1024 / 1024),
  others: { answered, refused },
  cut_after_s: goneS === null ? null : round(goneS),
  descriptors: { first: before.descriptors, last: after.descriptors },
  problems,
}
process.stdout.write(`${JSON.stringify(figures)}\n`)
const holds =
  begunMs !== null && growthMiB <= growthMiBMax && goneS !== null && goneS >= patienceS && answered > 0 && refused === 0
process.exitCode = holds && problems.length === 0 ? 0 : 1
