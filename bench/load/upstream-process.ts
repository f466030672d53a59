/**
 * The provider of all benchmarks, a process of its own: answers chat completions at once, or as a paced stream. The model's name says
 * how: `bench-800` answers 800 bytes of text, `bench-stream-64-20` streams 64 events, one each 20 ms. Prints its port.
 */

import type { ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

const bodyBytesMax = 64 * 1024 * 1024
const created = 1_790_000_000
const named = /"model":\s*"(?:[^"]*\/)?(bench-[a-z0-9-]+)"/

const usage = (completion: number) => ({
  prompt_tokens: 200,
  completion_tokens: completion,
  total_tokens: 200 + completion,
})

const wholes = new Map<string, Buffer>()

const wholeOf = (model: string): Buffer => {
  const known = wholes.get(model)
  if (known !== undefined) return known
  const content = 'word '.repeat(Math.max(1, Math.floor(Number(model.split('-')[1]) / 5)))
  const message = { role: 'assistant', content }
  const choices = [{ index: 0, message, finish_reason: 'stop' }]
  const made = Buffer.from(
    JSON.stringify({
      id: 'chatcmpl-bench',
      object: 'chat.completion',
      created,
      model,
      choices,
      usage: usage(content.length / 5),
    }),
  )
  wholes.set(model, made)
  return made
}

const eventOf = (model: string, choices: readonly unknown[], more: object = {}): Buffer =>
  Buffer.from(
    `data: ${JSON.stringify({ id: 'chatcmpl-bench', object: 'chat.completion.chunk', created, model, choices, ...more })}\n\n`,
  )

/** What no two events that follow each other have in common. */
const words = ['word ', 'upon ', 'each ', 'time ', 'line ']

const streamed = (model: string, response: ServerResponse): void => {
  const [events, paceMs] = model.split('-').slice(2).map(Number) as [number, number]
  const deltas = words.map((content) => eventOf(model, [{ index: 0, delta: { content }, finish_reason: null }]))
  const end = Buffer.concat([
    eventOf(model, [{ index: 0, delta: {}, finish_reason: 'stop' }]),
    eventOf(model, [], { usage: usage(events) }),
    Buffer.from('data: [DONE]\n\n'),
  ])
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' })
  response.write(eventOf(model, [{ index: 0, delta: { role: 'assistant', content: '' }, finish_reason: null }]))
  let sent = 0
  const beat = setInterval(() => {
    sent += 1
    response.write(deltas[sent % deltas.length])
    if (sent < events) return
    clearInterval(beat)
    response.end(end)
  }, paceMs)
  response.once('close', () => clearInterval(beat))
}

const server = createServer({ noDelay: true, keepAliveTimeout: 600_000 }, (request, response) => {
  const chunks: Buffer[] = []
  let sizeBytes = 0
  request.on('data', (chunk: Buffer) => {
    sizeBytes += chunk.length
    if (sizeBytes > bodyBytesMax) request.destroy()
    else chunks.push(chunk)
  })
  request.on('end', () => {
    const model = named.exec(Buffer.concat(chunks).toString('latin1'))?.[1]
    if (model === undefined) {
      response.writeHead(404, { 'content-type': 'application/json' }).end('{"error":{"message":"no such model"}}')
    } else if (model.startsWith('bench-stream-')) {
      streamed(model, response)
    } else {
      const body = wholeOf(model)
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length }).end(body)
    }
  })
})
server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port))
